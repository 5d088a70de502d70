/* SPDX-License-Identifier: MIT */
/* Sampling by bytes: its mathematics against libm, and that its totals are right on average. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "account/sample.h"

/* What the shim reads from the environment; here the tests set it. */
struct hl_options hl_options;

/* Nothing is ever stopped here. */
bool hl_stays_stopped(void)
{
	return false;
}

/* As the start of the shim does. */
static void set_mean(uint64_t mean)
{
	hl_options.sample_bytes = mean;
	hl_sample_flags = mean ? HL_SAMPLE_BYTES : 0;
}

/* long double has the 64 bits of both. */
static long double minus_log(uint64_t u)
{
	return ldexpl((long double)hl_sample_minus_log(u), -58);
}

START_TEST(logarithm_is_that_of_libm)
{
	for (uint64_t u = 1; u < UINT64_MAX / 33 * 32; u += u / 33 + 1)
		ck_assert_ldouble_le(fabsl(minus_log(u) + logl(ldexpl((long double)u, -64))), 0x1p-57L);
	for (uint64_t rest = 1; rest < 1ull << 63; rest += rest / 33 + 1)
		ck_assert_ldouble_le(fabsl(minus_log(-rest) + log1pl(-ldexpl((long double)rest, -64))), 0x1p-57L);
}
END_TEST

static double weigh(uint64_t size, uint64_t mean)
{
	uint32_t fraction;
	uint64_t whole = hl_sample_weigh(size, mean, &fraction);

	return (double)whole + ldexp(fraction, -32);
}

/* p w = 1: the expected count of a block of any size is 1. */
START_TEST(weight_is_the_inverse_of_the_probability)
{
	const uint64_t means[] = { 1, 2, 3, 100, 512, 4096, 512 << 10, 1 << 30, 1ull << 33, (1ull << 40) + 1,
		UINT64_MAX / 3 };

	for (size_t i = 0; i < sizeof(means) / sizeof(means[0]); i++)
		for (uint64_t size = 1; size < 1ull << 62; size += size / 97 + 1) {
			double p = -expm1(-(double)size / (double)means[i]);

			ck_assert_double_le(fabs(p * weigh(size, means[i]) - 1), 0x1p-30);
		}
	ck_assert_double_eq(weigh(UINT64_MAX, 1), 1);
	ck_assert_double_eq(weigh(1 << 20, 4096), 1);
}
END_TEST

/* For bits that are equally far apart, the share of distances of n at most is 1 - exp(-n / mean). */
START_TEST(distances_are_geometric)
{
	const uint64_t means[] = { 3, 100, 4096, 512 << 10, 1ull << 33 };
	const long nr = 1 << 18;

	for (size_t i = 0; i < sizeof(means) / sizeof(means[0]); i++)
		for (double x = 0x1p-12; x < 9; x *= 1.7) {
			int64_t n = (int64_t)(x * (double)means[i]) + 1;
			long nr_within = 0;

			for (long k = 0; k < nr; k++)
				nr_within += hl_sample_distance((2 * (uint64_t)k + 1) << 45, means[i]) <= n;
			ck_assert_double_le(fabs((double)nr_within +
				(double)nr * expm1(-(double)n / (double)means[i])), 1);
		}
}
END_TEST

START_TEST(distances_are_never_none_and_never_overflow)
{
	const uint64_t bits[] = { 0, 1, 2, 1ull << 63, UINT64_MAX - 1, UINT64_MAX };
	const uint64_t means[] = { 1, 4096, 1ull << 40, 1ull << 57, 1ull << 63, UINT64_MAX };

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		for (size_t k = 0; k < sizeof(means) / sizeof(means[0]); k++)
			ck_assert_int_ge(hl_sample_distance(bits[i], means[k]), 1);
	ck_assert_int_eq(hl_sample_distance(0, 1000), 44362);
	ck_assert_int_eq(hl_sample_distance(0, UINT64_MAX), INT64_MAX);
	ck_assert_int_eq(hl_sample_distance(UINT64_MAX, 1ull << 40), 1);
}
END_TEST

/* What is behind the point is rounded up for so many addresses; five standard deviations. */
START_TEST(weights_are_rounded_by_chance)
{
	const size_t sizes[] = { 1000, 3000, 4096, 7000 };
	const long nr = 1000000;

	set_mean(4096);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		double sum = 0, wanted = weigh(sizes[i], 4096), part = wanted - floor(wanted);

		for (long k = 0; k < nr; k++)
			sum += (double)hl_sample_weight((void *)(0x10000 + k * 64), sizes[i]);
		ck_assert_double_le(fabs(sum - (double)nr * wanted),
			5 * sqrt((double)nr * part * (1 - part)));
	}
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

/* Blocks of @small bytes among those of @large bytes, which hold several chosen bytes each. */
static void check_among(size_t small, size_t large, uint64_t mean, long nr)
{
	double p = -expm1(-(double)small / (double)mean), estimate = 0;

	set_mean(mean);
	for (long i = 0; i < nr; i++) {
		hl_sample_skips(large);
		if (!hl_sample_skips(small))
			estimate += (double)hl_sample_weight((void *)(0x5000000 + i * 112), small);
	}
	ck_assert_double_le(fabs(estimate - (double)nr), 5 * sqrt((double)nr * ((1 - p) / p + p / 4)) + 1);
}

START_TEST(counts_among_large_blocks_are_right_on_average)
{
	check_among(16, 1000, 1024, 2000000);
	check_among(100, 100000, 4096, 2000000);
	check_among(1000, 1 << 30, 4096, 1000000);
}
END_TEST

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
	tcase_add_test(core, logarithm_is_that_of_libm);
	tcase_add_test(core, weight_is_the_inverse_of_the_probability);
	tcase_add_test(core, weights_are_rounded_by_chance);
	tcase_add_test(core, distances_are_geometric);
	tcase_add_test(core, a_block_has_the_same_weight_when_it_is_freed);
	tcase_add_test(core, a_recorded_block_may_be_known_until_it_is_forgotten);
	tcase_add_test(core, counts_are_right_on_average);
	tcase_add_test(core, counts_among_large_blocks_are_right_on_average);
	suite_add_tcase(suite, core);
	tcase_add_test(limits, large_blocks_are_always_recorded_and_stand_for_themselves);
	tcase_add_test(limits, distances_are_never_none_and_never_overflow);
	tcase_add_test(limits, nothing_is_skipped_without_sampling);
	tcase_add_test(limits, a_full_count_of_recorded_blocks_is_never_empty_again);
	suite_add_tcase(suite, limits);
	return suite;
}
