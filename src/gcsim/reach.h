/* SPDX-License-Identifier: MIT */
/* Which objects of a list only the list itself keeps alive. */
#ifndef GCSIM_REACH_H
#define GCSIM_REACH_H

#include "gcsim/heap.h"

struct reach {
	struct gcs_heap *heap;
	struct links *base;
	struct links *trash;
	uint64_t references;
	uint64_t survivors;
	struct gcs_object *undercounted;	/* has fewer references than traverse functions show */
};

/**
 * reach_split() - move the unreachable objects of a list to another
 * @base: keeps the reachable ones; those that are reached only through later ones come last
 * @trash: receives the others in the order in which they were met, with LINK_TRASH; initialised
 *
 * Returns: the number of survivors.
 */
uint64_t reach_split(struct gcs_heap *heap, struct links *base, struct links *trash);

/* The marks of a list of trash become idle. */
void trash_unmark(struct links *trash);

/* Objects with a legacy finalizer, and what they reach, leave the trash for @legacy. */
void trash_take_legacy(struct gcs_heap *heap, struct links *trash, struct links *legacy);

#endif
