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

#define NR_AHEAD 16

struct reach {
	struct gcs_heap *heap;
	struct links *base;
	struct links *trash;
	uint64_t objects, references, survivors;
	struct gcs_object *undercounted;	/* has fewer references than traverse functions show */
	struct gcs_object *ahead[NR_AHEAD];	/* prefetched */
};

static void traverse(struct gcs_object *o, gcs_visit_fn visit, void *arg)
{
	if (o->type->traverse)
		o->type->traverse(o, visit, arg);
}

/* --- working counts ---------------------------------------------------------------------------------- */

static void counts_set(struct links *base)
{
	for (struct links *l = base->next; l != base; l = l->next)
		l->prev = (uintptr_t)object_of(l)->refs * LINK_ONE | LINK_COUNTING;
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
	__builtin_prefetch(object_links(o), 1);
	*slot = o;
	reach->references++;
	if (due)
		subtract(reach, due);
	return 0;
}

static void subtract_all(struct reach *reach)
{
	for (struct links *l = reach->base->next; l != reach->base; l = l->next) {
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

static void pass(struct reach *reach)
{
	struct links *prev = reach->base;
	struct links *l = prev->next;

	while (l != reach->base) {
		if (l->prev >= LINK_ONE) {
			struct gcs_object *o = object_of(l);

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

	heap->is_busy = true;
	counts_set(base);
	subtract_all(&reach);
	pass(&reach);
	heap->is_busy = false;
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
