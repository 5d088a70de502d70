/* SPDX-License-Identifier: MIT */
/*
 * Weak references.  Those of a referent are in a list: first the shared one without callback, then
 * the others, newest first; so callbacks are called newest first.
 *
 * A reference that was cleared is in no list.  When callbacks are due, its prev and next link the
 * queue of those to be called, each with a reference of the queue's.
 */
#include "gcsim/account.h"

#include <string.h>

static struct gcs_weakref **list_of(const struct gcs_object *referent)
{
	return &object_weak_list(referent)->first;
}

static bool has_list(const struct gcs_object *o)
{
	return o->type->flags & GCS_TYPE_WEAKREFS;
}

static void insert_first(struct gcs_weakref **list, struct gcs_weakref *ref)
{
	ref->prev = NULL;
	ref->next = *list;
	if (*list)
		(*list)->prev = ref;
	*list = ref;
}

static void insert_after(struct gcs_weakref *before, struct gcs_weakref *ref)
{
	ref->prev = before;
	ref->next = before->next;
	if (ref->next)
		ref->next->prev = ref;
	before->next = ref;
}

/* Out of its referent's list; dead from now on. */
static void unlink_ref(struct gcs_weakref *ref)
{
	struct gcs_weakref **list;

	if (!ref->referent)
		return;
	list = list_of(ref->referent);
	if (ref->prev)
		ref->prev->next = ref->next;
	else
		*list = ref->next;
	if (ref->next)
		ref->next->prev = ref->prev;
	ref->referent = NULL;
	ref->prev = ref->next = NULL;
}

/* With nothing of its own, a reference can be everybody's. */
static bool is_shared(const struct gcs_weakref *ref)
{
	return !ref->callback && !ref->closure;
}

/* The last of those that are shared: they stand first. */
static struct gcs_weakref *last_shared(const struct gcs_object *referent)
{
	struct gcs_weakref *last = NULL;

	for (struct gcs_weakref *ref = *list_of(referent); ref && is_shared(ref); ref = ref->next)
		last = ref;
	return last;
}

static struct gcs_weakref *find_shared(const struct gcs_object *referent, const struct gcs_type *type)
{
	for (struct gcs_weakref *ref = *list_of(referent); ref && is_shared(ref); ref = ref->next) {
		if (ref->head.type == type && ref->head.refs > 0)
			return ref;
	}
	return NULL;
}

static int check_new(struct gcs_heap *heap, const struct gcs_type *type, struct gcs_object *referent,
		const struct gcs_object *closure)
{
	enum gcs_error error = 0;

	if (type->size < sizeof(struct gcs_weakref) || !(type->flags & GCS_TYPE_GC) || !has_list(referent))
		error = GCS_ERR_TYPE;
	else if (heap_of(referent) != heap || (closure && heap_of(closure) != heap))
		error = GCS_ERR_FOREIGN;
	else if (referent->refs <= 0 || (closure && closure->refs <= 0))
		error = GCS_ERR_DEAD;
	if (error)
		heap_report(heap, error, referent, "weak reference that cannot be made");
	return error ? -1 : 0;
}

static struct gcs_object *shared(struct gcs_weakref *ref)
{
	gcs_incref(&ref->head);
	return &ref->head;
}

/* What a reference of this type counts.  size_of() sees one that is all zero, as while it is made. */
static uint64_t ref_bytes(const struct gcs_type *type)
{
	union {
		struct gcs_object head;
		char room[256];
	} like;

	if (!type->size_of || type->size > sizeof(like))
		return 0;
	memset(&like, 0, sizeof(like));
	like.head.type = type;
	return type->size_of(&like.head) + sizeof(struct links);
}

static void insert(struct gcs_object *referent, struct gcs_weakref *ref)
{
	struct gcs_weakref *before = last_shared(referent);

	ref->referent = referent;
	if (before)
		insert_after(before, ref);
	else
		insert_first(list_of(referent), ref);
}

struct gcs_object *gcs_weakref_new(struct gcs_heap *heap, const struct gcs_type *type, struct gcs_site *site,
		struct gcs_object *referent, gcs_weakref_fn callback, struct gcs_object *closure)
{
	struct gcs_object *o;
	struct gcs_weakref *ref;

	if (check_new(heap, type, referent, closure))
		return NULL;
	ref = callback || closure ? NULL : find_shared(referent, type);
	if (ref)
		return shared(ref);
	o = gcs_new_untracked(heap, type, site, 0, ref_bytes(type));
	if (!o)
		return NULL;
	/* The collection that making it may have run can have made one to share. */
	ref = callback || closure ? NULL : find_shared(referent, type);
	if (ref) {
		gcs_decref(o);
		return shared(ref);
	}
	o->block.flags |= OBJECT_WEAKREF;
	ref = (struct gcs_weakref *)o;
	ref->callback = callback;
	if (closure)
		gcs_incref(closure);
	ref->closure = closure;
	insert(referent, ref);
	gcs_track(o);
	return o;
}

struct gcs_object *gcs_weakref_get(struct gcs_weakref *ref)
{
	struct gcs_object *referent = ref->referent;

