/* SPDX-License-Identifier: MIT */
/* The ledger of a running program, to be written into. */
#ifndef HL_CLI_OPEN_RUNNING_H
#define HL_CLI_OPEN_RUNNING_H

#include <limits.h>

/**
 * cli_open_running() - open a ledger for reading and writing
 * @operand: the number of a process, or a file
 * @name: receives the file's name, for messages
 *
 * Returns: a descriptor, owned by the caller; -1 after a complaint, also that its program has ended.
 */
int cli_open_running(const char *word, const char *operand, char name[PATH_MAX]);

#endif
