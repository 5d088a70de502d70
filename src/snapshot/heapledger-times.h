/* SPDX-License-Identifier: MIT */
/*
 * libheapledger: the course of a program.
 *
 * A part of heapledger.h, which includes it.
 */
#ifndef HEAPLEDGER_TIMES_H
#define HEAPLEDGER_TIMES_H

#include "heapledger.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A moment of the time line, see hl_snapshot_time(). */
struct hl_time_info {
	uint64_t monotonic_ns;		/* see hl_info.start_ns */
	int64_t live_bytes[4];		/* by domain, as above */
	int64_t live_count[4];
	uint64_t alloc_count;		/* of all domains, since the start */
	uint64_t temp_count;
	uint64_t resident_bytes;	/* of the process (RSS); 0: not known */
	uint64_t proportional_bytes;	/* PSS; 0: not asked */
	uint32_t nr_threads;		/* 0: not known */
	uint32_t nr_marks;		/* made until then */
};

/**
 * hl_snapshot_nr_times() - how many moments of the time line there are
 * @interval_ns: receives the distance of the latest of them; may be NULL
 *
 * `heapledger record` and `watch` write them while the program runs, at most 1,024: when there are so many, every
 * second one goes.  0: nobody has, or something was left out of the snapshot: the line is that of the whole program.
 */
size_t hl_snapshot_nr_times(const struct hl_snapshot *snapshot, uint64_t *interval_ns);

/**
 * hl_snapshot_time() - one of them, in the order of time
 * @index: below hl_snapshot_nr_times()
 */
void hl_snapshot_time(const struct hl_snapshot *snapshot, size_t index, struct hl_time_info *out);

/**
 * hl_snapshot_moments() - when it is known what each call site held
 * @times: receives the times (see hl_info.start_ns), in order; room for HL_MOMENTS_MAX
 *
 * `heapledger record` and `watch` write them beside the time line: at most 64, fewer where much changes.  None are in
 * a snapshot that something was left out of.
 *
 * Returns: 0; -EBADMSG: they are damaged.
 */
#define HL_MOMENTS_MAX 64
int hl_snapshot_moments(const struct hl_snapshot *snapshot, uint64_t *times, size_t *nr, struct hl_error *err);

/**
 * hl_snapshot_at() - the snapshot of one of these moments
 * @index: below the number of moments
 * @out: receives it; the caller owns it
 *
 * What each call site held is known of it, bytes and blocks, and nothing else: allocations are those that were live
 * then, nothing is freed, and its peak is what lived.
 *
 * Cost:    O(all changes so far), and a copy of the tables of stacks.
 * Returns: 0; -EINVAL: no such moment; -EBADMSG: they are damaged; -ENOMEM.
 */
int hl_snapshot_at(const struct hl_snapshot *snapshot, size_t index, struct hl_snapshot **out, struct hl_error *err);

/**
 * hl_snapshot_sizes() - how many blocks malloc was asked for since the start, by size, of the whole program
 * @counts: receives class 0, of no bytes, and classes n of 2^(n - 1) to 2^n - 1 bytes
 *
 * Returns: false: it is not known: a ledger of before, or one that was built.
 */
#define HL_SIZE_CLASSES 64
bool hl_snapshot_sizes(const struct hl_snapshot *snapshot, uint64_t counts[HL_SIZE_CLASSES]);

/**
 * hl_snapshot_since() - what was allocated after a mark
 * @mark: index of a mark for which hl_mark_info.begins_generation holds
 * @out:  receives a snapshot of these blocks alone; the caller owns it
 *
 * What lives of it was made since and is still there: all counts are exact.  Its peak is what these blocks held at the
 * program's peak.  It has no time line.
 *
 * Cost:    O(sites), and a copy of the tables of stacks.
 * Returns: 0; -EINVAL: no such mark, or one that begins nothing; -ENOMEM.
 */
int hl_snapshot_since(const struct hl_snapshot *snapshot, size_t mark, struct hl_snapshot **out, struct hl_error *err);

#ifdef __cplusplus
}
#endif

#endif
