/* SPDX-License-Identifier: MIT */
/* Series of the groups of several ledgers, and which of them grow. */
#include "cli/growth.h"

#include <errno.h>
#include <stdlib.h>

#include "snapshot/trend.h"

int growth_series_init(struct growth_series *s, size_t nr)
{
	s->snapshots = calloc(nr + 1, sizeof(struct hl_snapshot *));
	s->times = calloc(nr + 1, sizeof(double));
	return s->snapshots && s->times ? 0 : -ENOMEM;
}

void growth_series_release(struct growth_series *s)
{
	for (size_t i = 0; s->snapshots && i < s->nr; i++)
		hl_snapshot_unref(s->snapshots[i]);
	for (size_t i = 0; s->owns_files && i < s->nr; i++)
		free(s->files[i]);
	if (s->owns_files)
		free(s->files);
	hl_statistics_unref(s->last);
	hl_snapshot_unref(s->whole);
	free(s->snapshots);
	free(s->times);
	free(s->figures);
	free(s->lines);
}

/* Whether all ledgers are of one process, and when each of them was taken. */
static bool find_times(struct growth_series *s)
{
	struct hl_info first;
	bool is_known = true;

	hl_snapshot_info(s->snapshots[0], &first);
	for (size_t i = 0; i < s->nr; i++) {
		struct hl_info info;
		uint64_t at;

		hl_snapshot_info(s->snapshots[i], &info);
		at = info.snapshot_ns ? info.snapshot_ns : info.end_ns;
		s->times[i] = (double)at / 1e9;
		is_known &= at && info.pid == first.pid && info.start_ns == first.start_ns;
	}
	return is_known;
}

static void swap_with_previous(struct growth_series *s, size_t i)
{
	struct hl_snapshot *snapshot = s->snapshots[i];
	char *file = s->files[i];
	double at = s->times[i];

	s->snapshots[i] = s->snapshots[i - 1];
	s->files[i] = s->files[i - 1];
	s->times[i] = s->times[i - 1];
	s->snapshots[i - 1] = snapshot;
	s->files[i - 1] = file;
	s->times[i - 1] = at;
}

/*
 * A shell's a.*.hl has a.10.hl before a.2.hl, and out of order nothing seems to grow: the ledgers of
 * one process are taken in their order of time.  Of others nobody knows it but who names them.
 */
void growth_order(struct growth_series *s)
{
	bool is_known;

	/* taken by ourselves, one after the other */
	if (s->owns_files)
		return;
	is_known = find_times(s);
	for (size_t i = 1; is_known && i < s->nr; i++)
		for (size_t k = i; k && s->times[k] < s->times[k - 1]; k--)
			swap_with_previous(s, k);
	for (size_t i = 1; is_known && i < s->nr; i++)
		is_known = s->times[i] > s->times[i - 1];
	for (size_t i = 0; !is_known && i < s->nr; i++)
		s->times[i] = 0;
}

/* The slope of the straight line with the least squares. */
static double slope(const int64_t *y, const double *x, size_t nr)
{
	double mean_x = 0;
	double mean_y = 0;
	double above = 0;
	double below = 0;

	for (size_t i = 0; i < nr; i++) {
		mean_x += (x ? x[i] : (double)i) / (double)nr;
		mean_y += (double)y[i] / (double)nr;
	}
	for (size_t i = 0; i < nr; i++) {
		double dx = (x ? x[i] : (double)i) - mean_x;

		above += dx * ((double)y[i] - mean_y);
		below += dx * dx;
	}
	return below > 0 ? above / below : 0;
}

static int compare_tracebacks(const void *a, const void *b)
{
	uint32_t x = ((const struct hl_statistic *)a)->traceback;
	uint32_t y = ((const struct hl_statistic *)b)->traceback;

	return x < y ? -1 : x > y;
}

static const struct hl_statistic *find_group(const struct hl_statistics *stats, uint32_t traceback)
{
	struct hl_statistic key = {.traceback = traceback};

	if (!stats->nr_items)
		return NULL;
	return bsearch(&key, stats->items, stats->nr_items, sizeof(key), compare_tracebacks);
}

