/* SPDX-License-Identifier: MIT */
/*
 * Adding up the counters of all shards while the program may be changing them.
 *
 * What a sum promises, for each call site: each record was read between two events of its shard
 * (its seq, a seqlock, was even and unchanged), and the frees of all shards were read before the
 * allocations of all shards, so that a block is never seen freed but not allocated.  The two
 * readings are repeated a few times until nothing changed between them: then the sum is exact.
 */
#ifndef HL_SNAPSHOT_LEDGER_COUNT_H
#define HL_SNAPSHOT_LEDGER_COUNT_H

#include "snapshot/ledger-image.h"
#include "snapshot/snapshot.h"

/**
 * hl_count_sites() - fill the counts of sites[0 .. nr_sites - 1] and the sum of the shards
 * @image: the checked file
 * @map: the whole file (image->size bytes), mapped MAP_SHARED
 * @is_changing: the program may be running; false: plain reading
 * @snapshot: its sites, shard, and of globals domains and sum are written
 *
 * Returns: 0; -ENOMEM.
 */
int hl_count_sites(const struct hl_image *image, const uint8_t *map, bool is_changing,
		struct hl_snapshot *snapshot, struct hl_error *err);

#endif
