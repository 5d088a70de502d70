/* SPDX-License-Identifier: MIT */
/* Snapshots that are made of stacks by source. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "snapshot/heapledger-build.h"

static struct hl_place place(const char *file, uint32_t lineno, const char *function)
{
	return (struct hl_place){{file, strlen(file)}, {function, strlen(function)}, lineno};
}

static struct hl_statistics *statistics_of(struct hl_snapshot *snapshot, enum hl_key key)
{
	struct hl_resolver *resolver;
	struct hl_statistics *stats;

	ck_assert_int_eq(hl_resolver_new(NULL, &resolver), 0);
	ck_assert_int_eq(hl_snapshot_statistics(snapshot, resolver, key, HL_METRIC_LIVE, &stats), 0);
	hl_resolver_unref(resolver);
	return stats;
}

START_TEST(equal_stacks_become_one)
{
	struct hl_place stack[2] = {place("a.c", 3, "f"), place("main.c", 9, "main")};
	struct hl_counts counts = {.alloc_count = 2, .alloc_bytes = 20, .free_count = 1, .free_bytes = 10,
			.peak_bytes = 20, .peak_count = 2};
	struct hl_builder *b = hl_builder_new();
	struct hl_snapshot *snapshot;
	struct hl_statistics *stats;
	struct hl_totals totals;
	struct hl_completeness complete;

	ck_assert_int_eq(hl_builder_add(b, stack, 2, 2, 1, &counts), 0);
	ck_assert_int_eq(hl_builder_add(b, stack, 2, 2, 1, &counts), 0);
	ck_assert_int_eq(hl_builder_add(b, stack, 1, 5, 1, &counts), 0);
	ck_assert_int_eq(hl_builder_finish(b, "program", &snapshot), 0);
	hl_snapshot_completeness(snapshot, &complete);
	ck_assert_int_eq(complete.nr_stacks, 2);
	ck_assert_int_eq(complete.nr_frames, 3);
	hl_snapshot_totals(snapshot, 1, &totals);
	ck_assert_int_eq(totals.live_bytes, 30);
	ck_assert_int_eq(totals.peak_bytes, 60);
	stats = statistics_of(snapshot, HL_KEY_LINENO);
	ck_assert_int_eq(stats->nr_items, 1);
	ck_assert_int_eq(stats->items[0].size, 30);
	ck_assert_int_eq(stats->items[0].count, 3);
	hl_statistics_unref(stats);
	hl_snapshot_unref(snapshot);
}
END_TEST

START_TEST(peak_and_domain_are_what_is_said)
{
	struct hl_place here = place("a.c", 3, "");
	struct hl_counts counts = {.alloc_count = 1, .alloc_bytes = 5};
	struct hl_builder *b = hl_builder_new();
	struct hl_snapshot *snapshot;
	struct hl_totals totals;

	ck_assert_int_eq(hl_builder_add(b, &here, 1, 1, 4, &counts), -EINVAL);
	ck_assert_int_eq(hl_builder_add(b, &here, 1, 1, -1, &counts), -EINVAL);
	ck_assert_int_eq(hl_builder_set_peak(b, 4, 1), -EINVAL);
	ck_assert_int_eq(hl_builder_set_peak(b, 2, 77), 0);
	ck_assert_int_eq(hl_builder_add(b, &here, 1, 1, 2, &counts), 0);
	ck_assert_int_eq(hl_builder_add(b, NULL, 0, 0, 2, &counts), 0);
	ck_assert_int_eq(hl_builder_finish(b, NULL, &snapshot), 0);
	hl_snapshot_totals(snapshot, 2, &totals);
	ck_assert_int_eq(totals.live_bytes, 10);
	ck_assert_int_eq(totals.peak_bytes, 77);
	hl_snapshot_unref(snapshot);
	hl_builder_free(NULL);
	hl_builder_free(hl_builder_new());
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("builder");
	TCase *core = tcase_create("core");

	tcase_add_test(core, equal_stacks_become_one);
	tcase_add_test(core, peak_and_domain_are_what_is_said);
	suite_add_tcase(suite, core);
	return suite;
}
