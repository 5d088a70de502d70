/* SPDX-License-Identifier: MIT */
/* Which functions only hand memory on, so that "the line" of a block is their caller's. */
#ifndef HL_SNAPSHOT_WRAPPERS_H
#define HL_SNAPSHOT_WRAPPERS_H

#include <stdbool.h>

/**
 * hl_wrapper_is_known() - whether a function is an allocator or a wrapper of one
 * @function: demangled name without parameters, not NULL
 */
bool hl_wrapper_is_known(const char *function);

/* Whether @function is equal to @pattern or matches it as a glob (*, ?, [...]). */
bool hl_wrapper_matches(const char *pattern, const char *function);

#endif
