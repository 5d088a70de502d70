/* SPDX-License-Identifier: MIT */
/*
 * libgcsim: objects with reference counts, weak references and a cycle collector, as CPython 3.11
 * has them, accounted to the file:line that made them.
 *
 * Invariants, true whenever no function of this library is running:
 *  1. An object lives while its reference count is above zero.  The count is the number of
 *     references that exist, whoever holds them; type->traverse() shows those that objects hold.
 *  2. A tracked object is in exactly one list: of generation 0, 1 or 2, or the permanent one.  An
 *     untracked object is in none.  New objects join the tail of generation 0.
 *  3. A finalizer has run at most once for an object, even if the object came back.
 *  4. A weak reference never keeps its referent alive, and gives either a living object or NULL.
 *  5. The sum over all sites of live objects is the number of objects that have been made and not
 *     destroyed; the same for bytes.
 *  6. No call leaves memory corrupt: misuse that the library can see (a count below zero, a dead
 *     object, an unknown generation) is reported through the heap's error function, and ignored.
 *
 * There is no global state: every call names a heap, or an object, which knows its own.  A heap and
 * its objects belong to one thread at a time; different heaps may be used by different threads.
 * No function may be called from a signal handler.  Nothing here prints.
 *
 * Source of the algorithm: CPython 3.11's documented behaviour and observed order (Modules/gc docs,
 * PEP 442); none of its code.
 */
#ifndef GCSIM_H
#define GCSIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GCS_NR_GENERATIONS 3
#define GCS_PERMANENT GCS_NR_GENERATIONS	/* not collected: see gcs_freeze() */
#define GCS_ALL_GENERATIONS (-1)		/* 0, 1 and 2 */

struct gcs_heap;
struct gcs_site;
struct gcs_object;

/* Called by traverse for each reference; a result other than 0 ends the traversal with it. */
typedef int (*gcs_visit_fn)(struct gcs_object *referent, void *arg);

enum gcs_type_flags {
	GCS_TYPE_GC = 1 << 0,		/* has links for the collector; may be tracked */
	GCS_TYPE_WEAKREFS = 1 << 1,	/* may be the referent of weak references */
	GCS_TYPE_TRASHCAN = 1 << 2,	/* deep teardown stops at the heap's nesting limit, as CPython's
					   list, tuple, dict, set and instance do; the rest of the types
					   nest up to a deeper fixed limit of the library's */
	GCS_TYPE_UNTRACK = 1 << 3,	/* untrack() is asked after every collection (tuple) */
	GCS_TYPE_UNTRACK_FULL = 1 << 4,	/* untrack() is asked after full collections (dict) */
};

/*
 * What the objects of a kind do.  Owned by the caller; it must not change while an object has it.
 * Only name and size are needed for a type without references.  A function that is NULL does
 * nothing.  None of them may be called by the user directly.
 */
struct gcs_type {
	const char *name;
	size_t size;			/* bytes of the C structure, which starts with a gcs_object */
	unsigned int flags;		/* enum gcs_type_flags */

	/* Calls visit for every reference that the object holds, repeats included, in the order that
	   the type defines; must allow a half-made object (references that are still NULL). */
	int (*traverse)(struct gcs_object *self, gcs_visit_fn visit, void *arg);

	/* Drops the references that can make cycles (set to NULL first, then decref).  The object
	   stays usable. */
	void (*clear)(struct gcs_object *self);

	/* Runs once before the object dies; may bring it back by storing a new reference. */
	void (*finalize)(struct gcs_object *self);

	/* A finalizer that makes cycles through it uncollectable (CPython's tp_del). */
	void (*legacy_del)(struct gcs_object *self);

	/*
	 * Destroys an object whose count became zero.  NULL: gcs_dealloc_default().  A function of
	 * the user's own ends with gcs_object_free(), and uses gcs_untrack(), gcs_dealloc_finalize(),
	 * gcs_dealloc_weakrefs() in the order that its type has in CPython.
	 */
	void (*dealloc)(struct gcs_object *self);

	/* Bytes as sys.getsizeof() counts them, without the collector's links; NULL: size. */
	size_t (*size_of)(const struct gcs_object *self);

	/* True: nothing in this object can be part of a cycle, stop tracking it. */
	bool (*untrack)(struct gcs_object *self);
};

/*
 * A piece of memory that reports see: its site and its simulated bytes.  Every object has one;
 * containers embed one more for each array that they own (gcs_block_set()).  Zeroed: no memory.
 */
