/* SPDX-License-Identifier: MIT */
/* Cutting off what a ledger was made longer by than its process used. */
#ifndef HL_CLI_TRIM_H
#define HL_CLI_TRIM_H

#include "cli/ledger-file.h"

/**
 * hl_trim_ledger() - cut off the hole behind what a ledger uses, if no process has it mapped
 * @file: which one it is: if another file bears the name by now, nothing is done
 *
 * A process that ended by itself did so; one that was killed, went on as another program or could not open the
 * file any more did not.  Nothing but a hole is ever cut off, and nothing at all where the file system cannot
 * say who has the file mapped: truncating it under a process would kill that one.
 */
void hl_trim_ledger(const char *path, struct hl_ledger_file *file);

#endif
