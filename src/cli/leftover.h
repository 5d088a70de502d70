/* SPDX-License-Identifier: MIT */
/* Processes of a recording that outlive it, such as a daemon that went to the background. */
#ifndef HL_CLI_LEFTOVER_H
#define HL_CLI_LEFTOVER_H

#include "cli/run.h"

/**
 * hl_leftover_list() - name on stderr the forked processes that still run and have no ledger yet
 * @run: after hl_run_collect(); those whose ledgers it knows are left to hl_programs_list()
 *
 * A forked child begins its ledger with its first allocation.  Until then it has that of its parent
 * mapped, which is how it is found among the processes that are younger than the recording.
 */
void hl_leftover_list(const struct hl_run *run);

#endif
