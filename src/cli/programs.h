/* SPDX-License-Identifier: MIT */
/* Which programs a run consisted of, for the summary of `heapledger record`. */
#ifndef HL_CLI_PROGRAMS_H
#define HL_CLI_PROGRAMS_H

#include "cli/run.h"
#include "snapshot/heapledger.h"

/**
 * hl_programs_list() - name the ledgers of a run on stderr, and find the one that allocated most
 * @run: after hl_run_collect(), with one ledger or more
 * @index: receives the ledger's index
 *
 * Of many ledgers the largest are named, in the order of their start; a single one is not.  Says
 * which programs have an allocator of their own.
 *
 * Returns: its snapshot, which the caller owns; NULL: none can be loaded, which was said.
 */
struct hl_snapshot *hl_programs_list(const struct hl_run *run, size_t *index);

#endif
