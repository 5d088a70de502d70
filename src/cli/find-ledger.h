/* SPDX-License-Identifier: MIT */
/* Finding the ledger that a running process writes. */
#ifndef HL_CLI_FIND_LEDGER_H
#define HL_CLI_FIND_LEDGER_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/ledger.h"

/**
 * cli_find_ledger() - open the ledger of a process
 * @pid: the process
 * @name: receives the file's name as the process knows it, PATH_MAX bytes
 * @reason: receives a constant text for the user on failure
 *
 * Looks at the files that the process has mapped shared, for one with a ledger's first bytes; one
 * that names the process as its writer wins.  A file that was deleted since, or lies behind a
 * mount that we do not see, is opened through /proc/PID/map_files where we may.
 *
 * Returns: a descriptor, owned by the caller; -errno.
 */
int cli_find_ledger(pid_t pid, char *name, const char **reason);

/* What the ledger of a process says of itself; false: it has none that can be read. */
bool cli_find_ledger_header(pid_t pid, struct hl_ledger_header *header);

#endif
