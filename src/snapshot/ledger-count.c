/* SPDX-License-Identifier: MIT */
/* The counters of a ledger that may be running, summed over its shards. */
#include "snapshot/ledger-count.h"

#include "snapshot/ledger-peak.h"
#include "snapshot/ledger-record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Until both readings of a site agree; a loop that runs all the time, or many threads, never let them. */
#define MAX_ROUNDS 4
#define MANY_RECORDS 8
/* A pair of readings takes some us; if it took longer, somebody else had the processor, and it is done again. */
#define CALM_NS 50000
#define CALM_NS_PER_RECORD 500
#define MAX_ATTEMPTS 10
/* Copies of all sites, of which the one with the fewest events meanwhile is kept, and the time for them. */
#define MAX_COPIES 20
#define COPIES_NS 50000000
#define MAX_COPIES_NS 600000000
#define PAUSE_NS 50000
/* A copy is good when that part of the live blocks can have changed hands meanwhile; good enough, when time is up. */
#define CALM_SHARE 256
#define ENOUGH_SHARE 8
/*
 * For all writers together that are stuck in an event: about 0.2 s, and longer where a processor is hard to get, for
 * then a sleep takes longer, too.  Of more threads than that, some are always in an event.
 */
#define MAX_SLEEPS 1300
#define MAX_WAITED_FOR 8
/* The same for writers that are never at rest when they are looked at; some are needed for each of a million sites. */
#define MAX_TRIES 4000000
/* Readings of the directory, until no counters came in that were not there when the others were read. */
#define MAX_DIRECTORIES 8

struct cursor {
	const struct hl_chunk *chunk;
	const struct hl_chunk *peaks;	/* what the shard's sites held at the peak of the sum; NULL: not known */
	struct hl_writer *writer;
	bool is_new;			/* it was not there when the other sites were counted */
};

struct counting {
	const struct hl_image *image;
	const struct hl_image *counted;	/* an earlier one, with which all sites were counted; NULL: none were */
	struct hl_writer *writers;	/* by shard */
	uint64_t nr_writers;
	struct cursor *active;		/* the chunks that hold the current site */
	size_t nr_active;
	struct hl_record *before;	/* one for each active chunk */
	struct hl_record *after;
	const struct hl_chunk **order;	/* all chunks by first */
	struct hl_moment *moments;	/* by site, when the site was read */
	struct hl_peak_reader peaks;
	struct hl_patience patience;
	bool is_whole;			/* no record was read while its writer was stuck */
	bool is_waiting;		/* only sites that were not read whole are read, and their writers waited for */
	bool is_changing;
	uint64_t nr_events;		/* before the first site was read */
	bool has_moved;			/* there were events, or counters came in, since */
};

static bool is_in(const struct hl_chunk *chunk, uint64_t site)
{
	return site >= chunk->first && site - chunk->first < chunk->nr_records;
}

static const void *record_in(const struct counting *c, const struct hl_chunk *chunk, uint64_t site)
{
	return c->image->map + chunk->offset + (site - chunk->first) * chunk->record_bytes;
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

static struct hl_record_place find_place(const struct counting *c, struct cursor *cursor, uint64_t site)
{
	struct hl_record_place place = {.counters = record_in(c, cursor->chunk, site)};

	if (!c->peaks.has_sum)
		return place;
	if (!cursor->peaks || !is_in(cursor->peaks, site))
		cursor->peaks = find_chunk(&c->image->tables[HL_SECTION_PEAKS], cursor->chunk->instance,
				site);
	if (cursor->peaks)
		place.peak = record_in(c, cursor->peaks, site);
	return place;
}

static void read_active(struct counting *c, uint64_t site, struct hl_record *to)
{
	for (size_t i = 0; i < c->nr_active; i++) {
		struct hl_record_place place = find_place(c, &c->active[i], site);

		if (!c->is_changing)
			hl_record_copy(&place, &to[i]);
		else if (!hl_record_read(c->active[i].writer, &place, &c->patience, c->is_waiting, &to[i]))
			c->is_whole = false;
	}
}

static bool add_frees(struct hl_counts *sum, const struct hl_counters *r)
{
	return hl_counts_add(sum, &(struct hl_counts){.free_count = r->free_count, .free_bytes = r->free_bytes});
}

/* Everything but the frees. */
static bool add_allocs(struct hl_site_counts *sum, const struct hl_record *record, struct hl_moment moment)
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

	return hl_counts_add(&sum->counts, &counts) &&
		hl_held_add(&sum->own, hl_held_then(r, (struct hl_held){r->peak_bytes, r->peak_count}, moment.own));
}

