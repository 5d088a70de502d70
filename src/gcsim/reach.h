/* SPDX-License-Identifier: MIT */
/* Which objects of a list only the list itself keeps alive. */
#ifndef GCSIM_REACH_H
#define GCSIM_REACH_H

#include "gcsim/heap.h"

struct reach_counts {
	uint64_t survivors, trash;
};

/**
 * reach_split() - move the unreachable objects of a list to another
 * @base: keeps the reachable ones; those that are reached only through later ones come last
 * @trash: receives the others in the order in which they were met, with LINK_TRASH; initialised
 */
void reach_split(struct gcs_heap *heap, struct links *base, struct links *trash, struct reach_counts *out);

/* The marks of a list of trash become idle. */
void trash_unmark(struct links *trash);

/* Objects with a legacy finalizer, and what they reach, leave the trash for @legacy; how many. */
int64_t trash_take_legacy(struct gcs_heap *heap, struct links *trash, struct links *legacy);

#endif
