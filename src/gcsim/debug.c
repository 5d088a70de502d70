/* SPDX-License-Identifier: MIT */
/* The lines of GCS_DEBUG_*, worded as CPython's, and the list of garbage. */
#include "gcsim/debug.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

__attribute__((format(printf, 2, 3))) static void say(struct gcs_heap *heap, const char *format, ...)
{
	char text[400];
	va_list args;

	if (!heap->print)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	heap->print(text, heap->print_arg);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t debug_begin(struct gcs_heap *heap, int generation)
{
	if (!(heap->debug_flags & GCS_DEBUG_STATS))
		return 0;
	say(heap, "gc: collecting generation %d...\n", generation);
	say(heap, "gc: objects in each generation: %zu %zu %zu\n", list_length(&heap->generations[0].list),
			list_length(&heap->generations[1].list), list_length(&heap->generations[2].list));
	say(heap, "gc: objects in permanent generation: %zu\n",
			list_length(&heap->generations[GCS_PERMANENT].list));
	return now_ns();
}

void debug_end(struct gcs_heap *heap, uint64_t started, const struct gcs_collection *result)
{
	if (!(heap->debug_flags & GCS_DEBUG_STATS))
		return;
	say(heap, "gc: done, %" PRId64 " unreachable, %" PRId64 " uncollectable, %.4fs elapsed\n",
			result->collected + result->uncollectable, result->uncollectable,
			started ? (double)(now_ns() - started) * 1e-9 : 0.0);
}

void debug_print_object(struct gcs_heap *heap, const char *what, const struct gcs_object *o)
{
	say(heap, "gc: %s <%.300s %p>\n", what, o->type->name, (const void *)o);
}

void garbage_append(struct gcs_heap *heap, struct gcs_object *o)
{
	if (heap->garbage_fn) {
		heap->garbage_fn(o, heap->garbage_arg);
		return;
	}
	/* reported, and then as CPython: garbage that finds no room is not listed */
	if (vector_grow(heap, &heap->garbage, sizeof(o)))
		return;
	gcs_incref(o);
	((struct gcs_object **)heap->garbage.data)[heap->garbage.nr++] = o;
}

void gcs_set_garbage_fn(struct gcs_heap *heap, int (*append)(struct gcs_object *object, void *arg), void *arg)
{
	heap->garbage_fn = append;
	heap->garbage_arg = arg;
}

int gcs_get_garbage(struct gcs_heap *heap, struct gcs_objects *out)
{
	struct gcs_objects list = {.heap = heap, .room = heap->garbage.nr};

	if (list.room) {
		list.object = gcs_mem_resize(heap, NULL, 0, list.room * sizeof(*list.object));
		if (!list.object)
			return -1;
		memcpy(list.object, heap->garbage.data, list.room * sizeof(*list.object));
	}
	for (; list.nr < list.room; list.nr++)
		gcs_incref(list.object[list.nr]);
	*out = list;
	return 0;
}

/* Their end may bring new garbage, so the list is taken away first. */
void gcs_clear_garbage(struct gcs_heap *heap)
{
	struct vector garbage = heap->garbage;

	heap->garbage = (struct vector){NULL, 0, 0};
	for (size_t i = 0; i < garbage.nr; i++)
		gcs_decref(((struct gcs_object **)garbage.data)[i]);
	vector_release(heap, &garbage, sizeof(struct gcs_object *));
}

void gcs_set_debug(struct gcs_heap *heap, unsigned int flags, void (*print)(const char *text, void *arg), void *arg)
{
	heap->debug_flags = flags;
	heap->print = print;
	heap->print_arg = arg;
}

unsigned int gcs_get_debug(const struct gcs_heap *heap)
{
	return heap->debug_flags;
}
