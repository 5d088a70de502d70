/* SPDX-License-Identifier: MIT */
/* The counters of a ledger that may be running, summed over its shards. */
#include "snapshot/ledger-count.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNTER_WORDS (sizeof(struct hl_counters) / sizeof(uint64_t))
/* A thread writes its records every 100 ns or so; a reading takes about as long. */
#define MAX_TRIES 20000u
#define SPINS_BEFORE_SLEEP 200u
/* A writer that was preempted comes back after some ms, a killed one never: 0.3 s, once. */
#define MAX_SLEEPS 2000u
#define SLEEP_NS 100000
/* Until both readings of a site agree; a loop that runs all the time never lets them. */
#define MAX_ROUNDS 4

struct writer {
	const struct hl_shard *shard;	/* NULL: none in the file */
	uint64_t stuck_seq;		/* odd: its thread died inside the event with this number */
	bool is_shared;			/* shard 0: atomic additions, seq says nothing */
};

struct cursor {
	const struct hl_chunk *chunk;
	struct writer *writer;
};

struct counting {
	const struct hl_image *image;
	const uint8_t *map;
	struct writer *writers;		/* by shard */
	uint64_t nr_writers;
	struct cursor *active;		/* the chunks that hold the current site */
	size_t nr_active;
	struct hl_counters *before;	/* one for each active chunk */
	struct hl_counters *after;
	const struct hl_chunk **order;	/* all chunks by first */
	uint32_t *epochs;		/* of the peak, by site, when the site was read */
	bool is_changing;
};

static const struct hl_globals *mapped_globals(const struct counting *c)
{
	return (const void *)(c->map + c->image->tables[HL_SECTION_GLOBALS].chunks[0].offset);
}

/* Word by word: each is written as a whole, and the seqlock is what ties them together. */
static void copy_words(struct hl_counters *to, const struct hl_counters *from)
{
	const uint64_t *words = (const void *)from;
	uint64_t copy[COUNTER_WORDS];

	for (size_t i = 0; i < COUNTER_WORDS; i++)
		copy[i] = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
	memcpy(to, copy, sizeof(copy));
}

/* Shard 0 has many writers and no seqlock: two equal readings are the best there is. */
static void read_shared(const struct hl_counters *from, struct hl_counters *to)
{
	struct hl_counters again;

	copy_words(to, from);
	for (int i = 0; i < 100; i++) {
		/* acquire: the second reading must not be merged with the first */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		copy_words(&again, from);
		if (!memcmp(to, &again, sizeof(again)))
			return;
		*to = again;
	}
}

static void wait_for_writer(unsigned int nr_waits)
{
	struct timespec pause = {.tv_nsec = SLEEP_NS};

	if (nr_waits < SPINS_BEFORE_SLEEP)
		__builtin_ia32_pause();
	else
		nanosleep(&pause, NULL);
}

/* The seq of a quiet moment; odd if the writer does not come to one. */
static uint64_t even_seq(struct writer *w)
{
	uint64_t seq;
	uint64_t last = 0;
	unsigned int nr_waits = 0;

	for (;;) {
		/* acquire: the record is read after it */
		seq = __atomic_load_n(&w->shard->seq, __ATOMIC_ACQUIRE);
		if (!(seq & 1) || seq == w->stuck_seq)
			return seq;
		nr_waits = seq == last ? nr_waits + 1 : 0;
		last = seq;
		if (nr_waits > SPINS_BEFORE_SLEEP + MAX_SLEEPS) {
			w->stuck_seq = seq;
			return seq;
		}
		wait_for_writer(nr_waits);
	}
}

static void read_record(const struct counting *c, struct writer *w, const struct hl_counters *from,
		struct hl_counters *to)
{
	uint64_t seq;

	if (!c->is_changing || !w->shard) {
		copy_words(to, from);
		return;
	}
	if (w->is_shared) {
		read_shared(from, to);
		return;
	}
	for (unsigned int i = 0; i < MAX_TRIES; i++) {
		/* Fetch the line before the seq, so that little time passes between the two. */
		(void)__atomic_load_n(&from->alloc_count, __ATOMIC_RELAXED);
		seq = even_seq(w);
		copy_words(to, from);
		/* acquire: the record was read before the seq is read again */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&w->shard->seq, __ATOMIC_RELAXED) == seq)
			return;
	}
}

static void read_active(struct counting *c, uint64_t site, struct hl_counters *to)
{
	for (size_t i = 0; i < c->nr_active; i++) {
		const struct hl_chunk *chunk = c->active[i].chunk;
		const void *from = c->map + chunk->offset +
			(site - chunk->first) * chunk->record_bytes;

		read_record(c, c->active[i].writer, from, &to[i]);
	}
}

