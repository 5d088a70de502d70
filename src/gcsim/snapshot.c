/* SPDX-License-Identifier: MIT */
/* The accounts of all sites as a snapshot of libheapledger, in domain 0. */
#include "gcsim/account.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/heapledger-build.h"

#define DOMAIN 0

static struct hl_text text_of(const char *string)
{
	return (struct hl_text){string, string ? strlen(string) : 0};
}

static uint64_t freed_by_gc(const struct gcs_counts *counts)
{
	uint64_t n = 0;

	for (int i = 0; i < GCS_NR_GENERATIONS; i++)
		n += counts->freed_by_gc[i];
	return n;
}

static struct hl_counts all_counts(struct gcs_site *site)
{
	const struct gcs_counts *c = &site->counts;

	site_save_peak(site->heap, site);
	return (struct hl_counts){
		.alloc_count = c->made + site->arrays_made,
		.alloc_bytes = c->made_bytes + site->arrays_made_bytes,
		.free_count = c->freed_by_count + freed_by_gc(c) + site->arrays_freed,
		.free_bytes = c->freed_by_count_bytes + c->freed_by_gc_bytes + site->arrays_freed_bytes,
		.move_count = site->arrays_moved,
		.peak_bytes = (int64_t)c->bytes_at_peak,
		.peak_count = (int64_t)site->blocks_at_peak,
	};
}

static struct hl_counts traced_counts(const struct gcs_site *site)
{
	return (struct hl_counts){
		.alloc_count = site->traced_blocks,
		.alloc_bytes = site->traced_bytes,
		.peak_count = (int64_t)site->traced_blocks,
		.peak_bytes = (int64_t)site->traced_bytes,
	};
}

static int add_site(struct hl_builder *builder, const struct gcs_site *site, const struct hl_counts *counts)
{
	struct hl_place *places;
	int rc;

	if (!counts->alloc_count)
		return 0;
	places = calloc(site->nr_frames, sizeof(*places));
	if (!places)
		return -ENOMEM;
	for (unsigned int i = 0; i < site->nr_frames; i++) {
		const struct gcs_frame *f = &site->frames[i];

		places[i] = (struct hl_place){text_of(f->file), text_of(f->function), f->line};
	}
	rc = hl_builder_add(builder, places, site->nr_frames, site->nr_total, DOMAIN, counts);
	free(places);
	return rc;
}

int gcs_snapshot(struct gcs_heap *heap, enum gcs_snapshot_what what, struct hl_snapshot **out)
{
	struct hl_builder *builder = hl_builder_new();
	bool all = what == GCS_SNAPSHOT_ALL;
	int rc = builder ? 0 : -ENOMEM;

	for (struct gcs_site *site = heap->unknown; !rc && site; site = site->newer) {
		struct hl_counts counts = all ? all_counts(site) : traced_counts(site);

		rc = add_site(builder, site, &counts);
	}
	if (!rc && all)
		rc = hl_builder_set_peak(builder, DOMAIN, heap->peak_bytes);
	if (!rc)
		rc = hl_builder_finish(builder, NULL, out);
	if (rc)
		hl_builder_free(builder);
	return rc;
}
