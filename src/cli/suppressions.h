/* SPDX-License-Identifier: MIT */
/*
 * Files of suppressions, as LeakSanitizer reads them: lines "leak:PATTERN"; empty ones and those that begin
 * with '#' say nothing.
 */
#ifndef HL_CLI_SUPPRESSIONS_H
#define HL_CLI_SUPPRESSIONS_H

#include <stddef.h>
#include <stdio.h>

#include "reports/views.h"

/* A file is somebody else's: what it can ask for is bounded. */
#define SUPPRESSIONS_MAX 10000u
#define SUPPRESSIONS_LINE_MAX 65536u

struct suppressions {
	struct hl_suppressed *items;
	size_t nr;
};

/**
 * suppressions_read() - add the patterns of a file
 * @line: receives the number of the last line that was looked at
 *
 * Returns: 0; -EINVAL: the line is none of these forms; -E2BIG: it is too long, or one pattern too many;
 * -EIO; -ENOMEM.  Also then @s holds what came before, for suppressions_release().
 */
int suppressions_read(struct suppressions *s, FILE *file, size_t *line);

void suppressions_release(struct suppressions *s);

#endif