static void add_frees(struct hl_counts *sum, const struct hl_counters *r)
{
	sum->free_count += r->free_count;
	sum->free_bytes += r->free_bytes;
}

/* Everything but the frees.  The peak: what was saved at this very peak, else what lives now. */
static void add_allocs(struct hl_counts *sum, const struct hl_counters *r, uint32_t epoch)
{
	struct hl_counts peak = {
		.alloc_count = r->alloc_count,
		.alloc_bytes = r->alloc_bytes,
		.temp_count = r->temp_count,
		.move_count = r->move_count,
		.peak_bytes = r->peak_bytes,
		.peak_count = r->peak_count,
	};

	if (r->peak_epoch != epoch) {
		peak.peak_bytes = (int64_t)(r->alloc_bytes - r->free_bytes);
		peak.peak_count = (int64_t)(r->alloc_count - r->free_count);
	}
	hl_counts_add(sum, &peak);
}

static uint32_t current_epoch(const struct counting *c, unsigned int domain)
{
	if (domain >= HL_NR_DOMAINS)
		return 0;
	return __atomic_load_n(&mapped_globals(c)->domains[domain].peak_epoch, __ATOMIC_RELAXED);
}

static void count_site(struct counting *c, uint64_t site, unsigned int domain,
		struct hl_counts *counts)
{
	struct hl_counts sum = {0};
	const struct hl_counters *after = c->before;
	int rounds = c->is_changing && c->nr_active > 1 ? MAX_ROUNDS : 0;

	if (!c->nr_active)
		return;
	read_active(c, site, c->before);
	for (int i = 0; i < rounds; i++) {
		if (i)
			memcpy(c->before, c->after, c->nr_active * sizeof(*c->after));
		read_active(c, site, c->after);
		after = c->after;
		if (!memcmp(c->before, c->after, c->nr_active * sizeof(*c->after)))
			break;
	}
	/* Behind the records: no record can be of a later peak than this one. */
	c->epochs[site] = current_epoch(c, domain);
	for (size_t i = 0; i < c->nr_active; i++) {
		add_frees(&sum, &c->before[i]);
		add_allocs(&sum, &after[i], c->epochs[site]);
	}
	*counts = sum;
}

static void leave_old_chunks(struct counting *c, uint64_t site)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->nr_active; i++) {
		const struct hl_chunk *chunk = c->active[i].chunk;

		if (site < chunk->first + chunk->nr_records)
			c->active[kept++] = c->active[i];
	}
	c->nr_active = kept;
}

static void count_all(struct counting *c, struct hl_snapshot *s)
{
	static struct writer none;
	const struct hl_table *table = &c->image->tables[HL_SECTION_COUNTERS];
	size_t next = 0;

	for (uint64_t site = 0; site < s->globals.nr_sites; site++) {
		leave_old_chunks(c, site);
		for (; next < table->nr_chunks && c->order[next]->first <= site; next++) {
			const struct hl_chunk *chunk = c->order[next];

			c->active[c->nr_active++] = (struct cursor){
				.chunk = chunk,
				.writer = chunk->instance < c->nr_writers ?
					&c->writers[chunk->instance] : &none,
			};
		}
		count_site(c, site, s->sites[site].site.domain, &s->sites[site].counts);
	}
}

/* A consistent copy: peak_epoch changes with every new peak. */
static void read_domain(const struct hl_domain_totals *from, struct hl_domain_totals *to)
{
	for (int i = 0; i < 1000; i++) {
		/* acquire: the epoch is read before the values */
		uint32_t epoch = __atomic_load_n(&from->peak_epoch, __ATOMIC_ACQUIRE);

		to->current_bytes = __atomic_load_n(&from->current_bytes, __ATOMIC_RELAXED);
		to->peak_bytes = __atomic_load_n(&from->peak_bytes, __ATOMIC_RELAXED);
		to->peak_monotonic_ns = __atomic_load_n(&from->peak_monotonic_ns, __ATOMIC_RELAXED);
		to->peak_epoch = epoch;
		/* acquire: the values are read before the epoch is read again */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&from->peak_epoch, __ATOMIC_RELAXED) == epoch)
			return;
	}
}

