/* SPDX-License-Identifier: MIT */
/* Grouping, its order, and the comparison of two groupings. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/resolve.h"
#include "synthetic.h"

static struct hl_resolver *resolver;

static void enter(void)
{
	ck_assert_int_eq(hl_resolver_new(NULL, &resolver), 0);
}

static void leave(void)
{
	hl_resolver_unref(resolver);
}

static struct hl_statistics *statistics(struct hl_snapshot *s, enum hl_key key, enum hl_metric metric)
{
	struct hl_statistics *stats = NULL;

	ck_assert_int_eq(hl_snapshot_statistics(s, resolver, key, metric, &stats), 0);
	return stats;
}

static void must_be(const struct hl_statistics *stats, size_t i, const char *place, int64_t size,
		int64_t count)
{
	char text[200];

	ck_assert_uint_lt(i, stats->nr_items);
	hl_format_place(text, sizeof(text),
			hl_traceback_line(stats->resolver, stats->items[i].traceback));
	ck_assert_str_eq(text, place);
	ck_assert_int_eq(stats->items[i].size, size);
	ck_assert_int_eq(stats->items[i].count, count);
}

START_TEST(equal_lines_are_one_group_and_the_largest_is_first)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	const uint64_t deep[] = {0x99, 0x10};
	struct hl_statistics *stats;

	demo_line(s, DEMO_BIAS, 0x10, 1, 100);
	demo_line(s, DEMO_BIAS, 0x20, 2, 500);
	demo_site(s, DEMO_BIAS, deep, 2, 3, 300);
	stats = statistics(s, HL_KEY_LINENO, HL_METRIC_LIVE);
	ck_assert_uint_eq(stats->nr_items, 2);
	must_be(stats, 0, "libdemo.so+0x20", 500, 2);
	must_be(stats, 1, "libdemo.so+0x10", 400, 4);
	ck_assert_int_eq(stats->total_size, 900);
	ck_assert_int_eq(stats->total_count, 6);
	hl_statistics_unref(stats);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(ties_are_broken_by_count_then_by_the_greater_place)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_statistics *stats;

	demo_line(s, DEMO_BIAS, 0x10, 1, 100);
	demo_line(s, DEMO_BIAS, 0x30, 1, 100);
	demo_line(s, DEMO_BIAS, 0x20, 2, 100);
	stats = statistics(s, HL_KEY_LINENO, HL_METRIC_LIVE);
	must_be(stats, 0, "libdemo.so+0x20", 100, 2);
	must_be(stats, 1, "libdemo.so+0x30", 100, 1);
	must_be(stats, 2, "libdemo.so+0x10", 100, 1);
	hl_statistics_unref(stats);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(tracebacks_of_equal_size_are_ordered_from_the_oldest_frame)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	const uint64_t a[] = {0x10, 0x90};
	const uint64_t b[] = {0x20, 0x80};
	const uint64_t c[] = {0x20};
	struct hl_statistics *stats;

	demo_site(s, DEMO_BIAS, a, 2, 1, 100);
	demo_site(s, DEMO_BIAS, b, 2, 1, 100);
	demo_site(s, DEMO_BIAS, c, 1, 1, 100);
	stats = statistics(s, HL_KEY_TRACEBACK, HL_METRIC_LIVE);
	ck_assert_uint_eq(stats->nr_items, 3);
	must_be(stats, 0, "libdemo.so+0x80", 100, 1);
	must_be(stats, 1, "libdemo.so+0x20", 100, 1);
	must_be(stats, 2, "libdemo.so+0x90", 100, 1);
	ck_assert_uint_eq(hl_traceback_length(resolver, stats->items[0].traceback), 2);
	ck_assert_str_eq(hl_traceback_frame(resolver, stats->items[0].traceback, 1)->filename,
			"libdemo.so+0x20");
	ck_assert_ptr_null(hl_traceback_frame(resolver, stats->items[0].traceback, 2));
	hl_statistics_unref(stats);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(files_and_modules_gather_what_has_no_line)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_statistics *stats;

	demo_line(s, DEMO_BIAS, 0x10, 1, 100);
	demo_line(s, DEMO_BIAS, 0x20, 2, 500);
	demo_line(s, 0x900000, 0, 1, 7); /* outside every module */
	stats = statistics(s, HL_KEY_MODULE, HL_METRIC_LIVE);
	ck_assert_uint_eq(stats->nr_items, 2);
	must_be(stats, 0, "/nowhere/libdemo.so", 600, 3);
	must_be(stats, 1, "<unknown>", 7, 1);
	hl_statistics_unref(stats);
	stats = statistics(s, HL_KEY_FILENAME, HL_METRIC_LIVE);
	ck_assert_uint_eq(stats->nr_items, 2);
	must_be(stats, 0, "/nowhere/libdemo.so", 600, 3);
	hl_statistics_unref(stats);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(kinds_are_kept_apart)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_counts counts = {.alloc_count = 2, .alloc_bytes = 10};
	struct hl_statistics *stats;
	uint32_t node;

	demo_line(s, DEMO_BIAS, 0x10, 1, 100);
	ck_assert_int_eq(hl_snapshot_add_node(s, 0, DEMO_BIAS + 0x11, &node), 0);
	ck_assert_int_eq(hl_snapshot_add_site(s, node, HL_KIND_CALLOC, 0, &counts), 0);
	stats = statistics(s, HL_KEY_KIND, HL_METRIC_LIVE);
	ck_assert_uint_eq(stats->nr_items, 2);
	must_be(stats, 0, "malloc", 100, 1);
	must_be(stats, 1, "calloc", 10, 2);
	hl_statistics_unref(stats);
	hl_snapshot_unref(s);
}
END_TEST

