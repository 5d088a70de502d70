/* SPDX-License-Identifier: MIT */
/* hl_snapshot_merge() one snapshot at a time, for who does not want to have all of them in memory. */
#ifndef HL_SNAPSHOT_MERGE_H
#define HL_SNAPSHOT_MERGE_H

#include "snapshot/heapledger.h"

struct hl_merging;

/* A sum of nothing; NULL: out of memory. */
struct hl_merging *hl_merging_new(void);
void hl_merging_free(struct hl_merging *merging);

/**
 * hl_merging_add() - add a snapshot, of which nothing is kept
 *
 * Returns: as hl_snapshot_merge(); after an error there is nothing left but hl_merging_free().
 */
int hl_merging_add(struct hl_merging *merging, const struct hl_snapshot *snapshot);

/**
 * hl_merging_finish() - take the sum out; nothing can be added any more
 * @out: receives it; the caller owns it
 *
 * Returns: as hl_snapshot_merge(); -EINVAL also if nothing was added.
 */
int hl_merging_finish(struct hl_merging *merging, struct hl_snapshot **out);

#endif
