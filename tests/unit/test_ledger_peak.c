/* SPDX-License-Identifier: MIT */
/* Which of the values that a record saved were held at a peak, and what the peaks become. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "synthetic.h"

#define SECTION(i) (HL_LEDGER_PAGE + offsetof(struct hl_directory, entries) + (i) * 32u)
#define HEAP HL_NR_RESERVED_SITES
#define MAPPED (HL_NR_RESERVED_SITES + 1)
#define EPOCH 7u

static unsigned char *bytes;
static size_t length;

static struct hl_section *section(uint32_t type)
{
	for (unsigned int i = 0;; i++) {
		struct hl_section *s = (void *)(bytes + SECTION(i));

		ck_assert_uint_lt(i, 20);
		if (s->type == type)
			return s;
	}
}

static struct hl_globals *globals(void)
{
	return (void *)(bytes + section(HL_SECTION_GLOBALS)->offset);
}

static struct hl_counters *counters(uint32_t site)
{
	return (struct hl_counters *)(bytes + section(HL_SECTION_COUNTERS)->offset) + site;
}

static struct hl_peak *peak(uint32_t site)
{
	return (struct hl_peak *)(bytes + section(HL_SECTION_PEAKS)->offset) + site;
}

/*
 * As the shim writes it: a heap site with 100 of 1000 bytes left and a mapped one with 200 of 5000.  At the heap's peak
 * the first held 1000, at the mappings' the second 5000, and at the sum's they held 300 and 4800.
 */
static void enter(void)
{
	struct hl_snapshot *s;
	uint32_t node;

	fixture_enter();
	s = demo_snapshot(DEMO_BIAS);
	ck_assert_int_eq(hl_snapshot_add_node(s, HL_NODE_ROOT, DEMO_BIAS + 0x11, &node), 0);
	ck_assert_int_eq(hl_snapshot_add_site(s, node, HL_KIND_MALLOC, HL_DOMAIN_MALLOC, &(struct hl_counts){
		.alloc_count = 10, .alloc_bytes = 1000, .free_count = 9, .free_bytes = 900}), 0);
	ck_assert_int_eq(hl_snapshot_add_site(s, node, HL_KIND_MMAP, HL_DOMAIN_MMAP, &(struct hl_counts){
		.alloc_count = 10, .alloc_bytes = 5000, .free_count = 8, .free_bytes = 4800}), 0);
	s->globals.domains[0].peak_bytes = 1000;
	s->globals.domains[1].peak_bytes = 5000;
	s->globals.sum.peak_bytes = 5100;
	ck_assert_int_eq(hl_snapshot_write(s, "a.hl", 0, NULL), 0);
	hl_snapshot_unref(s);
	bytes = file_bytes("a.hl", &length);
	bytes[offsetof(struct hl_ledger_header, kind)] = HL_LEDGER_LIVE;
	for (int d = 0; d < 2; d++) {
		globals()->domains[d].epoch = EPOCH;
		globals()->domains[d].peak_epoch = EPOCH;
		globals()->sum_epochs[d] = EPOCH;
		counters(HEAP + (uint32_t)d)->peak_epoch = EPOCH;
	}
	counters(HEAP)->peak_bytes = 1000;
	counters(HEAP)->peak_count = 10;
	counters(MAPPED)->peak_bytes = 5000;
	counters(MAPPED)->peak_count = 5;
	*peak(HEAP) = (struct hl_peak){.bytes = 300, .count = 3};
	*peak(MAPPED) = (struct hl_peak){.bytes = 4800, .count = 4};
}

static void leave(void)
{
	free(bytes);
	fixture_leave();
}

static struct hl_snapshot *must_load(void)
{
	struct hl_snapshot *s = NULL;
	struct hl_error err = {0};

	put_bytes("b.hl", bytes, length);
	ck_assert_msg(!hl_snapshot_load("b.hl", &s, &err), "%s", err.msg ? err.msg : "?");
	return s;
}

/* The peak of a domain, and what its sites held then. */
static void expect(const struct hl_snapshot *s, int domain, int64_t peak_bytes, int64_t lines, int64_t count)
{
	struct hl_totals t;

	hl_snapshot_totals(s, domain, &t);
	ck_assert_int_eq(t.peak_bytes, peak_bytes);
	ck_assert_int_eq(t.counts.peak_bytes, lines);
	ck_assert_int_eq(t.counts.peak_count, count);
}

