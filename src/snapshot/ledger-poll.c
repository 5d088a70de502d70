/* SPDX-License-Identifier: MIT */
/* Sums by domain of the counters of a running program. */
#include "snapshot/ledger-poll.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Sites of forked children keep their parent's numbers. */
#define ALL_SITES (UINT64_C(1) << 32)

int hl_ledger_poll_begin(struct hl_ledger_poll *poll, int fd, struct hl_error *err)
{
	int rc;

	*poll = (struct hl_ledger_poll){.copies = {.is_hasty = true}};
	rc = hl_image_open(&poll->image, fd, err);
	if (rc)
		return rc;
	rc = hl_image_map(&poll->image, err);
	if (rc)
		hl_image_release(&poll->image);
	return rc;
}

void hl_ledger_poll_end(struct hl_ledger_poll *poll)
{
	hl_copies_release(&poll->copies);
	hl_image_release(&poll->image);
}

static const struct hl_globals *globals_of(const struct hl_ledger_poll *poll)
{
	const struct hl_table *table = &poll->image.tables[HL_SECTION_GLOBALS];

	return table->nr_chunks ? (const void *)(poll->image.map + table->chunks[0].offset) : NULL;
}

bool hl_ledger_poll_has_ended(const struct hl_ledger_poll *poll)
{
	const struct hl_ledger_header *header = (const void *)poll->image.map;

	return __atomic_load_n(&header->end_monotonic_ns, __ATOMIC_RELAXED) != 0;
}

/* Somebody else's program may have written anything. */
static int charge(struct hl_image *image, struct hl_error *err)
{
	const struct hl_table *table = &image->tables[HL_SECTION_COUNTERS];
	uint64_t nr = 0;

	for (size_t i = 0; i < table->nr_chunks; i++)
		nr += table->chunks[i].nr_records;
	image->charged_bytes = 0;
	return hl_image_charge(image, nr, sizeof(struct hl_counters), err);
}

/* Below it, sites are a parent's or have been cleared. */
static uint64_t first_site(const struct hl_ledger_poll *poll)
{
	const struct hl_globals *g = globals_of(poll);
	uint64_t first = g ? __atomic_load_n(&g->first_site, __ATOMIC_RELAXED) : 0;

	if (first < poll->image.site_base + HL_NR_RESERVED_SITES)
		return HL_NR_RESERVED_SITES;
	return first - poll->image.site_base;
}

/* HL_NR_DOMAINS: of none. */
static unsigned int domain_of(const struct hl_image *image, const struct hl_chunk **sites, uint64_t site)
{
	const struct hl_site *record;

	if (!*sites || site < (*sites)->first || site - (*sites)->first >= (*sites)->nr_records)
		*sites = hl_image_chunk(image, HL_SECTION_SITES, 0, site);
	if (!*sites)
		return HL_NR_DOMAINS;
	record = hl_image_record(image, *sites, site);
	return record->domain < HL_NR_DOMAINS ? record->domain : HL_NR_DOMAINS;
}

static void add_copy(const struct hl_ledger_poll *poll, const struct hl_copy *copy, struct hl_time_point *sum)
{
	const uint64_t first = first_site(poll);
	const struct hl_chunk *sites = NULL;

	for (uint32_t i = 0; copy->records && i < copy->chunk.nr_records; i++) {
		const struct hl_counters *c = &copy->records[i].counters;
		uint64_t site = copy->chunk.first + i;
		unsigned int d;

		if (site < first || (!c->alloc_count && !c->free_count))
			continue;
		d = domain_of(&poll->image, &sites, site);
		if (d == HL_NR_DOMAINS)
			continue;
		sum->live_bytes[d] += (int64_t)(c->alloc_bytes - c->free_bytes);
		sum->live_count[d] += (int64_t)(c->alloc_count - c->free_count);
		sum->alloc_count += c->alloc_count;
		sum->temp_count += c->temp_count;
	}
}

static uint32_t nr_marks(const struct hl_image *image)
{
	const struct hl_table *table = &image->tables[HL_SECTION_MARKS];
	uint32_t nr = 0;

	for (size_t i = 0; i < table->nr_chunks; i++)
		for (uint32_t k = 0; k < table->chunks[i].nr_records; k++) {
			const struct hl_ledger_mark *m = (const void *)(image->map + table->chunks[i].offset +
				(uint64_t)k * table->chunks[i].record_bytes);

			nr += __atomic_load_n(&m->monotonic_ns, __ATOMIC_RELAXED) != 0;
		}
	return nr;
}

int hl_ledger_poll(struct hl_ledger_poll *poll, struct hl_time_point *out, struct hl_error *err)
{
	int rc = charge(&poll->image, err);

	if (!rc)
		rc = hl_copies_take(&poll->copies, &poll->image, ALL_SITES, true, err);
	if (rc)
		return rc;
	*out = (struct hl_time_point){.monotonic_ns = hl_monotonic_ns(), .nr_marks = nr_marks(&poll->image)};
	for (size_t i = 0; i < poll->copies.nr; i++)
		add_copy(poll, &poll->copies.all[i], out);
	/* What two threads did to each other's blocks between their copies. */
	for (int d = 0; d < HL_NR_DOMAINS; d++) {
		if (out->live_bytes[d] < 0)
			out->live_bytes[d] = 0;
		if (out->live_count[d] < 0)
			out->live_count[d] = 0;
	}
	return 0;
}

int hl_ledger_poll_sites(const struct hl_ledger_poll *poll, struct hl_held **held, size_t *nr)
{
	const uint64_t first = first_site(poll);

	*nr = hl_image_room(&poll->image, HL_SECTION_SITES);
	*held = calloc(*nr + 1, sizeof(**held));
	if (!*held)
		return -ENOMEM;
	for (size_t i = 0; i < poll->copies.nr; i++) {
		const struct hl_copy *copy = &poll->copies.all[i];

		for (uint32_t k = 0; copy->records && k < copy->chunk.nr_records && copy->chunk.first + k < *nr; k++) {
			const struct hl_counters *c = &copy->records[k].counters;

			if (copy->chunk.first + k < first)
				continue;
			(*held)[copy->chunk.first + k].bytes += (int64_t)(c->alloc_bytes - c->free_bytes);
			(*held)[copy->chunk.first + k].count += (int64_t)(c->alloc_count - c->free_count);
		}
	}
	/* What two threads did to each other's blocks between their copies. */
	for (size_t i = 0; i < *nr; i++)
		if ((*held)[i].bytes < 0 || (*held)[i].count < 0)
			(*held)[i] = (struct hl_held){0};
	return 0;
}
