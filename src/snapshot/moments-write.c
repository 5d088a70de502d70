/* SPDX-License-Identifier: MIT */
/* Writing moments: one more, and every second one less when there is no room. */
#include "snapshot/moments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/file-write.h"
#include "snapshot/moments-code.h"

/* Of one site in one record. */
#define CHANGE_BYTES (3 * HL_VARINT_BYTES)
/* In front of the changes: time, length and number. */
#define HEAD_BYTES (3 * HL_VARINT_BYTES)

/* A record that is being made; what does not fit is remembered. */
struct record {
	unsigned char *bytes;		/* [HL_MOMENTS_AREA]: the changes */
	size_t length;
	uint64_t nr;
	uint64_t next_site;
	bool is_full;
};

static void put_change(struct record *r, uint64_t site, int64_t bytes, int64_t count)
{
	unsigned char *to = r->bytes + r->length;

	if (!bytes && !count)
		return;
	if (r->is_full || r->length + CHANGE_BYTES > HL_MOMENTS_AREA) {
		r->is_full = true;
		return;
	}
	to += hl_varint_put(to, site - r->next_site);
	to += hl_zigzag_put(to, bytes);
	to += hl_zigzag_put(to, count);
	r->length = (size_t)(to - r->bytes);
	r->next_site = site + 1;
	r->nr++;
}

/* A whole record behind what is in @to; false: there is no room. */
static bool append(unsigned char *to, size_t *length, const struct record *r, uint64_t delta_ns)
{
	unsigned char number[HL_VARINT_BYTES];
	size_t number_bytes = hl_varint_put(number, r->nr);
	unsigned char *at = to + *length;

	if (r->is_full || *length + HEAD_BYTES + r->length > HL_MOMENTS_AREA)
		return false;
	at += hl_varint_put(at, delta_ns);
	at += hl_varint_put(at, number_bytes + r->length);
	memcpy(at, number, number_bytes);
	memcpy(at + number_bytes, r->bytes, r->length);
	*length = (size_t)(at - to) + number_bytes + r->length;
	return true;
}

/* The changes of two records, one after the other, as one. */
static void merge(struct record *out, struct hl_varints first, struct hl_varints second)
{
	struct hl_changes a = hl_changes_of(first);
	struct hl_changes b = hl_changes_of(second);
	bool has_a = hl_change_next(&a);
	bool has_b = hl_change_next(&b);

	*out = (struct record){.bytes = out->bytes};
	while (has_a || has_b) {
		uint64_t site = !has_b || (has_a && a.site < b.site) ? a.site : b.site;
		int64_t bytes = 0;
		int64_t count = 0;

		if (has_a && a.site == site) {
			bytes += a.bytes;
			count += a.count;
			has_a = hl_change_next(&a);
		}
		if (has_b && b.site == site) {
			bytes += b.bytes;
			count += b.count;
			has_b = hl_change_next(&b);
		}
		put_change(out, site, bytes, count);
	}
}

/* The first of each two goes, and its changes become the second one's; of an odd number the last one stays as it is. */
static void keep_every_second(struct hl_moments_writer *w, struct record *spare, unsigned char *to)
{
	static const unsigned char no_changes[1];
	const struct hl_varints none = {no_changes, no_changes + 1, false};
	struct hl_varints in = {w->bytes, w->bytes + w->length, false};
	uint64_t time = 0;
	uint64_t last = 0;
	size_t length = 0;
	size_t nr = 0;

	while (hl_varints_left(&in)) {
		struct hl_varints first, second = none;

		if (!hl_moment_next(&in, &time, &first))
			break;
		if (hl_varints_left(&in) && !hl_moment_next(&in, &time, &second))
			break;
		merge(spare, first, second);
		if (!append(to, &length, spare, time - last))
			break;
		last = time;
		nr++;
	}
	memcpy(w->bytes, to, length);
	w->length = length;
	w->nr = nr;
	w->last_ns = last;
	w->is_second = !w->is_second;
	if (w->interval_ns <= INT64_MAX / 2)
		w->interval_ns *= 2;
}

/* The header is written last, and whole: whoever reads it between two has one or the other. */
static int publish(const struct hl_moments_writer *w)
{
	const struct hl_moments_header header = {
		.state = w->length | (w->is_second ? HL_TIMES_SECOND : 0),
		.interval_ns = w->interval_ns,
	};

	return hl_write_at(w->fd, &header, sizeof(header), w->offset);
}

static int halve(struct hl_moments_writer *w)
{
	struct record spare = {.bytes = malloc(HL_MOMENTS_AREA)};
	unsigned char *to = malloc(HL_MOMENTS_AREA);
	int rc = spare.bytes && to ? 0 : -ENOMEM;

	if (!rc) {
		keep_every_second(w, &spare, to);
		rc = hl_write_at(w->fd, w->bytes, w->length, hl_course_area(w->offset, &hl_moments_form, w->is_second));
	}
	free(spare.bytes);
	free(to);
	return rc ? rc : publish(w);
}

