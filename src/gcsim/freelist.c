/* SPDX-License-Identifier: MIT */
/* Free lists: objects and arrays that are kept for the next of their size. */
#include "gcsim/account.h"

#include <string.h>

/* An array that is kept begins with this. */
struct kept_memory {
	struct kept_memory *next;
	size_t bytes;
	struct gcs_block block;
};

struct gcs_freelist *gcs_freelist_make(struct gcs_heap *heap, unsigned int max)
{
	struct gcs_freelist *list = memory_take(heap, sizeof(*list));

	if (!list)
		return NULL;
	*list = (struct gcs_freelist){.heap = heap, .max = max};
	if (heap->newest_freelist)
		heap->newest_freelist->newer = list;
	else
		heap->freelists = list;
	heap->newest_freelist = list;
	return list;
}

void gcs_freelist_hold(struct gcs_freelist *list)
{
	list->holds = true;
}

void gcs_freelist_stay(struct gcs_freelist *list)
{
	list->stays = true;
}

static bool has_room(const struct gcs_freelist *list)
{
	return list->heap->profile == GCS_PROFILE_CPYTHON311 && list->nr < list->max;
}

void *gcs_freelist_take_memory(struct gcs_freelist *list, struct gcs_block *block, struct gcs_site *site)
{
	struct kept_memory *kept = list->memory;
	struct gcs_heap *heap = list->heap;

	if (!kept || list->holds)
		return NULL;
	list->memory = kept->next;
	list->nr--;
	*block = kept->block;
	/* A traced block stays at the line that asked for it: nobody tells the tracer of its new use. */
	if (site && !trace_has(heap, block))
		block->site = site;
	block->site->arrays_made++;
	block->site->arrays_made_bytes += block->bytes;
	account_live(heap, block->site, block->bytes);
	return kept;
}

bool gcs_freelist_keep_memory(struct gcs_freelist *list, void *memory, size_t bytes, struct gcs_block *block)
{
	struct kept_memory *kept = memory;

	if (bytes < sizeof(*kept) || !block->site || !has_room(list))
		return false;
	block->site->arrays_freed++;
	block->site->arrays_freed_bytes += block->bytes;
	account_gone(list->heap, block->site, block->bytes);
	*kept = (struct kept_memory){list->memory, bytes, *block};
	list->memory = kept;
	list->nr++;
	memset(block, 0, sizeof(*block));
	return true;
}

static void list_clear(struct gcs_heap *heap, struct gcs_freelist *list)
{
	struct kept_memory *next;

	while (list->objects)
		object_release(heap, chain_pop(&list->objects));
	for (struct kept_memory *kept = list->memory; kept; kept = next) {
		next = kept->next;
		trace_remove(heap, &kept->block);
		memory_give(heap, kept, kept->bytes);
	}
	list->memory = NULL;
	list->nr = 0;
}

void freelists_clear(struct gcs_heap *heap)
{
	for (struct gcs_freelist *list = heap->freelists; list; list = list->newer)
		if (!list->stays)
			list_clear(heap, list);
}
