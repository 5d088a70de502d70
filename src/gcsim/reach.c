/* SPDX-License-Identifier: MIT */
/*
 * Each object of the list gets a working count, its reference count, of which the references from
 * within the list are subtracted; what remains comes from outside.  One pass over the list then
 * keeps what has a count left, and what such objects refer to; the rest is moved to the trash for
 * the moment, from where a later object of the pass may bring it back, to the tail of the list.
 *
 * During all this the traverse functions run; they may change nothing (heap->is_busy).
 */
#include "gcsim/reach.h"

#include "gcsim/order.h"

#define NR_AHEAD 16
#define REFERENTS_AHEAD 4	/* objects whose referents are asked for; they are there themselves by then */

struct reach {
	struct gcs_heap *heap;
	struct links *base;
	struct links *trash;
	uint64_t objects, references, survivors;
	struct gcs_object *undercounted;	/* has fewer references than traverse functions show */
	struct gcs_object *ahead[NR_AHEAD];	/* prefetched */
	bool has_order;		/* heap->order is written */
	size_t nr_order;	/* the list in the order of the pass: what is brought back is behind the rest */
};

static void traverse(struct gcs_object *o, gcs_visit_fn visit, void *arg)
{
	if (o->type->traverse)
		o->type->traverse(o, visit, arg);
}

/* --- what comes next ----------------------------------------------------------------------------------- */

/* The links and the head are 48 bytes, in one cache line or in two. */
static inline void prefetch(const struct links *l)
{
	__builtin_prefetch(l, 1);
	__builtin_prefetch((const char *)l + sizeof(*l) + offsetof(struct gcs_object, type), 1);
}

static int visit_prefetch(struct gcs_object *o, void *arg)
{
	(void)arg;
	if (o)
		prefetch(object_links(o));
	return 0;
}

static inline void prefetch_object(const struct reach *reach, size_t number)
{
	if (number < reach->nr_order)
		prefetch(reach->heap->order.at[number]);
}

static inline void prefetch_referents(const struct reach *reach, size_t number)
{
	struct links *l = number < reach->nr_order ? reach->heap->order.at[number] : NULL;

	if (l && l->prev >= LINK_ONE)
		traverse(object_of(l), visit_prefetch, NULL);
}

/* --- working counts ---------------------------------------------------------------------------------- */

static inline void count_set(struct links *l)
{
	l->prev = (uintptr_t)object_of(l)->refs * LINK_ONE | LINK_COUNTING;
}

/* The place after that of @l in the old order.  Between them are only objects that are gone. */
static inline size_t old_place_after(const struct order *order, size_t place, const struct links *l)
{
	for (size_t i = place; i < order->nr && i < place + 8; i++) {
		if (order->at[i] == l)
			return i + 1;
	}
	return place + 1;
}

/* The new order is written over the old one, never before what is still to be read. */
static void counts_set_in_order(struct reach *reach)
{
	struct order *order = &reach->heap->order;
	size_t place = 0;

	for (struct links *l = reach->base->next; l != reach->base; l = l->next) {
		place = old_place_after(order, place, l);
		if (place + ORDER_AHEAD < order->nr)
			prefetch(order->at[place + ORDER_AHEAD]);
		reach->has_order = reach->has_order && order_push(reach->heap, &reach->nr_order, l);
		count_set(l);
	}
}

static void counts_set(struct reach *reach)
{
	if (reach->has_order) {
		counts_set_in_order(reach);
		return;
	}
	for (struct links *l = reach->base->next; l != reach->base; l = l->next)
		count_set(l);
}

static void subtract(struct reach *reach, struct gcs_object *o)
{
	struct links *l;

	if (!object_is_gc(o))
		return;
	l = object_links(o);
	if (!(l->prev & LINK_COUNTING))
		return;
	if (__builtin_expect(l->prev >= LINK_ONE, 1))
		l->prev -= LINK_ONE;
	else
		reach->undercounted = o;
}

/* The order does not matter here, so an object is looked at when its memory had time to arrive. */
static int visit_subtract(struct gcs_object *o, void *arg)
{
	struct reach *reach = arg;
	struct gcs_object **slot = &reach->ahead[reach->references % NR_AHEAD];
	struct gcs_object *due = *slot;

	if (!o)
		return 0;
	prefetch(object_links(o));
	*slot = o;
	reach->references++;
	if (due)
		subtract(reach, due);
	return 0;
}

