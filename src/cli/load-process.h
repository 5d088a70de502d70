/* SPDX-License-Identifier: MIT */
/* The ledger of a running process, read once. */
#ifndef HL_CLI_LOAD_PROCESS_H
#define HL_CLI_LOAD_PROCESS_H

#include <stdbool.h>

#include "snapshot/heapledger.h"

/* Whether an operand is the number of a process.  A file of this name is meant before it. */
bool cli_is_process(const char *operand);

/* What a process calls itself: in a namespace of its own another number, the last one of NSpid. */
unsigned long cli_own_number(const char *pid);

/**
 * cli_load_process() - read the ledger that a process writes
 * @word: the command, for complaints
 * @pid: for which cli_is_process() holds
 * @is_again: the process has been read before: no warning of its parent
 *
 * Returns: the snapshot, owned by the caller; NULL after a complaint.
 */
struct hl_snapshot *cli_load_process(const char *word, const char *pid, bool is_again);

#endif
