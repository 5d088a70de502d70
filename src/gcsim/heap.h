/* SPDX-License-Identifier: MIT */
/*
 * The inside of a heap, for the files of this folder.
 *
 * What lies before an object, lowest address first; each part is 16 bytes, so that all are aligned:
 *   struct variable    if its flag OBJECT_VARIABLE is set: extra bytes, or a free list to return to
 *   struct weak_list   if its type has GCS_TYPE_WEAKREFS
 *   struct links       if its type has GCS_TYPE_GC
 * An object whose count is zero is being destroyed; a negative count is the link to the next object
 * in a chain of objects that wait (for their teardown, or in a free list): such an object is dead
 * for everybody else, and no field of the header had to be added for it.
 */
#ifndef GCSIM_HEAP_H
#define GCSIM_HEAP_H

#include "gcsim/gcsim.h"
#include "gcsim/links.h"

/* gcs_block.flags of an object's own block */
enum object_flags {
	OBJECT_FINALIZED = 1,
	OBJECT_VARIABLE = 2,
	OBJECT_FREED = 4,	/* kept by the debug mode or by a free list */
	OBJECT_WEAKREF = 8,
};

struct variable {
	size_t extra;
	struct gcs_freelist *list;
};

struct weak_list {
	struct gcs_weakref *first;
	void *unused;
};

_Static_assert(sizeof(struct gcs_object) == 32, "the head of an object is 32 bytes");
_Static_assert(sizeof(struct links) == 16, "and 16 for the links");
_Static_assert(sizeof(struct variable) == 16 && sizeof(struct weak_list) == 16, "aligned parts");

#define BLOCK_BYTES_MAX ((UINT64_C(1) << 40) - 1)
#define EPOCH_MAX ((1u << 20) - 1)

/* Entries of a chained hash table begin with this. */
struct hashed {
	struct hashed *next;
	uint64_t hash;
};

struct table {
	struct hashed **slots;
	size_t nr_slots;	/* 0, or a power of two */
	size_t nr;
};

struct gcs_site {
	struct hashed hashed;
	struct gcs_heap *heap;
	struct gcs_site *newer;		/* sites in the order of their making */
	struct gcs_counts counts;	/* live, live_bytes and the peaks as below */
	uint64_t arrays_made, arrays_made_bytes;
	uint64_t arrays_freed, arrays_freed_bytes;
	uint64_t arrays_moved;		/* resizes that moved an array here */
	uint64_t live_blocks;		/* objects and arrays */
	uint64_t blocks_at_peak;
	uint64_t peak_number;		/* of the heap, when the values at the peak were last saved */
	uint64_t traced_blocks, traced_bytes;
	unsigned int nr_frames, nr_total;
	struct gcs_frame frames[];
};

struct generation {
	struct links list;
	int threshold;
	int count;
};

struct callback {
	gcs_callback_fn fn;
	void *arg;
};

/* A vector in the heap's memory. */
struct vector {
	void *data;
	size_t nr, room;
};

struct gcs_freelist {
	struct gcs_freelist *newer;
	struct gcs_heap *heap;
	struct gcs_object *objects;	/* chain by negative counts */
	struct kept_memory *memory;
	unsigned int nr, max;
	bool holds;			/* nothing is given out again */
	bool stays;			/* through full collections */
};

#define POOL_GRAIN 16u
#define POOL_MAX 512u			/* larger blocks come from the allocator one by one */
#define NR_POOLS (POOL_MAX / POOL_GRAIN + 1)

/* A released block of a pool.  The link is the second word, so that the count of a released object
 * without links stays zero, and a late use of it is seen. */
struct pooled {
	void *unused;
	struct pooled *next;
};

struct large {
	struct large *prev, *next;
	size_t bytes;			/* with this header */
	size_t unused;
};

struct memory {
	struct gcs_allocator allocator;
	bool is_pooled;
	struct pooled *pools[NR_POOLS];
	char *fresh, *fresh_end;	/* rest of the newest chunk */
	struct large larges;		/* ring; chunks of the pools are among them */
	uint64_t bytes;			/* asked of the allocator and not given back */
	uint64_t max_bytes;		/* 0: no limit */
};