	if (!referent || referent->refs <= 0)
		return NULL;
	gcs_incref(referent);
	return referent;
}

size_t gcs_weakref_count(const struct gcs_object *referent)
{
	size_t n = 0;

	if (!has_list(referent))
		return 0;
	for (const struct gcs_weakref *ref = *list_of(referent); ref; ref = ref->next)
		n++;
	return n;
}

int gcs_weakref_list(struct gcs_object *referent, struct gcs_objects *out)
{
	struct gcs_heap *heap = heap_of(referent);
	struct gcs_objects list = {.heap = heap, .nr = gcs_weakref_count(referent)};
	size_t n = 0;

	if (list.nr) {
		list.object = gcs_mem_resize(heap, NULL, 0, list.nr * sizeof(*list.object));
		if (!list.object)
			return -1;
		for (struct gcs_weakref *ref = *list_of(referent); ref; ref = ref->next) {
			/* one that is being destroyed can have no new reference */
			if (ref->head.refs <= 0)
				continue;
			gcs_incref(&ref->head);
			list.object[n++] = &ref->head;
		}
	}
	list.room = list.nr;
	list.nr = n;
	*out = list;
	return 0;
}

/* --- when the referent dies ------------------------------------------------------------------------ */

void weakref_kill(struct gcs_weakref *ref)
{
	if (!ref->referent)
		return;
	ref->referent->block.site->counts.weakrefs_cleared++;
	unlink_ref(ref);
}

void weakrefs_clear(struct gcs_object *o)
{
	while (*list_of(o))
		weakref_kill(*list_of(o));
}

static void call(struct gcs_weakref *ref)
{
	gcs_weakref_fn callback = ref->callback;

	ref->callback = NULL;
	if (callback)
		callback(ref, ref->closure);
}

static void drop_closure(struct gcs_weakref *ref)
{
	struct gcs_object *closure = ref->closure;

	ref->closure = NULL;
	gcs_xdecref(closure);
}

/* Clears all, and returns the queue of those that have a callback and live; @hold: with a reference. */
static struct gcs_weakref *clear_and_queue(struct gcs_object *o, bool hold, struct gcs_weakref **last)
{
	struct gcs_weakref *first = NULL;
	struct gcs_weakref *ref;

	*last = NULL;
	while ((ref = *list_of(o))) {
		weakref_kill(ref);
		if (!ref->callback || ref->head.refs <= 0)
			continue;
		if (hold)
			gcs_incref(&ref->head);
		ref->prev = *last;
		if (*last)
			(*last)->next = ref;
		else
			first = ref;
		*last = ref;
	}
	return first;
}

/* CPython does not hold a single one for its call, so it may die in it, before what its callback held. */
static void call_one(struct gcs_weakref *ref)
{
	struct gcs_object *closure = ref->closure;
	gcs_weakref_fn callback = ref->callback;

	ref->closure = NULL;
	ref->callback = NULL;
	callback(ref, closure);
	gcs_xdecref(closure);
}

/* It holds several in a tuple, which lets go of its last item first, one level deeper. */
static void call_all(struct gcs_heap *heap, struct gcs_weakref *first, struct gcs_weakref *last)
{
	struct gcs_weakref *prev;

	for (struct gcs_weakref *ref = first; ref; ref = ref->next)
		call(ref);
	heap->nesting++;
	for (struct gcs_weakref *ref = last; ref; ref = prev) {
		prev = ref->prev;
		ref->prev = ref->next = NULL;
		drop_closure(ref);
		gcs_decref(&ref->head);
	}
	nesting_end(heap);
}

void gcs_dealloc_weakrefs(struct gcs_object *o)
{
	struct gcs_weakref *first;
	struct gcs_weakref *last;
	bool is_one;

	if (!has_list(o) || !*list_of(o))
		return;
	if (o->refs > 0) {
		heap_report(heap_of(o), GCS_ERR_DEAD, o, "part of a teardown called on a living object");
		return;
	}
	first = last_shared(o);
	first = first ? first->next : *list_of(o);
	/* also one that is dying itself makes it two */
	is_one = first && !first->next;
	first = clear_and_queue(o, !is_one, &last);
	if (first && is_one)
		call_one(first);
	else if (first)
		call_all(heap_of(o), first, last);
}

/* --- the type ---------------------------------------------------------------------------------------- */

int gcs_weakref_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct gcs_weakref *ref = (struct gcs_weakref *)self;

	GCS_VISIT(ref->closure);
	return 0;
}

void gcs_weakref_clear(struct gcs_object *self)
{
	struct gcs_weakref *ref = (struct gcs_weakref *)self;

	unlink_ref(ref);
	ref->callback = NULL;
	drop_closure(ref);
}

void gcs_weakref_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	gcs_weakref_clear(self);
	gcs_object_free(self);
}

const struct gcs_type gcs_weakref_type = {
	.name = "weakref",
	.size = sizeof(struct gcs_weakref),
	.flags = GCS_TYPE_GC,
	.traverse = gcs_weakref_traverse,
	.clear = gcs_weakref_clear,
	.dealloc = gcs_weakref_dealloc,
};