struct gcs_block {
	struct gcs_site *site;
	uint64_t bytes : 40;
	uint64_t epoch : 20;		/* of the trace that saw it made: see gcs_trace_start() */
	uint64_t flags : 4;		/* the library's */
};

/* The head of every object.  Read it freely; change it only through this library. */
struct gcs_object {
	int64_t refs;
	const struct gcs_type *type;
	struct gcs_block block;
};

enum gcs_error {
	GCS_ERR_NOMEM = 1,		/* the allocator said no */
	GCS_ERR_UNDERFLOW,		/* decref of a count that is zero */
	GCS_ERR_DEAD,			/* use of a freed object (debug mode), or of one being destroyed */
	GCS_ERR_GENERATION,		/* no such generation */
	GCS_ERR_TYPE,			/* the type cannot do this: weak references, tracking */
	GCS_ERR_LIMIT,			/* the heap's byte limit is reached */
	GCS_ERR_BUSY,			/* not from inside a traverse function */
	GCS_ERR_FOREIGN,		/* objects of two heaps */
};

/* For everything that a heap holds, block by block.  allocate returns memory of any content, aligned
 * as malloc()'s.  Without one, a heap cuts small blocks from larger ones of malloc(). */
struct gcs_allocator {
	void *(*allocate)(size_t bytes, void *arg);
	void (*release)(void *memory, size_t bytes, void *arg);
	void *arg;
};

enum gcs_profile {
	GCS_PROFILE_PLAIN,		/* counts and cycles only: no free lists, nothing is untracked */
	GCS_PROFILE_CPYTHON311,		/* free lists and untracking as CPython 3.11 */
};

/* All zero: the defaults. */
struct gcs_options {
	enum gcs_profile profile;
	const struct gcs_allocator *allocator;	/* copied; NULL: malloc() and free() */
	int trashcan_limit;		/* nesting of teardowns; 0: 50, as CPython */
	bool debug;			/* freed objects are kept, so that their use is an error, not a crash;
					   memory grows until gcs_heap_destroy() */
	uint64_t max_bytes;		/* real bytes of the heap; 0: no limit */
	uint64_t nr_outside;		/* objects that are not simulated: every full collection counts them as
					   survivors, so that the next one waits as long as where they are */
	void (*on_error)(struct gcs_heap *heap, enum gcs_error error, struct gcs_object *about,
			const char *message, void *arg);
	void *on_error_arg;
};

/**
 * gcs_heap_new() - make a heap
 * @options: copied; NULL: the defaults
 *
 * Returns: the heap, to be given to gcs_heap_destroy(); NULL and errno ENOMEM or EINVAL.
 */
struct gcs_heap *gcs_heap_new(const struct gcs_options *options);

/**
 * gcs_heap_destroy() - end a heap and release its memory
 *
 * Neither finalizers nor callbacks run.  Objects that are still alive are released as they are; the
 * references to them are dangling afterwards.  NULL is allowed.
 *
 * Cost:    O(objects).
 * Returns: the number of objects that were still alive.
 */
uint64_t gcs_heap_destroy(struct gcs_heap *heap);

struct gcs_heap *gcs_object_heap(const struct gcs_object *object);

/* The last error that the heap reported (0: none) and its count; a new call clears neither. */
enum gcs_error gcs_heap_error(const struct gcs_heap *heap, uint64_t *nr_errors);
const char *gcs_error_text(enum gcs_error error);

/* A pointer that the library only keeps: an embedder's own state. */
void gcs_heap_set_user(struct gcs_heap *heap, void *user);
void *gcs_heap_user(const struct gcs_heap *heap);

/* --- sites: where memory was asked for -------------------------------------------------------- */

struct gcs_frame {
	const char *file;		/* copied when a site is made */
	unsigned int line;
	const char *function;		/* NULL: unknown */
};

/**
 * gcs_site() - the site of a call stack
 * @frames: most recent first; files are compared by content
 * @nr: at least 1
 * @nr_total: frames of the whole stack, at least @nr
 *
 * The same frames give the same site; sites live as long as the heap.
 *
 * Cost:    O(text of the frames); remember the result.
 * Returns: the site; NULL after GCS_ERR_NOMEM.
 */
struct gcs_site *gcs_site(struct gcs_heap *heap, const struct gcs_frame *frames, unsigned int nr,
		unsigned int nr_total);

