/* SPDX-License-Identifier: MIT */
/* One collection, from the lists of its generations to the account of what it found. */
#include "gcsim/account.h"
#include "gcsim/debug.h"
#include "gcsim/reach.h"

struct collection {
	struct gcs_heap *heap;
	int generation;
	struct links *base;
	struct links *old;	/* where survivors go */
	struct links trash;
	struct links legacy;	/* uncollectable, with all that only they reach */
	int64_t nr_trash;
	bool has_called;	/* functions of the user's, which may have changed the graph */
	struct gcs_collection result;
};

static void begin(struct collection *c)
{
	struct gcs_heap *heap = c->heap;
	int g = c->generation;

	if (g + 1 < GCS_NR_GENERATIONS)
		heap->generations[g + 1].count++;
	for (int i = 0; i <= g; i++)
		heap->generations[i].count = 0;
	for (int i = 0; i < g; i++)
		list_merge(&heap->generations[g].list, &heap->generations[i].list);
	c->base = &heap->generations[g].list;
	c->old = g + 1 < GCS_NR_GENERATIONS ? &heap->generations[g + 1].list : c->base;
	list_init(&c->trash);
	list_init(&c->legacy);
}

/* --- survivors ----------------------------------------------------------------------------------------- */

/* What cannot be part of a cycle need not be looked at again; returns how many were let go. */
static uint64_t untrack_those(struct gcs_heap *heap, struct links *list, unsigned int flag)
{
	struct links *next;
	uint64_t n = 0;

	if (heap->profile == GCS_PROFILE_PLAIN || !(heap->type_flags_seen & flag))
		return 0;
	for (struct links *l = list->next; l != list; l = next) {
		struct gcs_object *o = object_of(l);
		bool goes = false;

		next = l->next;
		if ((o->type->flags & flag) && o->type->untrack) {
			heap->is_busy = true;
			goes = o->type->untrack(o);
			heap->is_busy = false;
		}
		if (goes) {
			list_remove(l);
			n++;
		}
	}
	return n;
}

static void keep_survivors(struct collection *c, uint64_t survivors)
{
	struct gcs_heap *heap = c->heap;

	survivors -= untrack_those(heap, c->base, GCS_TYPE_UNTRACK);
	if (c->base != c->old) {
		if (c->generation == GCS_NR_GENERATIONS - 2)
			heap->long_lived_pending += survivors;
		list_merge(c->old, c->base);
		return;
	}
	survivors -= untrack_those(heap, c->base, GCS_TYPE_UNTRACK_FULL);
	heap->long_lived_pending = 0;
	heap->long_lived_total = survivors + (heap->is_frozen ? 0 : heap->nr_outside);
}

/* --- weak references to trash --------------------------------------------------------------------------- */

/* Those with a callback that are not trash themselves wait in @queue, each with a reference of ours. */
static void clear_refs_to(struct gcs_object *o, struct links *queue)
{
	struct gcs_weakref *ref;

	while ((ref = object_weak_list(o)->first)) {
		weakref_kill(ref);
		if (!ref->callback || ref->head.refs <= 0 || (object_links(&ref->head)->prev & LINK_TRASH))
			continue;
		gcs_incref(&ref->head);
		if (object_is_tracked(&ref->head))
			list_remove(object_links(&ref->head));
		list_append(queue, object_links(&ref->head), LINK_IDLE);
	}
}

/* Returns how many of the references called back were not wanted by anybody else. */
static int64_t call_queue(struct collection *c, struct links *queue)
{
	int64_t freed = 0;

	while (!list_is_empty(queue)) {
		struct links *l = queue->next;
		struct gcs_weakref *ref = (struct gcs_weakref *)object_of(l);

		c->has_called = true;
		if (ref->callback)
			ref->callback(ref, ref->closure);
		gcs_decref(&ref->head);
		if (queue->next == l)
			list_move(c->old, l);
		else
			freed++;
	}
	return freed;
}

static int64_t handle_weakrefs(struct collection *c)
{
	struct links queue;

	if (!(c->heap->type_flags_seen & GCS_TYPE_WEAKREFS))
		return 0;
	list_init(&queue);
	for (struct links *l = c->trash.next; l != &c->trash; l = l->next) {
		struct gcs_object *o = object_of(l);
		struct gcs_weakref *ref = object_as_weakref(o);

		if (ref)
			weakref_kill(ref);
		if (o->type->flags & GCS_TYPE_WEAKREFS)
			clear_refs_to(o, &queue);
	}
	return call_queue(c, &queue);
}

/* --- finalizers ------------------------------------------------------------------------------------------ */

static void finalize(struct collection *c, struct gcs_object *o)
{
	if (!o->type->finalize || (o->block.flags & OBJECT_FINALIZED))
		return;
	o->block.flags |= OBJECT_FINALIZED;
	o->block.site->counts.finalized++;
	c->has_called = true;
	gcs_incref(o);
	o->type->finalize(o);
	gcs_decref(o);
}

/* What a finalizer frees leaves the lists by itself, so the head is always the next one. */
static void finalize_trash(struct collection *c)
{
	struct links seen;

	if (!c->heap->has_finalizers)
		return;
	list_init(&seen);
	while (!list_is_empty(&c->trash)) {
		struct links *l = c->trash.next;

		list_move(&seen, l);
		finalize(c, object_of(l));
	}
	list_merge(&c->trash, &seen);
}

/* The second look: what finalizers brought back goes on living, with all that it reaches.  Where
 * nothing was called it would find the same trash in the same order. */