/* What was where in the list of the last full collection: order.h. */
struct order {
	struct links **at;
	size_t nr, room;
};

/* For what every object passes through, from several functions. */
#define HOT_INLINE inline __attribute__((always_inline))

struct gcs_heap {
	uint64_t id;			/* of all heaps of this process: for gcs_site_cache */
	enum gcs_profile profile;
	bool debug;
	bool is_busy;			/* inside a function of a type that must not change anything */
	bool is_collecting, is_enabled, is_pending;
	int deleting;			/* generation whose trash is being cleared; -1: none */

	/* teardown */
	int depth, nesting, trashcan_limit;
	struct gcs_object *trash;	/* chains of objects whose teardown waits */
	struct gcs_object *deep;

	struct generation generations[GCS_NR_GENERATIONS + 1];	/* the last: permanent */
	uint64_t long_lived_total, long_lived_pending;
	uint64_t nr_outside;		/* survivors of full collections besides its own */
	bool is_frozen;			/* and they are permanent */
	unsigned int type_flags_seen;	/* of all types that objects had: GCS_TYPE_UNTRACK... */
	bool has_finalizers, has_legacy; /* any of these types */

	/* account */
	uint64_t live_bytes, peak_bytes, peak_number;
	bool is_tracing;
	uint32_t epoch;
	uint64_t traced_bytes, traced_peak;
	bool has_traced;		/* since the epoch began */
	struct gcs_site *unknown, *newest;
	struct table sites, strings;

	struct memory memory;
	struct order order;
	struct gcs_freelist *freelists, *newest_freelist;
	struct gcs_generation_stats stats[GCS_NR_GENERATIONS];
	struct gcs_work work;
	struct vector callbacks;	/* struct callback */
	struct vector garbage;		/* struct gcs_object * */
	int (*garbage_fn)(struct gcs_object *object, void *arg);
	void *garbage_arg;
	unsigned int debug_flags;
	void (*print)(const char *text, void *arg);
	void *print_arg;

	void (*on_error)(struct gcs_heap *heap, enum gcs_error error, struct gcs_object *about,
			const char *message, void *arg);
	void *on_error_arg;
	enum gcs_error last_error;
	uint64_t nr_errors;
	void *user;
};

/* --- heap.c --- */

void heap_report(struct gcs_heap *heap, enum gcs_error error, struct gcs_object *about, const char *message);
void heap_report_busy(struct gcs_heap *heap, struct gcs_object *about, const char *message);

/* False, and a report, while a type's function runs that must not change anything. */
static inline bool heap_may_change(struct gcs_heap *heap, struct gcs_object *about, const char *message)
{
	if (__builtin_expect(!heap->is_busy, 1))
		return true;
	heap_report_busy(heap, about, message);
	return false;
}

/* --- memory.c: all report GCS_ERR_NOMEM or _LIMIT themselves --- */

void memory_init(struct gcs_heap *heap, const struct gcs_allocator *allocator, uint64_t max_bytes);
void memory_release_all(struct memory *memory);
void *memory_take(struct gcs_heap *heap, size_t bytes);
void memory_give(struct gcs_heap *heap, void *data, size_t bytes);
/* As gcs_mem_resize(), for what can be done without: no report, also inside traverse functions. */
void *memory_try_resize(struct gcs_heap *heap, void *memory, size_t old_bytes, size_t new_bytes);
/* Room for one more record; 0, or -1 after a report. */
int vector_grow(struct gcs_heap *heap, struct vector *vector, size_t record_bytes);
void vector_release(struct gcs_heap *heap, struct vector *vector, size_t record_bytes);

/* From a pool that has one; NULL: memory_take() finds it. */
static inline void *pool_pop(struct memory *m, size_t bytes)
{
	size_t pool = (bytes + POOL_GRAIN - 1) / POOL_GRAIN;
	struct pooled *block;

	if (pool >= NR_POOLS || !m->pools[pool])
		return NULL;
	block = m->pools[pool];
	m->pools[pool] = block->next;
	return block;
}