/* One place of the source and the site that it had in the last heap that it was used with. */
struct gcs_site_cache {
	uint64_t heap_id;
	struct gcs_site *site;
};

struct gcs_site *gcs_site_cached(struct gcs_heap *heap, struct gcs_site_cache *cache, const char *file,
		unsigned int line, const char *function);

/* The site of this line of C.  The cache is per thread: heaps of two threads may share the line. */
#define GCS_HERE(heap)                                                                                \
	(__extension__({                                                                              \
		static __thread struct gcs_site_cache gcs_here_;                                      \
		gcs_site_cached((heap), &gcs_here_, __FILE__, __LINE__, __func__);                    \
	}))

/* What happened at a site, or in the whole heap. */
struct gcs_counts {
	uint64_t made, made_bytes;			/* objects */
	uint64_t freed_by_count, freed_by_count_bytes;	/* the last reference was dropped */
	/* while a collection of that generation cleared its trash, with what only the trash held */
	uint64_t freed_by_gc[GCS_NR_GENERATIONS];
	uint64_t freed_by_gc_bytes;
	uint64_t survived;				/* times that an object outlived a collection of its list */
	uint64_t finalized;				/* finalizers run */
	uint64_t resurrected;				/* objects that came back by a finalizer */
	uint64_t weakrefs_cleared;			/* weak references to objects of this site */
	uint64_t live, live_bytes;			/* objects; bytes with the arrays that they own */
	uint64_t peak_bytes;				/* highest live_bytes of this site */
	uint64_t bytes_at_peak;				/* live_bytes at the moment of the heap's peak */
};

struct gcs_site_info {
	const struct gcs_frame *frames;			/* most recent first; valid as long as the heap */
	unsigned int nr_frames, nr_total;
	struct gcs_counts counts;
	uint64_t asked_bytes;				/* ever asked for, arrays and their resizes included */
	uint64_t traced_blocks, traced_bytes;		/* since gcs_trace_start() */
};

/* Calls fn for each site in the order of their making; stops at a result other than 0. */
int gcs_each_site(struct gcs_heap *heap, int (*fn)(const struct gcs_site_info *site, void *arg), void *arg);
void gcs_heap_counts(const struct gcs_heap *heap, struct gcs_counts *out);

/* --- objects ------------------------------------------------------------------------------------ */

/**
 * gcs_new() - make an object with a count of 1
 * @type: with GCS_TYPE_GC the object is tracked on return
 * @site: GCS_HERE(), gcs_site()...
 * @extra: bytes behind the structure, for objects of variable size; zeroed as the rest is
 *
 * May run a collection first, and so finalizers and callbacks: the new object is in no list then.
 *
 * Cost:    O(1) but for collections.
 * Returns: the object, all bytes behind its head zero; NULL after GCS_ERR_NOMEM or _LIMIT.
 */
struct gcs_object *gcs_new(struct gcs_heap *heap, const struct gcs_type *type, struct gcs_site *site,
		size_t extra);

/* The same, but not tracked yet: gcs_track() when its references are set.  @bytes: what it counts in
 * reports; 0: type->size + extra, with the links of the collector. */
struct gcs_object *gcs_new_untracked(struct gcs_heap *heap, const struct gcs_type *type,
		struct gcs_site *site, size_t extra, uint64_t bytes);

void gcs_track(struct gcs_object *object);	/* to the tail of generation 0; no-op if tracked */
void gcs_untrack(struct gcs_object *object);	/* no-op if not tracked */
bool gcs_is_tracked(const struct gcs_object *object);
bool gcs_is_finalized(const struct gcs_object *object);

void gcs_incref_slow_(struct gcs_object *object);
void gcs_decref_slow_(struct gcs_object *object);

/* One reference more.  @object: not NULL. */
static inline void gcs_incref(struct gcs_object *object)
{
	if (__builtin_expect(object->refs > 0, 1))
		object->refs++;
	else
		gcs_incref_slow_(object);
}

/* One reference less; the last one destroys the object, before this returns, or, in a deep teardown,
 * before the outermost teardown returns.  Finalizers and callbacks may run. */
static inline void gcs_decref(struct gcs_object *object)
{
	if (__builtin_expect(object->refs > 1, 1))
		object->refs--;
	else
		gcs_decref_slow_(object);
}

static inline void gcs_xdecref(struct gcs_object *object)
{
	if (object)
		gcs_decref(object);
}

