/* SPDX-License-Identifier: MIT */
/*
 * How fast libgcsim is: pairs of GCS_NEW and GCS_DECREF, and full collections of a million objects.
 * Prints one line for each: name, value, unit; tests/bench/gcsim puts CPython's figures beside them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gcsim/gcsim.h"

#define NR_OBJECTS 1000000

struct node {
	struct gcs_object head;
	struct node *edges[3];
};

static int node_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct node *node = (struct node *)self;

	GCS_VISIT(node->edges[0]);
	GCS_VISIT(node->edges[1]);
	GCS_VISIT(node->edges[2]);
	return 0;
}

static void node_clear(struct gcs_object *self)
{
	struct node *node = (struct node *)self;

	GCS_CLEAR(&node->edges[0]);
	GCS_CLEAR(&node->edges[1]);
	GCS_CLEAR(&node->edges[2]);
}

static const struct gcs_type node_type = {
	.name = "node",
	.size = sizeof(struct node),
	.flags = GCS_TYPE_GC | GCS_TYPE_TRASHCAN,
	.traverse = node_traverse,
	.clear = node_clear,
};

static const struct gcs_type leaf_type = {
	.name = "leaf",
	.size = sizeof(struct node),
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void pairs(const char *name, const struct gcs_type *type, long nr)
{
	struct gcs_heap *heap = gcs_heap_new(NULL);
	double best = 1e9;

	for (int run = 0; run < 5; run++) {
		double start = now();

		for (long i = 0; i < nr; i++)
			GCS_DECREF(GCS_NEW(heap, type));
		if (now() - start < best)
			best = now() - start;
	}
	printf("%s\t%.1f\tmillion/s\n", name, (double)nr / best / 1e6);
	gcs_heap_destroy(heap);
}

static void set(struct node *from, int edge, struct node *to)
{
	GCS_INCREF(to);
	GCS_SET(&from->edges[edge], to);
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static void link_all(struct node **all, const char *shape)
{
	uint64_t state = 1;

	for (long i = 0; i < NR_OBJECTS; i++) {
		switch (*shape) {
		case 'c': /* chain */
			if (i)
				set(all[i - 1], 0, all[i]);
			break;
		case 't': /* tree with parents */
			if (i) {
				set(all[i], 0, all[(i - 1) / 2]);
				set(all[(i - 1) / 2], (int)(2 - i % 2), all[i]);
			}
			break;
		default:
			set(all[i], 0, all[next_random(&state) % NR_OBJECTS]);
			set(all[i], 1, all[next_random(&state) % NR_OBJECTS]);
		}
	}
}

static struct node **graph_new(struct gcs_heap *heap, const char *shape)
{
	struct node **all = calloc(NR_OBJECTS, sizeof(*all));

	if (!all)
		exit(1);
	gcs_disable(heap);
	for (long i = 0; i < NR_OBJECTS; i++)
		all[i] = (struct node *)GCS_NEW(heap, &node_type);
	link_all(all, shape);
	/* only the first is held now; a chain becomes a ring, so that trash is what it is */
	if (*shape == 'c')
		set(all[NR_OBJECTS - 1], 1, all[0]);
	for (long i = 1; i < NR_OBJECTS; i++)
		GCS_DECREF(all[i]);
	return all;
}

static double collect(struct gcs_heap *heap)
{
	double start = now();

	gcs_collect(heap, 2);
	return (now() - start) * 1e3;
}

static void keep_least(double *least, double value)
{
	if (value < *least)
		*least = value;
}

/* The living graph, for the first time and again; then the same as trash: the least of some times. */
static void collection(const char *shape)
{
	double first = 1e9, again = 1e9, trash = 1e9;

	for (int run = 0; run < 3; run++) {
		struct gcs_heap *heap = gcs_heap_new(NULL);
		struct node **all = graph_new(heap, shape);

		keep_least(&first, collect(heap));
		for (int i = 0; i < 3; i++)
			keep_least(&again, collect(heap));
		free(all);
		gcs_heap_destroy(heap);
		heap = gcs_heap_new(NULL);
		all = graph_new(heap, shape);
		GCS_DECREF(all[0]);
		keep_least(&trash, collect(heap));
		free(all);
		gcs_heap_destroy(heap);
	}
	printf("collect-first-%s\t%.1f\tms\n", shape, first);
	printf("collect-again-%s\t%.1f\tms\n", shape, again);
	printf("collect-trash-%s\t%.1f\tms\n", shape, trash);
}

int main(int argc, char **argv)
{
	long nr = argc > 1 ? atol(argv[1]) : 20000000;

	pairs("pairs-tracked", &node_type, nr);
	pairs("pairs-untracked", &leaf_type, nr);
	collection("chain");
	collection("tree");
	collection("random");
	return 0;
}