static void subtract_all(struct reach *reach)
{
	for (struct links *l = reach->base->next; l != reach->base; l = l->next) {
		prefetch_object(reach, reach->objects + ORDER_AHEAD);
		traverse(object_of(l), visit_subtract, reach);
		reach->objects++;
	}
	for (int i = 0; i < NR_AHEAD; i++) {
		if (reach->ahead[i])
			subtract(reach, reach->ahead[i]);
	}
}

/* --- the pass ------------------------------------------------------------------------------------------ */

/* While a list is counted its objects have no prev; the tail is known. */
static void counting_append(struct links *base, struct links *l)
{
	link_prev(base)->next = l;
	l->next = base;
	base->prev = (uintptr_t)l;
	l->prev = LINK_ONE | LINK_COUNTING;
}

static void bring_back(struct reach *reach, struct gcs_object *o, struct links *l)
{
	struct links *prev = link_prev(l);

	/* Trash of another heap, whose finalizers or callbacks are running: not ours to move. */
	if (heap_of(o) != reach->heap)
		return;
	prev->next = l->next;
	link_set_prev(l->next, prev);
	counting_append(reach->base, l);
	reach->has_order = reach->has_order && order_push(reach->heap, &reach->nr_order, l);
}

static int visit_reached(struct gcs_object *o, void *arg)
{
	struct links *l;

	if (!o || !object_is_gc(o))
		return 0;
	l = object_links(o);
	if (l->prev & LINK_TRASH)
		bring_back(arg, o, l);
	else if ((l->prev & LINK_COUNTING) && l->prev < LINK_ONE)
		l->prev |= LINK_ONE;
	return 0;
}

/* For the next collection; there is no more of them than the pass has seen, so all that is to come stays. */
static inline void order_keep(struct reach *reach, struct links *l)
{
	if (reach->survivors < reach->nr_order)
		reach->heap->order.at[reach->survivors] = l;
}

static void pass(struct reach *reach)
{
	struct links *prev = reach->base;
	struct links *l = prev->next;

	for (size_t seen = 0; l != reach->base; seen++) {
		prefetch_object(reach, seen + ORDER_AHEAD);
		prefetch_referents(reach, seen + REFERENTS_AHEAD);
		if (l->prev >= LINK_ONE) {
			struct gcs_object *o = object_of(l);

			order_keep(reach, l);
			traverse(o, visit_reached, reach);
			l->prev = (uintptr_t)prev;
			prev = l;
			o->block.site->counts.survived++;
			reach->survivors++;
		} else {
			prev->next = l->next;
			list_append(reach->trash, l, LINK_TRASH);
		}
		l = prev->next;
	}
	reach->base->prev = (uintptr_t)prev;
}

void reach_split(struct gcs_heap *heap, struct links *base, struct links *trash, struct reach_counts *out)
{
	struct reach reach = {.heap = heap, .base = base, .trash = trash};
	bool has_order = base == &heap->generations[GCS_NR_GENERATIONS - 1].list && order_is_worth(heap);

	reach.has_order = has_order;
	heap->is_busy = true;
	counts_set(&reach);
	subtract_all(&reach);
	pass(&reach);
	heap->is_busy = false;
	if (has_order)
		order_trim(heap, reach.survivors < reach.nr_order ? reach.survivors : reach.nr_order);
	heap->work.objects += reach.objects;
	heap->work.references += reach.references;
	if (reach.undercounted)
		heap_report(heap, GCS_ERR_UNDERFLOW, reach.undercounted,
				"more references found to an object than it counts");
	*out = (struct reach_counts){reach.survivors, reach.objects - reach.survivors};
}

/* --- trash --------------------------------------------------------------------------------------------- */

void trash_unmark(struct links *trash)
{
	for (struct links *l = trash->next; l != trash; l = l->next)
		l->prev &= ~LINK_MASK;
}

static int visit_legacy(struct gcs_object *o, void *arg)
{
	struct links *legacy = arg;
	struct links *l;

	if (!o || !object_is_gc(o))
		return 0;
	l = object_links(o);
	if (l->prev & LINK_TRASH) {
		list_remove(l);
		list_append(legacy, l, LINK_IDLE);
	}
	return 0;
}

int64_t trash_take_legacy(struct gcs_heap *heap, struct links *trash, struct links *legacy)
{
	struct links *next;

	if (!heap->has_legacy)
		return 0;
	for (struct links *l = trash->next; l != trash; l = next) {
		next = l->next;
		if (!object_of(l)->type->legacy_del)
			continue;
		list_remove(l);
		list_append(legacy, l, LINK_IDLE);
	}
	heap->is_busy = true;
	for (struct links *l = legacy->next; l != legacy; l = l->next)
		traverse(object_of(l), visit_legacy, legacy);
	heap->is_busy = false;
	return (int64_t)list_length(legacy);
}
