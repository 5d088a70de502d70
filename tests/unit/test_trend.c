/* SPDX-License-Identifier: MIT */
/* The test for a trend: its distribution against counting all orders, and what it makes of churn and of leaks. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "snapshot/trend.h"

static void swap(int64_t *a, int64_t *b)
{
	int64_t c = *a;

	*a = *b;
	*b = c;
}

/* Of all orders of @y those with at least this score (Heap's algorithm). */
static void count_orders(int64_t *y, size_t nr, size_t k, int64_t score, uint64_t *at_least, uint64_t *all)
{
	if (k <= 1) {
		*at_least += hl_trend_score(y, nr) >= score;
		++*all;
		return;
	}
	for (size_t i = 0; i < k; i++) {
		count_orders(y, nr, k - 1, score, at_least, all);
		swap(&y[k % 2 ? 0 : i], &y[k - 1]);
	}
}

START_TEST(chance_is_the_share_of_orders)
{
	const int64_t series[][8] = {
		{1, 2, 3, 4, 5, 6, 7, 8}, {1, 2, 4, 3, 5, 6, 8, 7}, {5, 1, 6, 2, 7, 3, 8, 4}, {1, 1, 1, 2, 2, 3, 3, 3},
		{0, 0, 0, 0, 1, 1, 1, 1}, {1, 2, 3, 3, 3, 3, 3, 3}, {7, 1, 7, 7, 8, 9, 7, 9}, {0, 0, 0, 0, 0, 0, 0, 1},
	};

	for (size_t i = 0; i < sizeof(series) / sizeof(*series); i++)
		for (size_t nr = 2; nr <= 8; nr++) {
			int64_t y[8];
			uint64_t at_least = 0, all = 0;
			int64_t score = hl_trend_score(series[i], nr);

			for (size_t k = 0; k < nr; k++)
				y[k] = series[i][k];
			count_orders(y, nr, nr, score, &at_least, &all);
			if (score > 0)
				ck_assert_double_eq_tol(hl_trend_chance(series[i], nr),
						(double)at_least / (double)all, 1e-12);
			else
				ck_assert_double_eq(hl_trend_chance(series[i], nr), 1);
		}
}
END_TEST

START_TEST(normal_distribution_goes_on_where_the_exact_one_ends)
{
	int64_t y[HL_TREND_EXACT + 1];
	double exact, normal;

	for (int64_t i = 0; i <= HL_TREND_EXACT; i++)
		y[i] = i * 7 % 23 + i / 2;
	exact = hl_trend_chance(y, HL_TREND_EXACT);
	normal = hl_trend_chance(y, HL_TREND_EXACT + 1);
	ck_assert_double_gt(normal, exact / 4);
	ck_assert_double_lt(normal, exact * 4);
}
END_TEST

START_TEST(few_files_are_never_enough)
{
	ck_assert(!hl_trend_has_enough(2, 1));
	ck_assert(!hl_trend_has_enough(6, 1));	/* 1 / 720 */
	ck_assert(hl_trend_has_enough(7, 1));
	ck_assert(!hl_trend_has_enough(7, 6));	/* 1 / 5040 of 0.001 / 6 */
	ck_assert(hl_trend_has_enough(12, 100000));
}
END_TEST

START_TEST(holm_is_as_strict_as_the_number_of_series)
{
	const double chances[] = {0.4, 0.00024, 0.0003, 1, 0.00026};
	bool chosen[5];

	/* 0.001 / 5 is less than the smallest: none */
	ck_assert_int_eq(hl_trend_choose(chances, 5, chosen), 0);
	for (int i = 0; i < 5; i++)
		ck_assert(!chosen[i]);
	/* 0.001 / 4, 0.001 / 3, 0.001 / 2 */
	ck_assert_int_eq(hl_trend_choose(chances + 1, 4, chosen), 0);
	ck_assert(chosen[0] && chosen[1] && chosen[3] && !chosen[2]);
	ck_assert_int_eq(hl_trend_choose(NULL, 0, chosen), 0);
}
END_TEST