/* A site that was read before the last peak: what lived in it then lived in it at the peak. */
static void settle_peaks(const struct counting *c, struct hl_snapshot *s)
{
	for (int d = 0; d < HL_NR_DOMAINS; d++)
		read_domain(&mapped_globals(c)->domains[d], &s->globals.domains[d]);
	for (uint64_t i = 0; c->is_changing && i < s->globals.nr_sites; i++) {
		struct hl_counts *counts = &s->sites[i].counts;
		unsigned int d = s->sites[i].site.domain;

		if (d >= HL_NR_DOMAINS || c->epochs[i] == s->globals.domains[d].peak_epoch)
			continue;
		counts->peak_bytes = (int64_t)(counts->alloc_bytes - counts->free_bytes);
		counts->peak_count = (int64_t)(counts->alloc_count - counts->free_count);
	}
}

static void sum_shards(const struct counting *c, struct hl_shard *sum)
{
	for (uint64_t i = 0; i < c->nr_writers; i++) {
		const struct hl_shard *shard = c->writers[i].shard;

		sum->events += __atomic_load_n(&shard->events, __ATOMIC_RELAXED) +
			__atomic_load_n(&shard->seq, __ATOMIC_RELAXED) / 2;
		sum->truncated_events += __atomic_load_n(&shard->truncated_events, __ATOMIC_RELAXED);
		sum->partial_events += __atomic_load_n(&shard->partial_events, __ATOMIC_RELAXED);
		sum->unknown_frees += __atomic_load_n(&shard->unknown_frees, __ATOMIC_RELAXED);
		sum->inherited_frees += __atomic_load_n(&shard->inherited_frees, __ATOMIC_RELAXED);
		sum->replaced_blocks += __atomic_load_n(&shard->replaced_blocks, __ATOMIC_RELAXED);
		sum->failed_allocs += __atomic_load_n(&shard->failed_allocs, __ATOMIC_RELAXED);
		sum->timed_events += __atomic_load_n(&shard->timed_events, __ATOMIC_RELAXED);
		sum->timed_ns += __atomic_load_n(&shard->timed_ns, __ATOMIC_RELAXED);
	}
	/* Less what reading the clock takes: of a few short events it can be a little below nothing. */
	if (sum->timed_ns > INT64_MAX)
		sum->timed_ns = 0;
}

static int compare_first(const void *a, const void *b)
{
	const struct hl_chunk *x = *(const struct hl_chunk *const *)a;
	const struct hl_chunk *y = *(const struct hl_chunk *const *)b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void find_shards(struct counting *c)
{
	const struct hl_table *table = &c->image->tables[HL_SECTION_SHARDS];
	uint64_t n = 0;

	for (size_t i = 0; i < table->nr_chunks && n < c->nr_writers; i++) {
		const struct hl_chunk *chunk = &table->chunks[i];

		for (uint32_t k = 0; k < chunk->nr_records && n < c->nr_writers; k++, n++)
			c->writers[n].shard = (const void *)(c->map + chunk->offset +
					(uint64_t)k * chunk->record_bytes);
	}
	if (c->nr_writers)
		c->writers[0].is_shared = true;
}

static int counting_init(struct counting *c, const struct hl_snapshot *s)
{
	const struct hl_table *table = &c->image->tables[HL_SECTION_COUNTERS];
	size_t n = table->nr_chunks;

	c->nr_writers = hl_image_room(c->image, HL_SECTION_SHARDS);
	c->writers = calloc(c->nr_writers + 1, sizeof(*c->writers));
	c->active = calloc(n + 1, sizeof(*c->active));
	c->before = calloc(n + 1, sizeof(*c->before));
	c->after = calloc(n + 1, sizeof(*c->after));
	c->order = calloc(n + 1, sizeof(struct hl_chunk *));
	c->epochs = calloc(s->globals.nr_sites + 1, sizeof(*c->epochs));
	if (!c->writers || !c->active || !c->before || !c->after || !c->order || !c->epochs)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		c->order[i] = &table->chunks[i];
	qsort(c->order, n, sizeof(struct hl_chunk *), compare_first);
	find_shards(c);
	return 0;
}

int hl_count_sites(const struct hl_image *image, const uint8_t *map, bool is_changing,
		struct hl_snapshot *snapshot, struct hl_error *err)
{
	struct counting c = {.image = image, .map = map, .is_changing = is_changing};
	int rc = counting_init(&c, snapshot);

	if (rc) {
		rc = hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
		goto out;
	}
	count_all(&c, snapshot);
	settle_peaks(&c, snapshot);
	sum_shards(&c, &snapshot->shard);
out:
	free(c.writers);
	free(c.active);
	free(c.before);
	free(c.after);
	free(c.order);
	free(c.epochs);
	return rc;
}