static void add_counts(struct hl_snapshot *s, uint64_t offset, struct hl_counts counts)
{
	uint32_t node;

	ck_assert_int_eq(hl_snapshot_add_node(s, 0, DEMO_BIAS + offset + 1, &node), 0);
	ck_assert_int_eq(hl_snapshot_add_site(s, node, HL_KIND_MALLOC, 0, &counts), 0);
}

START_TEST(each_metric_counts_and_orders_its_own)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_statistics *stats;

	add_counts(s, 0x10, (struct hl_counts){.alloc_count = 9, .alloc_bytes = 90, .free_count = 8,
			.free_bytes = 80, .temp_count = 1, .peak_bytes = 20, .peak_count = 2});
	add_counts(s, 0x20, (struct hl_counts){.alloc_count = 5, .alloc_bytes = 500,
			.free_count = 5, .free_bytes = 500, .temp_count = 5, .peak_bytes = 300,
			.peak_count = 3});
	stats = statistics(s, HL_KEY_LINENO, HL_METRIC_LIVE);
	ck_assert_uint_eq(stats->nr_items, 1);
	must_be(stats, 0, "libdemo.so+0x10", 10, 1);
	hl_statistics_unref(stats);
	stats = statistics(s, HL_KEY_LINENO, HL_METRIC_PEAK);
	must_be(stats, 0, "libdemo.so+0x20", 300, 3);
	must_be(stats, 1, "libdemo.so+0x10", 20, 2);
	hl_statistics_unref(stats);
	stats = statistics(s, HL_KEY_LINENO, HL_METRIC_ALLOC);
	must_be(stats, 0, "libdemo.so+0x20", 500, 5);
	hl_statistics_unref(stats);
	stats = statistics(s, HL_KEY_LINENO, HL_METRIC_COUNT);
	must_be(stats, 0, "libdemo.so+0x10", 90, 9);
	hl_statistics_unref(stats);
	stats = statistics(s, HL_KEY_LINENO, HL_METRIC_TEMP);
	must_be(stats, 0, "libdemo.so+0x20", 500, 5);
	ck_assert_uint_eq(stats->items[0].counts.temp_count, 5);
	hl_statistics_unref(stats);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(an_empty_snapshot_has_no_groups)
{
	struct hl_snapshot *s = hl_snapshot_new();

	for (int key = 0; key < HL_NR_KEYS; key++) {
		struct hl_statistics *stats = statistics(s, key, HL_METRIC_LIVE);

		ck_assert_uint_eq(stats->nr_items, 0);
		ck_assert_int_eq(stats->total_size, 0);
		hl_statistics_unref(stats);
	}
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(blocks_without_a_stack_are_a_group_of_their_own)
{
	struct hl_snapshot *s = hl_snapshot_new();
	struct hl_counts counts = {.alloc_count = 1, .alloc_bytes = 8};
	struct hl_statistics *stats;

	ck_assert_int_eq(hl_snapshot_add_site(s, HL_NODE_UNATTRIBUTED, HL_KIND_MALLOC, 0, &counts), 0);
	stats = statistics(s, HL_KEY_TRACEBACK, HL_METRIC_LIVE);
	must_be(stats, 0, "<unattributed>", 8, 1);
	hl_statistics_unref(stats);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(a_stack_as_deep_as_a_ledger_allows_is_grouped)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	static uint64_t offsets[5000];
	struct hl_statistics *stats;

	for (size_t i = 0; i < 5000; i++)
		offsets[i] = i;
	demo_site(s, DEMO_BIAS, offsets, 5000, 1, 1);
	stats = statistics(s, HL_KEY_TRACEBACK, HL_METRIC_LIVE);
	ck_assert_uint_eq(hl_traceback_length(resolver, stats->items[0].traceback), 5000);
	hl_statistics_unref(stats);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(unknown_keys_and_metrics_are_refused)
{
	struct hl_snapshot *s = hl_snapshot_new();
	struct hl_statistics *stats = NULL;

	ck_assert_int_eq(hl_snapshot_statistics(s, resolver, HL_NR_KEYS, 0, &stats), -EINVAL);
	ck_assert_int_eq(hl_snapshot_statistics(s, resolver, 0, HL_NR_METRICS, &stats), -EINVAL);
	ck_assert_int_eq(hl_key_from_name("line"), -EINVAL);
	ck_assert_int_eq(hl_key_from_name("lineno"), HL_KEY_LINENO);
	ck_assert_int_eq(hl_metric_from_name("temp"), HL_METRIC_TEMP);
	ck_assert_ptr_null(stats);
	hl_snapshot_unref(s);
}
END_TEST

static void diff_must_be(const struct hl_diffs *d, size_t i, const char *place, const char *text)
{
	char buf[HL_STATISTIC_TEXT];

	ck_assert_uint_lt(i, d->nr_items);
	ck_assert_str_eq(hl_traceback_frame(d->resolver, d->items[i].traceback, 0)->filename, place);
	ck_assert_str_eq(hl_format_diff(buf, &d->items[i], false), text);
}

START_TEST(the_same_line_at_another_address_is_the_same_group)
{
	struct hl_snapshot *old = demo_snapshot(DEMO_BIAS);
	struct hl_snapshot *new_ = demo_snapshot(0x7f0000000000);
	struct hl_statistics *a;
	struct hl_statistics *b;
	struct hl_diffs *d;

	demo_line(old, DEMO_BIAS, 0x10, 1, 100);
	demo_line(old, DEMO_BIAS, 0x20, 6, 32);
	demo_line(old, DEMO_BIAS, 0x40, 2, 55);
	demo_line(new_, 0x7f0000000000, 0x40, 2, 55);
	demo_line(new_, 0x7f0000000000, 0x10, 3, 70100);
	demo_line(new_, 0x7f0000000000, 0x30, 1, 40);
	a = statistics(old, HL_KEY_LINENO, HL_METRIC_LIVE);
	b = statistics(new_, HL_KEY_LINENO, HL_METRIC_LIVE);
	ck_assert_int_eq(hl_statistics_compare(a, b, &d), 0);
	ck_assert_uint_eq(d->nr_items, 4);
	diff_must_be(d, 0, "libdemo.so+0x10",
			"size=68.5 KiB (+68.4 KiB), count=3 (+2), average=22.8 KiB");
	diff_must_be(d, 1, "libdemo.so+0x30", "size=40 B (+40 B), count=1 (+1), average=40 B");
	diff_must_be(d, 2, "libdemo.so+0x20", "size=0 B (-32 B), count=0 (-6)");
	diff_must_be(d, 3, "libdemo.so+0x40", "size=55 B (+0 B), count=2 (+0), average=28 B");
	ck_assert_int_eq(d->total_size_diff, 70195 - 187);
	ck_assert_int_eq(d->total_count_diff, 6 - 9);
	hl_diffs_unref(d);
	hl_statistics_unref(a);
	hl_statistics_unref(b);
	hl_snapshot_unref(old);
	hl_snapshot_unref(new_);
}
END_TEST

START_TEST(diff_of_a_snapshot_with_itself_has_no_differences)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_statistics *a;
	struct hl_diffs *d;

	demo_line(s, DEMO_BIAS, 0x10, 1, 100);
	a = statistics(s, HL_KEY_TRACEBACK, HL_METRIC_LIVE);
	ck_assert_int_eq(hl_statistics_compare(a, a, &d), 0);
	ck_assert_uint_eq(d->nr_items, 1);
	ck_assert_int_eq(d->items[0].size_diff, 0);
	ck_assert_int_eq(d->items[0].count_diff, 0);
	hl_diffs_unref(d);
	hl_statistics_unref(a);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(extreme_numbers_do_not_overflow)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_snapshot *empty = hl_snapshot_new();
	struct hl_statistics *a;
	struct hl_statistics *b;
	struct hl_diffs *d;
	char text[HL_STATISTIC_TEXT];

	add_counts(s, 0x10, (struct hl_counts){.alloc_bytes = INT64_MAX - 1, .alloc_count = INT64_MAX});
	add_counts(s, 0x20, (struct hl_counts){.alloc_bytes = 1});
	a = statistics(empty, HL_KEY_LINENO, HL_METRIC_LIVE);
	b = statistics(s, HL_KEY_LINENO, HL_METRIC_LIVE);
	ck_assert_int_eq(hl_statistics_compare(a, b, &d), 0);
	ck_assert_uint_eq(d->nr_items, 2);
	ck_assert_uint_lt(strlen(hl_format_diff(text, &d->items[0], true)), HL_STATISTIC_TEXT);
	hl_diffs_unref(d);
	ck_assert_int_eq(hl_statistics_compare(b, a, &d), 0);
	hl_diffs_unref(d);
	hl_statistics_unref(a);
	hl_statistics_unref(b);
	hl_snapshot_unref(s);
	hl_snapshot_unref(empty);
}
END_TEST

/* One stack of two frames: as cumulative groups it is there twice. */
START_TEST(totals_have_each_block_once)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_snapshot *empty = hl_snapshot_new();
	const uint64_t stack[] = {0x10, 0x20};
	struct hl_statistics *old, *new_;
	struct hl_diffs *d;

	demo_site(s, DEMO_BIAS, stack, 2, 3, 300);
	add_counts(s, 0x10, (struct hl_counts){.alloc_bytes = 50, .alloc_count = 2, .temp_count = 1});
	ck_assert_int_eq(hl_snapshot_statistics_cumulative(s, resolver, HL_KEY_LINENO, HL_METRIC_TEMP, &new_), 0);
	ck_assert_int_eq(new_->total_size, 350);
	ck_assert_int_eq(new_->total_count, 5);
	ck_assert_uint_eq(new_->all.temp_count, 1);
	ck_assert_uint_eq(new_->nr_items, 1);
	hl_statistics_unref(new_);
	ck_assert_int_eq(hl_snapshot_statistics_cumulative(s, resolver, HL_KEY_LINENO, HL_METRIC_LIVE, &new_), 0);
	ck_assert_int_eq(hl_snapshot_statistics_cumulative(empty, resolver, HL_KEY_LINENO, HL_METRIC_LIVE, &old), 0);
	ck_assert_int_eq(new_->items[0].size + new_->items[1].size, 650);
	ck_assert_int_eq(hl_statistics_compare(old, new_, &d), 0);
	ck_assert_int_eq(d->total_size, 350);
	ck_assert_int_eq(d->total_size_diff, 350);
	ck_assert_int_eq(d->total_count_diff, 5);
	hl_diffs_unref(d);
	hl_statistics_unref(old);
	hl_statistics_unref(new_);
	hl_snapshot_unref(s);
	hl_snapshot_unref(empty);
}
END_TEST

