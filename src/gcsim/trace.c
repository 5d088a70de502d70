/* SPDX-License-Identifier: MIT */
/* Blocks beside objects, and the trace of what was made since it began. */
#include "gcsim/account.h"

static void block_remove(struct gcs_heap *heap, struct gcs_block *block)
{
	block->site->arrays_freed++;
	block->site->arrays_freed_bytes += block->bytes;
	trace_remove(heap, block);
	account_gone(heap, block->site, block->bytes);
}

void gcs_block_set(struct gcs_heap *heap, struct gcs_block *block, struct gcs_site *site, uint64_t bytes)
{
	bool was_there = block->site;

	if (site && site->heap != heap) {
		heap_report(heap, GCS_ERR_FOREIGN, NULL, "the site belongs to another heap");
		return;
	}
	if (was_there)
		block_remove(heap, block);
	*block = (struct gcs_block){0};
	if (!bytes)
		return;
	block->site = site ? site : heap->unknown;
	block->bytes = bytes <= BLOCK_BYTES_MAX ? bytes : BLOCK_BYTES_MAX;
	block->site->arrays_made++;
	block->site->arrays_made_bytes += block->bytes;
	block->site->arrays_moved += was_there;
	account_live(heap, block->site, block->bytes);
	trace_add(heap, block);
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
