/* SPDX-License-Identifier: MIT */
/*
 * The order of all tracebacks at once.
 *
 * Two tracebacks are compared from their oldest frames on, which takes as long as they are deep; sorting many deep ones
 * that way takes minutes.  Tracebacks are a tree, and their order is that in which a walk through it meets them, if
 * siblings are met in the order of their places.  Places that compare as equal may be different ones (of two objects):
 * so the walk is one through the tree of ranks of places.
 */
#include "snapshot/resolve.h"

#include <errno.h>
#include <stdlib.h>

struct ranking {
	const struct hl_resolver *r;
	uint32_t *places;		/* by location: its rank */
	uint32_t *nodes;		/* by traceback: its node */
	uint32_t *parents;		/* by node */
	uint32_t *names;		/* by node: the rank of its place */
	uint32_t *ranks;		/* by node */
	size_t nr;			/* of nodes; 0 is the root */
	struct hl_map map;		/* (parent, name) -> node */
};

static int compare_places(const void *a, const void *b, void *arg)
{
	const struct hl_resolver *r = arg;

	return hl_location_compare(&r->locations[*(const uint32_t *)a].public,
			&r->locations[*(const uint32_t *)b].public);
}

static int rank_places(struct ranking *k)
{
	size_t nr = k->r->nr_locations;
	uint32_t *order = calloc(nr + 1, sizeof(*order));
	uint32_t rank = 0;

	k->places = calloc(nr + 1, sizeof(*k->places));
	if (!order || !k->places) {
		free(order);
		return -ENOMEM;
	}
	for (size_t i = 0; i < nr; i++)
		order[i] = (uint32_t)i;
	if (nr)
		qsort_r(order, nr, sizeof(*order), compare_places, (void *)k->r);
	for (size_t i = 0; i < nr; i++) {
		rank += i && compare_places(&order[i - 1], &order[i], (void *)k->r);
		k->places[order[i]] = rank;
	}
	free(order);
	return 0;
}

/* A caller has a smaller number than what it called. */
static int make_nodes(struct ranking *k)
{
	size_t nr = k->r->nr_traces;

	k->nodes = calloc(nr + 1, sizeof(*k->nodes));
	k->parents = calloc(nr + 1, sizeof(*k->parents));
	k->names = calloc(nr + 1, sizeof(*k->names));
	if (!k->nodes || !k->parents || !k->names)
		return -ENOMEM;
	k->nr = 1;
	for (size_t i = 1; i < nr; i++) {
		uint32_t parent = k->nodes[k->r->traces[i].parent];
		uint32_t name = k->places[k->r->traces[i].location];
		struct hl_map_entry *entry = hl_map_at(&k->map, parent, name);

		if (!entry)
			return -ENOMEM;
		if (entry->value == HL_NONE) {
			k->parents[k->nr] = parent;
			k->names[k->nr] = name;
			entry->value = (uint32_t)k->nr++;
		}
		k->nodes[i] = entry->value;
	}
	return 0;
}

static int compare_nodes(const void *a, const void *b, void *arg)
{
	const struct ranking *k = arg;
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	if (k->parents[x] != k->parents[y])
		return k->parents[x] < k->parents[y] ? -1 : 1;
	return k->names[x] < k->names[y] ? -1 : k->names[x] > k->names[y];
}

/*
 * A node's rank is that of its parent, and one, and the sizes of the siblings before it.  Sorted by parents, siblings
 * stand side by side, and parents before what they called.
 */
static int rank_nodes(struct ranking *k)
{
	uint32_t *order = calloc(k->nr, sizeof(*order));
	uint32_t *sizes = calloc(k->nr, sizeof(*sizes));
	uint32_t next = 0;

	k->ranks = calloc(k->nr, sizeof(*k->ranks));
	if (!order || !sizes || !k->ranks) {
		free(order);
		free(sizes);
		return -ENOMEM;
	}
	for (size_t i = k->nr; i-- > 1;) {
		order[i] = (uint32_t)i;
		sizes[k->parents[i]] += ++sizes[i];
	}
	if (k->nr > 1)
		qsort_r(order + 1, k->nr - 1, sizeof(*order), compare_nodes, k);
	for (size_t i = 1; i < k->nr; i++) {
		uint32_t parent = k->parents[order[i]];

		if (i == 1 || parent != k->parents[order[i - 1]])
			next = k->ranks[parent] + 1;
		k->ranks[order[i]] = next;
		next += sizes[order[i]];
	}
	free(order);
	free(sizes);
	return 0;
}

uint32_t *hl_traceback_ranks(const struct hl_resolver *resolver)
{
	struct ranking k = {.r = resolver};
	int rc = rank_places(&k);

	if (!rc)
		rc = make_nodes(&k);
	if (!rc)
		rc = rank_nodes(&k);
	for (size_t i = 0; !rc && i < resolver->nr_traces; i++)
		k.nodes[i] = k.ranks[k.nodes[i]];
	hl_map_release(&k.map);
	free(k.places);
	free(k.parents);
	free(k.names);
	free(k.ranks);
	if (!rc)
		return k.nodes;
	free(k.nodes);
	return NULL;
}

int hl_trace_order_init(struct hl_trace_order *order, const struct hl_resolver *resolver, enum hl_key key, size_t nr)
{
	bool is_wanted = key == HL_KEY_TRACEBACK && nr > HL_MANY_TRACEBACKS;

	*order = (struct hl_trace_order){.resolver = resolver};
	if (is_wanted)
		order->ranks = hl_traceback_ranks(resolver);
	return is_wanted && !order->ranks ? -ENOMEM : 0;
}

int hl_trace_order_compare(const struct hl_trace_order *order, uint32_t a, uint32_t b)
{
	if (!order->ranks)
		return hl_traceback_compare(order->resolver, a, b);
	return order->ranks[a] < order->ranks[b] ? -1 : order->ranks[a] > order->ranks[b];
}
