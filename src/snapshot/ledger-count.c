/* SPDX-License-Identifier: MIT */
/* The counters of a ledger that may be running, summed over its shards. */
#include "snapshot/ledger-count.h"

#include "snapshot/ledger-peak.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
	const struct hl_chunk *peaks;	/* what the shard's sites held at the peak of the sum; NULL: not known */
	struct writer *writer;
};

/* What a shard says of a site. */
struct record {
	struct hl_counters counters;
	struct hl_peak peak;
};

struct counting {
	const struct hl_image *image;
	const uint8_t *map;
	struct writer *writers;		/* by shard */
	uint64_t nr_writers;
	struct cursor *active;		/* the chunks that hold the current site */
	size_t nr_active;
	struct record *before;		/* one for each active chunk */
	struct record *after;
	const struct hl_chunk **order;	/* all chunks by first */
	struct hl_moment *moments;		/* by site, when the site was read */
	struct hl_peak_reader peaks;
	bool is_changing;
};

/* Word by word: each is written as a whole, and the seqlock is what ties them together. */
static void copy_words(void *to, const void *from, size_t bytes)
{
	const uint64_t *words = from;

	for (size_t i = 0; i < bytes / sizeof(*words); i++) {
		uint64_t word = __atomic_load_n(&words[i], __ATOMIC_RELAXED);

		memcpy((uint8_t *)to + i * sizeof(word), &word, sizeof(word));
	}
}

/* Where a record lies in the file. */
struct place {
	const struct hl_counters *counters;
	const struct hl_peak *peak;	/* NULL: not there */
};

static void copy_record(struct record *to, const struct place *from)
{
	copy_words(&to->counters, from->counters, sizeof(to->counters));
	if (from->peak)
		copy_words(&to->peak, from->peak, sizeof(to->peak));
	else
		to->peak = (struct hl_peak){
			.bytes = to->counters.peak_bytes,
			.count = to->counters.peak_count,
		};
}

/* Shard 0 has many writers and no seqlock: two equal readings are the best there is. */
static void read_shared(const struct place *from, struct record *to)
{
	struct record again;

	copy_record(to, from);
	for (int i = 0; i < 100; i++) {
		/* acquire: the second reading must not be merged with the first */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		copy_record(&again, from);
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

static void read_record(const struct counting *c, struct writer *w, const struct place *from,
		struct record *to)
{
	uint64_t seq;

	if (!c->is_changing || !w->shard) {
		copy_record(to, from);
		return;
	}
	if (w->is_shared) {
		read_shared(from, to);
		return;
	}
	for (unsigned int i = 0; i < MAX_TRIES; i++) {
		/* Fetch the line before the seq, so that little time passes between the two. */
		(void)__atomic_load_n(&from->counters->alloc_count, __ATOMIC_RELAXED);
		seq = even_seq(w);
		copy_record(to, from);
		/* acquire: the record was read before the seq is read again */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&w->shard->seq, __ATOMIC_RELAXED) == seq)
			return;
	}
}

static bool is_in(const struct hl_chunk *chunk, uint64_t site)
{
	return site >= chunk->first && site - chunk->first < chunk->nr_records;
}

static const void *record_in(const struct counting *c, const struct hl_chunk *chunk, uint64_t site)
{
	return c->map + chunk->offset + (site - chunk->first) * chunk->record_bytes;
}

/* The chunk of a sorted table with this record; NULL: there is none. */
static const struct hl_chunk *find_chunk(const struct hl_table *table, uint32_t instance, uint64_t site)
{
	size_t low = 0;
	size_t high = table->nr_chunks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct hl_chunk *chunk = &table->chunks[middle];

		if (chunk->instance == instance && is_in(chunk, site))
			return chunk;
		if (chunk->instance < instance || (chunk->instance == instance && chunk->first < site))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static struct place find_place(const struct counting *c, struct cursor *cursor, uint64_t site)
{
	struct place place = {.counters = record_in(c, cursor->chunk, site)};

	if (!c->peaks.has_sum)
		return place;
	if (!cursor->peaks || !is_in(cursor->peaks, site))
		cursor->peaks = find_chunk(&c->image->tables[HL_SECTION_PEAKS], cursor->chunk->instance,
				site);
	if (cursor->peaks)
		place.peak = record_in(c, cursor->peaks, site);
	return place;
}

static void read_active(struct counting *c, uint64_t site, struct record *to)
{
	for (size_t i = 0; i < c->nr_active; i++) {
		struct place place = find_place(c, &c->active[i], site);

		read_record(c, c->active[i].writer, &place, &to[i]);
	}
}

static void add_frees(struct hl_counts *sum, const struct hl_counters *r)
{
	sum->free_count += r->free_count;
	sum->free_bytes += r->free_bytes;
}

/* Everything but the frees. */
static void add_allocs(struct hl_site_counts *sum, const struct record *record, struct hl_moment moment)
{
	const struct hl_counters *r = &record->counters;
	struct hl_held all = hl_held_then(r, (struct hl_held){record->peak.bytes, record->peak.count}, moment.sum);
	struct hl_counts counts = {
		.alloc_count = r->alloc_count,
		.alloc_bytes = r->alloc_bytes,
		.temp_count = r->temp_count,
		.move_count = r->move_count,
		.peak_bytes = all.bytes,
		.peak_count = all.count,
	};

	hl_counts_add(&sum->counts, &counts);
	hl_held_add(&sum->own, hl_held_then(r, (struct hl_held){r->peak_bytes, r->peak_count}, moment.own));
}

static void count_site(struct counting *c, uint64_t site, struct hl_site_counts *out)
{
	struct hl_site_counts sum = {.site = out->site};
	const struct record *after = c->before;
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
	c->moments[site] = hl_moment_now(&c->peaks, out->site.domain);
	for (size_t i = 0; i < c->nr_active; i++) {
		add_frees(&sum.counts, &c->before[i].counters);
		add_allocs(&sum, &after[i], c->moments[site]);
	}
	*out = sum;
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
		count_site(c, site, &s->sites[site]);
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
	c->moments = calloc(s->globals.nr_sites + 1, sizeof(*c->moments));
	if (!c->writers || !c->active || !c->before || !c->after || !c->order || !c->moments)
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
	struct counting c = {
		.image = image,
		.map = map,
		.is_changing = is_changing,
		.peaks = hl_peak_reader(image, map),
	};
	int rc = counting_init(&c, snapshot);

	if (rc) {
		rc = hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
		goto out;
	}
	count_all(&c, snapshot);
	hl_moments_settle(&c.peaks, c.moments, snapshot);
	sum_shards(&c, &snapshot->shard);
out:
	free(c.writers);
	free(c.active);
	free(c.before);
	free(c.after);
	free(c.order);
	free(c.moments);
	return rc;
}
