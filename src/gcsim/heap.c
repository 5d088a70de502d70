/* SPDX-License-Identifier: MIT */
/* Heaps: their making, their end, their errors. */
#include "gcsim/heap.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define TRASHCAN_LIMIT 50

/* Not state of any heap: it only keeps a gcs_site_cache from taking a new heap for an old one. */
static uint64_t next_id(void)
{
	static _Atomic uint64_t last;

	/* relaxed: the value alone matters */
	return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

static void init_generations(struct gcs_heap *heap)
{
	static const int thresholds[GCS_NR_GENERATIONS] = {700, 10, 10};

	for (int i = 0; i <= GCS_NR_GENERATIONS; i++)
		list_init(&heap->generations[i].list);
	for (int i = 0; i < GCS_NR_GENERATIONS; i++)
		heap->generations[i].threshold = thresholds[i];
	heap->is_enabled = true;
	heap->deleting = -1;
}

static void set_options(struct gcs_heap *heap, const struct gcs_options *options)
{
	heap->profile = options->profile;
	heap->debug = options->debug;
	heap->trashcan_limit = options->trashcan_limit ? options->trashcan_limit : TRASHCAN_LIMIT;
	heap->nr_outside = options->nr_outside;
	heap->on_error = options->on_error;
	heap->on_error_arg = options->on_error_arg;
	memory_init(heap, options->allocator, options->max_bytes);
}

static struct gcs_heap *allocate(const struct gcs_options *options)
{
	const struct gcs_allocator *a = options->allocator;

	if (a)
		return a->allocate(sizeof(struct gcs_heap), a->arg);
	return malloc(sizeof(struct gcs_heap));
}

struct gcs_heap *gcs_heap_new(const struct gcs_options *options)
{
	static const struct gcs_options defaults;
	static const struct gcs_frame unknown = {"<unknown>", 0, NULL};
	struct gcs_heap *heap;

	if (!options)
		options = &defaults;
	if (options->trashcan_limit < 0 || (unsigned int)options->profile > GCS_PROFILE_CPYTHON311 ||
			(options->allocator && (!options->allocator->allocate || !options->allocator->release))) {
		errno = EINVAL;
		return NULL;
	}
	heap = allocate(options);
	if (!heap) {
		errno = ENOMEM;
		return NULL;
	}
	memset(heap, 0, sizeof(*heap));
	heap->id = next_id();
	heap->epoch = 1;
	init_generations(heap);
	set_options(heap, options);
	/* Who cannot have a site for lack of memory gets this one. */
	heap->unknown = gcs_site(heap, &unknown, 1, 1);
	if (heap->unknown)
		return heap;
	gcs_heap_destroy(heap);
	errno = ENOMEM;
	return NULL;
}

uint64_t gcs_heap_destroy(struct gcs_heap *heap)
{
	struct gcs_counts counts = {0};
	struct gcs_allocator allocator;

	if (!heap)
		return 0;
	gcs_heap_counts(heap, &counts);
	allocator = heap->memory.allocator;
	memory_release_all(&heap->memory);
	allocator.release(heap, sizeof(*heap), allocator.arg);
	return counts.live;
}

struct gcs_heap *gcs_object_heap(const struct gcs_object *object)
{
	return heap_of(object);
}

void heap_report(struct gcs_heap *heap, enum gcs_error error, struct gcs_object *about, const char *message)
{
	heap->last_error = error;
	heap->nr_errors++;
	if (heap->on_error)
		heap->on_error(heap, error, about, message, heap->on_error_arg);
}

void heap_report_busy(struct gcs_heap *heap, struct gcs_object *about, const char *message)
{
	heap_report(heap, GCS_ERR_BUSY, about, message);
}

enum gcs_error gcs_heap_error(const struct gcs_heap *heap, uint64_t *nr_errors)
{
	if (nr_errors)
		*nr_errors = heap->nr_errors;
	return heap->last_error;
}

const char *gcs_error_text(enum gcs_error error)
{
	static const char *const texts[] = {
		[0] = "no error",
		[GCS_ERR_NOMEM] = "out of memory",
		[GCS_ERR_UNDERFLOW] = "reference dropped that does not exist",
		[GCS_ERR_DEAD] = "use of a dead object",
		[GCS_ERR_GENERATION] = "no such generation",
		[GCS_ERR_TYPE] = "not possible with this type",
		[GCS_ERR_LIMIT] = "byte limit of the heap reached",
		[GCS_ERR_BUSY] = "not possible inside a traverse function",
		[GCS_ERR_FOREIGN] = "objects of two heaps",
	};

	if ((size_t)error >= sizeof(texts) / sizeof(*texts))
		return "unknown error";
	return texts[error];
}

void gcs_heap_set_user(struct gcs_heap *heap, void *user)
{
	heap->user = user;
}

void *gcs_heap_user(const struct gcs_heap *heap)
{
	return heap->user;
}