int64_t gcs_refcount(const struct gcs_object *object);

/* sys.getsizeof(): type->size_of() and the 16 bytes of the collector's links for GCS_TYPE_GC. */
size_t gcs_sizeof(const struct gcs_object *object);

/* For C programs: structures whose first member is `struct gcs_object head`. */
#define GCS_NEW(heap, type) gcs_new((heap), (type), GCS_HERE(heap), 0)
#define GCS_INCREF(p) (gcs_incref((struct gcs_object *)(p)))
#define GCS_DECREF(p) (gcs_decref((struct gcs_object *)(p)))

/* Stores a reference of the caller's in *slot and drops the old one, in this order. */
#define GCS_SET(slot, p)                                                                              \
	do {                                                                                          \
		struct gcs_object *gcs_old_ = (struct gcs_object *)*(slot);                           \
		*(slot) = (p);                                                                        \
		gcs_xdecref(gcs_old_);                                                                \
	} while (0)
#define GCS_CLEAR(slot) GCS_SET(slot, NULL)

/* traverse bodies: GCS_VISIT(self->next); uses the parameters' names visit and arg. */
#define GCS_VISIT(p)                                                                                  \
	do {                                                                                          \
		if (p) {                                                                              \
			int gcs_result_ = visit((struct gcs_object *)(p), arg);                       \
			if (gcs_result_)                                                              \
				return gcs_result_;                                                   \
		}                                                                                     \
	} while (0)

/* --- parts of a dealloc function ---------------------------------------------------------------- */

/*
 * gcs_dealloc_default(): untrack; if there is a finalizer: dealloc_finalize, end if it came back;
 * weak references; clear; gcs_object_free().  The trashcan is entered by the library before any
 * dealloc function is called.
 */
void gcs_dealloc_default(struct gcs_object *self);

/* Tracked again at the tail of generation 0, the finalizer runs if it never did; true: the object
 * came back (tracked), the caller returns at once.  False: it is untracked and still dying. */
bool gcs_dealloc_finalize(struct gcs_object *self);

/* Clears all weak references to self, then calls the callbacks of those that live, newest first. */
void gcs_dealloc_weakrefs(struct gcs_object *self);

/* Releases the memory (or gives it to the free list it came from); the last act of a dealloc. */
void gcs_object_free(struct gcs_object *self);

/* --- memory that objects own beside themselves ---------------------------------------------------- */

/* The array's bytes are now @bytes, asked for at @site: a resize of any kind moves the whole block to
 * the new site, as tracemalloc does; 0 removes it.  Only the account: the caller owns the memory. */
void gcs_block_set(struct gcs_heap *heap, struct gcs_block *block, struct gcs_site *site, uint64_t bytes);

/* The heap's allocator, for such arrays.  gcs_mem_resize() of NULL allocates.  NULL after _NOMEM or _LIMIT. */
void *gcs_mem_resize(struct gcs_heap *heap, void *memory, size_t old_bytes, size_t new_bytes);
void gcs_mem_free(struct gcs_heap *heap, void *memory, size_t bytes);

/*
 * Free lists.  An object that came through gcs_freelist_new() goes back to its list while that holds
 * fewer than @max, and its block keeps its place in the trace.  Objects taken from a list do not count
 * as allocations, those given back do not count as deallocations.  Full collections empty all lists.
 * With GCS_PROFILE_PLAIN nothing is ever kept.
 */
struct gcs_freelist;
struct gcs_freelist *gcs_freelist_make(struct gcs_heap *heap, unsigned int max);	/* lives as the heap */
/* The list keeps what it is given, and gives nothing out (CPython 3.11's tuples of 20). */
void gcs_freelist_hold(struct gcs_freelist *list);
/* Full collections leave it as it is (CPython 3.11's one slice). */
void gcs_freelist_stay(struct gcs_freelist *list);

/* As gcs_new_untracked(); @list may be NULL.  All objects of a list have one @type->size + @extra. */
struct gcs_object *gcs_freelist_new(struct gcs_freelist *list, struct gcs_heap *heap, const struct gcs_type *type,
		struct gcs_site *site, size_t extra, uint64_t bytes);
/* The same, but never one that is kept: it counts as an allocation (CPython's list() and dict()). */
struct gcs_object *gcs_freelist_new_object(struct gcs_freelist *list, struct gcs_heap *heap,
		const struct gcs_type *type, struct gcs_site *site, size_t extra, uint64_t bytes);
