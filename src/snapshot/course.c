/* SPDX-License-Identifier: MIT */
/* Reading what is written from outside, from whichever of two areas is the active one. */
#include "snapshot/course.h"

#include <errno.h>
#include <stdlib.h>

#include "snapshot/snapshot.h"

/* A writer makes the other area active while this one is read: not twice within so short a time, but ever again. */
#define MAX_READINGS 10

/* With what each header begins. */
struct head {
	uint64_t state;
	uint64_t interval_ns;
};

const struct hl_chunk *hl_course_section(const struct hl_image *image, const struct hl_course_form *form)
{
	const struct hl_table *table = &image->tables[form->type];

	return table->nr_chunks && table->chunks[0].nr_records >= HL_LEDGER_PAGE ? &table->chunks[0] : NULL;
}

uint64_t hl_course_area(uint64_t section, const struct hl_course_form *form, bool is_second)
{
	return section + HL_LEDGER_PAGE + (is_second ? form->area_records * form->record_bytes : 0);
}

static int read_head(const struct hl_image *image, const struct hl_chunk *section, const struct hl_course_form *form,
		struct hl_course *out, struct hl_error *err)
{
	struct head head;
	int rc = hl_image_read(image, section->offset, &head, sizeof(head), err);

	if (rc)
		return rc;
	out->is_second = head.state & HL_TIMES_SECOND;
	out->nr = head.state & ~HL_TIMES_SECOND;
	out->interval_ns = head.interval_ns;
	out->offset = hl_course_area(section->offset, form, out->is_second);
	if (out->nr > form->area_records ||
			out->offset + out->nr * form->record_bytes > section->offset + section->nr_records)
		return hl_fail(err, EBADMSG, section->offset, form->too_many);
	return 0;
}

static int read_once(const struct hl_image *image, const struct hl_chunk *section, const struct hl_course_form *form,
		struct hl_course *out, bool *has_changed, struct hl_error *err)
{
	struct hl_course after;
	void *bigger;
	int rc = read_head(image, section, form, out, err);

	*has_changed = false;
	if (rc || !out->nr)
		return rc;
	bigger = realloc(out->records, out->nr * form->record_bytes);
	if (!bigger)
		return hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
	out->records = bigger;
	rc = hl_image_read(image, out->offset, out->records, out->nr * form->record_bytes, err);
	if (!rc)
		rc = read_head(image, section, form, &after, err);
	*has_changed = !rc && after.is_second != out->is_second;
	return rc;
}

int hl_course_read(const struct hl_image *image, const struct hl_course_form *form, struct hl_course *out,
		struct hl_error *err)
{
	const struct hl_chunk *section = hl_course_section(image, form);
	bool has_changed = section;
	int rc = 0;

	*out = (struct hl_course){0};
	for (int i = 0; !rc && has_changed && i < MAX_READINGS; i++)
		rc = read_once(image, section, form, out, &has_changed, err);
	if (!rc && out->nr)
		return 0;
	free(out->records);
	out->records = NULL;
	return rc;
}
