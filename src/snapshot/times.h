/* SPDX-License-Identifier: MIT */
/*
 * The time line of a ledger: points that somebody outside of the program writes while it runs.
 *
 * At most HL_MAX_TIMES points are kept.  When there are so many, every second one goes, and the interval between them
 * doubles: so a line of any length costs the same, and its points are as far apart as the whole is long.  The ledger
 * has two arrays, so that there is a whole one at any moment (common/ledger.h).
 */
#ifndef HL_SNAPSHOT_TIMES_H
#define HL_SNAPSHOT_TIMES_H

#include "snapshot/ledger-image.h"
#include "snapshot/snapshot.h"

/**
 * hl_times_read() - the points of a ledger, which may be written meanwhile
 * @out: receives them; hl_times_release()
 *
 * Returns: 0; -EBADMSG: points out of order, or with numbers that cannot be; -ENOMEM; errors of pread().
 */
int hl_times_read(const struct hl_image *image, struct hl_times *out, struct hl_error *err);
void hl_times_release(struct hl_times *times);

/* One who writes points into a ledger. */
struct hl_times_writer {
	int fd;				/* borrowed, open for reading and writing */
	uint64_t offset;		/* of the section */
	bool is_second;			/* which array is active */
	size_t nr;
	uint64_t interval_ns;
	uint64_t first_interval_ns;
	struct hl_time_point points[HL_MAX_TIMES];
};

/**
 * hl_times_begin() - go on with the points of a ledger, or begin with the first
 * @fd: borrowed; locked against other writers until it is closed (F_OFD_SETLK)
 * @interval_ns: between points, of a ledger that has none yet
 *
 * Returns: 0; -ENOENT: the ledger has no room for points; -EAGAIN: another process writes them; the errors of
 *          hl_image_open() and hl_times_read().
 */
int hl_times_begin(struct hl_times_writer *writer, int fd, uint64_t interval_ns, struct hl_error *err);

/* When the next point is due, CLOCK_MONOTONIC; 0: at once. */
uint64_t hl_times_due(const struct hl_times_writer *writer);

/**
 * hl_times_add() - write a point, whether it is due or not
 *
 * Nothing, if it is not later than the last one.
 *
 * Cost:    two writes of a few bytes; of one point in HL_MAX_TIMES / 2 all of them.
 * Returns: 0; -ENOSPC and other errors of pwrite(): the point is not there, those before it are.
 */
int hl_times_add(struct hl_times_writer *writer, const struct hl_time_point *point);

#endif
