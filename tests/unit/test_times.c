/* SPDX-License-Identifier: MIT */
/* The time line of a ledger: writing it for a million seconds, going on with it, and reading what somebody made up. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "snapshot/times.h"
#include "synthetic.h"

#define ENTRIES (HL_LEDGER_PAGE + offsetof(struct hl_directory, entries))
#define NR_ENTRIES (HL_LEDGER_PAGE + offsetof(struct hl_directory, nr_entries))
#define SECOND UINT64_C(1000000000)

static uint64_t section_offset;

/* A ledger with room for points, and this section's first bytes. */
static void make_ledger(uint32_t room, const struct hl_times_header *header)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_section entry = {.type = HL_SECTION_TIMES, .nr_records = room, .record_bytes = 1};
	unsigned char *bytes;
	uint32_t nr;
	size_t length;

	demo_line(s, DEMO_BIAS, 0x10, 1, 350);
	ck_assert_int_eq(hl_snapshot_write(s, "a.hl", HL_WRITE_FORCE, NULL), 0);
	hl_snapshot_unref(s);
	bytes = file_bytes("a.hl", &length);
	memcpy(&nr, bytes + NR_ENTRIES, sizeof(nr));
	section_offset = entry.offset = length;
	memcpy(bytes + ENTRIES + nr * sizeof(entry), &entry, sizeof(entry));
	nr++;
	memcpy(bytes + NR_ENTRIES, &nr, sizeof(nr));
	bytes = realloc(bytes, length + room);
	ck_assert_ptr_nonnull(bytes);
	memset(bytes + length, 0, room);
	memcpy(bytes + length, header, room < sizeof(*header) ? room : sizeof(*header));
	put_bytes("a.hl", bytes, length + room);
	free(bytes);
}

static const struct hl_times_header empty;

static struct hl_time_point point_at(uint64_t ns)
{
	return (struct hl_time_point){.monotonic_ns = ns, .live_bytes = {(int64_t)(ns / 7)}, .alloc_count = ns / 3};
}

static int open_ledger(void)
{
	int fd = open("a.hl", O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static struct hl_snapshot *load(void)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};

	ck_assert_msg(hl_snapshot_load("a.hl", &s, &err) == 0, "%s", err.msg);
	return s;
}

/* All are of the program, the distances at most twice the interval, and the last one is there. */
static void check_line(const struct hl_snapshot *s, uint64_t last_ns)
{
	uint64_t interval_ns;
	size_t nr = hl_snapshot_nr_times(s, &interval_ns);
	uint64_t before = 0;

	ck_assert_uint_le(nr, HL_MAX_TIMES);
	for (size_t i = 0; i < nr; i++) {
		struct hl_time_info t;

		hl_snapshot_time(s, i, &t);
		ck_assert_uint_gt(t.monotonic_ns, before);
		ck_assert_int_eq(t.live_bytes[0], (int64_t)(t.monotonic_ns / 7));
		ck_assert_uint_eq(t.alloc_count, t.monotonic_ns / 3);
		if (before)
			ck_assert_uint_le(t.monotonic_ns - before, 2 * interval_ns);
		before = t.monotonic_ns;
	}
	ck_assert_uint_eq(before, last_ns);
}

