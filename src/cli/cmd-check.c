/* SPDX-License-Identifier: MIT */
/* heapledger check: budgets for CI, and the lines that broke them. */
#include "cli/cli.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/views.h"
#include "snapshot/runtime-blocks.h"

#define MAX_LINES_SHOWN 10

struct check_options {
	struct cli_selection selection;
	const char *max[HL_NR_METRICS];	/* by metric; NULL: not asked for */
	const char *max_growth;
	struct cli_list budgets;	/* PLACE=SIZE */
	uint64_t nr_rows;
	int metric;
	int format;
	int color;
	bool exact;
};

struct checking {
	const struct check_options *o;
	struct hl_snapshot *sides[2];	/* [0] NULL: one file only; [1] is checked */
	struct hl_resolver *resolver;
	enum hl_metric metric;		/* of growth, and of budgets of lines and files */
	struct hl_budget *budgets;
	size_t nr_budgets;
	struct hl_statistics **statistics; /* what the budgets refer to */
	struct hl_diffs *diffs;
};

static struct hl_budget *add_budget(struct checking *c, const char *name, double limit)
{
	struct hl_budget *b = &c->budgets[c->nr_budgets];

	*b = (struct hl_budget){.name = name, .limit = limit};
	return b;
}

static int bad_value(const char *option, const char *text, const char *wanted)
{
	cli_complain("check", "--%s: '%s' is not %s", option, text, wanted);
	return -1;
}

/* The groups of the checked side, kept for the report; NULL after a complaint. */
static struct hl_statistics *group(struct checking *c, int side, enum hl_metric metric)
{
	struct hl_statistics *stats;
	int rc = hl_snapshot_statistics(c->sides[side], c->resolver, HL_KEY_LINENO, metric, &stats);

	if (rc) {
		cli_complain("check", "%s", cli_reason(rc));
		return NULL;
	}
	return stats;
}

/* What is held against the limit: blocks for two of the metrics, else bytes with their error. */
static void take_total(struct hl_budget *b, const struct hl_statistics *stats)
{
	b->is_count = stats->metric == HL_METRIC_COUNT || stats->metric == HL_METRIC_TEMP;
	b->error = b->is_count ? 0 : stats->total_error_bytes;
	if (stats->metric == HL_METRIC_TEMP)
		b->found = (double)stats->all.temp_count;
	else
		b->found = b->is_count ? (double)stats->total_count : (double)stats->total_size;
}

/* What the true peak may be higher by. */
static double bound_of(const struct checking *c, const struct hl_statistics *stats)
{
	struct hl_totals totals;

	if (stats->metric != HL_METRIC_PEAK)
		return 0;
	hl_snapshot_totals(c->sides[1], -1, &totals);
	return (double)totals.peak_bound_bytes;
}

/* What lives at the end without what runtimes keep: nobody can free that. */
static struct hl_statistics *group_live(struct checking *c, struct hl_budget *b)
{
	struct hl_snapshot *all = c->sides[1];
	struct hl_snapshot *own;
	struct hl_counts runtime;
	struct hl_statistics *stats;
	int rc = hl_snapshot_leave_runtime(all, c->resolver, &runtime, &own);

	if (rc) {
		cli_complain("check", "%s", cli_reason(rc));
		return NULL;
	}
	b->runtime = (double)(runtime.alloc_bytes - runtime.free_bytes);
	c->sides[1] = own;
	stats = group(c, 1, HL_METRIC_LIVE);
	c->sides[1] = all;
	hl_snapshot_unref(own);
	return stats;
}

