/* SPDX-License-Identifier: MIT */
/* The form of packed moments (common/ledger.h), for their reader and their writer. */
#ifndef HL_SNAPSHOT_MOMENTS_CODE_H
#define HL_SNAPSHOT_MOMENTS_CODE_H

#include "snapshot/course.h"
#include "snapshot/varint.h"

extern const struct hl_course_form hl_moments_form;

/* The next record: its time, from that of the one before, and its changes; false: damaged, as @in remembers. */
bool hl_moment_next(struct hl_varints *in, uint64_t *time, struct hl_varints *changes);

/* The changes of a record, one after the other. */
struct hl_changes {
	struct hl_varints in;
	uint64_t left;
	uint64_t next_site;
	uint64_t site;			/* the current one */
	int64_t bytes;
	int64_t count;
};
struct hl_changes hl_changes_of(struct hl_varints in);
bool hl_change_next(struct hl_changes *changes);

/* Behind the last one: was there a number that cannot be, or anything else? */
bool hl_changes_are_bad(const struct hl_changes *changes);

/* Signed numbers: 0, -1, 1, -2 ... are 0, 1, 2, 3 ... */
static inline int64_t hl_zigzag_get(struct hl_varints *in)
{
	uint64_t n = hl_varint_get(in);

	return (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
}

static inline size_t hl_zigzag_put(unsigned char *out, int64_t n)
{
	return hl_varint_put(out, (uint64_t)n << 1 ^ (uint64_t)(n >> 63));
}

#endif
