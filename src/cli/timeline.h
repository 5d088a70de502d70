/* SPDX-License-Identifier: MIT */
/*
 * Writing time lines into ledgers while their programs run (snapshot/times.h), for `record` and `watch`.
 *
 * Who looks takes a small part of one processor: where adding up takes long, points come less often.  What the kernel
 * says of a process (RSS, threads) is in a point only if the process has the ledger mapped: numbers of processes mean
 * something else in another PID namespace.
 */
#ifndef HL_CLI_TIMELINE_H
#define HL_CLI_TIMELINE_H

#include <stdint.h>
#include <sys/types.h>

#include "snapshot/heapledger.h"

struct hl_timeline;

/**
 * hl_timeline_new() - nothing yet
 * @interval_ns: between points at first
 *
 * Returns: NULL: out of memory.
 */
struct hl_timeline *hl_timeline_new(uint64_t interval_ns);

/**
 * hl_timeline_find() - follow all ledgers of a recording, by their names
 * @pattern: as in struct hl_run, must stay
 */
void hl_timeline_find(struct hl_timeline *timeline, const char *pattern, uint64_t session);

/**
 * hl_timeline_keep() - of ledgers that are found, write a copy each @every_ns: NAME.snapshot-1.hl ... beside NAME.hl
 *
 * The first number that is free is taken.  Copies have no symbols: looking them up would take longer than the time
 * between two points.  What cannot be written is said once for each ledger.
 */
void hl_timeline_keep(struct hl_timeline *timeline, uint64_t every_ns);

/**
 * hl_timeline_follow() - follow one ledger
 * @path: its name, for hl_timeline_keep(); NULL: no copies are made
 * @fd: open for reading and writing; taken, also after errors
 *
 * Returns: 0; -ENOENT: it has no room for a time line; -EAGAIN: another process writes it, or it is not begun; the
 *          errors of hl_image_open(); -ENFILE: MAX_LINES are followed already.
 */
int hl_timeline_follow(struct hl_timeline *timeline, const char *path, int fd, struct hl_error *err);

/* A point for each ledger that is due; returns nanoseconds until it shall be called again. */
int64_t hl_timeline_look(struct hl_timeline *timeline);

/* How many are followed: of processes that live. */
size_t hl_timeline_nr(const struct hl_timeline *timeline);

/* The last point of each, and an end.  @timeline may be NULL. */
void hl_timeline_free(struct hl_timeline *timeline);

#endif
