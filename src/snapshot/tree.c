/* SPDX-License-Identifier: MIT */
/* Call stacks as a tree from callers to callees. */
#include "snapshot/tree.h"

#include <errno.h>
#include <stdlib.h>

#include "snapshot/resolve.h"

struct growing {
	struct hl_tree *tree;
	size_t *nodes;			/* by traceback: its node, 0: not wanted */
	size_t room;
};

/* Wrapping, because numbers from a damaged file must not be undefined behaviour. */
static int64_t plus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* Tracebacks are a tree already, from the leaf to the root: a wanted one wants its callers. */
static void mark(struct growing *g, const struct hl_resolver *r, uint32_t trace)
{
	for (; trace != HL_TRACE_ROOT && !g->nodes[trace]; trace = r->traces[trace].parent)
		g->nodes[trace] = 1;
}

/* A caller has a smaller number than what it called, so its node is there before. */
static int make_nodes(struct growing *g)
{
	const struct hl_resolver *r = g->tree->resolver;

	g->tree->nodes[g->tree->nr_nodes++] = (struct hl_tree_node){0};
	for (size_t i = 1; i < r->nr_traces; i++) {
		if (!g->nodes[i])
			continue;
		if (hl_array_grow((void **)&g->tree->nodes, &g->room, g->tree->nr_nodes,
				sizeof(*g->tree->nodes)))
			return -ENOMEM;
		g->tree->nodes[g->tree->nr_nodes] = (struct hl_tree_node){
			.location = hl_traceback_frame(r, (uint32_t)i, 0),
			.parent = g->nodes[r->traces[i].parent],
		};
		g->nodes[i] = g->tree->nr_nodes++;
	}
	return 0;
}

static int grow(struct growing *g, const struct hl_statistics *statistics)
{
	const struct hl_resolver *r = g->tree->resolver;
	int rc;

	g->nodes = calloc(r->nr_traces + 1, sizeof(*g->nodes));
	if (!g->nodes || hl_array_grow((void **)&g->tree->nodes, &g->room, 0,
			sizeof(*g->tree->nodes)))
		return -ENOMEM;
	for (size_t i = 0; i < statistics->nr_items; i++)
		mark(g, r, hl_resolver_trace_line(r, statistics->items[i].traceback));
	rc = make_nodes(g);
	for (size_t i = 0; !rc && i < statistics->nr_items; i++) {
		const struct hl_statistic *s = &statistics->items[i];
		struct hl_tree_node *node = &g->tree->nodes[g->nodes[hl_resolver_trace_line(r, s->traceback)]];

		node->size = plus(node->size, s->size);
		node->count = plus(node->count, s->count);
	}
	return rc;
}

/* A caller has a smaller number than what it called: one pass backwards adds everything up. */
static void add_up(struct hl_tree *tree)
{
	for (size_t i = tree->nr_nodes; i-- > 1;) {
		struct hl_tree_node *parent = &tree->nodes[tree->nodes[i].parent];

		parent->size = plus(parent->size, tree->nodes[i].size);
		parent->count = plus(parent->count, tree->nodes[i].count);
	}
}

static int compare_nodes(const void *a, const void *b, void *arg)
{
	const struct hl_tree_node *x = (const struct hl_tree_node *)arg + *(const size_t *)a;
	const struct hl_tree_node *y = (const struct hl_tree_node *)arg + *(const size_t *)b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return hl_location_compare(x->location, y->location);
}

static int link_children(struct hl_tree *tree)
{
	size_t *order = malloc((tree->nr_nodes + 1) * sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (size_t i = 1; i < tree->nr_nodes; i++)
		order[i - 1] = i;
	if (tree->nr_nodes > 1)
		qsort_r(order, tree->nr_nodes - 1, sizeof(*order), compare_nodes, tree->nodes);
	/* backwards, so that each goes in front of its smaller siblings */
	for (size_t i = tree->nr_nodes - 1; i-- > 0;) {
		struct hl_tree_node *node = &tree->nodes[order[i]];
		struct hl_tree_node *parent = &tree->nodes[node->parent];

		node->next = parent->first_child;
		parent->first_child = order[i];
	}
	free(order);
	return 0;
}

int hl_tree_finish(struct hl_tree *tree)
{
	add_up(tree);
	return link_children(tree);
}

int hl_statistics_tree(const struct hl_statistics *statistics, struct hl_tree **out)
{
	struct growing g = {0};
	int rc;

	if (statistics->key != HL_KEY_TRACEBACK)
		return -EINVAL;
	g.tree = calloc(1, sizeof(*g.tree));
	if (!g.tree)
		return -ENOMEM;
	g.tree->resolver = hl_resolver_ref(statistics->resolver);
	rc = grow(&g, statistics);
	if (!rc)
		rc = hl_tree_finish(g.tree);
	free(g.nodes);
	if (rc) {
		hl_tree_unref(g.tree);
		return rc;
	}
	*out = g.tree;
	return 0;
}

void hl_tree_unref(struct hl_tree *tree)
{
	if (!tree)
		return;
	hl_resolver_unref(tree->resolver);
	free(tree->nodes);
	free(tree);
}