START_TEST(a_million_seconds_have_at_most_1024_points)
{
	int fd;
	struct hl_times_writer *w = malloc(sizeof(*w));
	const uint64_t end = 1000000 * SECOND;
	uint64_t clock = 5;
	uint64_t last = 0;
	int nr_written = 0;
	struct hl_snapshot *s;

	ck_assert_ptr_nonnull(w);
	make_ledger(HL_TIMES_BYTES, &empty);
	fd = open_ledger();
	ck_assert_int_eq(hl_times_begin(w, fd, SECOND / 100, NULL), 0);
	while (clock < end) {
		struct hl_time_point p = point_at(clock);

		ck_assert_int_eq(hl_times_add(w, &p), 0);
		last = clock;
		nr_written++;
		ck_assert_uint_gt(hl_times_due(w), clock);
		/* Who looks is a little late, each time by something else. */
		clock = hl_times_due(w) + clock % 1000;
		if (nr_written % 3000 == 0) {
			s = load();
			check_line(s, last);
			hl_snapshot_unref(s);
		}
	}
	s = load();
	check_line(s, last);
	/* 10 ms, doubled 17 times: 1,024 of them are more than a million seconds. */
	ck_assert_uint_eq(s->times.interval_ns, (SECOND / 100) << 17);
	ck_assert_uint_ge(s->times.nr, HL_MAX_TIMES / 2);
	ck_assert_int_lt(nr_written, 20 * HL_MAX_TIMES);
	hl_snapshot_unref(s);
	close(fd);
	free(w);
}
END_TEST

START_TEST(another_writer_goes_on_where_one_was_killed)
{
	struct hl_times_writer *w = malloc(sizeof(*w));
	uint64_t clock = 1;
	struct hl_snapshot *s;

	ck_assert_ptr_nonnull(w);
	make_ledger(HL_TIMES_BYTES, &empty);
	for (int life = 0; life < 40; life++) {
		int fd = open_ledger();

		ck_assert_int_eq(hl_times_begin(w, fd, SECOND, NULL), 0);
		for (int i = 0; i < 100; i++) {
			struct hl_time_point p = point_at(clock);

			ck_assert_int_eq(hl_times_add(w, &p), 0);
			clock = hl_times_due(w);
		}
		close(fd);
	}
	s = load();
	check_line(s, clock - s->times.interval_ns);
	ck_assert_uint_eq(s->times.interval_ns, 64 * SECOND);
	hl_snapshot_unref(s);
	free(w);
}
END_TEST

START_TEST(what_is_not_later_is_no_point)
{
	struct hl_times_writer *w = malloc(sizeof(*w));
	const uint64_t clocks[] = {10, 10, 9, 11, 3, 12};
	struct hl_snapshot *s;
	int fd;

	ck_assert_ptr_nonnull(w);
	make_ledger(HL_TIMES_BYTES, &empty);
	fd = open_ledger();
	ck_assert_int_eq(hl_times_begin(w, fd, 1, NULL), 0);
	ck_assert_uint_eq(hl_times_due(w), 0);
	for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		struct hl_time_point p = point_at(clocks[i]);

		ck_assert_int_eq(hl_times_add(w, &p), 0);
	}
	s = load();
	ck_assert_uint_eq(s->times.nr, 3);
	check_line(s, 12);
	hl_snapshot_unref(s);
	close(fd);
	free(w);
}
END_TEST

START_TEST(copies_have_it_and_parts_have_not)
{
	struct hl_times_writer *w = malloc(sizeof(*w));
	struct hl_time_point p = point_at(77);
	struct hl_snapshot *s;
	struct hl_snapshot *part;
	int fd;

	ck_assert_ptr_nonnull(w);
	make_ledger(HL_TIMES_BYTES, &empty);
	fd = open_ledger();
	ck_assert_int_eq(hl_times_begin(w, fd, SECOND, NULL), 0);
	ck_assert_int_eq(hl_times_add(w, &p), 0);
	close(fd);
	s = load();
	part = hl_snapshot_new_like(s);
	ck_assert_uint_eq(hl_snapshot_nr_times(part, NULL), 0);
	hl_snapshot_unref(part);
	ck_assert_int_eq(hl_snapshot_write(s, "a.hl", HL_WRITE_FORCE, NULL), 0);
	hl_snapshot_unref(s);
	s = load();
	ck_assert_uint_eq(s->times.nr, 1);
	check_line(s, 77);
	hl_snapshot_unref(s);
	/* A copy is nobody's to write into. */
	fd = open_ledger();
	ck_assert_int_eq(hl_times_begin(w, fd, SECOND, NULL), -ENOENT);
	close(fd);
	free(w);
}
END_TEST

