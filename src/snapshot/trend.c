/* SPDX-License-Identifier: MIT */
/*
 * Mann's test for a trend, and Holm's for many.
 *
 * GSL has Spearman's rank correlation, and neither the exact distribution of Kendall's S nor one with ties: it would be
 * a dependency for a normal integral that libm has.
 */
#include "snapshot/trend.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PAIRS (HL_TREND_EXACT * (HL_TREND_EXACT - 1) / 2)

int64_t hl_trend_score(const int64_t *y, size_t nr)
{
	int64_t score = 0;

	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < i; k++)
			score += (y[i] > y[k]) - (y[i] < y[k]);
	return score;
}

static int compare_values(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* How often each value is there; @ties: room for @nr.  The number of different values, or -ENOMEM. */
static int count_ties(const int64_t *y, size_t nr, size_t *ties)
{
	int64_t *sorted = malloc((nr + 1) * sizeof(*sorted));
	int nr_ties = 0;

	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, y, nr * sizeof(*sorted));
	qsort(sorted, nr, sizeof(*sorted), compare_values);
	for (size_t i = 0; i < nr; i++) {
		if (i && sorted[i] == sorted[i - 1]) {
			ties[nr_ties - 1]++;
			continue;
		}
		ties[nr_ties++] = 1;
	}
	free(sorted);
	return nr_ties;
}

/*
 * The distribution of the inversions between @t equal values and @m smaller ones, in any order: Mann's and Whitney's U.
 * Of i smaller and k equal ones the last one is, with i / (i + k), a smaller one, which is behind all k, or else one of
 * the k, which is behind none that is greater:  p(i, k, u) = i/(i+k) p(i-1, k, u-k) + k/(i+k) p(i, k-1, u).
 */
static void between(size_t m, size_t t, double *p)
{
	double rows[HL_TREND_EXACT + 1][MAX_PAIRS + 1];

	for (size_t k = 0; k <= t; k++) {
		memset(rows[k], 0, sizeof(rows[k]));
		rows[k][0] = 1;
	}
	for (size_t i = 1; i <= m; i++)
		for (size_t k = 1; k <= t; k++)
			for (size_t u = i * k + 1; u-- > 0;) {
				double one = u >= k ? rows[k][u - k] : 0;

				rows[k][u] = ((double)i * one + (double)k * rows[k - 1][u]) / (double)(i + k);
			}
	memcpy(p, rows[t], (m * t + 1) * sizeof(*p));
}

/* How probable at most @most inversions are: of each group of equal values with all smaller ones, independently. */
static double exact_chance(const size_t *ties, int nr_ties, int64_t most)
{
	double p[MAX_PAIRS + 1] = {1};
	double sum = 0;
	size_t below = 0;
	size_t room = 0;

	for (int g = 0; g < nr_ties; g++) {
		double q[MAX_PAIRS + 1];
		double r[MAX_PAIRS + 1] = {0};
		size_t nr = below * ties[g];

		between(below, ties[g], q);
		for (size_t i = 0; i <= room; i++)
			for (size_t k = 0; k <= nr; k++)
				r[i + k] += p[i] * q[k];
		memcpy(p, r, sizeof(p));
		room += nr;
		below += ties[g];
	}
	for (int64_t i = 0; i <= most && i <= (int64_t)room; i++)
		sum += p[i];
	return sum;
}

static double normal_chance(const size_t *ties, int nr_ties, size_t nr, int64_t score)
{
	double n = (double)nr;
	double variance = n * (n - 1) * (2 * n + 5);

	for (int g = 0; g < nr_ties; g++) {
		double t = (double)ties[g];

		variance -= t * (t - 1) * (2 * t + 5);
	}
	return erfc(((double)score - 1) / sqrt(variance / 18) / M_SQRT2) / 2;
}

double hl_trend_chance(const int64_t *y, size_t nr)
{
	int64_t score = hl_trend_score(y, nr);
	int64_t pairs = (int64_t)(nr * (nr - 1) / 2);
	size_t *ties;
	double chance = -1;
	int nr_ties;

	/* A half and more: nobody wants to know it exactly. */
	if (score <= 0)
		return 1;
	ties = malloc(nr * sizeof(*ties));
	nr_ties = ties ? count_ties(y, nr, ties) : -ENOMEM;
	for (int g = 0; g < nr_ties; g++)
		pairs -= (int64_t)(ties[g] * (ties[g] - 1) / 2);
	if (nr_ties > 0)
		chance = nr <= HL_TREND_EXACT ? exact_chance(ties, nr_ties, (pairs - score) / 2) :
			normal_chance(ties, nr_ties, nr, score);
	free(ties);
	return chance;
}

bool hl_trend_has_enough(size_t nr, size_t nr_series)
{
	return -lgamma((double)nr + 1) <= log(HL_TREND_LEVEL / (double)(nr_series ? nr_series : 1));
}

static int compare_chances(const void *a, const void *b)
{
	const double *x = *(const double *const *)a;
	const double *y = *(const double *const *)b;

	return *x < *y ? -1 : *x > *y;
}

int hl_trend_choose(const double *chances, size_t nr, bool *chosen)
{
	const double **order = malloc((nr + 1) * sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		order[i] = &chances[i];
		chosen[i] = false;
	}
	qsort(order, nr, sizeof(*order), compare_chances);
	for (size_t i = 0; i < nr && *order[i] <= HL_TREND_LEVEL / (double)(nr - i); i++)
		chosen[order[i] - chances] = true;
	free(order);
	return 0;
}
