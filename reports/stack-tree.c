/* SPDX-License-Identifier: MIT */
/* The tree of names behind folded stacks and their like. */
#include "reports/stack-tree.h"

#include <errno.h>
#include <stdlib.h>

#include "snapshot/map.h"
#include "snapshot/snapshot.h"

struct building {
	struct hl_stack_tree *tree;
	const struct hl_stacks *stacks;
	uint32_t *names;		/* of the frames of the places, one place after the other */
	size_t *first_name;		/* by place */
	uint32_t *node_of;		/* by call */
	struct hl_map children;		/* (parent, name) -> node */
};

void hl_stack_tree_release(struct hl_stack_tree *tree)
{
	free(tree->nodes);
	free(tree->sums);
}

static int name_places(struct building *b, hl_stack_tree_namer name_of, void *arg)
{
	size_t nr_places = hl_stacks_nr_places(b->stacks);
	size_t nr_names = 0;
	size_t nr;

	b->first_name = calloc(nr_places + 1, sizeof(*b->first_name));
	if (!b->first_name)
		return -ENOMEM;
	for (size_t i = 0; i < nr_places; i++) {
		hl_stacks_place(b->stacks, (uint32_t)i, &nr);
		b->first_name[i] = nr_names;
		nr_names += nr;
	}
	b->names = calloc(nr_names + 1, sizeof(*b->names));
	if (!b->names)
		return -ENOMEM;
	for (size_t i = 0; i < nr_places; i++) {
		const struct hl_stack_frame *frames = hl_stacks_place(b->stacks, (uint32_t)i, &nr);

		for (size_t k = 0; k < nr; k++) {
			uint32_t name = name_of(arg, &frames[k]);

			if (name == UINT32_MAX)
				return -ENOMEM;
			b->names[b->first_name[i] + k] = name;
		}
	}
	return 0;
}

static int add_node(struct building *b, uint32_t parent, uint32_t name, uint32_t *out)
{
	struct hl_stack_tree *t = b->tree;
	struct hl_map_entry *entry = hl_map_at(&b->children, parent, name);

	if (!entry)
		return -ENOMEM;
	if (entry->value == UINT32_MAX) {
		if (t->nr_nodes >= UINT32_MAX || hl_array_grow((void **)&t->nodes, &t->node_room,
				t->nr_nodes, sizeof(*t->nodes)))
			return -ENOMEM;
		t->nodes[t->nr_nodes] = (struct hl_stack_tree_node){parent, name, HL_NO_SUM};
		entry->value = (uint32_t)t->nr_nodes++;
	}
	*out = entry->value;
	return 0;
}

/* The outermost frame of a place comes first. */
static int add_call(struct building *b, uint32_t call)
{
	const struct hl_stack_call *c = hl_stacks_call(b->stacks, call);
	uint32_t node = b->node_of[c->caller];
	size_t nr;
	int rc = 0;

	if (c->place == UINT32_MAX)
		return 0;
	hl_stacks_place(b->stacks, c->place, &nr);
	while (!rc && nr-- > 0)
		rc = add_node(b, node, b->names[b->first_name[c->place] + nr], &node);
	b->node_of[call] = node;
	return rc;
}

static int add_calls(struct building *b)
{
	size_t nr = hl_stacks_nr_calls(b->stacks);
	uint32_t root;
	int rc = 0;

	b->node_of = calloc(nr + 1, sizeof(*b->node_of));
	if (!b->node_of || add_node(b, UINT32_MAX, 0, &root))
		return -ENOMEM;
	b->tree->nodes[0].parent = 0;
	for (size_t i = 1; !rc && i < nr; i++)
		rc = add_call(b, (uint32_t)i);
	return rc;
}

static int add_site(struct building *b, const struct hl_stack_site *site)
{
	struct hl_stack_tree *t = b->tree;
	uint32_t node = b->node_of[site->call];
	uint32_t *sum = &t->nodes[node].sum;

	if (*sum == HL_NO_SUM) {
		if (hl_array_grow((void **)&t->sums, &t->sum_room, t->nr_sums, sizeof(*t->sums)))
			return -ENOMEM;
		t->sums[t->nr_sums] = (struct hl_stack_tree_sum){.node = node};
		*sum = (uint32_t)t->nr_sums++;
	}
	hl_counts_add(&t->sums[*sum].counts, &site->counts);
	return 0;
}