static void keep_resurrected(struct collection *c)
{
	struct reach_counts counts;
	struct links still;

	if (!c->has_called)
		return;
	trash_unmark(&c->trash);
	list_init(&still);
	reach_split(c->heap, &c->trash, &still, &counts);
	c->nr_trash = (int64_t)counts.trash;
	for (struct links *l = c->trash.next; l != &c->trash; l = l->next)
		object_of(l)->block.site->counts.resurrected++;
	list_merge(c->old, &c->trash);
	list_merge(&c->trash, &still);
}

/* --- the end of the trash -------------------------------------------------------------------------------- */

static void clear(struct collection *c, struct gcs_object *o)
{
	if (c->heap->debug_flags & GCS_DEBUG_SAVEALL) {
		garbage_append(c->heap, o);
	} else if (o->type->clear) {
		gcs_incref(o);
		o->type->clear(o);
		gcs_decref(o);
	}
}

static void delete_trash(struct collection *c)
{
	struct gcs_heap *heap = c->heap;

	heap->deleting = c->generation;
	while (!list_is_empty(&c->trash)) {
		struct links *l = c->trash.next;

		clear(c, object_of(l));
		if (c->trash.next != l)
			continue;
		/* it may die later, by a clear function that is still to come */
		l->prev &= ~LINK_MASK;
		list_move(c->old, l);
	}
	heap->deleting = -1;
}

static int64_t keep_legacy(struct collection *c)
{
	struct gcs_heap *heap = c->heap;
	int64_t n = 0;

	for (struct links *l = c->legacy.next; l != &c->legacy; l = l->next) {
		n++;
		if (heap->debug_flags & GCS_DEBUG_UNCOLLECTABLE)
			debug_print_object(heap, "uncollectable", object_of(l));
	}
	return n;
}

static void save_legacy(struct collection *c)
{
	struct gcs_heap *heap = c->heap;

	for (struct links *l = c->legacy.next; l != &c->legacy; l = l->next) {
		if ((heap->debug_flags & GCS_DEBUG_SAVEALL) || object_of(l)->type->legacy_del)
			garbage_append(heap, object_of(l));
	}
	list_merge(c->old, &c->legacy);
}

static void print_collectable(struct collection *c)
{
	if (!(c->heap->debug_flags & GCS_DEBUG_COLLECTABLE))
		return;
	for (struct links *l = c->trash.next; l != &c->trash; l = l->next)
		debug_print_object(c->heap, "collectable", object_of(l));
}

static void end(struct collection *c)
{
	struct gcs_generation_stats *stats = &c->heap->stats[c->generation];

	if (c->generation == GCS_NR_GENERATIONS - 1)
		freelists_clear(c->heap);
	stats->collections++;
	stats->collected += (uint64_t)c->result.collected;
	stats->uncollectable += (uint64_t)c->result.uncollectable;
}

static void run(struct collection *c)
{
	struct gcs_heap *heap = c->heap;
	uint64_t started = debug_begin(heap, c->generation);
	struct reach_counts counts;

	begin(c);
	heap->work.collections++;
	reach_split(heap, c->base, &c->trash, &counts);
	keep_survivors(c, counts.survivors);
	c->nr_trash = (int64_t)counts.trash - trash_take_legacy(heap, &c->trash, &c->legacy);
	print_collectable(c);
	c->result.collected = handle_weakrefs(c);
	finalize_trash(c);
	keep_resurrected(c);
	c->result.collected += c->nr_trash;
	delete_trash(c);
	c->result.uncollectable = keep_legacy(c);
	debug_end(heap, started, &c->result);
	save_legacy(c);
	end(c);
}

/* --- when --------------------------------------------------------------------------------------------------- */

/* Callbacks may add and remove callbacks; as in a list of Python's, places count. */
static void call_callbacks(struct gcs_heap *heap, bool start, const struct gcs_collection *what)
{
	for (size_t i = 0; i < heap->callbacks.nr; i++) {
		struct callback callback = ((struct callback *)heap->callbacks.data)[i];

		callback.fn(heap, start, what, callback.arg);
	}
}

static int64_t collect(struct gcs_heap *heap, int generation)
{
	struct collection c = {.heap = heap, .generation = generation, .result.generation = generation};

	heap->is_collecting = true;
	call_callbacks(heap, true, &c.result);
	run(&c);
	call_callbacks(heap, false, &c.result);
	heap->is_collecting = false;
	return c.result.collected + c.result.uncollectable;
}

int64_t gcs_collect(struct gcs_heap *heap, int generation)
{
	if (generation < 0 || generation >= GCS_NR_GENERATIONS) {
		heap_report(heap, GCS_ERR_GENERATION, NULL, "no such generation to collect");
		return -1;
	}
	if (!heap_may_change(heap, NULL, "collection inside a traverse function"))
		return -1;
	return heap->is_collecting ? 0 : collect(heap, generation);
}

/* The oldest generation whose count is over its threshold; the oldest of all only when enough came
 * to it since the last time, or collecting a growing heap would take quadratic time. */
static void collect_due(struct gcs_heap *heap)
{
	for (int i = GCS_NR_GENERATIONS - 1; i >= 0; i--) {
		const struct generation *g = &heap->generations[i];

		if (g->count <= g->threshold)
			continue;
		if (i == GCS_NR_GENERATIONS - 1 && heap->long_lived_pending < heap->long_lived_total / 4)
			continue;
		collect(heap, i);
		return;
	}
}

void generations_collect(struct gcs_heap *heap)
{
	if (heap->is_enabled && heap->generations[0].threshold && !heap->is_collecting && !heap->is_pending)
		collect_due(heap);
}
