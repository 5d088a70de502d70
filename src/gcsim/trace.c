/* SPDX-License-Identifier: MIT */
/* Blocks beside objects, and the trace of what was made since it began. */
#include "gcsim/account.h"

static HOT_INLINE void block_remove(struct gcs_heap *heap, struct gcs_block *block)
{
	block->site->arrays_freed++;
	block->site->arrays_freed_bytes += block->bytes;
	trace_remove(heap, block);
	account_gone(heap, block->site, block->bytes);
}

static HOT_INLINE void block_add(struct gcs_heap *heap, struct gcs_block *block, struct gcs_site *site, uint64_t bytes)
{
	if (!site)
		site = heap->unknown;
	if (bytes > BLOCK_BYTES_MAX)
		bytes = BLOCK_BYTES_MAX;
	*block = (struct gcs_block){.site = site, .bytes = bytes};
	site->arrays_made++;
	site->arrays_made_bytes += bytes;
	account_live(heap, site, bytes);
	trace_add(heap, block);
}

void gcs_block_set(struct gcs_heap *heap, struct gcs_block *block, struct gcs_site *site, uint64_t bytes)
{
	bool was_there = block->site;

	if (__builtin_expect(site && site->heap != heap, 0)) {
		heap_report(heap, GCS_ERR_FOREIGN, NULL, "the site belongs to another heap");
		return;
	}
	if (was_there)
		block_remove(heap, block);
	if (!bytes) {
		*block = (struct gcs_block){0};
		return;
	}
	block_add(heap, block, site, bytes);
	block->site->arrays_moved += was_there;
}

/* Blocks of an older epoch are not in the trace. */
static void forget(struct gcs_heap *heap)
{
	if (heap->has_traced) {
		heap->epoch = heap->epoch < EPOCH_MAX ? heap->epoch + 1 : 1;
		heap->has_traced = false;
		for (struct gcs_site *site = heap->unknown; site; site = site->newer)
			site->traced_blocks = site->traced_bytes = 0;
	}
	heap->traced_bytes = 0;
	heap->traced_peak = 0;
}

void gcs_trace_start(struct gcs_heap *heap)
{
	heap->is_tracing = true;
}

void gcs_trace_stop(struct gcs_heap *heap)
{
	forget(heap);
	heap->is_tracing = false;
}

bool gcs_is_tracing(const struct gcs_heap *heap)
{
	return heap->is_tracing;
}

void gcs_trace_clear(struct gcs_heap *heap)
{
	if (heap->is_tracing)
		forget(heap);
}

void gcs_trace_memory(const struct gcs_heap *heap, uint64_t *current, uint64_t *peak)
{
	*current = heap->traced_bytes;
	*peak = heap->traced_peak;
}

void gcs_trace_reset_peak(struct gcs_heap *heap)
{
	heap->traced_peak = heap->traced_bytes;
}
