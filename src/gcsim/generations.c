/* SPDX-License-Identifier: MIT */
/* The collector's settings and numbers, the permanent generation, callbacks. */
#include "gcsim/heap.h"

#include <string.h>

void gcs_enable(struct gcs_heap *heap)
{
	heap->is_enabled = true;
}

void gcs_disable(struct gcs_heap *heap)
{
	heap->is_enabled = false;
}

bool gcs_is_enabled(const struct gcs_heap *heap)
{
	return heap->is_enabled;
}

bool gcs_is_collecting(const struct gcs_heap *heap)
{
	return heap->is_collecting;
}

void gcs_set_pending(struct gcs_heap *heap, bool pending)
{
	heap->is_pending = pending;
}

void gcs_get_stats(const struct gcs_heap *heap, struct gcs_generation_stats out[GCS_NR_GENERATIONS])
{
	memcpy(out, heap->stats, sizeof(heap->stats));
}

void gcs_get_count(const struct gcs_heap *heap, int out[GCS_NR_GENERATIONS])
{
	for (int i = 0; i < GCS_NR_GENERATIONS; i++)
		out[i] = heap->generations[i].count;
}

void gcs_get_threshold(const struct gcs_heap *heap, int out[GCS_NR_GENERATIONS])
{
	for (int i = 0; i < GCS_NR_GENERATIONS; i++)
		out[i] = heap->generations[i].threshold;
}

void gcs_set_threshold(struct gcs_heap *heap, const int thresholds[GCS_NR_GENERATIONS])
{
	for (int i = 0; i < GCS_NR_GENERATIONS; i++)
		heap->generations[i].threshold = thresholds[i];
}

void gcs_get_work(const struct gcs_heap *heap, struct gcs_work *out)
{
	*out = heap->work;
}

void gcs_preset(struct gcs_heap *heap, const struct gcs_generation_stats stats[GCS_NR_GENERATIONS],
		const int counts[GCS_NR_GENERATIONS])
{
	memcpy(heap->stats, stats, sizeof(heap->stats));
	for (int i = 0; i < GCS_NR_GENERATIONS; i++)
		heap->generations[i].count = counts[i];
	memset(&heap->work, 0, sizeof(heap->work));
}

void gcs_freeze(struct gcs_heap *heap)
{
	if (!heap_may_change(heap, NULL, "freeze inside a traverse function"))
		return;
	for (int i = 0; i < GCS_NR_GENERATIONS; i++) {
		list_merge(&heap->generations[GCS_PERMANENT].list, &heap->generations[i].list);
		heap->generations[i].count = 0;
	}
	heap->is_frozen = true;
}

void gcs_unfreeze(struct gcs_heap *heap)
{
	if (!heap_may_change(heap, NULL, "unfreeze inside a traverse function"))
		return;
	list_merge(&heap->generations[GCS_NR_GENERATIONS - 1].list, &heap->generations[GCS_PERMANENT].list);
	heap->is_frozen = false;
}

uint64_t gcs_get_freeze_count(const struct gcs_heap *heap)
{
	return list_length(&heap->generations[GCS_PERMANENT].list);
}

int gcs_add_callback(struct gcs_heap *heap, gcs_callback_fn fn, void *arg)
{
	if (vector_grow(heap, &heap->callbacks, sizeof(struct callback)))
		return -1;
	((struct callback *)heap->callbacks.data)[heap->callbacks.nr++] = (struct callback){fn, arg};
	return 0;
}

void gcs_remove_callback(struct gcs_heap *heap, gcs_callback_fn fn, void *arg)
{
	struct callback *all = heap->callbacks.data;

	for (size_t i = 0; i < heap->callbacks.nr; i++) {
		if (all[i].fn != fn || all[i].arg != arg)
			continue;
		heap->callbacks.nr--;
		memmove(all + i, all + i + 1, (heap->callbacks.nr - i) * sizeof(*all));
		return;
	}
}
