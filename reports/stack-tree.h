/* SPDX-License-Identifier: MIT */
/*
 * Stacks that look the same in a format, summed up: a tree of names, outermost frame at the root.
 *
 * Which frames are the same, the format says (a function, a line, an address): it gives each frame a
 * number.
 */
#ifndef HL_REPORTS_STACK_TREE_H
#define HL_REPORTS_STACK_TREE_H

#include "reports/export.h"

#define HL_NO_SUM UINT32_MAX

struct hl_stack_tree_node {
	uint32_t parent;		/* a smaller number; 0 is the root, which has no name */
	uint32_t name;
	uint32_t sum;			/* index into sums, HL_NO_SUM: no stack ends here */
};

/* The account of all sites with one stack. */
struct hl_stack_tree_sum {
	uint32_t node;			/* of the innermost frame */
	struct hl_counts counts;
};

struct hl_stack_tree {
	struct hl_stack_tree_node *nodes;
	struct hl_stack_tree_sum *sums;
	size_t nr_nodes, node_room;
	size_t nr_sums, sum_room;
	uint32_t max_depth;
};

/* The number of a frame; UINT32_MAX: out of memory. */
typedef uint32_t (*hl_stack_tree_namer)(void *arg, const struct hl_stack_frame *frame);

/**
 * hl_stack_tree_build() - the tree of all stacks
 * @tree: all zero; hl_stack_tree_release() it, also after an error
 *
 * Cost:    O(calls + sites); @name_of is asked once for each frame of each place.
 * Returns: 0; -ENOMEM.
 */
int hl_stack_tree_build(struct hl_stack_tree *tree, const struct hl_stacks *stacks, hl_stack_tree_namer name_of,
		void *arg);
void hl_stack_tree_release(struct hl_stack_tree *tree);

/**
 * hl_stack_tree_sort() - bring the sums into the order of a walk through the tree
 * @rank: by name, the order of siblings; NULL: the names' own numbers
 *
 * Returns: 0; -ENOMEM.
 */
int hl_stack_tree_sort(struct hl_stack_tree *tree, const uint32_t *rank);

/**
 * hl_stack_tree_path() - the names of a stack, innermost first
 * @names: room for tree->max_depth numbers
 *
 * Returns: how many there are.
 */
size_t hl_stack_tree_path(const struct hl_stack_tree *tree, uint32_t node, uint32_t *names);

#endif
