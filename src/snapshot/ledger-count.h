/* SPDX-License-Identifier: MIT */
/*
 * Adding up the counters of all shards while the program may be changing them.
 *
 * What a sum promises, for each call site: each record was read between two events of its shard
 * (its seq, a seqlock, was even and unchanged), and the frees of all shards were read before the
 * allocations of all shards, so that a block is never seen freed but not allocated.  The two
 * readings are repeated a few times until nothing changed between them: then the sum is exact.
 * Sites of which a writer does not leave its event are read again, unless the program has ended or
 * has many threads, about 0.2 s for all together; then its record is taken as it is, which is off by
 * that event at most.
 *
 * A reading is a transaction: directory, counters, directory again.  Sites that got counters of
 * another shard meanwhile are counted again, sites between whose readings the reader lost the
 * processor too; and all of them a few times, if many events came in between the first and the last.
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
