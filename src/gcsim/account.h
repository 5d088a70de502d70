/* SPDX-License-Identifier: MIT */
/*
 * The account of a block at its site, in the heap and in the trace: O(1) for each event.
 *
 * Who held the memory at the heap's peak: each new peak has a number.  Before an account changes, it
 * saves its live values if they are still those of the newest peak; so a site whose number is the
 * heap's has saved them, and any other has not changed since.
 */
#ifndef GCSIM_ACCOUNT_H
#define GCSIM_ACCOUNT_H

#include "gcsim/heap.h"

static inline void site_save_peak(const struct gcs_heap *heap, struct gcs_site *site)
{
	if (__builtin_expect(site->peak_number == heap->peak_number, 1))
		return;
	site->counts.bytes_at_peak = site->counts.live_bytes;
	site->blocks_at_peak = site->live_blocks;
	site->peak_number = heap->peak_number;
}

/* Of a block that is not in the trace; its epoch is not the current one. */
static inline void trace_add(struct gcs_heap *heap, struct gcs_block *block)
{
	if (__builtin_expect(!heap->is_tracing, 1))
		return;
	block->epoch = heap->epoch;
	heap->has_traced = true;
	block->site->traced_blocks++;
	block->site->traced_bytes += block->bytes;
	heap->traced_bytes += block->bytes;
	if (heap->traced_bytes > heap->traced_peak)
		heap->traced_peak = heap->traced_bytes;
}

static inline bool trace_has(const struct gcs_heap *heap, const struct gcs_block *block)
{
	return __builtin_expect(heap->is_tracing, 0) && block->epoch == heap->epoch;
}

static inline void trace_remove(struct gcs_heap *heap, struct gcs_block *block)
{
	if (!trace_has(heap, block))
		return;
	block->epoch = 0;
	block->site->traced_blocks--;
	block->site->traced_bytes -= block->bytes;
	heap->traced_bytes -= block->bytes;
}

/* A block is there: at its site and in the heap, but not in the trace. */
static inline void account_live(struct gcs_heap *heap, struct gcs_site *site, uint64_t bytes)
{
	site_save_peak(heap, site);
	site->live_blocks++;
	site->counts.live_bytes += bytes;
	if (site->counts.live_bytes > site->counts.peak_bytes)
		site->counts.peak_bytes = site->counts.live_bytes;
	heap->live_bytes += bytes;
	if (heap->live_bytes > heap->peak_bytes) {
		heap->peak_bytes = heap->live_bytes;
		heap->peak_number++;
	}
}

static inline void account_gone(struct gcs_heap *heap, struct gcs_site *site, uint64_t bytes)
{
	site_save_peak(heap, site);
	site->live_blocks--;
	site->counts.live_bytes -= bytes;
	heap->live_bytes -= bytes;
}

static inline void account_object_made(struct gcs_heap *heap, struct gcs_site *site, uint64_t bytes)
{
	site->counts.made++;
	site->counts.made_bytes += bytes;
	account_live(heap, site, bytes);
}

static inline void account_object_gone(struct gcs_heap *heap, struct gcs_site *site, uint64_t bytes)
{
	if (__builtin_expect(heap->deleting >= 0, 0)) {
		site->counts.freed_by_gc[heap->deleting]++;
		site->counts.freed_by_gc_bytes += bytes;
	} else {
		site->counts.freed_by_count++;
		site->counts.freed_by_count_bytes += bytes;
	}
	account_gone(heap, site, bytes);
}

#endif
