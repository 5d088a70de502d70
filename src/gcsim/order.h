/* SPDX-License-Identifier: MIT */
/*
 * The order of a large list, as an array beside it, so that memory is on its way before it is looked
 * at: whoever only follows next pointers waits for each object in turn.
 *
 * The array is no more than a hint of what to prefetch.  It stays from one full collection to the
 * next, holds addresses of objects that are gone, and may be missing altogether; nothing else may be
 * concluded from it, and none of its addresses is ever read through but those that this collection
 * has written itself.
 */
#ifndef GCSIM_ORDER_H
#define GCSIM_ORDER_H

#include "gcsim/heap.h"

#define ORDER_AHEAD 12		/* objects between asking for one and looking at it */

/* Whether lists of this heap do not fit into the caches. */
bool order_is_worth(const struct gcs_heap *heap);

/* Room for at least one more; false: no memory for hints, which nobody is told of. */
bool order_grow(struct gcs_heap *heap);

/* What remains after a collection is @nr entries. */
void order_trim(struct gcs_heap *heap, size_t nr);

static inline bool order_push(struct gcs_heap *heap, size_t *nr, struct links *l)
{
	struct order *order = &heap->order;

	if (__builtin_expect(*nr == order->room, 0) && !order_grow(heap))
		return false;
	order->at[(*nr)++] = l;
	return true;
}

#endif
