/* SPDX-License-Identifier: MIT */
/* Objects: making them, their tracking, their release. */
#include "gcsim/account.h"

#include <string.h>

static bool new_is_refused(struct gcs_heap *heap, const struct gcs_type *type, const struct gcs_site *site)
{
	if (!heap_may_change(heap, NULL, "object made inside a traverse function"))
		return true;
	if (type->size < sizeof(struct gcs_object)) {
		heap_report(heap, GCS_ERR_TYPE, NULL, "a type smaller than the head of an object");
		return true;
	}
	if (site->heap != heap) {
		heap_report(heap, GCS_ERR_FOREIGN, NULL, "the site belongs to another heap");
		return true;
	}
	return false;
}

static inline bool new_is_possible(struct gcs_heap *heap, const struct gcs_type *type,
		const struct gcs_site *site)
{
	bool is_common = !heap->is_busy && type->size >= sizeof(struct gcs_object) && site->heap == heap;

	return __builtin_expect(is_common, 1) || !new_is_refused(heap, type, site);
}

/* Which of its passes the collector can leave out.  A type may have changed since its last object. */
static HOT_INLINE void type_seen(struct gcs_heap *heap, const struct gcs_type *type)
{
	heap->type_flags_seen |= type->flags;
	heap->has_finalizers |= type->finalize != NULL;
	heap->has_legacy |= type->legacy_del != NULL;
}

static struct gcs_object *object_take(struct gcs_heap *heap, const struct gcs_type *type, size_t extra,
		unsigned int flags)
{
	size_t prefix = object_prefix(type, flags);
	struct gcs_object *o;
	char *base;
	size_t bytes;

	if (__builtin_add_overflow(type->size + prefix, extra, &bytes) || bytes > BLOCK_BYTES_MAX) {
		heap_report(heap, GCS_ERR_NOMEM, NULL, "an object of more bytes than can be counted");
		return NULL;
	}
	base = memory_take(heap, bytes);
	if (!base)
		return NULL;
	memset(base, 0, bytes);
	o = (struct gcs_object *)(base + prefix);
	if (flags & OBJECT_VARIABLE)
		((struct variable *)base)->extra = extra;
	return o;
}

/* The same without extra bytes. */
static HOT_INLINE struct gcs_object *object_take_exact(struct gcs_heap *heap, const struct gcs_type *type,
		unsigned int flags)
{
	size_t prefix = object_prefix(type, flags), bytes = prefix + type->size;
	char *base = pool_pop(&heap->memory, bytes);

	if (!base)
		return object_take(heap, type, 0, flags);
	memset(base, 0, bytes);
	return (struct gcs_object *)(base + prefix);
}

static inline uint64_t object_bytes(const struct gcs_type *type, size_t extra, uint64_t bytes)
{
	if (!bytes)
		bytes = type->size + extra + (type->flags & GCS_TYPE_GC ? sizeof(struct links) : 0);
	return bytes <= BLOCK_BYTES_MAX ? bytes : BLOCK_BYTES_MAX;
}

/* The whole of gcs_new() but for the tracking; @list is where the object will return to. */
static HOT_INLINE struct gcs_object *object_make(struct gcs_heap *heap, const struct gcs_type *type,
		struct gcs_site *site, size_t extra, uint64_t bytes, struct gcs_freelist *list)
{
	unsigned int flags = extra || list ? OBJECT_VARIABLE : 0;
	struct gcs_object *o;

	if (!site)
		site = heap->unknown;
	if (!new_is_possible(heap, type, site))
		return NULL;
	type_seen(heap, type);
	o = extra ? object_take(heap, type, extra, flags) : object_take_exact(heap, type, flags);
	if (!o)
		return NULL;
	bytes = object_bytes(type, extra, bytes);
	o->refs = 1;
	o->type = type;
	o->block = (struct gcs_block){.site = site, .bytes = bytes, .flags = flags};
	if (list)
		object_variable(o)->list = list;
	account_object_made(heap, site, bytes);
	trace_add(heap, &o->block);
	if (type->flags & GCS_TYPE_GC)
		generations_count(heap);
	return o;
}

