/* SPDX-License-Identifier: MIT */
/* Moments of call sites: what is kept is what was held then, whatever has gone; and what somebody made up. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "snapshot/moments.h"
#include "snapshot/varint.h"
#include "synthetic.h"

#define ENTRIES (HL_LEDGER_PAGE + offsetof(struct hl_directory, entries))
#define NR_ENTRIES (HL_LEDGER_PAGE + offsetof(struct hl_directory, nr_entries))
#define STEP UINT64_C(1000)

static uint64_t section_offset;

/* A ledger of @nr_sites call sites with an empty section for moments. */
static void make_ledger(int nr_sites)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_section entry = {.type = HL_SECTION_MOMENTS, .nr_records = HL_MOMENTS_BYTES, .record_bytes = 1};
	unsigned char *bytes;
	uint32_t nr;
	size_t length;

	for (int i = 0; i < nr_sites; i++)
		demo_line(s, DEMO_BIAS, (uint64_t)i + 1, 1, 350);
	ck_assert_int_eq(hl_snapshot_write(s, "a.hl", HL_WRITE_FORCE, NULL), 0);
	hl_snapshot_unref(s);
	bytes = file_bytes("a.hl", &length);
	memcpy(&nr, bytes + NR_ENTRIES, sizeof(nr));
	section_offset = entry.offset = length;
	memcpy(bytes + ENTRIES + nr * sizeof(entry), &entry, sizeof(entry));
	nr++;
	memcpy(bytes + NR_ENTRIES, &nr, sizeof(nr));
	bytes = realloc(bytes, length + entry.nr_records);
	ck_assert_ptr_nonnull(bytes);
	memset(bytes + length, 0, entry.nr_records);
	put_bytes("a.hl", bytes, length + entry.nr_records);
	free(bytes);
}

static struct hl_snapshot *load(void)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};

	ck_assert_msg(hl_snapshot_load("a.hl", &s, &err) == 0, "%s", err.msg);
	return s;
}

/* What site @i holds at @time: some always change, some now and then, some never; all begin with nothing. */
static struct hl_held truth(uint64_t time, size_t i)
{
	uint64_t n = time / STEP;

	switch (i % 4) {
	case 0:
		return (struct hl_held){(int64_t)(n * 100 + i), (int64_t)n};
	case 1:
		return (struct hl_held){(int64_t)((n / 7 * 31 + i) % 5000), (int64_t)(n / 7 % 3)};
	case 2:
		return n % 5 == i % 5 ? (struct hl_held){INT64_C(1) << 40, 1} : (struct hl_held){0};
	default:
		return (struct hl_held){0};
	}
}

static void fill(struct hl_held *held, size_t nr, uint64_t time)
{
	memset(held, 0, nr * sizeof(*held));
	for (size_t i = HL_NR_RESERVED_SITES; i < nr; i++)
		held[i] = truth(time, i);
}

/* Moments from @from to @to, one for each STEP that is due. */
static void write_moments(uint64_t from, uint64_t to, size_t nr_sites)
{
	struct hl_moments_writer w;
	struct hl_held *held = calloc(nr_sites, sizeof(*held));
	struct hl_image image;
	int fd = open("a.hl", O_RDWR | O_CLOEXEC);

	ck_assert_ptr_nonnull(held);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(hl_image_open(&image, fd, NULL), 0);
	ck_assert_int_eq(hl_moments_begin(&w, &image, fd, STEP, NULL), 0);
	for (uint64_t time = from; time < to; time += STEP) {
		if (!hl_moments_are_due(&w, time))
			continue;
		fill(held, nr_sites, time);
		ck_assert_int_eq(hl_moments_add(&w, time, held, nr_sites), 0);
		ck_assert_uint_le(w.nr, HL_MAX_MOMENTS);
	}
	hl_moments_end(&w);
	hl_image_release(&image);
	close(fd);
	free(held);
}