/* Two readings of a site, equal if possible: the frees count from c->before, the rest from the result. */
static const struct hl_record *read_twice(struct counting *c, uint64_t site)
{
	int rounds = c->nr_active > MANY_RECORDS ? 1 : MAX_ROUNDS;

	read_active(c, site, c->before);
	if (!c->is_changing || c->nr_active < 2)
		return c->before;
	for (int i = 0; i < rounds; i++) {
		if (i)
			memcpy(c->before, c->after, c->nr_active * sizeof(*c->after));
		read_active(c, site, c->after);
		if (!memcmp(c->before, c->after, c->nr_active * sizeof(*c->after)))
			break;
	}
	return c->after;
}

/* A reader that lost the processor between its two readings would add what was allocated meanwhile. */
static const struct hl_record *read_calmly(struct counting *c, uint64_t site)
{
	const uint64_t limit = CALM_NS + c->nr_active * CALM_NS_PER_RECORD;
	const struct hl_record *records;

	for (int i = 0;; i++) {
		uint64_t start = c->is_changing ? hl_monotonic_ns() : 0;

		c->is_whole = true;
		records = read_twice(c, site);
		if (!c->is_changing || i >= MAX_ATTEMPTS || hl_monotonic_ns() - start <= limit)
			return records;
	}
}

static void count_site(struct counting *c, uint64_t site, struct hl_site_counts *out)
{
	struct hl_site_counts sum = {.site = out->site};
	const struct hl_record *after = read_calmly(c, site);
	bool fits = true;

	/* Behind the records: no record can be of a later peak than this one. */
	c->moments[site] = hl_moment_now(&c->peaks, out->site.domain);
	c->moments[site].is_inside_event = !c->is_whole;
	for (size_t i = 0; i < c->nr_active; i++) {
		fits &= add_frees(&sum.counts, &c->before[i].counters);
		fits &= add_allocs(&sum, &after[i], c->moments[site]);
	}
	/* A number that hl_snapshot_check_sites() refuses: signed sums need not have stayed out of range. */
	if (!fits)
		sum.counts.alloc_bytes = UINT64_MAX;
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

static void enter_chunk(struct counting *c, const struct hl_chunk *chunk)
{
	static struct hl_writer none;

	c->active[c->nr_active++] = (struct cursor){
		.chunk = chunk,
		.writer = chunk->instance < c->nr_writers ? &c->writers[chunk->instance] : &none,
		.is_new = !c->counted || !find_chunk(&c->counted->tables[HL_SECTION_COUNTERS],
				chunk->instance, chunk->first),
	};
}

static bool is_wanted(const struct counting *c, uint64_t site)
{
	bool is_new = false;

	if (c->is_waiting)
		return c->moments[site].is_inside_event;
	for (size_t i = 0; !is_new && i < c->nr_active; i++)
		is_new = c->active[i].is_new;
	return is_new;
}

/* All sites, or those whose counters were not all there before, or those that are waited for. */
static void count_all(struct counting *c, struct hl_site_counts *sites, uint64_t nr_sites)
{
	const struct hl_table *table = &c->image->tables[HL_SECTION_COUNTERS];
	size_t next = 0;

	c->nr_active = 0;
	for (uint64_t site = 0; site < nr_sites; site++) {
		leave_old_chunks(c, site);
		for (; next < table->nr_chunks && c->order[next]->first <= site; next++)
			enter_chunk(c, c->order[next]);
		if (is_wanted(c, site))
			count_site(c, site, &sites[site]);
	}
}

/* All events so far: those of shard 0 are counted, of the others seq tells. */
static uint64_t nr_events(const struct counting *c)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < c->nr_writers; i++)
		sum += __atomic_load_n(&c->writers[i].shard->events, __ATOMIC_RELAXED) +
			__atomic_load_n(&c->writers[i].shard->seq, __ATOMIC_RELAXED) / 2;
	return sum;
}

