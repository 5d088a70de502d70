/* SPDX-License-Identifier: MIT */
/*
 * File name patterns as Python's fnmatch has them.
 *
 * The C library's fnmatch() differs: [^x] and [[:class:]] are special there, and it recurses on
 * stars, so that a pattern with many of them may take for ever.
 */
#ifndef HL_SNAPSHOT_GLOB_H
#define HL_SNAPSHOT_GLOB_H

#include <stdbool.h>

#include "snapshot/heapledger.h"

struct hl_glob;

/**
 * hl_glob_new() - compile a pattern
 *
 * '*' any characters, also '/' and a leading dot; '?' one; [seq] one of, [!seq] none of; a '[' that
 * is not closed is itself; nothing escapes.  Characters are UTF-8; a byte that is none is one
 * character.
 * Returns: owned by the caller; NULL: out of memory.
 * Source:  fnmatch.translate (CPython 3.11)
 */
struct hl_glob *hl_glob_new(struct hl_text pattern);
void hl_glob_free(struct hl_glob *glob);

/* Whether the whole of @text matches; time at most the product of both lengths. */
bool hl_glob_matches(const struct hl_glob *glob, struct hl_text text);

#endif
