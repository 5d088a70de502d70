/* SPDX-License-Identifier: MIT */
/* Reading packed moments, and what was held at one of them. */
#include "snapshot/moments.h"

#include <errno.h>
#include <stdlib.h>

#include "snapshot/moments-code.h"

const struct hl_course_form hl_moments_form = {
	.type = HL_SECTION_MOMENTS,
	.record_bytes = 1,
	.area_records = HL_MOMENTS_AREA,
	.too_many = "more moments than there is room for",
};

int hl_moments_read(const struct hl_image *image, struct hl_moments *out, struct hl_error *err)
{
	struct hl_course course;
	int rc = hl_course_read(image, &hl_moments_form, &course, err);

	*out = (struct hl_moments){0};
	if (!rc && course.nr)
		*out = (struct hl_moments){.bytes = course.records, .length = course.nr,
				.interval_ns = course.interval_ns, .offset = course.offset};
	return rc;
}

void hl_moments_release(struct hl_moments *moments)
{
	free(moments->bytes);
	*moments = (struct hl_moments){0};
}

bool hl_moment_next(struct hl_varints *in, uint64_t *time, struct hl_varints *changes)
{
	uint64_t delta = hl_varint_get(in);
	uint64_t length = hl_varint_get(in);

	if (in->is_bad || length > hl_varints_left(in) || __builtin_add_overflow(*time, delta, time) ||
			*time > INT64_MAX || !delta) {
		in->is_bad = true;
		return false;
	}
	*changes = (struct hl_varints){in->at, in->at + length, false};
	in->at += length;
	return true;
}

/* Of none there is no place to begin. */
static struct hl_varints records_of(const struct hl_moments *moments)
{
	if (!moments->length)
		return (struct hl_varints){0};
	return (struct hl_varints){moments->bytes, moments->bytes + moments->length, false};
}

int hl_moments_list(const struct hl_moments *moments, uint64_t *times, size_t *nr)
{
	struct hl_varints in = records_of(moments);
	struct hl_varints changes;
	uint64_t time = 0;

	*nr = 0;
	while (hl_varints_left(&in)) {
		if (!hl_moment_next(&in, &time, &changes) || *nr == HL_MAX_MOMENTS)
			return -EBADMSG;
		times[(*nr)++] = time;
	}
	return 0;
}

bool hl_change_next(struct hl_changes *c)
{
	uint64_t gap;

	if (!c->left)
		return false;
	c->left--;
	gap = hl_varint_get(&c->in);
	c->bytes = hl_zigzag_get(&c->in);
	c->count = hl_zigzag_get(&c->in);
	if (__builtin_add_overflow(c->next_site, gap, &c->site) || c->site >= UINT32_MAX)
		c->in.is_bad = true;
	c->next_site = c->site + 1;
	return !c->in.is_bad;
}

struct hl_changes hl_changes_of(struct hl_varints in)
{
	struct hl_changes c = {.in = in};

	c.left = hl_varint_get(&c.in);
	return c;
}

bool hl_changes_are_bad(const struct hl_changes *c)
{
	return c->in.is_bad || c->left || hl_varints_left(&c->in);
}

static int add_changes(struct hl_varints in, struct hl_held *held, size_t nr)
{
	struct hl_changes c = hl_changes_of(in);

	while (hl_change_next(&c)) {
		struct hl_held *h;

		if (c.site >= nr)
			continue;
		h = &held[c.site];
		if (__builtin_add_overflow(h->bytes, c.bytes, &h->bytes) ||
				__builtin_add_overflow(h->count, c.count, &h->count) || h->bytes < 0 || h->count < 0)
			return -EBADMSG;
	}
	return hl_changes_are_bad(&c) ? -EBADMSG : 0;
}

int hl_moments_sum(const struct hl_moments *moments, size_t index, struct hl_held *held, size_t nr)
{
	struct hl_varints in = records_of(moments);
	struct hl_varints changes;
	uint64_t time = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i <= index; i++)
		rc = hl_moment_next(&in, &time, &changes) ? add_changes(changes, held, nr) : -EBADMSG;
	return rc;
}
