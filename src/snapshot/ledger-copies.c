/* SPDX-License-Identifier: MIT */
/* Rounds of copies of the counters, until they are nearly of one instant. */
#include "snapshot/ledger-copies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "snapshot/snapshot.h"

/*
 * Rounds, until one is calm: that part of the live blocks can have changed hands in it, or a handful of them.  If none
 * was, one that is calm enough will do, or that had as few events as there are while a processor is kept.
 */
#define CALM_ROUNDS 20
#define CALM_SHARE 256
#define CALM_EVENTS 4
#define MAX_ROUNDS 200
#define HASTY_ROUNDS 3
#define ENOUGH_SHARE 8
#define ENOUGH_EVENTS 64
#define MAX_ROUNDS_NS 600000000
#define PAUSE_NS 50000
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

struct taking {
	struct hl_copies *to;
	struct hl_image *image;
	uint64_t nr_sites;
	struct hl_patience patience;
	bool is_changing;
	bool is_waiting;		/* writers that are stuck are waited for */
	bool is_stuck;			/* one of the copies is of a writer that was */
	bool was_stuck;			/* one of those that were copied again was, so there is none of before */
	uint64_t nr_live;		/* blocks, about */
	uint64_t nr_events;		/* before the first round */
};

static struct hl_writer no_writer;

static struct hl_writer *writer_of(const struct hl_copies *c, const struct hl_copy *copy)
{
	return copy->chunk.instance < c->nr_writers ? &c->writers[copy->chunk.instance] : &no_writer;
}

static uint64_t seq_of(const struct hl_writer *w)
{
	/* acquire: the records are read behind it */
	return w->shard ? __atomic_load_n(&w->shard->seq, __ATOMIC_ACQUIRE) : 0;
}

uint64_t hl_copies_events(const struct hl_copies *c)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < c->nr_writers; i++)
		sum += __atomic_load_n(&c->writers[i].shard->events, __ATOMIC_RELAXED) +
			__atomic_load_n(&c->writers[i].shard->seq, __ATOMIC_RELAXED) / 2;
	return sum;
}

static void copy_record(struct taking *t, struct hl_copy *copy, const struct hl_record_place *from, uint32_t i)
{
	struct hl_record *to = &copy->records[i];

	if (copy->has_before)
		copy->before[i] = (struct hl_frees){to->counters.free_count, to->counters.free_bytes};
	if (!t->is_changing)
		hl_record_copy(from, to);
	else if (!hl_record_read(writer_of(t->to, copy), from, &t->patience, t->is_waiting, to))
		copy->is_stuck = true;
}

static void copy_chunk(struct taking *t, struct hl_copy *copy)
{
	const struct hl_chunk *peaks = NULL;

	copy->is_stuck = false;
	copy->seq = seq_of(writer_of(t->to, copy));
	for (uint32_t i = 0; i < copy->chunk.nr_records; i++) {
		uint64_t site = copy->chunk.first + i;
		struct hl_record_place from = {.counters = hl_image_record(t->image, &copy->chunk, site)};

		if (!peaks || site - peaks->first >= peaks->nr_records)
			peaks = hl_image_chunk(t->image, HL_SECTION_PEAKS, copy->chunk.instance, site);
		if (peaks)
			from.peak = hl_image_record(t->image, peaks, site);
		copy_record(t, copy, &from, i);
	}
	t->is_stuck |= copy->is_stuck;
}

/* Shard 0 counts an event before it is written: that it stands does not mean that nothing changes. */
static bool has_changed(const struct taking *t, const struct hl_copy *copy)
{
	const struct hl_writer *w = writer_of(t->to, copy);

	if (w->is_shared)
		return __atomic_load_n(&w->shard->events, __ATOMIC_RELAXED) != 0;
	return seq_of(w) != copy->seq || (t->is_waiting && copy->is_stuck);
}

/* Whether there is nothing in the file: of a hole no copy is made.  Peaks would say the same. */
static bool is_zero(const struct taking *t, const struct hl_copy *copy)
{
	static const struct hl_counters zero;

	for (uint32_t i = 0; i < copy->chunk.nr_records; i++)
		if (memcmp(hl_image_record(t->image, &copy->chunk, copy->chunk.first + i), &zero, sizeof(zero)))
			return false;
	return true;
}