/* Whether so few events came in between that the copy is nearly of one moment. */
static bool is_calm(const struct hl_snapshot *s, uint64_t events, uint64_t share)
{
	uint64_t allocated = 0;
	uint64_t freed = 0;

	for (uint64_t i = HL_NR_RESERVED_SITES; i < s->globals.nr_sites; i++) {
		allocated += s->sites[i].counts.alloc_count;
		freed += s->sites[i].counts.free_count;
	}
	return !events || (allocated > freed && events <= (allocated - freed) / share);
}

/* Whether the best copy so far is to be kept. */
static bool is_enough(const struct hl_snapshot *s, uint64_t events, uint64_t took_ns)
{
	if (is_calm(s, events, CALM_SHARE) || took_ns > MAX_COPIES_NS)
		return true;
	return took_ns > COPIES_NS && is_calm(s, events, ENOUGH_SHARE);
}

/* What a copy of all sites is made into. */
struct copy {
	struct hl_site_counts *sites;
	struct hl_moment *moments;
};

static void swap_copies(struct counting *c, struct hl_snapshot *s, struct copy *spare)
{
	struct copy current = {.sites = s->sites, .moments = c->moments};

	s->sites = spare->sites;
	c->moments = spare->moments;
	*spare = current;
}

/* Copy all sites into c and s; how many events there were meanwhile. */
static uint64_t copy_all(struct counting *c, struct hl_snapshot *s)
{
	uint64_t events = nr_events(c);

	count_all(c, s->sites, s->globals.nr_sites);
	return nr_events(c) - events;
}

/* More copies, of which the one with the fewest events meanwhile stays in c and s. */
static void copy_again(struct counting *c, struct hl_snapshot *s, struct copy *spare, uint64_t fewest)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	const uint64_t nr = s->globals.nr_sites;
	const uint64_t start = hl_monotonic_ns();

	memcpy(spare->sites, s->sites, nr * sizeof(*spare->sites));
	memcpy(spare->moments, c->moments, nr * sizeof(*spare->moments));
	for (int i = 1; i < MAX_COPIES && !is_enough(s, fewest, hl_monotonic_ns() - start); i++) {
		uint64_t events;

		/* Who has just slept keeps the processor for a while. */
		nanosleep(&pause, NULL);
		swap_copies(c, s, spare);
		events = copy_all(c, s);
		if (events < fewest)
			fewest = events;
		else
			swap_copies(c, s, spare);
	}
}

/*
 * Each site is of one instant, but they are read one after another: blocks that move from one to another meanwhile
 * would be counted twice, or not at all.  Of a few copies the one during which least happened is taken.
 */
static int count_copies(struct counting *c, struct hl_snapshot *s)
{
	const uint64_t nr = s->globals.nr_sites;
	uint64_t events = copy_all(c, s);
	struct copy spare;
	int rc = 0;

	if (is_enough(s, events, 0))
		return 0;
	spare.sites = calloc(s->site_room, sizeof(*spare.sites));
	spare.moments = calloc(nr + 1, sizeof(*spare.moments));
	if (spare.sites && spare.moments)
		copy_again(c, s, &spare, events);
	else
		rc = -ENOMEM;
	free(spare.sites);
	free(spare.moments);
	return rc;
}