static inline void pool_push(struct memory *m, void *data, size_t bytes)
{
	struct pooled **pool = &m->pools[(bytes + POOL_GRAIN - 1) / POOL_GRAIN];
	struct pooled *block = data;

	block->next = *pool;
	*pool = block;
}

static inline bool is_pooled(const struct memory *m, size_t bytes)
{
	return m->is_pooled && bytes <= POOL_MAX;
}

/* --- object.c, collect.c, freelist.c, order.c --- */

/* The first generation is full: collects what is due. */
void generations_collect(struct gcs_heap *heap);

/* Counts an allocation of an object with links, and collects when that is due. */
static inline void generations_count(struct gcs_heap *heap)
{
	struct generation *g = &heap->generations[0];

	g->count++;
	if (__builtin_expect(g->count > g->threshold, 0))
		generations_collect(heap);
}

void object_release(struct gcs_heap *heap, struct gcs_object *object);
/* Ends a level of nested teardowns (heap->nesting); the outermost destroys what waits. */
void nesting_end(struct gcs_heap *heap);
void freelists_clear(struct gcs_heap *heap);
void order_release(struct gcs_heap *heap);
/* As gcs_dealloc_weakrefs() without the calls. */
void weakrefs_clear(struct gcs_object *object);
/* Its referent dies; the callback stays, uncalled.  No-op if the reference is dead already. */
void weakref_kill(struct gcs_weakref *ref);

static inline struct gcs_heap *heap_of(const struct gcs_object *o)
{
	return o->block.site->heap;
}

static inline bool object_is_gc(const struct gcs_object *o)
{
	return o->type->flags & GCS_TYPE_GC;
}

static inline struct links *object_links(const struct gcs_object *o)
{
	return (struct links *)o - 1;
}

static inline struct gcs_object *object_of(const struct links *l)
{
	return (struct gcs_object *)(l + 1);
}

static inline bool object_is_tracked(const struct gcs_object *o)
{
	return object_is_gc(o) && object_links(o)->next;
}

/* NULL: not a weak reference. */
static inline struct gcs_weakref *object_as_weakref(struct gcs_object *o)
{
	return o->block.flags & OBJECT_WEAKREF ? (struct gcs_weakref *)o : NULL;
}

static inline struct weak_list *object_weak_list(const struct gcs_object *o)
{
	size_t before = sizeof(struct weak_list);

	if (object_is_gc(o))
		before += sizeof(struct links);
	return (struct weak_list *)((char *)o - before);
}

/* Bytes before an object of this kind, and the part at its beginning if it is of variable size.  No jumps: kinds
 * alternate. */
static inline size_t object_prefix(const struct gcs_type *type, unsigned int flags)
{
	return sizeof(struct links) * ((type->flags & GCS_TYPE_GC) != 0) +
		sizeof(struct weak_list) * ((type->flags & GCS_TYPE_WEAKREFS) != 0) +
		sizeof(struct variable) * ((flags & OBJECT_VARIABLE) != 0);
}

static inline struct variable *object_variable(const struct gcs_object *o)
{
	if (!(o->block.flags & OBJECT_VARIABLE))
		return NULL;
	return (struct variable *)((char *)o - object_prefix(o->type, OBJECT_VARIABLE));
}

static inline struct gcs_object *chain_pop(struct gcs_object **chain)
{
	struct gcs_object *o = *chain;

	*chain = (struct gcs_object *)(uintptr_t)-o->refs;
	o->refs = 0;
	return o;
}

static inline void chain_push(struct gcs_object **chain, struct gcs_object *o)
{
	o->refs = -(int64_t)(uintptr_t)*chain;
	*chain = o;
}

/* Waits in the free list that it came from; false: it came from none, or that is full. */
static inline bool freelist_keep(const struct gcs_heap *heap, struct gcs_freelist *list, struct gcs_object *o)
{
	/* In the debug mode a dead object must stay one. */
	if (!list || list->nr >= list->max || heap->debug || heap->profile != GCS_PROFILE_CPYTHON311)
		return false;
	o->block.flags |= OBJECT_FREED;
	chain_push(&list->objects, o);
	list->nr++;
	return true;
}

#endif
