/* SPDX-License-Identifier: MIT */
/*
 * Whether a series of figures rises, or only goes up and down.
 *
 * Mann's test: of all pairs of values, how many rise more than fall (Kendall's S), beside what the same values have in
 * any order.  It asks nothing of the noise but that the values come in no order of their own: what lies in one file
 * must not lie in the next one for the same reason.  The distribution is exact, also with equal values, up to
 * HL_TREND_EXACT values; beyond, the normal one with its variance for ties and continuity.
 * Sources: H. B. Mann, Nonparametric tests against trend, Econometrica 13 (1945); M. G. Kendall, Rank Correlation
 * Methods (1975); S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979).
 */
#ifndef HL_SNAPSHOT_TREND_H
#define HL_SNAPSHOT_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HL_TREND_EXACT 20

/* The share of reports that may name a line although nothing grows. */
#define HL_TREND_LEVEL 0.001

/**
 * hl_trend_score() - Kendall's S: pairs that rise minus pairs that fall
 * @y: @nr values in the order of time
 *
 * Cost: O(nr^2).
 */
int64_t hl_trend_score(const int64_t *y, size_t nr);

/**
 * hl_trend_chance() - how probable such a rise, or a greater one, is without any trend
 *
 * Cost:    O(nr^2); of a rise that may be one, up to HL_TREND_EXACT values, O(nr^4).
 * Returns: 0 to 1; 1 if the values are all the same, -1: out of memory.
 */
double hl_trend_chance(const int64_t *y, size_t nr);

/* Whether @nr values that rise all the time are enough to be told from chance among @nr_series. */
bool hl_trend_has_enough(size_t nr, size_t nr_series);

/**
 * hl_trend_choose() - which of many series rise, so that HL_TREND_LEVEL holds for all of them together
 * @chances: @nr of them, from hl_trend_chance()
 * @chosen: receives the verdicts
 *
 * Holm's procedure: never fewer than with Bonferroni's threshold, and as safe, whatever the series have in common.
 * Returns: 0; -ENOMEM.
 */
int hl_trend_choose(const double *chances, size_t nr, bool *chosen);

#endif
