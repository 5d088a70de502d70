/* SPDX-License-Identifier: MIT */
/* The memory of the hints: it grows with the list, and shrinks when the list has become short. */
#include "gcsim/order.h"

/* Less than this lies in the caches anyway. */
#define HEAP_MIN ((uint64_t)4 << 20)
#define ROOM_MIN ((size_t)16 << 10)
#define OBJECT_BYTES 80	/* of an ordinary small one: what is asked for too much is never touched */

bool order_is_worth(const struct gcs_heap *heap)
{
	return heap->memory.bytes >= HEAP_MIN;
}

static bool resize(struct gcs_heap *heap, size_t room)
{
	struct order *order = &heap->order;
	struct links **at = memory_try_resize(heap, order->at, order->room * sizeof(*at), room * sizeof(*at));

	if (!at)
		return false;
	order->at = at;
	order->room = room;
	return true;
}

bool order_grow(struct gcs_heap *heap)
{
	size_t room = heap->order.room;

	return resize(heap, room ? 2 * room : heap->memory.bytes / OBJECT_BYTES);
}

void order_trim(struct gcs_heap *heap, size_t nr)
{
	struct order *order = &heap->order;

	order->nr = nr;
	if (nr < ROOM_MIN)
		order_release(heap);
	else if (nr < order->room / 4)
		resize(heap, 2 * nr);
}

void order_release(struct gcs_heap *heap)
{
	struct order *order = &heap->order;

	gcs_mem_free(heap, order->at, order->room * sizeof(*order->at));
	*order = (struct order){0};
}