/* The same line twice, within a group, and two groups, within the total of a difference. */
START_TEST(sums_beyond_63_bits_are_refused)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	const uint64_t recursion[] = {0x10, 0x10};
	struct hl_statistics *stats = NULL;

	demo_site(s, DEMO_BIAS, recursion, 2, 1, INT64_MAX);
	ck_assert_int_eq(hl_snapshot_statistics_cumulative(s, resolver, HL_KEY_LINENO, HL_METRIC_LIVE, &stats),
			-ERANGE);
	ck_assert_ptr_null(stats);
	hl_statistics_unref(statistics(s, HL_KEY_LINENO, HL_METRIC_LIVE));
	add_counts(s, 0x10, (struct hl_counts){.alloc_bytes = 1, .alloc_count = 1});
	ck_assert_int_eq(hl_snapshot_statistics(s, resolver, HL_KEY_LINENO, HL_METRIC_LIVE, &stats), -ERANGE);
	ck_assert_ptr_null(stats);
	hl_snapshot_unref(s);
}
END_TEST

/* Many stacks of one size, one deeper than the other: the order is that of one comparison after the other. */
START_TEST(many_stacks_are_ordered_as_two_are)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_statistics *stats;
	uint64_t stack[12];
	unsigned int seed = 7;

	for (int i = 0; i < 400; i++) {
		size_t nr = 1 + (size_t)rand_r(&seed) % 12;

		for (size_t k = 0; k < nr; k++)
			stack[k] = 0x10 * (1 + (uint64_t)rand_r(&seed) % 3);
		demo_site(s, DEMO_BIAS, stack, nr, 1, 8);
	}
	stats = statistics(s, HL_KEY_TRACEBACK, HL_METRIC_ALLOC);
	ck_assert_uint_gt(stats->nr_items, HL_MANY_TRACEBACKS);
	for (size_t i = 1; i < stats->nr_items; i++)
		if (stats->items[i - 1].size == stats->items[i].size)
			ck_assert_int_gt(hl_traceback_compare(resolver, stats->items[i - 1].traceback,
					stats->items[i].traceback), 0);
	hl_statistics_unref(stats);
	hl_snapshot_unref(s);
}
END_TEST