START_TEST(one_writes_at_a_time)
{
	struct hl_times_writer *w = malloc(sizeof(*w));
	int fd, other, status;

	ck_assert_ptr_nonnull(w);
	make_ledger(HL_TIMES_BYTES, &empty);
	fd = open_ledger();
	ck_assert_int_eq(hl_times_begin(w, fd, SECOND, NULL), 0);
	if (fork() == 0) {
		other = open("a.hl", O_RDWR);
		_exit(hl_times_begin(w, other, SECOND, NULL) == -EAGAIN ? 0 : 1);
	}
	ck_assert_int_gt(wait(&status), 0);
	ck_assert_int_eq(status, 0);
	close(fd);
	other = open_ledger();
	ck_assert_int_eq(hl_times_begin(w, other, SECOND, NULL), 0);
	close(other);
	free(w);
}
END_TEST

static void expect_refused(uint32_t room, const struct hl_times_header *header, const struct hl_time_point *points,
		size_t nr, const char *msg)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};
	int fd;

	make_ledger(room, header);
	fd = open_ledger();
	if (nr)
		ck_assert_int_gt(pwrite(fd, points, nr * sizeof(*points), (off_t)(section_offset + HL_LEDGER_PAGE)), 0);
	close(fd);
	ck_assert_int_eq(hl_snapshot_load("a.hl", &s, &err), -EBADMSG);
	ck_assert_str_eq(err.msg, msg);
	ck_assert_uint_eq(err.offset, section_offset);
}

START_TEST(what_somebody_made_up_is_refused)
{
	struct hl_times_header h = {.state = HL_MAX_TIMES + 1, .interval_ns = 1};
	struct hl_time_point p[2] = {point_at(5), point_at(5)};

	expect_refused(HL_TIMES_BYTES, &h, NULL, 0, "more points of the time line than there is room for");
	h.state = 1 | HL_TIMES_SECOND;
	expect_refused(HL_LEDGER_PAGE + 10 * sizeof(*p), &h, NULL, 0,
			"more points of the time line than there is room for");
	h.state = 11;
	expect_refused(HL_LEDGER_PAGE + 10 * sizeof(*p), &h, NULL, 0,
			"more points of the time line than there is room for");
	h.state = 2;
	expect_refused(HL_TIMES_BYTES, &h, p, 2, "points of the time line are out of order");
	p[1] = point_at(6);
	p[1].live_bytes[3] = -1;
	expect_refused(HL_TIMES_BYTES, &h, p, 2, "a point of the time line has numbers that cannot be");
	p[1] = point_at(6);
	p[1].resident_bytes = UINT64_MAX;
	expect_refused(HL_TIMES_BYTES, &h, p, 2, "a point of the time line has numbers that cannot be");
}
END_TEST

START_TEST(a_section_that_is_too_short_is_none)
{
	struct hl_snapshot *s;

	make_ledger(100, &(struct hl_times_header){.state = 3});
	s = load();
	ck_assert_uint_eq(hl_snapshot_nr_times(s, NULL), 0);
	hl_snapshot_unref(s);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("times");
	TCase *core = tcase_create("core");

	tcase_add_checked_fixture(core, fixture_enter, fixture_leave);
	tcase_set_timeout(core, 60);
	tcase_add_test(core, a_million_seconds_have_at_most_1024_points);
	tcase_add_test(core, another_writer_goes_on_where_one_was_killed);
	tcase_add_test(core, what_is_not_later_is_no_point);
	tcase_add_test(core, copies_have_it_and_parts_have_not);
	tcase_add_test(core, one_writes_at_a_time);
	tcase_add_test(core, what_somebody_made_up_is_refused);
	tcase_add_test(core, a_section_that_is_too_short_is_none);
	suite_add_tcase(suite, core);
	return suite;
}