/* One shard as it is now, word by word; its seq tells the number of events of all but the first. */
static struct hl_shard load_shard(const struct hl_shard *from)
{
	struct hl_shard shard;
	uint64_t words[sizeof(shard) / sizeof(uint64_t)];

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		words[i] = __atomic_load_n((const uint64_t *)from + i, __ATOMIC_RELAXED);
	memcpy(&shard, words, sizeof(shard));
	return shard;
}

/* False: more than 63 bits can count. */
static bool sum_shards(const struct counting *c, struct hl_shard *sum)
{
	bool fits = true;

	for (uint64_t i = 0; i < c->nr_writers; i++) {
		struct hl_shard shard = load_shard(c->writers[i].shard);
		struct hl_shard own = {.events = shard.seq / 2};

		fits &= hl_shard_add(sum, &shard) && hl_shard_add(sum, &own);
	}
	/* Less what reading the clock takes: of a few short events it can be a little below nothing. */
	if (sum->timed_ns > INT64_MAX)
		sum->timed_ns = 0;
	return fits;
}

static int compare_first(const void *a, const void *b)
{
	const struct hl_chunk *x = *(const struct hl_chunk *const *)a;
	const struct hl_chunk *y = *(const struct hl_chunk *const *)b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Of a later image there may be more; what is known of the writers stays. */
static int find_shards(struct counting *c)
{
	const struct hl_table *table = &c->image->tables[HL_SECTION_SHARDS];
	uint64_t nr = hl_image_room(c->image, HL_SECTION_SHARDS);
	struct hl_writer *writers = reallocarray(c->writers, nr + 1, sizeof(*writers));
	uint64_t n = 0;

	if (!writers)
		return -ENOMEM;
	c->writers = writers;
	for (; c->nr_writers < nr; c->nr_writers++)
		writers[c->nr_writers] = (struct hl_writer){.is_shared = !c->nr_writers};
	c->nr_writers = nr;
	for (size_t i = 0; i < table->nr_chunks && n < nr; i++) {
		const struct hl_chunk *chunk = &table->chunks[i];

		for (uint32_t k = 0; k < chunk->nr_records && n < nr; k++, n++)
			writers[n].shard = (const void *)(c->image->map + chunk->offset +
					(uint64_t)k * chunk->record_bytes);
	}
	return 0;
}

static void end_pass(struct counting *c)
{
	free(c->active);
	free(c->before);
	free(c->after);
	free(c->order);
}

static int begin_pass(struct counting *c)
{
	const struct hl_table *table = &c->image->tables[HL_SECTION_COUNTERS];
	size_t n = table->nr_chunks;

	c->peaks = hl_peak_reader(c->image);
	c->active = calloc(n + 1, sizeof(*c->active));
	c->before = calloc(n + 1, sizeof(*c->before));
	c->after = calloc(n + 1, sizeof(*c->after));
	c->order = calloc(n + 1, sizeof(struct hl_chunk *));
	if (!c->active || !c->before || !c->after || !c->order)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		c->order[i] = &table->chunks[i];
	qsort(c->order, n, sizeof(struct hl_chunk *), compare_first);
	return find_shards(c);
}

/*
 * Sites that are read later than the others make the sum less exact than a writer that is in its event, which is off
 * by one.  Of many threads for few processors some are always in one: they are not waited for.
 */
static void wait_for_writers(struct counting *c, struct hl_snapshot *s)
{
	uint64_t nr = 0;

	for (uint64_t i = 1; i < c->nr_writers; i++)
		nr += __atomic_load_n(&c->writers[i].shard->tid, __ATOMIC_RELAXED) != 0;
	/* Who has ended does not go on; whether a pid is there tells nothing of another pid namespace. */
	if (nr > MAX_WAITED_FOR || c->image->header.end_monotonic_ns)
		return;
	c->is_waiting = true;
	count_all(c, s->sites, s->globals.nr_sites);
	c->is_waiting = false;
}

/* One reading of the counters, with the peaks and shards as they are behind it. */
static int count_once(struct counting *c, struct hl_snapshot *s)
{
	int rc = begin_pass(c);

	if (!rc && !c->counted)
		c->nr_events = nr_events(c);
	if (!rc && c->is_changing && !c->counted)
		rc = count_copies(c, s);
	else if (!rc)
		count_all(c, s->sites, s->globals.nr_sites);
	if (!rc && c->is_changing)
		wait_for_writers(c, s);
	if (!rc) {
		hl_moments_settle(&c->peaks, c->moments, s);
		s->shard = (struct hl_shard){0};
		rc = sum_shards(c, &s->shard) ? 0 : -ERANGE;
		c->has_moved |= c->counted || (c->is_changing && nr_events(c) != c->nr_events);
	}
	end_pass(c);
	return rc;
}

/*
 * A block that was freed before the frees were read was allocated before, perhaps into counters that have been added
 * to the file since its directory was read.  Sites with such counters are counted again.
 */
static int renew_image(struct hl_image *image, struct hl_image *counted, bool *has_grown, struct hl_error *err)
{
	struct hl_image now;
	int rc = hl_image_open(&now, image->fd, err);

	if (rc)
		return rc;
	*has_grown = now.tables[HL_SECTION_COUNTERS].nr_chunks != image->tables[HL_SECTION_COUNTERS].nr_chunks;
	if (*has_grown)
		rc = hl_image_map(&now, err);
	if (rc || !*has_grown) {
		hl_image_release(&now);
		return rc;
	}
	hl_image_release(counted);
	*counted = *image;
	*image = now;
	return 0;
}

/*
 * Who makes threads faster than the directory can be read leaves sites of which frees were seen and allocations not
 * yet: of those, everything is taken to be free.  Where no event came in between, there is no such excuse: an
 * allocation is written before its block can be freed.
 */
static void raise_allocs(struct hl_snapshot *s)
{
	for (uint64_t i = 0; i < s->globals.nr_sites; i++) {
		struct hl_counts *c = &s->sites[i].counts;

		s->nr_raised += c->alloc_count < c->free_count || c->alloc_bytes < c->free_bytes;
		if (c->alloc_count < c->free_count)
			c->alloc_count = c->free_count;
		if (c->alloc_bytes < c->free_bytes)
			c->alloc_bytes = c->free_bytes;
	}
}

/* Directory, counters, directory again. */
static int count_until_whole(struct counting *c, struct hl_image *image, struct hl_snapshot *s, struct hl_error *err)
{
	struct hl_image counted = {.fd = -1};
	bool has_grown = c->is_changing;
	int rc = 0;

	for (int i = 0; !rc && (!i || has_grown) && i < MAX_DIRECTORIES; i++) {
		c->counted = i ? &counted : NULL;
		rc = count_once(c, s);
		if (rc == -ERANGE)
			hl_fail(err, ERANGE, image->tables[HL_SECTION_SHARDS].chunks[0].offset,
				"more events than 63 bits can count");
		else if (rc)
			hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
		else if (c->is_changing)
			rc = renew_image(image, &counted, &has_grown, err);
	}
	hl_image_release(&counted);
	return rc;
}

int hl_count_sites(struct hl_image *image, bool is_changing, struct hl_snapshot *snapshot, struct hl_error *err)
{
	struct counting c = {
		.image = image,
		.is_changing = is_changing,
		.patience = {.nr_sleeps = MAX_SLEEPS, .nr_tries = MAX_TRIES},
		.moments = calloc(snapshot->globals.nr_sites + 1, sizeof(*c.moments)),
	};
	int rc;

	if (!c.moments)
		return hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
	rc = count_until_whole(&c, image, snapshot, err);
	if (!rc && c.has_moved)
		raise_allocs(snapshot);
	free(c.moments);
	free(c.writers);
	return rc;
}