/* Room for a copy, and for what it says of before. */
static int make_room(struct hl_copy *copy)
{
	const size_t nr = (size_t)copy->chunk.nr_records + 1;

	if (!copy->records)
		copy->records = calloc(nr, sizeof(*copy->records));
	if (copy->is_read && !copy->before)
		copy->before = calloc(nr, sizeof(*copy->before));
	return copy->records && (!copy->is_read || copy->before) ? 0 : -ENOMEM;
}

/* A first copy has nothing from before. */
static int copy_once_more(struct taking *t, struct hl_copy *copy)
{
	copy->has_before = false;
	if (copy->is_read && !has_changed(t, copy)) {
		t->is_stuck |= copy->is_stuck;
		return 0;
	}
	copy->seq = seq_of(writer_of(t->to, copy));
	if (!copy->records && is_zero(t, copy)) {
		copy->is_read = true;
		return 0;
	}
	if (make_room(copy))
		return -ENOMEM;
	/* What may be torn is not from before. */
	copy->has_before = copy->is_read && !copy->is_stuck;
	t->was_stuck |= copy->is_read && copy->is_stuck;
	copy->is_read = true;
	copy_chunk(t, copy);
	return 0;
}

/* What there is of it, and what has changed; how many events came in meanwhile. */
static int copy_round(struct taking *t, uint64_t *nr_events)
{
	uint64_t start = hl_copies_events(t->to);
	int rc = 0;

	t->is_stuck = t->was_stuck = false;
	for (size_t i = 0; !rc && i < t->to->nr; i++)
		rc = copy_once_more(t, &t->to->all[i]);
	*nr_events = hl_copies_events(t->to) - start;
	return rc;
}

static uint64_t nr_live(const struct hl_copies *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->nr; i++)
		for (uint32_t k = 0; c->all[i].records && k < c->all[i].chunk.nr_records; k++)
			if (c->all[i].chunk.first + k >= HL_NR_RESERVED_SITES)
				sum += c->all[i].records[k].counters.alloc_count -
					c->all[i].records[k].counters.free_count;
	return sum <= INT64_MAX ? sum : 0;
}

/* Whether the copies are good, or as good as they become. */
static bool is_enough(const struct taking *t, uint64_t events, int round, uint64_t took_ns)
{
	if (took_ns > MAX_ROUNDS_NS)
		return true;
	if (t->is_waiting && (t->is_stuck || t->was_stuck) && t->patience.nr_sleeps && t->patience.nr_tries)
		return false;
	if (round < CALM_ROUNDS)
		return events <= CALM_EVENTS || events <= t->nr_live / CALM_SHARE;
	return events <= ENOUGH_EVENTS || events <= t->nr_live / ENOUGH_SHARE;
}

uint64_t hl_copies_threads(const struct hl_copies *c)
{
	uint64_t nr = 0;

	for (uint64_t i = 1; i < c->nr_writers; i++)
		nr += __atomic_load_n(&c->writers[i].shard->tid, __ATOMIC_RELAXED) != 0;
	return nr;
}

/* Who has ended does not go on; whether a pid is there tells nothing of another pid namespace. */
static bool are_few_writers(const struct taking *t)
{
	return hl_copies_threads(t->to) <= MAX_WAITED_FOR && !t->image->header.end_monotonic_ns;
}

/* Of one thread each record is right by itself: no block is in the hands of another. */
static int max_rounds(const struct hl_copies *c)
{
	if (!c->is_hasty)
		return MAX_ROUNDS;
	return hl_copies_threads(c) > 1 ? HASTY_ROUNDS : 0;
}

static int copy_until_calm(struct taking *t)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	const uint64_t start = hl_monotonic_ns();
	uint64_t events;
	int rc = copy_round(t, &events);

	t->nr_live = rc ? 0 : nr_live(t->to);
	t->is_waiting = !t->to->is_hasty && are_few_writers(t);
	/* The second is of what came in during the first, which takes longer than all others. */
	for (int i = 0; !rc && i < max_rounds(t->to); i++) {
		/* Who has just slept keeps the processor for a while. */
		if (i)
			nanosleep(&pause, NULL);
		rc = copy_round(t, &events);
		if (is_enough(t, events, i, hl_monotonic_ns() - start))
			break;
	}
	return rc;
}