/* Each moment has what was held then, and no other site; how many there are. */
static size_t check_moments(size_t nr_sites, uint64_t last)
{
	struct hl_snapshot *s = load();
	uint64_t times[HL_MOMENTS_MAX];
	size_t nr;

	ck_assert_int_eq(hl_snapshot_moments(s, times, &nr, NULL), 0);
	for (size_t m = 0; m < nr; m++) {
		struct hl_held *held = calloc(nr_sites, sizeof(*held));
		int64_t sum = 0;
		struct hl_totals t;
		struct hl_snapshot *then;

		ck_assert_ptr_nonnull(held);
		ck_assert_int_eq(hl_moments_sum(&s->moments, m, held, nr_sites), 0);
		for (size_t i = HL_NR_RESERVED_SITES; i < nr_sites; i++) {
			ck_assert_int_eq(held[i].bytes, truth(times[m], i).bytes);
			ck_assert_int_eq(held[i].count, truth(times[m], i).count);
			sum += held[i].bytes;
		}
		free(held);
		ck_assert_int_eq(hl_snapshot_at(s, m, &then, NULL), 0);
		hl_snapshot_totals(then, -1, &t);
		ck_assert_int_eq(t.live_bytes, sum);
		ck_assert_int_eq(t.peak_bytes, sum);
		ck_assert_uint_eq(then->header.snapshot_monotonic_ns, times[m]);
		hl_snapshot_unref(then);
	}
	if (last)
		ck_assert_uint_eq(times[nr - 1], last);
	ck_assert_int_eq(hl_snapshot_at(s, nr, &(struct hl_snapshot *){NULL}, NULL), -EINVAL);
	hl_snapshot_unref(s);
	return nr;
}

START_TEST(every_second_one_goes_and_the_others_stay_right)
{
	const size_t nr_sites = 40 + HL_NR_RESERVED_SITES;

	for (uint64_t end = 1; end <= 2000; end = end * 3 / 2 + 1) {
		size_t nr;

		make_ledger(40);
		write_moments(STEP, (end + 1) * STEP, nr_sites);
		nr = check_moments(nr_sites, end <= HL_MAX_MOMENTS ? end * STEP : 0);
		ck_assert_uint_ge(nr, end < HL_MAX_MOMENTS / 2 ? end : HL_MAX_MOMENTS / 2);
	}
}
END_TEST

START_TEST(another_writer_goes_on)
{
	const size_t nr_sites = 40 + HL_NR_RESERVED_SITES;

	make_ledger(40);
	for (uint64_t life = 0; life < 30; life++)
		write_moments((life * 17 + 1) * STEP, ((life + 1) * 17 + 1) * STEP, nr_sites);
	ck_assert_uint_ge(check_moments(nr_sites, 0), HL_MAX_MOMENTS / 2);
}
END_TEST

/* 30,000 sites, of which half always change: five bytes each, so three moments fit. */
START_TEST(where_much_changes_there_are_fewer)
{
	const size_t nr_sites = 30000 + HL_NR_RESERVED_SITES;
	size_t nr;

	make_ledger(30000);
	write_moments(STEP, 60 * STEP, nr_sites);
	nr = check_moments(nr_sites, 0);
	ck_assert_uint_ge(nr, 1);
	ck_assert_uint_lt(nr, 20);
}
END_TEST

START_TEST(what_does_not_fit_at_all_is_given_up)
{
	const size_t nr_sites = 200000 + HL_NR_RESERVED_SITES;

	make_ledger(10);
	write_moments(STEP, 2 * STEP, 10 + HL_NR_RESERVED_SITES);
	{
		struct hl_moments_writer w;
		struct hl_held *held = calloc(nr_sites, sizeof(*held));
		struct hl_image image;
		int fd = open("a.hl", O_RDWR);

		ck_assert_int_eq(hl_image_open(&image, fd, NULL), 0);
		ck_assert_int_eq(hl_moments_begin(&w, &image, fd, STEP, NULL), 0);
		fill(held, nr_sites, 9 * STEP);
		ck_assert_int_eq(hl_moments_add(&w, 9 * STEP, held, nr_sites), -ENOSPC);
		ck_assert(!hl_moments_are_due(&w, 99 * STEP));
		ck_assert_int_eq(hl_moments_add(&w, 99 * STEP, held, nr_sites), 0);
		hl_moments_end(&w);
		hl_image_release(&image);
		close(fd);
		free(held);
	}
	ck_assert_uint_eq(check_moments(10 + HL_NR_RESERVED_SITES, STEP), 1);
}
END_TEST