static int measure_depth(struct hl_stack_tree *tree)
{
	uint32_t *depth = calloc(tree->nr_nodes + 1, sizeof(*depth));

	if (!depth)
		return -ENOMEM;
	for (size_t i = 1; i < tree->nr_nodes; i++) {
		depth[i] = depth[tree->nodes[i].parent] + 1;
		if (depth[i] > tree->max_depth)
			tree->max_depth = depth[i];
	}
	free(depth);
	return 0;
}

int hl_stack_tree_build(struct hl_stack_tree *tree, const struct hl_stacks *stacks, hl_stack_tree_namer name_of,
		void *arg)
{
	struct building b = {.tree = tree, .stacks = stacks};
	size_t nr_sites = hl_stacks_nr_sites(stacks);
	int rc = name_places(&b, name_of, arg);

	if (!rc)
		rc = add_calls(&b);
	for (size_t i = 0; !rc && i < nr_sites; i++)
		rc = add_site(&b, hl_stacks_site(stacks, i));
	if (!rc)
		rc = measure_depth(tree);
	free(b.names);
	free(b.first_name);
	free(b.node_of);
	hl_map_release(&b.children);
	return rc;
}

struct sorting {
	const struct hl_stack_tree *tree;
	const uint32_t *rank;
	uint32_t *position;		/* by node, in a walk through the tree */
};

static int compare_siblings(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;
	const struct hl_stack_tree_node *x = &s->tree->nodes[*(const uint32_t *)a];
	const struct hl_stack_tree_node *y = &s->tree->nodes[*(const uint32_t *)b];
	uint32_t rank_x = s->rank ? s->rank[x->name] : x->name;
	uint32_t rank_y = s->rank ? s->rank[y->name] : y->name;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return rank_x < rank_y ? -1 : rank_x > rank_y;
}

/*
 * Number the nodes as a walk meets them: a node's number is that of its parent, plus one, plus the
 * sizes of the siblings before it.  The sorted order has siblings side by side.
 */
static int number_nodes(struct sorting *s)
{
	const struct hl_stack_tree *t = s->tree;
	uint32_t *order = calloc(t->nr_nodes, sizeof(*order));
	uint32_t *size = calloc(t->nr_nodes, sizeof(*size));
	uint32_t *next = calloc(t->nr_nodes, sizeof(*next));
	uint32_t *slot = calloc(t->nr_nodes, sizeof(*slot));

	if (!order || !size || !next || !slot) {
		free(order);
		free(size);
		free(next);
		free(slot);
		return -ENOMEM;
	}
	for (size_t i = t->nr_nodes; i-- > 1;)
		size[t->nodes[i].parent] += ++size[i];
	for (size_t i = 1; i < t->nr_nodes; i++)
		order[i] = (uint32_t)i;
	if (t->nr_nodes > 1)
		qsort_r(order + 1, t->nr_nodes - 1, sizeof(*order), compare_siblings, s);
	/* Offsets among the siblings, which need no position of the parent yet. */
	for (size_t i = 1; i < t->nr_nodes; i++) {
		uint32_t parent = t->nodes[order[i]].parent;

		slot[order[i]] = next[parent];
		next[parent] += size[order[i]];
	}
	for (size_t i = 1; i < t->nr_nodes; i++)
		s->position[i] = s->position[t->nodes[i].parent] + 1 + slot[i];
	free(order);
	free(size);
	free(next);
	free(slot);
	return 0;
}

static int compare_sums(const void *a, const void *b, void *arg)
{
	const uint32_t *position = arg;
	uint32_t x = position[((const struct hl_stack_tree_sum *)a)->node];
	uint32_t y = position[((const struct hl_stack_tree_sum *)b)->node];

	return x < y ? -1 : x > y;
}

int hl_stack_tree_sort(struct hl_stack_tree *tree, const uint32_t *rank)
{
	struct sorting s = {.tree = tree, .rank = rank};
	int rc;

	s.position = calloc(tree->nr_nodes + 1, sizeof(*s.position));
	if (!s.position)
		return -ENOMEM;
	rc = number_nodes(&s);
	if (!rc && tree->nr_sums)
		qsort_r(tree->sums, tree->nr_sums, sizeof(*tree->sums), compare_sums, s.position);
	for (size_t i = 0; !rc && i < tree->nr_sums; i++)
		tree->nodes[tree->sums[i].node].sum = (uint32_t)i;
	free(s.position);
	return rc;
}

size_t hl_stack_tree_path(const struct hl_stack_tree *tree, uint32_t node, uint32_t *names)
{
	size_t n = 0;

	for (; node; node = tree->nodes[node].parent)
		names[n++] = tree->nodes[node].name;
	return n;
}
