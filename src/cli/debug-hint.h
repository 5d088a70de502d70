/* SPDX-License-Identifier: MIT */
/*
 * What to install, so that an offset becomes a line.
 *
 * Among the first groups of a report those are looked for whose line is only an object and an offset.  Which package
 * an object is from, dpkg's lists say (/var/lib/dpkg/info/NAME.list, one path a line); the one with its debug symbols
 * has its name and "-dbgsym", but for libc's.  Nothing is run, and nothing that a ledger names is opened.
 */
#ifndef HL_CLI_DEBUG_HINT_H
#define HL_CLI_DEBUG_HINT_H

#include "snapshot/heapledger.h"

/* One line of standard error for each of a few objects, but for those that a warning of @resolver has named. */
void cli_hint_statistics(const char *word, const struct hl_statistics *statistics);
void cli_hint_diffs(const char *word, const struct hl_diffs *diffs, const struct hl_resolver *resolver);

#endif
