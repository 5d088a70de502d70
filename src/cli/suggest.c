/* SPDX-License-Identifier: MIT */
/* Distances of words: Damerau's and Levenshtein's, neighbours are swapped at most once (optimal string alignment). */
#include "cli/suggest.h"

#include <string.h>

#define MAX_LETTERS 63

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Three rows of the table of distances between the beginnings of @a and @b are enough. */
static size_t distance(const char *a, size_t nr_a, const char *b, size_t nr_b)
{
	size_t rows[3][MAX_LETTERS + 1];

	for (size_t k = 0; k <= nr_b; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= nr_a; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t k = 1; k <= nr_b; k++) {
			row[k] = least(least(above[k], row[k - 1]) + 1, above[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[k] = least(row[k], before[k - 2] + 1);
		}
	}
	return rows[nr_a % 3][nr_b];
}

const char *cli_nearest(const char *typed, const char *const *words, size_t nr)
{
	size_t length = strlen(typed);
	size_t best = length < 3 ? length : length / 3 + 1;
	const char *nearest = NULL;

	if (length > MAX_LETTERS)
		return NULL;
	for (size_t i = 0; i < nr; i++) {
		size_t letters = words[i] ? strlen(words[i]) : MAX_LETTERS + 1;
		size_t d = letters > MAX_LETTERS ? best : distance(typed, length, words[i], letters);

		if (d >= best)
			continue;
		best = d;
		nearest = words[i];
	}
	return nearest;
}