/* Whoever asks for them in whatever order. */
START_TEST(frames_of_a_deep_traceback_are_those_from_the_innermost_one_outwards)
{
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_statistics *stats;
	uint64_t stack[100];
	char name[32];

	for (size_t k = 0; k < 100; k++)
		stack[k] = 0x10 * (k + 1);
	demo_site(s, DEMO_BIAS, stack, 100, 1, 8);
	demo_site(s, DEMO_BIAS, stack, 50, 1, 8);
	stats = statistics(s, HL_KEY_TRACEBACK, HL_METRIC_LIVE);
	ck_assert_uint_eq(stats->nr_items, 2);
	for (size_t i = 0; i < 100; i++) {
		for (size_t n = 0; n < 2; n++) {
			uint32_t t = stats->items[n].traceback;
			size_t nr = hl_traceback_length(resolver, t);
			const struct hl_location *l = hl_traceback_frame(resolver, t, i);

			snprintf(name, sizeof(name), "libdemo.so+0x%zx", 0x10 * (nr - i));
			if (i < nr)
				ck_assert_str_eq(l->filename, name);
			else
				ck_assert_ptr_null(l);
		}
	}
	hl_statistics_unref(stats);
	hl_snapshot_unref(s);
}
END_TEST

/* Each block is left out by the first pattern that has it. */
START_TEST(many_suppressions_are_one_after_the_other)
{
	const char *const patterns[] = {"nothing*like+0x10", "^libdemo.so+0x2", "+0x*0$", "libdemo", "*"};
	const uint64_t deep[] = {0x30, 0x21, 0x44};
	struct hl_snapshot *s = demo_snapshot(DEMO_BIAS);
	struct hl_snapshot *kept = NULL;
	struct hl_counts counts[5];
	struct hl_totals t;

	demo_line(s, DEMO_BIAS, 0x10, 1, 1);
	demo_line(s, DEMO_BIAS, 0x20, 1, 10);
	demo_site(s, DEMO_BIAS, deep, 3, 1, 100);
	demo_line(s, DEMO_BIAS, 0x55, 1, 1000);
	ck_assert_int_eq(hl_snapshot_suppress_all(s, resolver, patterns, 3, counts, &kept), 0);
	ck_assert_uint_eq(counts[0].alloc_bytes, 0);
	ck_assert_uint_eq(counts[1].alloc_bytes, 110);
	ck_assert_uint_eq(counts[2].alloc_bytes, 1);
	hl_snapshot_totals(kept, -1, &t);
	ck_assert_int_eq(t.live_bytes, 1000);
	hl_snapshot_unref(kept);
	ck_assert_int_eq(hl_snapshot_suppress_all(s, resolver, patterns, 5, counts, &kept), 0);
	ck_assert_uint_eq(counts[3].alloc_bytes, 1000);
	ck_assert_uint_eq(counts[4].alloc_bytes, 0);
	hl_snapshot_totals(kept, -1, &t);
	ck_assert_int_eq(t.live_bytes, 0);
	hl_snapshot_unref(kept);
	hl_snapshot_unref(s);
}
END_TEST