/* Of a later image there may be more; what is known of the writers stays. */
static int find_shards(struct taking *t)
{
	const struct hl_table *table = &t->image->tables[HL_SECTION_SHARDS];
	struct hl_copies *c = t->to;
	uint64_t nr = hl_image_room(t->image, HL_SECTION_SHARDS);
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
			writers[n].shard = (const void *)(t->image->map + chunk->offset +
					(uint64_t)k * chunk->record_bytes);
	}
	return 0;
}

static void release_all(struct hl_copy *all, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(all[i].records);
		free(all[i].before);
	}
	free(all);
}

static bool is_same(const struct hl_chunk *a, const struct hl_chunk *b)
{
	return a->instance == b->instance && a->first == b->first && a->offset == b->offset &&
		a->record_bytes == b->record_bytes && a->nr_records == b->nr_records;
}

static bool is_before(const struct hl_chunk *a, const struct hl_chunk *b)
{
	return a->instance < b->instance || (a->instance == b->instance && a->first < b->first);
}

/* One for each chunk of the image; those that have been copied already are kept.  Both are sorted. */
static int find_chunks(struct taking *t)
{
	const struct hl_table *table = &t->image->tables[HL_SECTION_COUNTERS];
	struct hl_copies *c = t->to;
	struct hl_copy *all = calloc(table->nr_chunks + 1, sizeof(*all));
	size_t old = 0;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < table->nr_chunks; i++) {
		struct hl_chunk chunk = table->chunks[i];
		uint64_t left = chunk.first < t->nr_sites ? t->nr_sites - chunk.first : 0;

		if (left < chunk.nr_records)
			chunk.nr_records = (uint32_t)left;
		while (old < c->nr && is_before(&c->all[old].chunk, &chunk))
			old++;
		if (old < c->nr && is_same(&c->all[old].chunk, &chunk)) {
			all[i] = c->all[old];
			c->all[old] = (struct hl_copy){.chunk = chunk};
		}
		all[i].chunk = chunk;
	}
	release_all(c->all, c->nr);
	c->all = all;
	c->nr = table->nr_chunks;
	return 0;
}

/* The image as it is now, if there are other sections than before. */
static int renew_image(struct hl_image *image, bool *has_grown, struct hl_error *err)
{
	struct hl_image now;
	int rc;

	*has_grown = hl_image_has_grown(image);
	if (!*has_grown)
		return 0;
	rc = hl_image_open(&now, image->fd, err);
	if (rc)
		return rc;
	rc = hl_image_map(&now, err);
	if (rc) {
		hl_image_release(&now);
		return rc;
	}
	hl_image_release(image);
	*image = now;
	return 0;
}

/* The directory as it is has been read. */
static int copy_image(struct taking *t, struct hl_error *err)
{
	uint64_t events;
	int rc = find_shards(t);

	if (!rc)
		rc = find_chunks(t);
	if (!rc && !t->nr_events)
		t->nr_events = hl_copies_events(t->to);
	if (!rc)
		rc = t->is_changing ? copy_until_calm(t) : copy_round(t, &events);
	t->to->has_moved |= !rc && hl_copies_events(t->to) != t->nr_events;
	return rc ? hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory") : 0;
}

int hl_copies_take(struct hl_copies *copies, struct hl_image *image, uint64_t nr_sites, bool is_changing,
		struct hl_error *err)
{
	struct taking t = {
		.to = copies,
		.image = image,
		.nr_sites = nr_sites,
		.patience = {.nr_sleeps = MAX_SLEEPS, .nr_tries = MAX_TRIES},
		.is_changing = is_changing,
	};
	bool has_grown = is_changing;
	int rc;

	copies->has_moved = false;
	rc = copy_image(&t, err);
	for (int i = 0; !rc && has_grown && i < MAX_DIRECTORIES; i++) {
		rc = renew_image(image, &has_grown, err);
		if (!rc && has_grown) {
			copies->has_moved = true;
			rc = copy_image(&t, err);
		}
	}
	return rc;
}

void hl_copies_release(struct hl_copies *copies)
{
	release_all(copies->all, copies->nr);
	free(copies->writers);
	*copies = (struct hl_copies){0};
}
