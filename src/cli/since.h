/* SPDX-License-Identifier: MIT */
/* What was made after a mark, as the commands ask for it. */
#ifndef HL_CLI_SINCE_H
#define HL_CLI_SINCE_H

#include "cli/cli.h"

/**
 * cli_take_since() - leave only what was made after the last mark called @text
 * @title: receives " since TEXT"; room for CLI_SINCE_TITLE
 *
 * Returns: 0; -1 after a complaint, which lists the marks that there are.
 */
#define CLI_SINCE_TITLE 256
int cli_take_since(const char *word, const char *file, const char *text, struct hl_snapshot **snapshot, char *title);

#endif
