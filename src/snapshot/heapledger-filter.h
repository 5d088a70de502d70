/* SPDX-License-Identifier: MIT */
/*
 * libheapledger: which blocks of a snapshot to keep.
 *
 * A part of heapledger.h, which includes it.
 */
#ifndef HEAPLEDGER_FILTER_H
#define HEAPLEDGER_FILTER_H

#include "heapledger.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Which blocks to keep: tracemalloc's Filter and DomainFilter.  A Filter has a block when its line
 * (all_frames: any frame of its stack) matches pattern and line, and, where a domain is given, the
 * block is of that domain.
 */
struct hl_filter {
	bool is_inclusive;
	bool is_domain_filter;		/* only the domain counts */
	bool all_frames;
	bool has_lineno;
	bool has_domain;
	uint32_t lineno;
	uint32_t domain;
	struct hl_text pattern;		/* Python's fnmatch, on the file name; borrowed */
};

/**
 * hl_filter_parse() - read PATTERN[@LINE][!][%DOMAIN] or %DOMAIN
 * @spec: borrowed as long as @out is used: its pattern points there
 *
 * '!' is all_frames.
 * Returns: 0; -ERANGE: a line or domain beyond 32 bits.
 */
int hl_filter_parse(const char *spec, bool is_inclusive, struct hl_filter *out);

/**
 * hl_snapshot_filter() - keep some of the blocks
 * @filters: @nr of them; 0: all blocks are kept
 * @out: receives a new snapshot with the sites that one inclusive filter has (or: there is none) and
 *       that no exclusive one has; the caller owns it
 *
 * Cost:    O(nodes), and one symbol lookup for each distinct address, which is remembered.
 * Returns: 0; -ENOMEM.
 * Source:  tracemalloc.Snapshot.filter_traces (CPython 3.11)
 */
int hl_snapshot_filter(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		const struct hl_filter *filters, size_t nr, struct hl_snapshot **out);

/**
 * hl_snapshot_focus() - keep the blocks with a frame that a regular expression matches
 * @regex: POSIX extended; looked for in function, file and object of every frame of a stack
 * @keep: false: keep the others
 *
 * Returns: 0; -EINVAL: not a regular expression; -ENOMEM.
 */
int hl_snapshot_focus(struct hl_snapshot *snapshot, struct hl_resolver *resolver, const char *regex,
		bool keep, struct hl_snapshot **out);

/**
 * hl_suppression_matches() - whether a pattern of LeakSanitizer's suppressions matches
 *
 * '*' anything; '^' at the beginning and '$' at the end bind to the ends of the text; otherwise the
 * pattern may match in the middle.
 */
bool hl_suppression_matches(const char *pattern, const char *text);

/**
 * hl_snapshot_suppress() - leave out the blocks of stacks that a suppression matches
 * @pattern: what stands behind "leak:"; looked for in function, file and object of every frame
 * @suppressed: receives the sum of what was left out
 *
 * Returns: 0; -ENOMEM.
 */
int hl_snapshot_suppress(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		const char *pattern, struct hl_counts *suppressed, struct hl_snapshot **out);

#ifdef __cplusplus
}
#endif
#endif
