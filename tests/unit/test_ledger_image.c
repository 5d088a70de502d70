/* SPDX-License-Identifier: MIT */
/* Records that are shorter in the file than in memory. */
#include <check.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "synthetic.h"

/* The globals come first in what hl_snapshot_write() gives. */
#define GLOBALS (HL_LEDGER_PAGE + offsetof(struct hl_directory, entries))
#define OLD_BYTES offsetof(struct hl_globals, sum)

/* A ledger whose globals have @record_bytes; what lies behind them in the file is not theirs. */
static int load(uint32_t record_bytes, struct hl_snapshot **s, struct hl_error *err)
{
	struct hl_snapshot *demo = demo_snapshot(DEMO_BIAS);
	struct hl_section globals;
	unsigned char *bytes;
	size_t length;

	demo_line(demo, DEMO_BIAS, 0x40, 1, 350);
	ck_assert_int_eq(hl_snapshot_write(demo, "a.hl", HL_WRITE_FORCE, err), 0);
	hl_snapshot_unref(demo);
	bytes = file_bytes("a.hl", &length);
	memcpy(&globals, bytes + GLOBALS, sizeof(globals));
	ck_assert_uint_eq(globals.type, HL_SECTION_GLOBALS);
	memset(bytes + globals.offset + OLD_BYTES, 0xff, sizeof(struct hl_globals) - OLD_BYTES);
	globals.record_bytes = record_bytes;
	memcpy(bytes + GLOBALS, &globals, sizeof(globals));
	put_bytes("b.hl", bytes, length);
	free(bytes);
	return hl_snapshot_load("b.hl", s, err);
}

START_TEST(globals_of_older_ledgers_have_zero_for_what_came_later)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};
	struct hl_totals t;

	ck_assert_int_eq(load(OLD_BYTES, &s, &err), 0);
	ck_assert_int_eq(s->globals.sum.peak_bytes, 0);
	ck_assert_uint_eq(s->globals.peak_bound_bytes, 0);
	ck_assert_uint_eq(s->globals.lost_children, 0);
	ck_assert_uint_eq(s->globals.sum_epochs[HL_NR_DOMAINS - 1], 0);
	hl_snapshot_totals(s, 0, &t);
	ck_assert_int_eq(t.live_bytes, 350);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(globals_of_todays_length_are_read_to_their_end)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};

	ck_assert_int_eq(load(sizeof(struct hl_globals), &s, &err), 0);
	ck_assert_uint_eq(s->globals.sum_epochs[HL_NR_DOMAINS - 1], UINT32_MAX);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(globals_shorter_than_those_of_the_first_version_are_refused)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};

	ck_assert_int_eq(load(OLD_BYTES - 8, &s, &err), -EBADMSG);
	ck_assert_ptr_null(s);
	ck_assert_str_eq(err.msg, "section with too short records");
}
END_TEST

Suite *make_suite(void)
{
	Suite *suite = suite_create("ledger_image");
	TCase *core = tcase_create("core");

	tcase_add_checked_fixture(core, fixture_enter, fixture_leave);
	tcase_add_test(core, globals_of_older_ledgers_have_zero_for_what_came_later);
	tcase_add_test(core, globals_of_todays_length_are_read_to_their_end);
	tcase_add_test(core, globals_shorter_than_those_of_the_first_version_are_refused);
	suite_add_tcase(suite, core);
	return suite;
}
