/* SPDX-License-Identifier: MIT */
/* The counters of a ledger that may be running, summed over its shards. */
#include "snapshot/ledger-count.h"

#include "snapshot/ledger-copies.h"
#include "snapshot/ledger-peak.h"

#include <errno.h>
#include <string.h>

static bool add_record(struct hl_site_counts *to, const struct hl_record *record, struct hl_moment moment)
{
	const struct hl_counters *r = &record->counters;
	struct hl_held all = hl_held_then(r, (struct hl_held){record->peak.bytes, record->peak.count}, moment.sum);
	const struct hl_counts counts = {
		.alloc_count = r->alloc_count,
		.alloc_bytes = r->alloc_bytes,
		.free_count = r->free_count,
		.free_bytes = r->free_bytes,
		.temp_count = r->temp_count,
		.move_count = r->move_count,
		.peak_bytes = all.bytes,
		.peak_count = all.count,
	};

	return hl_counts_add(&to->counts, &counts) &&
		hl_held_add(&to->own, hl_held_then(r, (struct hl_held){r->peak_bytes, r->peak_count}, moment.own));
}

/* A number that hl_snapshot_check_sites() refuses: signed sums need not have stayed out of range. */
static void add_copy(struct hl_snapshot *s, const struct hl_copy *copy, const struct hl_peak_reader *peaks)
{
	for (uint32_t i = 0; copy->records && i < copy->chunk.nr_records; i++) {
		struct hl_site_counts *to = &s->sites[copy->chunk.first + i];

		if (!add_record(to, &copy->records[i], hl_moment_of(peaks, &s->globals, to->site.domain)))
			to->counts.alloc_bytes = UINT64_MAX;
	}
}

static bool is_impossible(const struct hl_counts *c)
{
	return c->alloc_count < c->free_count || c->alloc_bytes < c->free_bytes;
}

/* What it had of a site's frees before the last round. */
static struct hl_frees frees_before(const struct hl_copy *copy, uint64_t site)
{
	const struct hl_counters *c = &copy->records[site - copy->chunk.first].counters;

	if (copy->has_before)
		return copy->before[site - copy->chunk.first];
	return (struct hl_frees){c->free_count, c->free_bytes};
}

/* Frees that were read before all allocations, of one site. */
static void take_frees_before(struct hl_snapshot *s, const struct hl_copies *copies, uint64_t site)
{
	struct hl_counts *c = &s->sites[site].counts;
	struct hl_counts sum = {0};

	for (size_t i = 0; i < copies->nr; i++) {
		const struct hl_copy *copy = &copies->all[i];
		struct hl_frees f;

		if (!copy->records || site < copy->chunk.first || site - copy->chunk.first >= copy->chunk.nr_records)
			continue;
		f = frees_before(copy, site);
		if (!hl_counts_add(&sum, &(struct hl_counts){.free_count = f.count, .free_bytes = f.bytes}))
			return;
	}
	c->free_count = sum.free_count;
	c->free_bytes = sum.free_bytes;
}

/*
 * Who makes threads faster than the directory can be read leaves sites of which frees were seen and allocations not
 * yet: of those, everything is taken to be free.  Where no event came in between, there is no such excuse: an
 * allocation is written before its block can be freed.
 */
static void raise_allocs(struct hl_snapshot *s, uint64_t site)
{
	struct hl_counts *c = &s->sites[site].counts;

	s->nr_raised++;
	if (c->alloc_count < c->free_count)
		c->alloc_count = c->free_count;
	if (c->alloc_bytes < c->free_bytes)
		c->alloc_bytes = c->free_bytes;
}

static void mend_sites(struct hl_snapshot *s, const struct hl_copies *copies)
{
	for (uint64_t i = 0; i < s->globals.nr_sites; i++) {
		if (!is_impossible(&s->sites[i].counts))
			continue;
		take_frees_before(s, copies, i);
		if (is_impossible(&s->sites[i].counts))
			raise_allocs(s, i);
	}
}

/* A sum that never was anything: the domains' own peaks are all there is. */
static void use_own_peaks(struct hl_snapshot *s)
{
	for (uint64_t i = 0; i < s->globals.nr_sites; i++) {
		s->sites[i].counts.peak_bytes = s->sites[i].own.bytes;
		s->sites[i].counts.peak_count = s->sites[i].own.count;
	}
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
static bool sum_shards(const struct hl_copies *c, struct hl_shard *sum)
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

/* False: more than 63 bits can count.  Of ledgers whose shards have no sizes there are none. */
static bool sum_sizes(const struct hl_image *image, uint64_t nr_shards, uint64_t sums[HL_NR_SIZE_CLASSES])
{
	uint64_t sizes[HL_NR_SIZE_CLASSES];
	bool fits = true;

	for (uint64_t i = 0; i < nr_shards; i++) {
		const struct hl_chunk *chunk = hl_image_chunk(image, HL_SECTION_SHARDS, 0, i);
		const struct hl_sized_shard *shard;

		if (!chunk || chunk->record_bytes < sizeof(*shard))
			continue;
		shard = hl_image_record(image, chunk, i);
		for (unsigned int k = 0; k < HL_NR_SIZE_CLASSES; k++)
			sizes[k] = __atomic_load_n(&shard->sizes[k], __ATOMIC_RELAXED);
		fits &= hl_sizes_add(sums, sizes);
	}
	return fits;
}

static int sum_up(const struct hl_image *image, const struct hl_copies *copies, struct hl_snapshot *s,
		struct hl_error *err)
{
	const struct hl_peak_reader peaks = hl_peak_reader(image);

	hl_peaks_read(&peaks, &s->globals);
	for (size_t i = 0; i < copies->nr; i++)
		add_copy(s, &copies->all[i], &peaks);
	if (copies->has_moved)
		mend_sites(s, copies);
	if (peaks.has_sum && !hl_snapshot_has_sum(s))
		use_own_peaks(s);
	s->shard = (struct hl_shard){0};
	if (!sum_shards(copies, &s->shard) || !sum_sizes(image, copies->nr_writers, s->sizes))
		return hl_fail(err, ERANGE, image->tables[HL_SECTION_SHARDS].chunks[0].offset,
				"more events than 63 bits can count");
	return 0;
}

int hl_count_sites(struct hl_image *image, bool is_changing, struct hl_snapshot *snapshot, struct hl_error *err)
{
	struct hl_copies copies = {0};
	int rc = hl_copies_take(&copies, image, snapshot->globals.nr_sites, is_changing, err);

	if (!rc)
		rc = sum_up(image, &copies, snapshot, err);
	hl_copies_release(&copies);
	return rc;
}