START_TEST(each_question_has_the_values_of_its_own_peak)
{
	struct hl_snapshot *s = must_load();

	expect(s, HL_DOMAIN_MALLOC, 1000, 1000, 10);
	expect(s, HL_DOMAIN_MMAP, 5000, 5000, 5);
	expect(s, -1, 5100, 5100, 7);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(a_record_that_changed_between_two_peaks_has_saved_one_of_them)
{
	struct hl_snapshot *s;

	/* the heap's own peak came first, then the record changed, then the sum had its peak */
	globals()->domains[0].peak_epoch = EPOCH - 2;
	counters(HEAP)->peak_epoch = EPOCH - 1;
	globals()->sum.peak_bytes = 4900;
	s = must_load();
	expect(s, HL_DOMAIN_MALLOC, 1000, 1000, 10);
	expect(s, -1, 5000, 4900, 5);
	hl_snapshot_unref(s);
	/* the other way round */
	globals()->domains[0].peak_epoch = EPOCH;
	globals()->domains[0].peak_bytes = 100;
	globals()->sum_epochs[0] = EPOCH - 1;
	s = must_load();
	expect(s, HL_DOMAIN_MALLOC, 100, 100, 1);
	expect(s, -1, 5100, 5100, 7);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(epochs_may_go_round)
{
	struct hl_snapshot *s;

	globals()->domains[0].peak_epoch = UINT32_MAX - 1;
	globals()->sum_epochs[0] = UINT32_MAX;
	counters(HEAP)->peak_epoch = 2;
	s = must_load();
	expect(s, HL_DOMAIN_MALLOC, 1000, 1000, 10);
	expect(s, -1, 5100, 5100, 7);
	hl_snapshot_unref(s);
	counters(HEAP)->peak_epoch = UINT32_MAX - 5;
	globals()->domains[0].peak_epoch = 2;
	globals()->domains[0].peak_bytes = 100;
	s = must_load();
	expect(s, HL_DOMAIN_MALLOC, 100, 100, 1);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(a_copy_keeps_every_peak)
{
	struct hl_snapshot *s = must_load();

	ck_assert_int_eq(hl_snapshot_write(s, "c.hl", 0, NULL), 0);
	hl_snapshot_unref(s);
	ck_assert_int_eq(hl_snapshot_load("c.hl", &s, NULL), 0);
	expect(s, HL_DOMAIN_MALLOC, 1000, 1000, 10);
	expect(s, HL_DOMAIN_MMAP, 5000, 5000, 5);
	expect(s, -1, 5100, 5100, 7);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(ledgers_of_before_have_no_sum)
{
	struct hl_snapshot *s;

	globals()->sum.peak_bytes = 0;
	s = must_load();
	expect(s, -1, 6000, 6000, 15);
	hl_snapshot_unref(s);
	globals()->sum.peak_bytes = 5100;
	section(HL_SECTION_PEAKS)->type = HL_SECTION_NONE;
	s = must_load();
	expect(s, -1, 6000, 6000, 15);
	hl_snapshot_unref(s);
	section(HL_SECTION_GLOBALS)->record_bytes = offsetof(struct hl_globals, sum);
	s = must_load();
	expect(s, -1, 6000, 6000, 15);
	expect(s, HL_DOMAIN_MALLOC, 1000, 1000, 10);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(a_peak_is_never_below_what_lives)
{
	struct hl_snapshot *s;

	/* nothing is freed any more; what the threads kept back never reached the peaks */
	counters(HEAP)->free_bytes = counters(MAPPED)->free_bytes = 0;
	counters(HEAP)->free_count = counters(MAPPED)->free_count = 0;
	counters(HEAP)->peak_bytes = counters(MAPPED)->peak_bytes = 0;
	globals()->domains[0].peak_bytes = 10;
	globals()->domains[1].peak_bytes = 4000;
	globals()->peak_bound_bytes = 1100;
	bytes[offsetof(struct hl_ledger_header, end_monotonic_ns)] = 99;
	s = must_load();
	expect(s, HL_DOMAIN_MALLOC, 1000, 1000, 10);
	expect(s, HL_DOMAIN_MMAP, 5000, 5000, 10);
	expect(s, -1, 6000, 6000, 20);
	ck_assert_uint_eq(s->globals.sum.peak_monotonic_ns, 99);
	/* the mappings' peak was raised least, by 900 (the sum's) */
	ck_assert_uint_eq(s->globals.peak_bound_bytes, 200);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(a_bound_is_what_a_peak_may_still_be_low_by)
{
	struct hl_snapshot *s;
	struct hl_totals t;

	globals()->peak_bound_bytes = 50;
	s = must_load();
	hl_snapshot_totals(s, -1, &t);
	ck_assert_uint_eq(t.peak_bound_bytes, 50);
	hl_snapshot_unref(s);
	/* lines that held more than the program noticed */
	globals()->domains[0].peak_bytes = 1000 - 20;
	globals()->domains[1].peak_bytes = 5000 - 20;
	globals()->sum.peak_bytes = 5100 - 20;
	s = must_load();
	expect(s, -1, 5100, 5100, 7);
	hl_snapshot_totals(s, -1, &t);
	ck_assert_uint_eq(t.peak_bound_bytes, 30);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(a_share_is_never_below_nothing)
{
	struct hl_snapshot *s;

	peak(HEAP)->bytes = -300;
	peak(HEAP)->count = -3;
	s = must_load();
	expect(s, -1, 5100, 4800, 4);
	hl_snapshot_unref(s);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("ledger_peak");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");

	tcase_add_checked_fixture(core, enter, leave);
	tcase_add_test(core, each_question_has_the_values_of_its_own_peak);
	tcase_add_test(core, a_record_that_changed_between_two_peaks_has_saved_one_of_them);
	tcase_add_test(core, a_copy_keeps_every_peak);
	tcase_add_test(core, ledgers_of_before_have_no_sum);
	tcase_add_test(core, a_bound_is_what_a_peak_may_still_be_low_by);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(limits, enter, leave);
	tcase_add_test(limits, epochs_may_go_round);
	tcase_add_test(limits, a_peak_is_never_below_what_lives);
	tcase_add_test(limits, a_share_is_never_below_nothing);
	suite_add_tcase(suite, limits);
	return suite;
}
