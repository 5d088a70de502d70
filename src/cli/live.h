/* SPDX-License-Identifier: MIT */
/* The process of a ledger, while it lives. */
#ifndef HL_CLI_LIVE_H
#define HL_CLI_LIVE_H

#include "snapshot/heapledger.h"

/**
 * cli_use_process() - let names come from the recorded process, too, if it still runs that program
 * @resolver: is told of the process
 * @snapshot: borrowed
 *
 * A number is no proof: the process must have a ledger mapped that began at the same nanosecond, in the same
 * session.  In a namespace of its own a process calls itself by another number, the last one of NSpid.
 *
 * Cost: none if the ledger says how it ended; reads the mappings of one process, or the status of all.
 */
void cli_use_process(struct hl_resolver *resolver, const struct hl_snapshot *snapshot);

#endif
