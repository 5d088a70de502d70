/* SPDX-License-Identifier: MIT */
/* The options that choose blocks. */
#ifndef HL_CLI_SELECTION_H
#define HL_CLI_SELECTION_H

#include "cli/cli.h"

/**
 * cli_selection_check() - look at folders and regular expressions
 *
 * Returns: 0; -1 after a complaint that names the option, what it was given, and the reason.
 */
int cli_selection_check(const char *word, const struct cli_selection *selection);

#endif
