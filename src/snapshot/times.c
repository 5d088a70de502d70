/* SPDX-License-Identifier: MIT */
/* Reading and writing the points of a time line. */
#include "snapshot/times.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "snapshot/course.h"
#include "snapshot/file-write.h"

static const struct hl_course_form form = {
	.type = HL_SECTION_TIMES,
	.record_bytes = sizeof(struct hl_time_point),
	.area_records = HL_MAX_TIMES,
	.too_many = "more points of the time line than there is room for",
};

static bool is_possible(const struct hl_time_point *p)
{
	for (int d = 0; d < HL_NR_DOMAINS; d++)
		if (p->live_bytes[d] < 0 || p->live_count[d] < 0)
			return false;
	return p->monotonic_ns <= INT64_MAX && p->alloc_count <= INT64_MAX && p->temp_count <= INT64_MAX &&
		p->resident_bytes <= INT64_MAX && p->proportional_bytes <= INT64_MAX;
}

static const char *problem_of(const struct hl_times *times)
{
	for (size_t i = 0; i < times->nr; i++) {
		if (!is_possible(&times->points[i]))
			return "a point of the time line has numbers that cannot be";
		if (i && times->points[i].monotonic_ns <= times->points[i - 1].monotonic_ns)
			return "points of the time line are out of order";
	}
	return NULL;
}

int hl_times_read(const struct hl_image *image, struct hl_times *out, struct hl_error *err)
{
	struct hl_course course;
	const char *msg;
	int rc = hl_course_read(image, &form, &course, err);

	*out = (struct hl_times){0};
	if (rc || !course.nr)
		return rc;
	*out = (struct hl_times){.points = course.records, .nr = course.nr, .interval_ns = course.interval_ns};
	msg = problem_of(out);
	if (!msg)
		return 0;
	hl_times_release(out);
	return hl_fail(err, EBADMSG, hl_course_section(image, &form)->offset, msg);
}

void hl_times_release(struct hl_times *times)
{
	free(times->points);
	*times = (struct hl_times){0};
}

/* All of the header in one write: whoever reads it between two has one or the other. */
static int write_header(const struct hl_times_writer *w)
{
	const struct hl_times_header header = {
		.state = w->nr | (w->is_second ? HL_TIMES_SECOND : 0),
		.interval_ns = w->interval_ns,
		.first_interval_ns = w->first_interval_ns,
		.pid = (uint32_t)getpid(),
	};

	return hl_write_at(w->fd, &header, sizeof(header), w->offset);
}

/* The whole section is one writer's, whatever programs may have the file open. */
static int lock(int fd, const struct hl_chunk *section)
{
	struct flock range = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)section->offset,
		.l_len = section->nr_records,
	};

	if (fcntl(fd, F_OFD_SETLK, &range) == 0)
		return 0;
	return errno == EACCES || errno == EAGAIN ? -EAGAIN : 0;
}

static int load(struct hl_times_writer *w, const struct hl_image *image, struct hl_error *err)
{
	struct hl_times_header header;
	struct hl_times times;
	int rc = hl_times_read(image, &times, err);

	if (rc || !times.nr)
		return rc;
	memcpy(w->points, times.points, times.nr * sizeof(*times.points));
	w->nr = times.nr;
	hl_times_release(&times);
	rc = hl_image_read(image, w->offset, &header, sizeof(header), err);
	if (rc)
		return rc;
	w->is_second = header.state & HL_TIMES_SECOND;
	if (header.interval_ns && header.interval_ns <= INT64_MAX)
		w->interval_ns = header.interval_ns;
	w->first_interval_ns = header.first_interval_ns;
	return 0;
}

int hl_times_begin(struct hl_times_writer *writer, int fd, uint64_t interval_ns, struct hl_error *err)
{
	const struct hl_chunk *section;
	struct hl_image image;
	int rc = hl_image_open(&image, fd, err);

	if (rc)
		return rc;
	*writer = (struct hl_times_writer){
		.fd = fd, .interval_ns = interval_ns, .first_interval_ns = interval_ns};
	section = hl_course_section(&image, &form);
	if (!section || section->nr_records < HL_TIMES_BYTES) {
		rc = hl_fail(err, ENOENT, HL_NO_OFFSET, "the ledger has no room for a time line");
	} else {
		writer->offset = section->offset;
		rc = lock(fd, section);
		if (rc)
			hl_fail(err, EAGAIN, section->offset, "another process writes its time line");
		else
			rc = load(writer, &image, err);
	}
	hl_image_release(&image);
	return rc;
}

uint64_t hl_times_due(const struct hl_times_writer *w)
{
	return w->nr ? w->points[w->nr - 1].monotonic_ns + w->interval_ns : 0;
}

/* Every second one into the other array. */
static int halve(struct hl_times_writer *w)
{
	bool is_second = !w->is_second;
	size_t nr = w->nr / 2;
	int rc;

	for (size_t i = 0; i < nr; i++)
		w->points[i] = w->points[2 * i];
	rc = hl_write_at(w->fd, w->points, nr * sizeof(*w->points), hl_course_area(w->offset, &form, is_second));
	w->nr = nr;
	w->is_second = is_second;
	if (w->interval_ns <= INT64_MAX / 2)
		w->interval_ns *= 2;
	return rc ? rc : write_header(w);
}

int hl_times_add(struct hl_times_writer *writer, const struct hl_time_point *point)
{
	struct hl_times_writer *w = writer;
	uint64_t offset;
	int rc = 0;

	if (w->nr && point->monotonic_ns <= w->points[w->nr - 1].monotonic_ns)
		return 0;
	if (w->nr == HL_MAX_TIMES)
		rc = halve(w);
	if (rc)
		return rc;
	offset = hl_course_area(w->offset, &form, w->is_second) + w->nr * sizeof(*point);
	rc = hl_write_at(w->fd, point, sizeof(*point), offset);
	if (rc)
		return rc;
	w->points[w->nr++] = *point;
	return write_header(w);
}
