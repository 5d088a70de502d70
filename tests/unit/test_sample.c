/* SPDX-License-Identifier: MIT */
/* Sampling by bytes: its mathematics against libm, and that its totals are right on average. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "account/sample.h"

/* What the shim reads from the environment; here the tests set it. */
struct hl_options hl_options;

/* As the start of the shim does. */
static void set_mean(uint64_t mean)
{
	hl_options.sample_bytes = mean;
	hl_sample_flags = mean ? HL_SAMPLE_BYTES : 0;
}

START_TEST(exponential_is_that_of_libm)
{
	for (double x = 0; x > -50; x = x * 1.01 - 1e-9)
		ck_assert_double_le(fabs(hl_sample_exp(x) / exp(x) - 1), 1e-12);
	ck_assert_double_eq(hl_sample_exp(-1000), 0);
}
END_TEST

START_TEST(logarithm_is_that_of_libm)
{
	for (double x = 1e-18; x < 1e18; x *= 1.03)
		ck_assert_double_le(fabs(hl_sample_log(x) - log(x)), 1e-12 * (1 + fabs(log(x))));
	ck_assert_double_eq(hl_sample_log(1), 0);
}
END_TEST

START_TEST(a_block_has_the_same_weight_when_it_is_freed)
{
	set_mean(4096);
	for (size_t size = 0; size < 20000; size += 7) {
		const void *block = (const void *)(0x100000 + size * 48);

		ck_assert_uint_eq(hl_sample_weight(block, size), hl_sample_weight(block, size));
		ck_assert_uint_ge(hl_sample_weight(block, size), 1);
	}
}
END_TEST

START_TEST(large_blocks_are_always_recorded_and_stand_for_themselves)
{
	set_mean(4096);
	for (uintptr_t i = 1; i < 1000; i++) {
		ck_assert(!hl_sample_skips(1 << 20));
		ck_assert_uint_eq(hl_sample_weight((void *)(i * 64), 1 << 20), 1);
	}
}
END_TEST

START_TEST(nothing_is_skipped_without_sampling)
{
	set_mean(0);
	for (int i = 0; i < 1000; i++)
		ck_assert(!hl_sample_skips(1));
	ck_assert_uint_eq(hl_sample_weight(&hl_options, 1), 1);
}
END_TEST

START_TEST(a_recorded_block_may_be_known_until_it_is_forgotten)
{
	const uintptr_t first = 0x7f0000000000, distance = 48;

	for (uintptr_t i = 0; i < 3000; i++)
		hl_sample_note((void *)(first + i * distance), 1);
	for (uintptr_t i = 0; i < 3000; i += 2)
		hl_sample_note((void *)(first + i * distance), -1);
	for (uintptr_t i = 1; i < 3000; i += 2)
		ck_assert(hl_sample_may_know((void *)(first + i * distance)));
	for (uintptr_t i = 1; i < 3000; i += 2)
		hl_sample_note((void *)(first + i * distance), -1);
	for (uintptr_t i = 0; i < 3000; i++)
		ck_assert(!hl_sample_may_know((void *)(first + i * distance)));
}
END_TEST

START_TEST(a_full_count_of_recorded_blocks_is_never_empty_again)
{
	const void *block = (const void *)0x7f0000001000;

	for (int i = 0; i < 1000; i++)
		hl_sample_note(block, 1);
	for (int i = 0; i < 1000; i++)
		hl_sample_note(block, -1);
	ck_assert(hl_sample_may_know(block));
}
END_TEST

/*
 * Estimated counts of blocks of one size.  The variance of one block's share is (1 - p) / p, plus at
 * most 1/4 for the rounding of its weight; five standard deviations are passed once in two million.
 */
static void check_size(size_t size, uint64_t mean, long nr)
{
	double p, deviation, estimate = 0;

	set_mean(mean);
	hl_sample_left = 0;
	hl_sample_chosen();
	for (long i = 0; i < nr; i++)
		if (!hl_sample_skips(size))
			estimate += (double)hl_sample_weight((void *)(0x5000000 + i * 112), size);
	p = 1 - exp(-(double)(size ? size : 1) / (double)mean);
	deviation = sqrt((double)nr * ((1 - p) / p + p / 4));
	ck_assert_double_le(fabs(estimate - (double)nr), 5 * deviation + 1);
}

START_TEST(counts_are_right_on_average)
{
	check_size(16, 1024, 2000000);
	check_size(100, 4096, 2000000);
	check_size(1000, 4096, 1000000);
	check_size(5000, 4096, 500000);
	check_size(48, 512 << 10, 20000000);
	check_size(0, 512, 2000000);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("sample");
	TCase *core = tcase_create("core"), *limits = tcase_create("limits");

	tcase_set_timeout(core, 60);
	tcase_add_test(core, exponential_is_that_of_libm);
	tcase_add_test(core, logarithm_is_that_of_libm);
	tcase_add_test(core, a_block_has_the_same_weight_when_it_is_freed);
	tcase_add_test(core, a_recorded_block_may_be_known_until_it_is_forgotten);
	tcase_add_test(core, counts_are_right_on_average);
	suite_add_tcase(suite, core);
	tcase_add_test(limits, large_blocks_are_always_recorded_and_stand_for_themselves);
	tcase_add_test(limits, nothing_is_skipped_without_sampling);
	tcase_add_test(limits, a_full_count_of_recorded_blocks_is_never_empty_again);
	suite_add_tcase(suite, limits);
	return suite;
}
