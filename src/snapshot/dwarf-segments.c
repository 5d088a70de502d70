/* SPDX-License-Identifier: MIT */
/*
 * Nested address ranges cut into disjoint segments: a sweep over all starts and ends with a heap of
 * the ranges that are open, deepest first.  O(n log n) also for ranges that overlap without being
 * nested (compilers write such, and damaged files).
 */
#include "dwarf-segments.h"

#include <errno.h>
#include <stdlib.h>

struct heap {
	const struct hl_span **items;
	size_t nr_items;
};

void hl_spans_release(struct hl_spans *spans)
{
	free(spans->spans);
	spans->spans = NULL;
	spans->nr_spans = spans->room = 0;
}

int hl_spans_add(
	struct hl_spans *spans, uint64_t low, uint64_t high, uint32_t scope, uint32_t depth)
{
	if (spans->nr_spans == spans->room) {
		size_t room = spans->room ? spans->room * 2 : 256;
		struct hl_span *s = realloc(spans->spans, room * sizeof(*s));

		if (!s)
			return -ENOMEM;
		spans->spans = s;
		spans->room = room;
	}
	spans->spans[spans->nr_spans++] =
		(struct hl_span){ .low = low, .high = high, .scope = scope, .depth = depth };
	return 0;
}

static int by_low(const void *a, const void *b)
{
	const struct hl_span *x = a, *y = b;

	return x->low < y->low ? -1 : x->low > y->low;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Deeper first; of equally deep ones the shorter, then the one that came first in the file. */
static bool is_before(const struct hl_span *a, const struct hl_span *b)
{
	if (a->depth != b->depth)
		return a->depth > b->depth;
	if (a->high - a->low != b->high - b->low)
		return a->high - a->low < b->high - b->low;
	return a->scope < b->scope;
}

static void swap_items(struct heap *heap, size_t a, size_t b)
{
	const struct hl_span *item = heap->items[a];

	heap->items[a] = heap->items[b];
	heap->items[b] = item;
}

static void heap_push(struct heap *heap, const struct hl_span *span)
{
	size_t i = heap->nr_items++;

	heap->items[i] = span;
	while (i > 0 && is_before(heap->items[i], heap->items[(i - 1) / 2])) {
		swap_items(heap, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static void heap_pop(struct heap *heap)
{
	size_t i = 0;

	heap->items[0] = heap->items[--heap->nr_items];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= heap->nr_items)
			return;
		if (child + 1 < heap->nr_items &&
			is_before(heap->items[child + 1], heap->items[child]))
			child++;
		if (!is_before(heap->items[child], heap->items[i]))
			return;
		swap_items(heap, i, child);
		i = child;
	}
}

static size_t sweep(const struct hl_spans *spans, const uint64_t *points, struct heap *heap,
	struct hl_segment *segments)
{
	size_t next = 0, n = 0;

	for (size_t i = 0; i < 2 * spans->nr_spans; i++) {
		uint32_t scope;

		if (i > 0 && points[i] == points[i - 1])
			continue;
		while (next < spans->nr_spans && spans->spans[next].low == points[i])
			heap_push(heap, &spans->spans[next++]);
		while (heap->nr_items && heap->items[0]->high <= points[i])
			heap_pop(heap);
		scope = heap->nr_items ? heap->items[0]->scope : HL_NO_SCOPE;
		if (n > 0 && segments[n - 1].scope == scope)
			continue;
		segments[n++] = (struct hl_segment){ .address = points[i], .scope = scope };
	}
	return n;
}

int hl_spans_flatten(struct hl_spans *spans, struct hl_segment **segments, size_t *nr_segments)
{
	size_t n = spans->nr_spans;
	uint64_t *points = malloc((2 * n + 1) * sizeof(*points));
	struct heap heap = { .items = malloc((n + 1) * sizeof(*heap.items)) };
	struct hl_segment *out = malloc((2 * n + 1) * sizeof(*out));
	int err = -ENOMEM;

	if (!points || !heap.items || !out)
		goto out;
	err = 0;
	if (n)
		qsort(spans->spans, n, sizeof(*spans->spans), by_low);
	for (size_t i = 0; i < n; i++) {
		points[2 * i] = spans->spans[i].low;
		points[2 * i + 1] = spans->spans[i].high;
	}
	qsort(points, 2 * n, sizeof(*points), by_value);
	*nr_segments = sweep(spans, points, &heap, out);
	*segments = out;
	out = NULL;
out:
	free(points);
	free(heap.items);
	free(out);
	return err;
}
