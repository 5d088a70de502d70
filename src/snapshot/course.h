/* SPDX-License-Identifier: MIT */
/*
 * Sections that somebody outside of the program writes while it runs: the time line, and what lines held (times.h,
 * moments.h).
 *
 * A page with a header is followed by two areas, of which one is active.  The header begins with a word that says
 * which, and how many records of it are in use, and goes on with the interval between them.  Copies of a ledger have
 * only what is in use, in the first area.
 */
#ifndef HL_SNAPSHOT_COURSE_H
#define HL_SNAPSHOT_COURSE_H

#include "snapshot/ledger-image.h"

struct hl_course_form {
	unsigned int type;		/* of the section */
	size_t record_bytes;
	size_t area_records;		/* room of an area */
	const char *too_many;		/* what is said of a section with less room than it says */
};

/* What is in use, in the order of time. */
struct hl_course {
	void *records;			/* malloc'ed; NULL: none are */
	size_t nr;
	uint64_t interval_ns;
	uint64_t offset;		/* of the first in the file */
	bool is_second;			/* they are in the second area */
};

/* The section, if the ledger has one that can hold a header; else NULL. */
const struct hl_chunk *hl_course_section(const struct hl_image *image, const struct hl_course_form *form);

/* Where an area begins. */
uint64_t hl_course_area(uint64_t section, const struct hl_course_form *form, bool is_second);

/**
 * hl_course_read() - copy the records in use, which may be written meanwhile
 * @out: receives them; the caller frees out->records
 *
 * Returns: 0, also of a ledger without the section; -EBADMSG: @form->too_many; -ENOMEM; errors of pread().
 */
int hl_course_read(const struct hl_image *image, const struct hl_course_form *form, struct hl_course *out,
		struct hl_error *err);

#endif
