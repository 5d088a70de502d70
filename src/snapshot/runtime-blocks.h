/* SPDX-License-Identifier: MIT */
/*
 * Blocks that the C and C++ runtimes keep on purpose: buffers of streams, tables of the loader, locales, memory for the
 * exception that is thrown when there is none left.  Nobody can free them, so they are nobody's leak.
 */
#ifndef HL_SNAPSHOT_RUNTIME_BLOCKS_H
#define HL_SNAPSHOT_RUNTIME_BLOCKS_H

#include "snapshot/heapledger.h"

/**
 * hl_snapshot_leave_runtime() - leave out what runtimes keep
 * @kept_by_runtime: receives the sum of what was left out
 * @out: receives a new snapshot without it; the caller owns it
 *
 * A block is a runtime's if one of the frames between malloc and the first frame of any other object is of a function
 * of the table in runtime-blocks.c, in the object that the table names.  So what a callback makes is the program's, and
 * a function of the program with the name of a runtime's is, too.
 *
 * Cost:    as hl_snapshot_suppress(), and the frames of runtimes of each stack.
 * Returns: 0; -EFBIG; -ENOMEM.
 */
int hl_snapshot_leave_runtime(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		struct hl_counts *kept_by_runtime, struct hl_snapshot **out);

#endif