START_TEST(copies_have_them_and_parts_have_not)
{
	const size_t nr_sites = 8 + HL_NR_RESERVED_SITES;
	struct hl_snapshot *s, *part;

	make_ledger(8);
	write_moments(STEP, 10 * STEP, nr_sites);
	s = load();
	part = hl_snapshot_new_like(s);
	ck_assert_uint_eq(part->moments.length, 0);
	hl_snapshot_unref(part);
	ck_assert_int_eq(hl_snapshot_write(s, "a.hl", HL_WRITE_FORCE, NULL), 0);
	hl_snapshot_unref(s);
	ck_assert_uint_eq(check_moments(nr_sites, 9 * STEP), 9);
}
END_TEST

/* A ledger whose active area has these numbers; what hl_snapshot_moments() and _at() say of it. */
static void expect_damaged(const uint64_t *numbers, size_t nr, int list_rc)
{
	unsigned char bytes[200];
	struct hl_moments_header h = {0};
	struct hl_snapshot *s;
	struct hl_snapshot *then = NULL;
	uint64_t times[HL_MOMENTS_MAX];
	struct hl_error err = {0};
	size_t n;
	int fd;

	for (size_t i = 0; i < nr; i++)
		h.state += hl_varint_put(bytes + h.state, numbers[i]);
	make_ledger(4);
	fd = open("a.hl", O_RDWR);
	ck_assert_int_gt(pwrite(fd, &h, sizeof(h), (off_t)section_offset), 0);
	ck_assert_int_gt(pwrite(fd, bytes, h.state, (off_t)(section_offset + HL_LEDGER_PAGE)), 0);
	close(fd);
	s = load();
	ck_assert_int_eq(hl_snapshot_moments(s, times, &n, &err), list_rc);
	ck_assert_int_eq(hl_snapshot_at(s, 0, &then, &err), -EBADMSG);
	ck_assert_uint_eq(err.offset, section_offset + HL_LEDGER_PAGE);
	hl_snapshot_unref(s);
}

START_TEST(what_somebody_made_up_is_refused)
{
	/* time, bytes, sites, then gap, bytes and blocks of each; zigzag */
	expect_damaged((uint64_t[]){5, 4, 1, 2, 2}, 5, -EBADMSG);		/* cut off */
	expect_damaged((uint64_t[]){0, 1, 0}, 3, -EBADMSG);			/* no time */
	expect_damaged((uint64_t[]){UINT64_MAX, 1, 0}, 3, -EBADMSG);
	expect_damaged((uint64_t[]){5, 4, 2, 2, 2, 2}, 6, 0);			/* fewer sites than it says */
	expect_damaged((uint64_t[]){5, 5, 1, 2, 2, 2, 2}, 7, 0);		/* more */
	expect_damaged((uint64_t[]){5, 4, 1, 2, 1, 2}, 6, 0);			/* -1 byte */
	expect_damaged((uint64_t[]){5, 4, 1, 2, 2, 1}, 6, 0);			/* -1 block */
	expect_damaged((uint64_t[]){5, 25, 2, 2, UINT64_MAX - 1, 2, 0, UINT64_MAX - 1, 2}, 9, 0); /* in all 2^64 - 2 */
	expect_damaged((uint64_t[]){5, 8, 1, UINT64_C(1) << 33, 2, 2}, 6, 0);	/* no such site can be */
}
END_TEST

START_TEST(more_than_there_is_room_for_is_refused)
{
	struct hl_moments_header h = {.state = HL_MOMENTS_AREA + 1};
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};
	int fd;

	make_ledger(4);
	fd = open("a.hl", O_RDWR);
	ck_assert_int_gt(pwrite(fd, &h, sizeof(h), (off_t)section_offset), 0);
	close(fd);
	ck_assert_int_eq(hl_snapshot_load("a.hl", &s, &err), -EBADMSG);
	ck_assert_str_eq(err.msg, "more moments than there is room for");
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("moments");
	TCase *core = tcase_create("core");

	tcase_add_checked_fixture(core, fixture_enter, fixture_leave);
	tcase_set_timeout(core, 60);
	tcase_add_test(core, every_second_one_goes_and_the_others_stay_right);
	tcase_add_test(core, another_writer_goes_on);
	tcase_add_test(core, where_much_changes_there_are_fewer);
	tcase_add_test(core, what_does_not_fit_at_all_is_given_up);
	tcase_add_test(core, copies_have_them_and_parts_have_not);
	tcase_add_test(core, what_somebody_made_up_is_refused);
	tcase_add_test(core, more_than_there_is_room_for_is_refused);
	suite_add_tcase(suite, core);
	return suite;
}