int growth_add(struct growth_series *s, size_t i, struct hl_statistics *groups)
{
	if (!s->last) {
		/* these keep their order */
		s->last = groups;
		s->figures = calloc(groups->nr_items + 1, 2 * s->nr * sizeof(*s->figures));
	} else if (groups->nr_items) {
		qsort(groups->items, groups->nr_items, sizeof(*groups->items), compare_tracebacks);
	}
	for (size_t k = 0; s->figures && k < s->last->nr_items; k++) {
		int64_t *sizes = s->figures + 2 * k * s->nr;
		const struct hl_statistic *g = groups == s->last ? &groups->items[k] :
			find_group(groups, s->last->items[k].traceback);

		sizes[i] = g ? g->size : 0;
		sizes[s->nr + i] = g ? g->count : 0;
	}
	if (groups != s->last)
		hl_statistics_unref(groups);
	return s->figures ? 0 : -ENOMEM;
}

static bool changes(const int64_t *y, size_t nr)
{
	for (size_t i = 1; i < nr; i++)
		if (y[i] != y[0])
			return true;
	return false;
}

static bool grew_each_time(const int64_t *y, size_t nr)
{
	for (size_t i = 1; i < nr; i++)
		if (y[i] <= y[i - 1])
			return false;
	return true;
}

/* One verdict for each series. */
static int choose(struct growth_series *s, size_t nr, bool *chosen)
{
	double *chances = malloc((nr + 1) * sizeof(*chances));
	size_t *which = malloc((nr + 1) * sizeof(*which));
	bool *verdicts = calloc(nr + 1, sizeof(*verdicts));
	int rc = chances && which && verdicts ? 0 : -ENOMEM;
	size_t n = 0;

	for (size_t i = 0; !rc && i < nr; i++) {
		const int64_t *y = s->figures + i * s->nr;

		if (!changes(y, s->nr))
			continue;
		which[n] = i;
		chances[n] = hl_trend_chance(y, s->nr);
		rc = chances[n++] < 0 ? -ENOMEM : 0;
	}
	if (!rc)
		rc = hl_trend_choose(chances, n, verdicts);
	for (size_t i = 0; !rc && i < n; i++) {
		const int64_t *later = s->figures + which[i] * s->nr + s->nr / 2;

		chosen[which[i]] = verdicts[i] && hl_trend_score(later, s->nr - s->nr / 2) > 0;
	}
	free(chances);
	free(which);
	free(verdicts);
	return rc;
}

/* Steepest first; equal slopes keep the order of the last file's groups: by size, then name. */
static int compare_lines(const void *a, const void *b)
{
	const struct hl_grown *x = a;
	const struct hl_grown *y = b;

	if (x->slope != y->slope)
		return x->slope > y->slope ? -1 : 1;
	return x->sizes < y->sizes ? -1 : x->sizes > y->sizes;
}

static void add_line(struct growth_series *s, const struct hl_statistic *group, const int64_t *sizes, const bool *grew)
{
	s->lines[s->nr_lines++] = (struct hl_grown){
		.traceback = group->traceback,
		.via = group->via,
		.nr_vias = group->nr_vias,
		.sizes = sizes,
		.counts = sizes + s->nr,
		.grew_in_bytes = grew[0],
		.grew_in_blocks = grew[1],
		.slope = slope(sizes, NULL, s->nr),
		.count_slope = slope(sizes + s->nr, NULL, s->nr),
		.per_second = s->times[0] > 0 ? slope(sizes, s->times, s->nr) : 0,
	};
}

int growth_find_lines(struct growth_series *s)
{
	const struct hl_statistics *last = s->last;
	size_t nr = 2 * last->nr_items;
	bool *grew = calloc(nr + 1, sizeof(*grew));
	int rc = grew ? 0 : -ENOMEM;

	for (size_t i = 0; !rc && i < nr; i++) {
		s->nr_tested += changes(s->figures + i * s->nr, s->nr);
		grew[i] = grew_each_time(s->figures + i * s->nr, s->nr);
	}
	s->is_tested = hl_trend_has_enough(s->nr, s->nr_tested);
	if (!rc && s->is_tested)
		rc = choose(s, nr, grew);
	s->lines = rc ? NULL : calloc(last->nr_items + 1, sizeof(*s->lines));
	for (size_t i = 0; s->lines && i < last->nr_items; i++)
		if (grew[2 * i] || grew[2 * i + 1])
			add_line(s, &last->items[i], s->figures + 2 * i * s->nr, grew + 2 * i);
	if (s->lines)
		qsort(s->lines, s->nr_lines, sizeof(*s->lines), compare_lines);
	free(grew);
	return s->lines ? 0 : -ENOMEM;
}
