/* SPDX-License-Identifier: MIT */
/*
 * Adding up the counters of all shards while the program may be changing them.
 *
 * What a sum promises, for each call site: it is of whole records, nearly of one instant (ledger-copies.h), and has
 * no more freed than allocated.  What went from one thread to another while both had a processor can be counted twice
 * or not at all; where that would make more freed than allocated, the frees are those of the copies before, of which
 * all allocations have been seen.
 */
#ifndef HL_SNAPSHOT_LEDGER_COUNT_H
#define HL_SNAPSHOT_LEDGER_COUNT_H

#include "snapshot/ledger-image.h"
#include "snapshot/snapshot.h"

/**
 * hl_count_sites() - fill the counts of sites[0 .. nr_sites - 1] and the sum of the shards
 * @image: the checked file, mapped; what was added to it meanwhile is in it afterwards
 * @is_changing: the program may be running; false: plain reading
 * @snapshot: its sites, shard, and of globals domains and sum are written
 *
 * Returns: 0; -ENOMEM; the errors of hl_image_open().
 */
int hl_count_sites(struct hl_image *image, bool is_changing, struct hl_snapshot *snapshot,
		struct hl_error *err);

#endif