static int check_total(struct checking *c, enum hl_metric metric, const char *text)
{
	static const char *const names[HL_NR_METRICS] = {
		[HL_METRIC_LIVE] = "max-live",
		[HL_METRIC_PEAK] = "max-peak",
		[HL_METRIC_COUNT] = "max-count",
	};
	uint64_t limit;
	struct hl_budget *b;

	if (cli_parse_size(text, &limit))
		return bad_value(names[metric], text, CLI_SIZE_WORDS);
	b = add_budget(c, names[metric], (double)limit);
	b->statistics = metric == HL_METRIC_LIVE ? group_live(c, b) : group(c, 1, metric);
	c->statistics[c->nr_budgets++] = (struct hl_statistics *)b->statistics;
	if (!b->statistics)
		return -1;
	take_total(b, b->statistics);
	b->bound = bound_of(c, b->statistics);
	/* A limit is kept only if the true peak keeps it too. */
	b->is_broken = b->found + b->bound > b->limit;
	return 0;
}

/* "5%" or "64KiB". */
static int parse_growth(const char *text, bool *is_percent, double *limit)
{
	size_t length = strlen(text);
	uint64_t bytes;
	char *end;

	*is_percent = length && text[length - 1] == '%';
	if (*is_percent) {
		*limit = strtod(text, &end);
		return end == text || strcmp(end, "%") || !(*limit >= 0) ? -EINVAL : 0;
	}
	if (cli_parse_size(text, &bytes))
		return -EINVAL;
	*limit = (double)bytes;
	return 0;
}

static int check_growth(struct checking *c)
{
	struct hl_statistics *old = NULL;
	struct hl_statistics *new_ = NULL;
	bool is_percent;
	double limit;
	struct hl_budget *b;
	int rc = -1;

	if (parse_growth(c->o->max_growth, &is_percent, &limit))
		return bad_value("max-growth", c->o->max_growth, CLI_SIZE_WORDS ", or a percentage, 5%");
	old = group(c, 0, c->metric);
	if (old)
		new_ = group(c, 1, c->metric);
	if (new_ && hl_statistics_compare(old, new_, &c->diffs))
		cli_complain("check", "out of memory");
	if (c->diffs) {
		b = add_budget(c, "max-growth", limit);
		c->nr_budgets++;
		b->is_percent = is_percent;
		b->diffs = c->diffs;
		b->found = (double)c->diffs->total_size_diff;
		b->error = c->diffs->total_error_bytes;
		if (is_percent)
			b->error = old->total_size ? 100 * b->error / (double)old->total_size : 0;
		if (is_percent && old->total_size)
			b->found = 100 * b->found / (double)old->total_size;
		else if (is_percent && b->found > 0)
			b->found = HUGE_VAL;
		b->is_broken = b->found > b->limit;
		rc = 0;
	}
	hl_statistics_unref(old);
	hl_statistics_unref(new_);
	return rc;
}

/* Whether a place (file, file:line or a function) is the line's: the end of the name is enough. */
static bool is_place(const struct hl_location *l, const char *place, size_t length)
{
	char text[24];
	size_t name = strlen(l->filename);

	if (strlen(l->function) == length && !memcmp(l->function, place, length))
		return true;
	snprintf(text, sizeof(text), ":%u", l->lineno);
	if (length > strlen(text) && !memcmp(place + length - strlen(text), text, strlen(text)))
		length -= strlen(text);
	return length && length <= name && !memcmp(l->filename + name - length, place, length) &&
		(length == name || l->filename[name - length - 1] == '/' || *place == '/');
}

/* Only the lines of the place stay in the groups. */
static void keep_place(struct hl_statistics *stats, const char *place, size_t length)
{
	size_t kept = 0;
	double variance = 0;

	stats->total_size = 0;
	stats->total_count = 0;
	stats->all.temp_count = 0;
	for (size_t i = 0; i < stats->nr_items; i++) {
		const struct hl_statistic *s = &stats->items[i];

		if (!is_place(hl_traceback_line(stats->resolver, s->traceback), place, length))
			continue;
		stats->total_size += s->size;
		stats->total_count += s->count;
		stats->all.temp_count += s->counts.temp_count;
		variance += s->counts.variance;
		stats->items[kept++] = *s;
	}
	stats->nr_items = kept;
	stats->total_error_bytes = sqrt(variance);
}

