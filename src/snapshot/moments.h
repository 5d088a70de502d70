/* SPDX-License-Identifier: MIT */
/*
 * What each call site held at some moments of the program: the course of lines, written from outside like that of the
 * whole (times.h).
 *
 * Only what has changed since the moment before is written.  At most HL_MAX_MOMENTS are kept, and as many as there is
 * room for: then every second one goes, its changes become those of the next one, and the interval doubles.
 */
#ifndef HL_SNAPSHOT_MOMENTS_H
#define HL_SNAPSHOT_MOMENTS_H

#include "snapshot/ledger-image.h"
#include "snapshot/snapshot.h"

/**
 * hl_moments_read() - the moments of a ledger, which may be written meanwhile; what is in them is checked when used
 * @out: receives them; hl_moments_release()
 *
 * Returns: 0; -EBADMSG: more than there is room for; -ENOMEM; errors of pread().
 */
int hl_moments_read(const struct hl_image *image, struct hl_moments *out, struct hl_error *err);
void hl_moments_release(struct hl_moments *moments);

/* How many there are, and where each begins: @times has room for HL_MAX_MOMENTS; -EBADMSG: they are none. */
int hl_moments_list(const struct hl_moments *moments, uint64_t *times, size_t *nr);

/**
 * hl_moments_sum() - what was held at a moment
 * @index: below the number of moments
 * @held: by site, [@nr], all zero; sites behind @nr are left out
 *
 * Returns: 0; -EBADMSG: not in the form of moments, or less than nothing was held.
 */
int hl_moments_sum(const struct hl_moments *moments, size_t index, struct hl_held *held, size_t nr);

/* One who writes moments into a ledger. */
struct hl_moments_writer {
	int fd;				/* borrowed, open for reading and writing */
	uint64_t offset;		/* of the section; 0: there is none, and nothing is written */
	bool is_second;			/* which area is active */
	bool is_full;			/* not even one has room: nothing more is written */
	size_t nr;
	uint64_t interval_ns;
	uint64_t last_ns;
	unsigned char *bytes;		/* [HL_MOMENTS_AREA], what is in the active area */
	size_t length;
	struct hl_held *held;		/* by site, at the last moment */
	size_t nr_sites;
};

/**
 * hl_moments_begin() - go on with the moments of a ledger, or begin with the first
 * @image: of @fd; the writer of its time line has it locked (times.h)
 *
 * Without room in the ledger there are none, and that is no error.
 *
 * Returns: 0; -EBADMSG, -ENOMEM, errors of pread().  hl_moments_end() frees, after errors as well.
 */
int hl_moments_begin(struct hl_moments_writer *writer, const struct hl_image *image, int fd, uint64_t interval_ns,
		struct hl_error *err);
void hl_moments_end(struct hl_moments_writer *writer);

/* Whether one is due at this time, CLOCK_MONOTONIC. */
bool hl_moments_are_due(const struct hl_moments_writer *writer, uint64_t now_ns);

/**
 * hl_moments_add() - write a moment
 * @held: by site, [@nr]
 *
 * Nothing, if it is not later than the last one.
 * Returns: 0; -ENOMEM; -ENOSPC and other errors of pwrite(): then it is not there, those before it are.
 */
int hl_moments_add(struct hl_moments_writer *writer, uint64_t now_ns, const struct hl_held *held, size_t nr);

#endif