START_TEST(groupings_that_do_not_belong_together_are_not_compared)
{
	struct hl_snapshot *s = hl_snapshot_new();
	struct hl_statistics *a = statistics(s, HL_KEY_LINENO, HL_METRIC_LIVE);
	struct hl_statistics *b = statistics(s, HL_KEY_MODULE, HL_METRIC_LIVE);
	struct hl_statistics *c = statistics(s, HL_KEY_LINENO, HL_METRIC_PEAK);
	struct hl_diffs *d = NULL;

	ck_assert_int_eq(hl_statistics_compare(a, b, &d), -EINVAL);
	ck_assert_int_eq(hl_statistics_compare(a, c, &d), -EINVAL);
	ck_assert_ptr_null(d);
	hl_statistics_unref(a);
	hl_statistics_unref(b);
	hl_statistics_unref(c);
	hl_snapshot_unref(s);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("statistics");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");
	TCase *errors = tcase_create("errors");

	tcase_add_checked_fixture(core, enter, leave);
	tcase_add_test(core, equal_lines_are_one_group_and_the_largest_is_first);
	tcase_add_test(core, ties_are_broken_by_count_then_by_the_greater_place);
	tcase_add_test(core, tracebacks_of_equal_size_are_ordered_from_the_oldest_frame);
	tcase_add_test(core, files_and_modules_gather_what_has_no_line);
	tcase_add_test(core, kinds_are_kept_apart);
	tcase_add_test(core, each_metric_counts_and_orders_its_own);
	tcase_add_test(core, the_same_line_at_another_address_is_the_same_group);
	tcase_add_test(core, diff_of_a_snapshot_with_itself_has_no_differences);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(limits, enter, leave);
	tcase_add_test(limits, an_empty_snapshot_has_no_groups);
	tcase_add_test(limits, blocks_without_a_stack_are_a_group_of_their_own);
	tcase_add_test(limits, a_stack_as_deep_as_a_ledger_allows_is_grouped);
	tcase_add_test(limits, extreme_numbers_do_not_overflow);
	tcase_add_test(limits, many_suppressions_are_one_after_the_other);
	tcase_add_test(limits, totals_have_each_block_once);
	tcase_add_test(limits, sums_beyond_63_bits_are_refused);
	tcase_add_test(limits, many_stacks_are_ordered_as_two_are);
	tcase_add_test(limits, frames_of_a_deep_traceback_are_those_from_the_innermost_one_outwards);
	suite_add_tcase(suite, limits);
	tcase_add_checked_fixture(errors, enter, leave);
	tcase_add_test(errors, unknown_keys_and_metrics_are_refused);
	tcase_add_test(errors, groupings_that_do_not_belong_together_are_not_compared);
	suite_add_tcase(suite, errors);
	return suite;
}
