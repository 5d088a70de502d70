/* SPDX-License-Identifier: MIT */
/*
 * What happens when a count becomes zero.
 *
 * Deep structures: objects of the types with GCS_TYPE_TRASHCAN nest up to the heap's limit; deeper
 * ones wait in a chain, and the last that came is the first that goes when the outermost teardown is
 * over.  While the chain is worked off the nesting starts at one, as in CPython.  All other types
 * nest up to DEPTH_MAX, which bounds the stack: a level takes some hundred bytes in the library, and
 * what the functions of its type take.
 */
#include "gcsim/account.h"

#define DEPTH_MAX 2000

static inline void untrack(struct gcs_object *o)
{
	if (object_is_tracked(o))
		list_remove(object_links(o));
}

/* --- the memory ---------------------------------------------------------------------------------------- */

/* @prefix: object_prefix() */
static HOT_INLINE void release(struct gcs_heap *heap, struct gcs_object *o, size_t prefix, size_t extra)
{
	const struct gcs_type *type = o->type;
	size_t bytes = prefix + type->size + extra;

	trace_remove(heap, &o->block);
	o->block.flags |= OBJECT_FREED;
	if ((type->flags & GCS_TYPE_GC) && heap->generations[0].count > 0)
		heap->generations[0].count--;
	if (heap->debug)
		return;
	if (is_pooled(&heap->memory, bytes))
		pool_push(&heap->memory, (char *)o - prefix, bytes);
	else
		memory_give(heap, (char *)o - prefix, bytes);
}

void object_release(struct gcs_heap *heap, struct gcs_object *o)
{
	const struct variable *v = object_variable(o);

	release(heap, o, object_prefix(o->type, o->block.flags), v ? v->extra : 0);
}

static bool free_is_possible(struct gcs_heap *heap, struct gcs_object *o)
{
	if (__builtin_expect(o->refs || (o->block.flags & OBJECT_FREED), 0)) {
		heap_report(heap, GCS_ERR_DEAD, o, o->refs > 0 ? "object freed while it has references" :
				"object freed twice");
		return false;
	}
	return heap_may_change(heap, o, "object freed inside a traverse function");
}

void gcs_object_free(struct gcs_object *o)
{
	struct gcs_heap *heap = heap_of(o);
	const struct variable *v;
	size_t prefix, extra = 0;

	if (!free_is_possible(heap, o))
		return;
	untrack(o);
	if ((o->type->flags & GCS_TYPE_WEAKREFS) && object_weak_list(o)->first)
		weakrefs_clear(o);
	account_object_gone(heap, o->block.site, o->block.bytes);
	prefix = object_prefix(o->type, o->block.flags);
	if (o->block.flags & OBJECT_VARIABLE) {
		v = (const struct variable *)((char *)o - prefix);
		if (freelist_keep(heap, v->list, o))
			return;
		extra = v->extra;
	}
	release(heap, o, prefix, extra);
}

/* --- the parts of a teardown ---------------------------------------------------------------------------- */

/* The parts of a dealloc function are for objects that are being destroyed. */
static bool is_dying(struct gcs_object *o)
{
	if (o->refs == 0 && !(o->block.flags & OBJECT_FREED))
		return true;
	heap_report(heap_of(o), GCS_ERR_DEAD, o, "part of a teardown called on an object that is not dying");
	return false;
}

/* Runs fn with one reference, and the object tracked; true: there are others now. */
static bool revives(struct gcs_object *o, void (*fn)(struct gcs_object *self))
{
	if (object_is_gc(o))
		gcs_track(o);
	o->refs = 1;
	fn(o);
	if (--o->refs > 0) {
		o->block.site->counts.resurrected++;
		return true;
	}
	untrack(o);
	return false;
}

static void finalize_once(struct gcs_object *o)
{
	o->type->finalize(o);
	/* Set after the call here, and before it in a collection: both as in CPython. */
	o->block.flags |= OBJECT_FINALIZED;
	o->block.site->counts.finalized++;
}

bool gcs_dealloc_finalize(struct gcs_object *o)
{
	if (!o->type->finalize || (o->block.flags & OBJECT_FINALIZED) || !is_dying(o))
		return false;
	return revives(o, finalize_once);
}

void gcs_dealloc_default(struct gcs_object *o)
{
	const struct gcs_type *type = o->type;

	if (!is_dying(o))
		return;
	untrack(o);
	if (type->finalize && gcs_dealloc_finalize(o))
		return;
	if (type->flags & GCS_TYPE_WEAKREFS)
		gcs_dealloc_weakrefs(o);
	if (type->legacy_del && revives(o, type->legacy_del))
		return;
	/* Those that the legacy finalizer made are cleared without a call: gcs_object_free(). */
	if (type->clear)
		type->clear(o);
	gcs_object_free(o);
}

/* --- nesting ---------------------------------------------------------------------------------------------- */

static inline void dealloc(struct gcs_object *o)
{
	if (o->type->dealloc)
		o->type->dealloc(o);
	else
		gcs_dealloc_default(o);
}

static void dealloc_nested(struct gcs_heap *heap, struct gcs_object *o)
{
	if (heap->nesting >= heap->trashcan_limit) {
		chain_push(&heap->trash, o);
		return;
	}
	heap->nesting++;
	dealloc(o);
	nesting_end(heap);
}

void nesting_end(struct gcs_heap *heap)
{
	heap->nesting--;
	if (__builtin_expect(heap->nesting || !heap->trash, 1))
		return;
	heap->nesting++;
	while (heap->trash)
		dealloc_nested(heap, chain_pop(&heap->trash));
	heap->nesting--;
}

static void destroy_deep(struct gcs_heap *heap);

/* Untracked first: a collection must not meet an object without references. */
static inline void destroy(struct gcs_heap *heap, struct gcs_object *o)
{
	untrack(o);
	if (heap->depth >= DEPTH_MAX) {
		chain_push(&heap->deep, o);
		return;
	}
	heap->depth++;
	if (o->type->flags & GCS_TYPE_TRASHCAN)
		dealloc_nested(heap, o);
	else
		dealloc(o);
	if (__builtin_expect(heap->depth == 1 && heap->deep, 0))
		destroy_deep(heap);
	heap->depth--;
}

static void destroy_deep(struct gcs_heap *heap)
{
	while (heap->deep)
		destroy(heap, chain_pop(&heap->deep));
}

void gcs_decref_slow_(struct gcs_object *o)
{
	struct gcs_heap *heap = heap_of(o);

	if (o->refs > 1) {
		o->refs--;
		return;
	}
	if (o->refs < 1) {
		heap_report(heap, o->block.flags & OBJECT_FREED ? GCS_ERR_DEAD : GCS_ERR_UNDERFLOW, o,
				"reference dropped of an object that has none");
		return;
	}
	if (!heap_may_change(heap, o, "last reference dropped inside a traverse function"))
		return;
	o->refs = 0;
	destroy(heap, o);
}