static int load(struct hl_moments_writer *w, const struct hl_image *image, struct hl_error *err)
{
	struct hl_varints in;
	struct hl_varints changes;
	struct hl_moments moments;
	int rc = hl_moments_read(image, &moments, err);

	if (rc || !moments.length)
		return rc;
	memcpy(w->bytes, moments.bytes, moments.length);
	w->length = moments.length;
	w->is_second = moments.offset != hl_course_area(w->offset, &hl_moments_form, false);
	if (moments.interval_ns && moments.interval_ns <= INT64_MAX)
		w->interval_ns = moments.interval_ns;
	in = (struct hl_varints){w->bytes, w->bytes + w->length, false};
	while (hl_varints_left(&in) && hl_moment_next(&in, &w->last_ns, &changes))
		w->nr++;
	w->nr_sites = hl_image_room(image, HL_SECTION_SITES);
	w->held = calloc(w->nr_sites + 1, sizeof(*w->held));
	rc = w->held ? hl_moments_sum(&moments, w->nr - 1, w->held, w->nr_sites) : -ENOMEM;
	hl_moments_release(&moments);
	if (rc == -ENOMEM)
		return hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
	return rc ? hl_fail(err, EBADMSG, w->offset, "damaged moments") : 0;
}

int hl_moments_begin(struct hl_moments_writer *writer, const struct hl_image *image, int fd, uint64_t interval_ns,
		struct hl_error *err)
{
	const struct hl_chunk *section = hl_course_section(image, &hl_moments_form);

	*writer = (struct hl_moments_writer){.fd = fd, .interval_ns = interval_ns};
	if (!section || section->nr_records < HL_MOMENTS_BYTES)
		return 0;
	writer->bytes = malloc(HL_MOMENTS_AREA);
	if (!writer->bytes)
		return hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
	writer->offset = section->offset;
	return load(writer, image, err);
}

void hl_moments_end(struct hl_moments_writer *writer)
{
	free(writer->bytes);
	free(writer->held);
	*writer = (struct hl_moments_writer){0};
}

bool hl_moments_are_due(const struct hl_moments_writer *w, uint64_t now_ns)
{
	return w->offset && !w->is_full && now_ns >= w->last_ns + w->interval_ns;
}

static int grow(struct hl_moments_writer *w, size_t nr)
{
	struct hl_held *bigger;

	if (nr <= w->nr_sites && w->held)
		return 0;
	bigger = reallocarray(w->held, nr + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	memset(bigger + w->nr_sites, 0, (nr + 1 - w->nr_sites) * sizeof(*bigger));
	w->held = bigger;
	w->nr_sites = nr;
	return 0;
}

static void compare(const struct hl_moments_writer *w, const struct hl_held *held, size_t nr, struct record *r)
{
	for (size_t i = 0; i < w->nr_sites && !r->is_full; i++) {
		struct hl_held now = i < nr ? held[i] : (struct hl_held){0};

		put_change(r, i, now.bytes - w->held[i].bytes, now.count - w->held[i].count);
	}
}

/* As long as it does not fit, every second one goes; of one alone that does not fit there is none. */
static int make_room(struct hl_moments_writer *w, const struct record *r)
{
	int rc = 0;

	while (!rc && (w->nr >= HL_MAX_MOMENTS || w->length + HEAD_BYTES + r->length > HL_MOMENTS_AREA)) {
		w->is_full = r->is_full || w->nr < 2;
		if (w->is_full)
			return -ENOSPC;
		rc = halve(w);
	}
	return rc;
}

static int add(struct hl_moments_writer *w, uint64_t now_ns, const struct record *r)
{
	uint64_t area = hl_course_area(w->offset, &hl_moments_form, w->is_second);
	size_t before = w->length;
	int rc;

	append(w->bytes, &w->length, r, now_ns - w->last_ns);
	rc = hl_write_at(w->fd, w->bytes + before, w->length - before, area + before);
	if (!rc)
		rc = publish(w);
	w->last_ns = now_ns;
	w->nr++;
	return rc;
}

int hl_moments_add(struct hl_moments_writer *writer, uint64_t now_ns, const struct hl_held *held, size_t nr)
{
	struct hl_moments_writer *w = writer;
	struct record r = {0};
	int rc;

	if (!w->offset || w->is_full || (w->nr && now_ns <= w->last_ns))
		return 0;
	rc = grow(w, nr);
	if (!rc)
		r.bytes = malloc(HL_MOMENTS_AREA);
	if (!rc && !r.bytes)
		rc = -ENOMEM;
	if (!rc)
		compare(w, held, nr, &r);
	if (!rc)
		rc = make_room(w, &r);
	if (!rc)
		rc = add(w, now_ns, &r);
	if (!rc)
		for (size_t i = 0; i < w->nr_sites; i++)
			w->held[i] = i < nr ? held[i] : (struct hl_held){0};
	free(r.bytes);
	return rc;
}
