/* SPDX-License-Identifier: MIT */
/*
 * libheapledger: sizes, statistics, places and tracebacks as text, in tracemalloc's form.
 *
 * A part of heapledger.h, which includes it.
 */
#ifndef HEAPLEDGER_TEXT_H
#define HEAPLEDGER_TEXT_H

#include "heapledger.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * hl_traceback_slice() - which frames a limit leaves, as Python's slices do
 * @nr: the frames of the traceback
 * @limit: above 0: so many of the most recent frames; else all but the -@limit most recent: of 0,
 *         none.  HL_ALL_FRAMES: all
 * @first: receives the number of the most recent frame that is left
 *
 * Returns: how many are left.
 */
#define HL_ALL_FRAMES INT64_MAX
size_t hl_traceback_slice(size_t nr, int64_t limit, size_t *first);

/**
 * hl_traceback_format() - the frames of a group as text, with their source lines
 * @limit: see hl_traceback_slice()
 * @most_recent_first: false: the oldest frame first
 * @out: receives the text, a line for each frame and one for each source line that was found; the
 *       caller frees it
 *
 * The names are written as they are; who prints them escapes them.
 * Returns: 0; -ENOMEM.
 * Source:  tracemalloc.Traceback.format (CPython 3.11)
 */
int hl_traceback_format(const struct hl_resolver *resolver, uint32_t traceback, int64_t limit,
		bool most_recent_first, char **out);

/* Bytes that hl_format_size() needs at most. */
#define HL_SIZE_TEXT 32

/**
 * hl_format_size() - a size as tracemalloc writes it
 * @buf: at least HL_SIZE_TEXT bytes
 * @size: bytes; an average may have a fraction
 * @sign: write the sign also of what is not negative
 *
 * "10239 B", "10.0 KiB", "1024 KiB", "10.0 MiB".  Independent of the locale.
 * Returns: @buf.
 * Source:  tracemalloc._format_size
 */
char *hl_format_size(char *buf, double size, bool sign);

/* Bytes that the following two need at most. */
#define HL_STATISTIC_TEXT 160

/**
 * hl_format_statistic() - what stands after the place in str(Statistic)
 * @buf: at least HL_STATISTIC_TEXT bytes
 * @exact: bytes instead of units: "size=40000000 B"
 *
 * "size=38.2 MiB, count=300000, average=133 B"; no average when @count is 0.
 * Returns: @buf.
 * Source:  tracemalloc.Statistic.__str__
 */
char *hl_format_statistic(char *buf, int64_t size, int64_t count, bool exact);

/**
 * hl_format_diff() - what stands after the place in str(StatisticDiff)
 *
 * "size=68.4 KiB (+68.4 KiB), count=2 (+2), average=34.2 KiB"
 * Returns: @buf.
 * Source:  tracemalloc.StatisticDiff.__str__
 */
char *hl_format_diff(char *buf, const struct hl_statistic_diff *diff, bool exact);

/**
 * hl_format_place() - the place of a frame: "parser.c:812", "libz.so.1+0x2f80"
 * @buf: receives at most @size bytes with the terminator; may be NULL if @size is 0
 *
 * The names are written as they are; who prints them escapes them.
 * Returns: the whole length, as snprintf().
 */
size_t hl_format_place(char *buf, size_t size, const struct hl_location *location);

#ifdef __cplusplus
}
#endif
#endif