/* A budget of a misspelt place is always kept: who set it should know. */
static int warn_of_unknown(struct checking *c, const char *place, size_t length)
{
	struct hl_statistics *all = group(c, 1, HL_METRIC_ALLOC);

	if (!all)
		return -1;
	keep_place(all, place, length);
	if (!all->nr_items)
		cli_complain("check", "warning: nothing was ever allocated in '%.*s': is the name right?",
				(int)length, place);
	hl_statistics_unref(all);
	return 0;
}

/* 'parser.c:12=64KiB': a name may have '=' of its own, a size has none. */
static int check_place(struct checking *c, const char *text)
{
	const char *equals = strrchr(text, '=');
	struct hl_statistics *stats;
	uint64_t limit;
	struct hl_budget *b;

	if (!equals || equals == text || cli_parse_size(equals + 1, &limit))
		return bad_value("budget", text, "PLACE=SIZE, such as parser.c=64KiB");
	b = add_budget(c, text, (double)limit);
	stats = c->statistics[c->nr_budgets++] = group(c, 1, c->metric);
	if (!stats)
		return -1;
	keep_place(stats, text, (size_t)(equals - text));
	b->statistics = stats;
	take_total(b, stats);
	b->is_broken = b->found > b->limit;
	return stats->nr_items ? 0 : warn_of_unknown(c, text, (size_t)(equals - text));
}

static int check_all(struct checking *c)
{
	int rc = 0;

	for (int m = 0; !rc && m < HL_NR_METRICS; m++)
		if (c->o->max[m])
			rc = check_total(c, (enum hl_metric)m, c->o->max[m]);
	if (!rc && c->o->max_growth)
		rc = check_growth(c);
	for (size_t i = 0; !rc && i < c->o->budgets.nr; i++)
		rc = check_place(c, c->o->budgets.items[i]);
	return rc;
}

static int write_report(const struct checking *c, const char *file)
{
	static void (*const writers[])(FILE *, const struct hl_check_report *) = {
		hl_check_write_text,
		hl_check_write_json,
		hl_check_write_junit,
	};
	struct hl_check_report report = {
		.file = file,
		.budgets = c->budgets,
		.nr_budgets = c->nr_budgets,
		.nr_rows = c->o->nr_rows ? c->o->nr_rows : SIZE_MAX,
		.exact = c->o->exact,
		/* other formats than the text must not have colours in them */
		.color = !c->o->format && cli_wants_color(c->o->color),
		.names = cli_name_style(&c->o->selection),
	};
	int status = CLI_DONE;

	cli_warn_symbols("check", c->resolver);
	writers[c->o->format](stdout, &report);
	for (size_t i = 0; i < c->nr_budgets; i++)
		if (c->budgets[i].is_broken)
			status = CLI_FINDING;
	return status;
}

static int check(struct checking *c, const char *file)
{
	size_t room = HL_NR_METRICS + 1 + c->o->budgets.nr;
	int rc = 0;

	c->metric = c->o->metric < 0 ? HL_METRIC_LIVE : (enum hl_metric)c->o->metric;
	c->budgets = calloc(room, sizeof(*c->budgets));
	c->statistics = calloc(room, sizeof(struct hl_statistics *));
	if (!c->budgets || !c->statistics) {
		cli_complain("check", "out of memory");
		return CLI_FAILED;
	}
	if (c->sides[0])
		rc = hl_snapshot_align(c->sides[0], c->sides[1], c->resolver);
	if (rc) {
		cli_complain("check", "%s", cli_reason(rc));
		return CLI_FAILED;
	}
	for (int i = 0; !rc && i < 2; i++)
		if (c->sides[i])
			rc = cli_select("check", &c->o->selection, c->resolver, &c->sides[i]);
	if (!rc)
		rc = check_all(c);
	return rc ? CLI_FAILED : write_report(c, file);
}