/* Plain memory in the same way (keys of dicts): its block stays in the trace while it is kept. */
void *gcs_freelist_take_memory(struct gcs_freelist *list, struct gcs_block *block, struct gcs_site *site);
bool gcs_freelist_keep_memory(struct gcs_freelist *list, void *memory, size_t bytes, struct gcs_block *block);

/* --- weak references ----------------------------------------------------------------------------- */

struct gcs_weakref;
typedef void (*gcs_weakref_fn)(struct gcs_weakref *ref, struct gcs_object *closure);

/* The head of a weak reference; a type of the user's own may extend it. */
struct gcs_weakref {
	struct gcs_object head;
	struct gcs_object *referent;	/* borrowed; NULL: dead.  Read through gcs_weakref_get() */
	gcs_weakref_fn callback;
	struct gcs_object *closure;	/* owned; traversed; may be NULL */
	struct gcs_weakref *prev, *next;	/* of the same referent, newest first but for the shared one */
};

extern const struct gcs_type gcs_weakref_type;

/**
 * gcs_weakref_new() - a weak reference
 * @type: &gcs_weakref_type, or one with GCS_TYPE_GC that begins like it (its traverse, clear and
 *        dealloc call gcs_weakref_traverse() and so on)
 * @callback: called once, after the referent is dead; the reference gives NULL then.  NULL: none, and
 *            without a closure the reference of this type that the referent already has is shared,
 *            as in CPython
 * @closure: given to the callback; a reference is taken; may be NULL
 *
 * Returns: a new reference; NULL after GCS_ERR_TYPE, _DEAD, _FOREIGN, _NOMEM.
 */
struct gcs_object *gcs_weakref_new(struct gcs_heap *heap, const struct gcs_type *type, struct gcs_site *site,
		struct gcs_object *referent, gcs_weakref_fn callback, struct gcs_object *closure);

/* A new reference to the referent, or NULL when it is dead. */
struct gcs_object *gcs_weakref_get(struct gcs_weakref *ref);
size_t gcs_weakref_count(const struct gcs_object *referent);

/* All weak references to @referent, newest first but for the shared one, which is first; new
 * references.  gcs_objects_release() when done. */
struct gcs_objects;
int gcs_weakref_list(struct gcs_object *referent, struct gcs_objects *out);

int gcs_weakref_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg);
void gcs_weakref_clear(struct gcs_object *self);
void gcs_weakref_dealloc(struct gcs_object *self);

/* --- the collector --------------------------------------------------------------------------------- */

struct gcs_generation_stats {
	uint64_t collections, collected, uncollectable;
};

enum gcs_debug {
	GCS_DEBUG_STATS = 1,
	GCS_DEBUG_COLLECTABLE = 2,
	GCS_DEBUG_UNCOLLECTABLE = 4,
	GCS_DEBUG_SAVEALL = 32,
	GCS_DEBUG_LEAK = 38,
};

/* Work of all collections so far: what a policy costs, whatever the machine. */
struct gcs_work {
	uint64_t collections;
	uint64_t objects;		/* objects looked at, over all collections */
	uint64_t references;		/* references followed */
};

/**
 * gcs_collect() - collect a generation and all younger ones
 * @generation: 0, 1 or 2
 *
 * Cost:    O(objects of these generations and their references); allocates nothing but what
 *          finalizers, callbacks and the garbage list need.  A full collection of some megabytes
 *          remembers the order of its objects, 8 bytes for each, to prefetch them the next time; it
 *          does without where there is no memory, and these bytes make way for objects at max_bytes.
 * Returns: unreachable objects found, those that could not be freed included; 0 when a collection is
 *          running; -1 after GCS_ERR_GENERATION, _BUSY.
 */
int64_t gcs_collect(struct gcs_heap *heap, int generation);

void gcs_enable(struct gcs_heap *heap);
void gcs_disable(struct gcs_heap *heap);
bool gcs_is_enabled(const struct gcs_heap *heap);
bool gcs_is_collecting(const struct gcs_heap *heap);

/* No automatic collection while true: an exception is on its way. */
void gcs_set_pending(struct gcs_heap *heap, bool pending);

void gcs_get_stats(const struct gcs_heap *heap, struct gcs_generation_stats out[GCS_NR_GENERATIONS]);
void gcs_get_count(const struct gcs_heap *heap, int out[GCS_NR_GENERATIONS]);
void gcs_get_threshold(const struct gcs_heap *heap, int out[GCS_NR_GENERATIONS]);
void gcs_set_threshold(struct gcs_heap *heap, const int thresholds[GCS_NR_GENERATIONS]);
void gcs_get_work(const struct gcs_heap *heap, struct gcs_work *out);