#define NR_FILES 12
#define NR_LINES 40
#define NR_SLOTS 100

/* A program that only churns: places that hold a block of any size, or none, and change between two files. */
struct pool {
	int64_t sizes[NR_SLOTS];	/* 0: empty */
};

static uint64_t state;

/* Numerical Recipes' generator of 64 bits: the same series everywhere. */
static double draw(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (double)(state >> 11) / 9007199254740992.0;
}

static void churn(struct pool *pool, double share)
{
	for (int i = 0; i < NR_SLOTS; i++)
		if (draw() < share)
			pool->sizes[i] = draw() < 0.7 ? 16 + (int64_t)(draw() * 2000) : 0;
}

/* Which of @nr_reports name a line, when of each place @share is made anew from file to file; bytes and blocks. */
static int count_false_reports(int nr_reports, double share)
{
	static int64_t y[2 * NR_LINES][NR_FILES];
	double chances[2 * NR_LINES];
	bool chosen[2 * NR_LINES];
	int nr_false = 0;

	for (int r = 0; r < nr_reports; r++) {
		bool is_false = false;

		for (int l = 0; l < NR_LINES; l++) {
			struct pool pool;

			churn(&pool, 2);
			for (int f = 0; f < NR_FILES; f++) {
				y[2 * l][f] = y[2 * l + 1][f] = 0;
				for (int i = 0; i < NR_SLOTS; i++) {
					y[2 * l][f] += pool.sizes[i];
					y[2 * l + 1][f] += pool.sizes[i] != 0;
				}
				churn(&pool, share);
			}
			chances[2 * l] = hl_trend_chance(y[2 * l], NR_FILES);
			chances[2 * l + 1] = hl_trend_chance(y[2 * l + 1], NR_FILES);
		}
		ck_assert_int_eq(hl_trend_choose(chances, 2 * NR_LINES, chosen), 0);
		for (int i = 0; i < 2 * NR_LINES; i++)
			is_false |= chosen[i];
		nr_false += is_false;
	}
	printf("churn, %.0f %% made anew between two files: %d of %d reports name a line\n", 100 * share, nr_false,
			nr_reports);
	return nr_false;
}

/* One line in 100 reports of 12 files, also where a third of all blocks stays from one file to the next. */
START_TEST(churn_is_no_growth)
{
	state = 4711;
	ck_assert_int_le(count_false_reports(400, 1), 4);
	ck_assert_int_le(count_false_reports(400, 0.8), 4);
	ck_assert_int_le(count_false_reports(400, 0.65), 4);
}
END_TEST

/* A leak of a block in a hundred for each file among the same churn is found in nearly all reports. */
START_TEST(leak_in_churn_is_found)
{
	int nr_found = 0;

	state = 815;
	for (int r = 0; r < 200; r++) {
		struct pool pool;
		int64_t y[NR_FILES];
		int64_t leaked = 0;

		churn(&pool, 2);
		for (int f = 0; f < NR_FILES; f++) {
			y[f] = leaked;
			for (int i = 0; i < NR_SLOTS; i++)
				y[f] += pool.sizes[i] != 0;
			leaked += 5;
			churn(&pool, 1);
		}
		nr_found += hl_trend_chance(y, NR_FILES) <= HL_TREND_LEVEL / (2 * NR_LINES);
	}
	ck_assert_int_ge(nr_found, 180);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("trend");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");

	suite_add_tcase(suite, core);
	tcase_add_test(core, chance_is_the_share_of_orders);
	tcase_add_test(core, normal_distribution_goes_on_where_the_exact_one_ends);
	tcase_add_test(core, holm_is_as_strict_as_the_number_of_series);
	suite_add_tcase(suite, limits);
	tcase_set_timeout(limits, 120);
	tcase_add_test(limits, few_files_are_never_enough);
	tcase_add_test(limits, churn_is_no_growth);
	tcase_add_test(limits, leak_in_churn_is_found);
	return suite;
}
