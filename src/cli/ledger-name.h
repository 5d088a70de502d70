/* SPDX-License-Identifier: MIT */
/*
 * The name pattern of the ledgers, as `heapledger record` must understand it: the shim makes the
 * files (preload/base/options.c), the command checks before the run and finds them after it.
 */
#ifndef HL_CLI_LEDGER_NAME_H
#define HL_CLI_LEDGER_NAME_H

#include <stddef.h>

#define HL_NAME_BYTES 4096

/**
 * hl_name_pattern() - make the pattern absolute
 * @out: as the user wrote it
 * @pattern: receives it with the current folder in front, whose own % are doubled
 *
 * Returns: 0; -EINVAL: a % that stands for nothing; -EISDIR: it names no file; -ENAMETOOLONG;
 * other -errno of getcwd().
 */
int hl_name_pattern(const char *out, char pattern[HL_NAME_BYTES]);

/**
 * hl_name_expand() - the name that the first process will choose, as far as it can be known
 * @exe: the program that will run, for %e
 * @nr: bytes of @pattern to expand: all, or those of its folder
 * @path: receives the name
 *
 * Returns: 0; -EAGAIN: %p, %t or %n make it unknown before the run; -ENAMETOOLONG.
 */
int hl_name_expand(const char *pattern, size_t nr, const char *exe, char path[HL_NAME_BYTES]);

/**
 * hl_name_glob() - a glob(3) pattern that matches every name the shim may make of @pattern
 * @glob: receives it; at most twice as long and two more
 */
void hl_name_glob(const char *pattern, char glob[2 * HL_NAME_BYTES + 2]);

#endif