struct gcs_object *gcs_new(struct gcs_heap *heap, const struct gcs_type *type, struct gcs_site *site,
		size_t extra)
{
	struct gcs_object *o = object_make(heap, type, site, extra, 0, NULL);

	if (o && (type->flags & GCS_TYPE_GC))
		list_append(&heap->generations[0].list, object_links(o), LINK_IDLE);
	return o;
}

struct gcs_object *gcs_new_untracked(struct gcs_heap *heap, const struct gcs_type *type,
		struct gcs_site *site, size_t extra, uint64_t bytes)
{
	return object_make(heap, type, site, extra, bytes, NULL);
}

/*
 * The bytes of an object that comes from a free list again: its head's account goes on, and what lies
 * before it is as the end of its last life left it: in no list, and without weak references.
 */
static inline void object_renew(struct gcs_object *o)
{
	memset(o + 1, 0, o->type->size + object_variable(o)->extra - sizeof(*o));
}

/*
 * As CPython: memory that was traced when it was first asked for is traced at the line that uses it
 * again; memory from before the trace stays invisible.
 */
static void object_reuse(struct gcs_heap *heap, struct gcs_object *o, struct gcs_site *site, uint64_t bytes)
{
	bool is_traced = trace_has(heap, &o->block);

	trace_remove(heap, &o->block);
	o->refs = 1;
	o->block.flags = OBJECT_VARIABLE;
	o->block.site = site;
	o->block.bytes = bytes;
	account_object_made(heap, site, bytes);
	if (is_traced)
		trace_add(heap, &o->block);
}

struct gcs_object *gcs_freelist_new(struct gcs_freelist *list, struct gcs_heap *heap, const struct gcs_type *type,
		struct gcs_site *site, size_t extra, uint64_t bytes)
{
	struct gcs_object *o;

	if (!list || !list->objects || list->holds)
		return object_make(heap, type, site, extra, bytes, list);
	if (!site)
		site = list->heap->unknown;
	if (!new_is_possible(heap, type, list->heap == heap ? site : list->heap->unknown))
		return NULL;
	o = chain_pop(&list->objects);
	list->nr--;
	o->type = type;
	object_renew(o);
	object_reuse(heap, o, site, object_bytes(type, extra, bytes));
	return o;
}

struct gcs_object *gcs_freelist_new_object(struct gcs_freelist *list, struct gcs_heap *heap,
		const struct gcs_type *type, struct gcs_site *site, size_t extra, uint64_t bytes)
{
	return object_make(heap, type, site, extra, bytes, list);
}

static bool is_dead(struct gcs_object *o, const char *message)
{
	if (__builtin_expect(!(o->block.flags & OBJECT_FREED) && o->refs >= 0, 1))
		return false;
	heap_report(heap_of(o), GCS_ERR_DEAD, o, message);
	return true;
}

void gcs_track(struct gcs_object *o)
{
	struct gcs_heap *heap = heap_of(o);

	if (is_dead(o, "a dead object cannot be tracked") ||
			!heap_may_change(heap, o, "tracking changed inside a traverse function"))
		return;
	if (!object_is_gc(o)) {
		heap_report(heap, GCS_ERR_TYPE, o, "the type has no links for the collector");
		return;
	}
	if (!object_links(o)->next)
		list_append(&heap->generations[0].list, object_links(o), LINK_IDLE);
}

void gcs_untrack(struct gcs_object *o)
{
	if (!object_is_tracked(o) || !heap_may_change(heap_of(o), o,
				"tracking changed inside a traverse function"))
		return;
	list_remove(object_links(o));
}

bool gcs_is_tracked(const struct gcs_object *o)
{
	return object_is_tracked(o);
}

bool gcs_is_finalized(const struct gcs_object *o)
{
	return o->block.flags & OBJECT_FINALIZED;
}

void gcs_incref_slow_(struct gcs_object *o)
{
	if (o->refs > 0)
		o->refs++;
	else
		heap_report(heap_of(o), GCS_ERR_DEAD, o, "reference to a dead object");
}

int64_t gcs_refcount(const struct gcs_object *o)
{
	return o->refs > 0 ? o->refs : 0;
}

size_t gcs_sizeof(const struct gcs_object *o)
{
	const struct variable *v = object_variable(o);
	size_t links = object_is_gc(o) ? sizeof(struct links) : 0;

	if (o->type->size_of)
		return o->type->size_of(o) + links;
	return o->type->size + (v ? v->extra : 0) + links;
}
