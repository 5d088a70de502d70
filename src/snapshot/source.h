/* SPDX-License-Identifier: MIT */
/* Lines of source files, for showing beside the figures. */
#ifndef HL_SNAPSHOT_SOURCE_H
#define HL_SNAPSHOT_SOURCE_H

#include <stddef.h>
#include <stdint.h>

struct hl_resolver;
struct hl_sources;

/**
 * hl_sources_new() - an empty cache of source files
 * @resolver: borrowed as long as the cache is used: knows where sources may lie (named-file.h);
 *            no other file is opened
 *
 * Returns: NULL: out of memory.
 */
struct hl_sources *hl_sources_new(const struct hl_resolver *resolver);
void hl_sources_free(struct hl_sources *sources);

/**
 * hl_sources_line() - a line of a file, without the blanks around it
 * @path: as the debugging information has it; only text up to 64 MiB, without NUL, is read
 * @lineno: from 1
 * @length: receives the bytes of the line
 *
 * Returns: valid as long as @sources, not NUL-terminated; NULL: no such file or line, or empty.
 */
const char *hl_sources_line(struct hl_sources *sources, const char *path, uint32_t lineno,
		size_t *length);

/**
 * hl_sources_nr_lines() - the number of lines; 0: not readable, or empty
 */
uint32_t hl_sources_nr_lines(struct hl_sources *sources, const char *path);

/* Why there are no lines: -EPERM: the file is not allowed to be shown; -errno; 0: it is empty, or no text. */
int hl_sources_problem(struct hl_sources *sources, const char *path);

/* A line with its blanks but without its end; never NULL of a line that is there. */
const char *hl_sources_whole_line(struct hl_sources *sources, const char *path, uint32_t lineno,
		size_t *length);

/**
 * hl_sources_python_line() - the same as Python's linecache.getline(path, lineno).strip()
 *
 * Differs from the above where Python does: no file of a name in <>, no line of a file that is not
 * UTF-8, and blanks are those of Unicode.
 */
const char *hl_sources_python_line(struct hl_sources *sources, const char *path, uint32_t lineno,
		size_t *length);

#endif
