/* SPDX-License-Identifier: MIT */
/* What all trees of calls end with. */
#ifndef HL_SNAPSHOT_TREE_H
#define HL_SNAPSHOT_TREE_H

#include "snapshot/heapledger.h"

/* Give each node what its children have, and link the children, largest first; a parent has a smaller number.  0 or
 * -ENOMEM. */
int hl_tree_finish(struct hl_tree *tree);

#endif