static void release(struct checking *c)
{
	for (size_t i = 0; c->statistics && i < c->nr_budgets; i++)
		hl_statistics_unref(c->statistics[i]);
	hl_diffs_unref(c->diffs);
	free(c->statistics);
	free(c->budgets);
	hl_resolver_unref(c->resolver);
	hl_snapshot_unref(c->sides[0]);
	hl_snapshot_unref(c->sides[1]);
}

static int check_usage(const struct check_options *o, int nr_files)
{
	size_t nr = o->budgets.nr + (o->max_growth != NULL);

	for (int m = 0; m < HL_NR_METRICS; m++)
		nr += o->max[m] != NULL;
	if (!nr)
		cli_complain("check", "no budget given; try 'heapledger check --help'");
	else if (o->max_growth && nr_files != 2)
		cli_complain("check", "--max-growth needs two files, OLD and NEW");
	else
		return 0;
	return -1;
}

static int run(char **files, int nr_files, const struct check_options *o)
{
	struct checking c = {.o = o};
	const char *file = files[nr_files - 1];
	int status = CLI_FAILED;
	bool is_loaded = true;

	if (check_usage(o, nr_files))
		return CLI_FAILED;
	for (int i = 0; is_loaded && i < nr_files; i++) {
		c.sides[2 - nr_files + i] = cli_load("check", files[i]);
		is_loaded = c.sides[2 - nr_files + i];
	}
	if (is_loaded)
		c.resolver = cli_resolver("check", &o->selection);
	if (c.resolver)
		status = check(&c, file);
	release(&c);
	return status;
}

int cmd_check(int argc, char **argv)
{
	static const char *const formats[] = {"text", "json", "junit", NULL};
	struct check_options o = {.nr_rows = MAX_LINES_SHOWN, .metric = -1, .selection.by_function = true};
	const struct cli_option options[] = {
		{0, "max-peak", "SIZE", CLI_STRING, &o.max[HL_METRIC_PEAK],
			"at most SIZE bytes live at the peak", NULL},
		{0, "max-live", "SIZE", CLI_STRING, &o.max[HL_METRIC_LIVE],
			"at most SIZE bytes live at the end", NULL},
		{0, "max-count", "N", CLI_STRING, &o.max[HL_METRIC_COUNT],
			"at most N allocations in all", NULL},
		{0, "max-growth", "LIMIT", CLI_STRING, &o.max_growth,
			"from OLD to NEW at most SIZE bytes or N%", NULL},
		{0, "budget", "PLACE=SIZE", CLI_LIST, &o.budgets,
			"at most SIZE bytes of a FILE, FILE:LINE or function", NULL},
		{'s', "sort", "METRIC", CLI_CHOICE, &o.metric,
			"of --budget and --max-growth: live, peak, alloc, count or temp",
			hl_metric_names},
		{'n', "number", "N", CLI_NUMBER, &o.nr_rows, "show at most N lines for each (10); 0: all",
			NULL},
		CLI_SELECTION_OPTIONS(o.selection),
		CLI_NAMES_OPTION(o.selection),
		{0, "format", "FORMAT", CLI_CHOICE, &o.format, "text, json or junit", formats},
		{0, "bytes", NULL, CLI_FLAG, &o.exact, "exact numbers instead of KiB, MiB ...", NULL},
		CLI_COLOR_OPTION(o.color),
		{0},
	};
	const struct cli_usage usage = {
		.word = "check",
		.operands = "[OLD] FILE",
		.summary = "Check budgets and show the lines that broke them; exit status 1 if any did.",
		.options = options,
		.min_operands = 1,
		.max_operands = 2,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status < 0)
		status = run(argv + first, argc - first, &o);
	cli_selection_release(&o.selection);
	free(o.budgets.items);
	return status;
}