/* For front ends that start in the state of a real interpreter; the work begins anew. */
void gcs_preset(struct gcs_heap *heap, const struct gcs_generation_stats stats[GCS_NR_GENERATIONS],
		const int counts[GCS_NR_GENERATIONS]);

void gcs_freeze(struct gcs_heap *heap);
void gcs_unfreeze(struct gcs_heap *heap);
uint64_t gcs_get_freeze_count(const struct gcs_heap *heap);

/* A list of objects, each with a reference of its own. */
struct gcs_objects {
	struct gcs_object **object;
	size_t nr, room;
	struct gcs_heap *heap;
};
void gcs_objects_release(struct gcs_objects *objects);

/* In list order; generation: 0 to 2, GCS_ALL_GENERATIONS, GCS_PERMANENT.  0; -1 after an error. */
int gcs_get_objects(struct gcs_heap *heap, int generation, struct gcs_objects *out);
/* Tracked objects of generations 0 to 2 with a reference to any of @of. */
int gcs_get_referrers(struct gcs_heap *heap, struct gcs_object *const *of, size_t nr, struct gcs_objects *out);
/* What @of refer to, repeats included. */
int gcs_get_referents(struct gcs_heap *heap, struct gcs_object *const *of, size_t nr, struct gcs_objects *out);

struct gcs_collection {
	int generation;
	int64_t collected, uncollectable;	/* 0 at the start */
};

/* Called at the start (true) and the end of every collection, explicit or automatic. */
typedef void (*gcs_callback_fn)(struct gcs_heap *heap, bool start, const struct gcs_collection *what, void *arg);
int gcs_add_callback(struct gcs_heap *heap, gcs_callback_fn fn, void *arg);	/* 0; -1 after _NOMEM */
void gcs_remove_callback(struct gcs_heap *heap, gcs_callback_fn fn, void *arg);

/* Uncollectable objects, and all unreachable ones with GCS_DEBUG_SAVEALL.  Without a function the heap
 * keeps them itself: gcs_get_garbage().  The function takes a reference if it keeps the object. */
void gcs_set_garbage_fn(struct gcs_heap *heap, int (*append)(struct gcs_object *object, void *arg), void *arg);
int gcs_get_garbage(struct gcs_heap *heap, struct gcs_objects *out);
void gcs_clear_garbage(struct gcs_heap *heap);

/* The lines of GCS_DEBUG_*, as CPython words them, newline included. */
void gcs_set_debug(struct gcs_heap *heap, unsigned int flags, void (*print)(const char *text, void *arg), void *arg);
unsigned int gcs_get_debug(const struct gcs_heap *heap);

/* --- traces and snapshots --------------------------------------------------------------------------- */

/* tracemalloc's switch: blocks made while it is on are traced until they are freed or it goes off. */
void gcs_trace_start(struct gcs_heap *heap);	/* no-op while on */
void gcs_trace_stop(struct gcs_heap *heap);	/* forgets all traces */
bool gcs_is_tracing(const struct gcs_heap *heap);
void gcs_trace_clear(struct gcs_heap *heap);
void gcs_trace_memory(const struct gcs_heap *heap, uint64_t *current, uint64_t *peak);
void gcs_trace_reset_peak(struct gcs_heap *heap);

/* Whether the block is in the trace; if so @out (may be NULL) receives its site. */
bool gcs_block_is_traced(struct gcs_heap *heap, const struct gcs_block *block, struct gcs_site_info *out);

struct hl_snapshot;

enum gcs_snapshot_what {
	GCS_SNAPSHOT_ALL,		/* everything since the heap was made, freed memory included */
	GCS_SNAPSHOT_TRACED,		/* live blocks of the trace */
};

/**
 * gcs_snapshot() - the accounts as a snapshot of libheapledger
 * @out: the caller's; top, diff, export and the library's statistics work on it.  Domain 0, as
 *       objects are in tracemalloc
 *
 * Returns: 0; -EFBIG; -ENOMEM.
 */
int gcs_snapshot(struct gcs_heap *heap, enum gcs_snapshot_what what, struct hl_snapshot **out);

#ifdef __cplusplus
}
#endif
#endif
