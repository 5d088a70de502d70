/* SPDX-License-Identifier: MIT */
/*
 * libheapledger: trees of calls.
 *
 * A part of heapledger.h, which includes it.
 */
#ifndef HEAPLEDGER_TREE_H
#define HEAPLEDGER_TREE_H

#include "heapledger.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A caller with what it called, of a grouping by HL_KEY_TRACEBACK. */
struct hl_tree_node {
	const struct hl_location *location;	/* NULL: of the root */
	size_t parent;
	size_t first_child;		/* 0: none; largest first */
	size_t next;			/* the parent's next child; 0: none */
	int64_t size;			/* with all that it called */
	int64_t count;
};

struct hl_tree {
	struct hl_tree_node *nodes;	/* 0 is the root, the sum of all */
	size_t nr_nodes;
	struct hl_resolver *resolver;
};

/**
 * hl_statistics_tree() - call stacks as a tree, callers before what they called
 * @statistics: of HL_KEY_TRACEBACK
 * @out: receives the tree; the caller owns it (hl_tree_unref())
 *
 * A stack ends at its line: what was passed over is left out.  Children are ordered by
 * size, then count, then name.
 *
 * Returns: 0; -EINVAL: another key; -ENOMEM.
 */
int hl_statistics_tree(const struct hl_statistics *statistics, struct hl_tree **out);

enum hl_tree_kind {
	HL_TREE_CALLEES,		/* from callers to what they called */
	HL_TREE_CALLERS,		/* from what was called to its callers */
	HL_NR_TREE_KINDS
};

/**
 * hl_statistics_tree_of() - the same from the other end, or around some functions
 * @of: POSIX extended regular expression; the tree begins at the functions (without a name the places) that it
 *      matches, and has only their stacks; NULL: at the outermost frames, or for HL_TREE_CALLERS at the lines
 *
 * Of a recursion the callers of the innermost call are meant, and what the outermost one called, so each block counts
 * once.
 *
 * Cost:    O(frames of all stacks).
 * Returns: as above; also -EINVAL: not a regular expression; -EFBIG: more than 2^24 nodes.
 */
int hl_statistics_tree_of(const struct hl_statistics *statistics, enum hl_tree_kind kind, const char *of,
		struct hl_tree **out);
void hl_tree_unref(struct hl_tree *tree);

#ifdef __cplusplus
}
#endif
#endif
