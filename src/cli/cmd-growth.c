/* SPDX-License-Identifier: MIT */
/* heapledger growth: the lines that grew from each of several ledgers to the next. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/views.h"

struct growth_options {
	struct cli_selection selection;
	uint64_t nr_rows;
	uint64_t exit_code;
	int key;
	int metric;
	int format;
	int color;
	bool exact;
};

struct series {
	char **files;
	size_t nr;
	struct hl_snapshot **snapshots;
	struct hl_statistics **statistics;
	double *times;			/* seconds; all 0: not known */
	int64_t *sizes;			/* nr for each group of the last file */
	struct hl_grown *lines;
	size_t nr_lines;
};

static int load_all(struct series *s)
{
	for (size_t i = 0; i < s->nr; i++) {
		s->snapshots[i] = cli_load("growth", s->files[i]);
		if (!s->snapshots[i])
			return -1;
	}
	return 0;
}

/* Whether all ledgers are of one process, and when each of them was taken. */
static bool find_times(struct series *s)
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

static void swap_with_previous(struct series *s, size_t i)
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
static void order_by_time(struct series *s)
{
	bool is_known = find_times(s);

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

static int64_t size_in(const struct hl_statistics *stats, uint32_t traceback)
{
	struct hl_statistic key = {.traceback = traceback};
	const struct hl_statistic *found = NULL;

	if (stats->nr_items)
		found = bsearch(&key, stats->items, stats->nr_items, sizeof(key), compare_tracebacks);
	return found ? found->size : 0;
}

static bool grew_each_time(const int64_t *sizes, size_t nr)
{
	for (size_t i = 1; i < nr; i++)
		if (sizes[i] <= sizes[i - 1])
			return false;
	return true;
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

static int find_lines(struct series *s)
{
	const struct hl_statistics *last = s->statistics[s->nr - 1];

	s->sizes = calloc(last->nr_items + 1, s->nr * sizeof(*s->sizes));
	s->lines = calloc(last->nr_items + 1, sizeof(*s->lines));
	if (!s->sizes || !s->lines)
		return -ENOMEM;
	/* the last ones keep their order */
	for (size_t i = 0; i + 1 < s->nr; i++)
		if (s->statistics[i]->nr_items)
			qsort(s->statistics[i]->items, s->statistics[i]->nr_items,
					sizeof(*s->statistics[i]->items), compare_tracebacks);
	for (size_t i = 0; i < last->nr_items; i++) {
		int64_t *sizes = s->sizes + i * s->nr;

		for (size_t k = 0; k + 1 < s->nr; k++)
			sizes[k] = size_in(s->statistics[k], last->items[i].traceback);
		sizes[s->nr - 1] = last->items[i].size;
		if (!grew_each_time(sizes, s->nr))
			continue;
		s->lines[s->nr_lines++] = (struct hl_grown){
			.traceback = last->items[i].traceback,
			.sizes = sizes,
			.count = last->items[i].count,
			.slope = slope(sizes, NULL, s->nr),
			.per_second = s->times[0] > 0 ? slope(sizes, s->times, s->nr) : 0,
		};
	}
	qsort(s->lines, s->nr_lines, sizeof(*s->lines), compare_lines);
	return 0;
}

static int group_all(struct series *s, struct hl_resolver *resolver, const struct growth_options *o,
		enum hl_metric metric)
{
	for (size_t i = 0; i < s->nr; i++) {
		/* a program that was built anew on the way is named as it is at the end */
		int rc = i + 1 < s->nr ? hl_snapshot_align(s->snapshots[i], s->snapshots[s->nr - 1], resolver) : 0;

		if (rc) {
			cli_complain("growth", "%s", cli_reason(rc));
			return -1;
		}
		if (cli_select("growth", &o->selection, resolver, &s->snapshots[i]))
			return -1;
		rc = hl_snapshot_statistics(s->snapshots[i], resolver, (enum hl_key)o->key, metric, &s->statistics[i]);
		if (rc) {
			cli_complain("growth", "%s: %s", s->files[i], cli_reason(rc));
			return -1;
		}
	}
	return 0;
}

static int show(struct series *s, struct hl_resolver *resolver, const struct growth_options *o)
{
	bool nothing_left;
	struct hl_growth_report report = {
		.files = s->files,
		.snapshots = s->snapshots,
		.nr_files = s->nr,
		.resolver = resolver,
		.nr_rows = o->nr_rows ? o->nr_rows : SIZE_MAX,
		.key = (enum hl_key)o->key,
		.metric = cli_metric(o->metric, s->snapshots, s->nr, &nothing_left),
		.exact = o->exact,
		.color = cli_wants_color(o->color),
	};

	order_by_time(s);
	if (group_all(s, resolver, o, report.metric))
		return CLI_FAILED;
	if (find_lines(s)) {
		cli_complain("growth", "out of memory");
		return CLI_FAILED;
	}
	cli_warn_symbols("growth", resolver);
	report.lines = s->lines;
	report.nr_lines = s->nr_lines;
	if (o->format)
		hl_growth_write_json(stdout, &report);
	else
		hl_growth_write_text(stdout, &report);
	return s->nr_lines ? (int)o->exit_code : CLI_DONE;
}

static int run(char **files, size_t nr, const struct growth_options *o)
{
	struct series s = {
		.files = files,
		.nr = nr,
		.snapshots = calloc(nr, sizeof(struct hl_snapshot *)),
		.statistics = calloc(nr, sizeof(struct hl_statistics *)),
		.times = calloc(nr, sizeof(double)),
	};
	struct hl_resolver *resolver = NULL;
	int status = CLI_FAILED;

	if (o->exit_code > 255)
		cli_complain("growth", "--error-exitcode: at most 255");
	else if (!s.snapshots || !s.statistics || !s.times)
		cli_complain("growth", "out of memory");
	else if (!load_all(&s))
		resolver = cli_resolver("growth", &o->selection);
	if (resolver)
		status = show(&s, resolver, o);
	for (size_t i = 0; s.statistics && i < nr; i++)
		hl_statistics_unref(s.statistics[i]);
	for (size_t i = 0; s.snapshots && i < nr; i++)
		hl_snapshot_unref(s.snapshots[i]);
	hl_resolver_unref(resolver);
	free(s.snapshots);
	free(s.statistics);
	free(s.times);
	free(s.sizes);
	free(s.lines);
	return status;
}

int cmd_growth(int argc, char **argv)
{
	static const char *const formats[] = {"text", "json", NULL};
	struct growth_options o = {.nr_rows = 10, .key = HL_KEY_LINENO, .metric = -1};
	const struct cli_option options[] = {
		{'n', "number", "N", CLI_NUMBER, &o.nr_rows, "show at most N groups (10); 0: all", NULL},
		{'g', "group-by", "KEY", CLI_CHOICE, &o.key,
			"lineno, filename, function, module, traceback, kind or thread", hl_key_names},
		{'s', "sort", "METRIC", CLI_CHOICE, &o.metric, "live, peak, alloc, count or temp",
			hl_metric_names},
		{0, "error-exitcode", "N", CLI_NUMBER, &o.exit_code,
			"leave with N when something grew each time (0)", NULL},
		CLI_SOURCE_OPTION(o.selection),
		CLI_SELECTION_OPTIONS(o.selection),
		{0, "format", "FORMAT", CLI_CHOICE, &o.format, "text or json", formats},
		{0, "bytes", NULL, CLI_FLAG, &o.exact, "exact numbers instead of KiB, MiB ...", NULL},
		CLI_COLOR_OPTION(o.color),
		{0},
	};
	const struct cli_usage usage = {
		.word = "growth",
		.operands = "FILE FILE FILE...",
		.summary = "Show what grew from each ledger to the next, steepest first.",
		.options = options,
		.min_operands = 3,
		.max_operands = -1,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status < 0)
		status = run(argv + first, (size_t)(argc - first), &o);
	cli_selection_release(&o.selection);
	return status;
}
