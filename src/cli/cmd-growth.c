/* SPDX-License-Identifier: MIT */
/* heapledger growth: the lines that grow over several ledgers, or in a running process. */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/duration.h"
#include "cli/growth.h"
#include "cli/live.h"
#include "cli/load-process.h"
#include "snapshot/resolve.h"

struct growth_options {
	struct cli_selection selection;
	const char *every;
	const char *length;
	const char *keep;
	uint64_t nr_rows;
	uint64_t exit_code;
	int key;
	int metric;
	int format;
	int color;
	bool exact;
	bool cumulative;
};

static int load_all(struct growth_series *s, size_t nr)
{
	for (; s->nr < nr; s->nr++) {
		s->snapshots[s->nr] = cli_load("growth", s->files[s->nr]);
		if (!s->snapshots[s->nr])
			return -1;
	}
	return 0;
}

static int group(struct hl_snapshot *snapshot, struct hl_resolver *resolver, const struct growth_options *o,
		enum hl_metric metric, struct hl_statistics **out)
{
	if (o->cumulative)
		return hl_snapshot_statistics_cumulative(snapshot, resolver, (enum hl_key)o->key, metric, out);
	return hl_snapshot_statistics(snapshot, resolver, (enum hl_key)o->key, metric, out);
}

static int group_one(struct growth_series *s, size_t i, struct hl_resolver *resolver, const struct growth_options *o,
		enum hl_metric metric)
{
	struct hl_statistics *groups;
	int rc;

	if (s->whole && growth_make_moment(s, i))
		return -1;
	/* a program that was built anew on the way is named as it is at the end */
	rc = s->whole || i + 1 == s->nr ? 0 : hl_snapshot_align(s->snapshots[i], s->snapshots[s->nr - 1], resolver);
	if (rc) {
		cli_complain("growth", "%s", cli_reason(rc));
		return -1;
	}
	if (cli_select("growth", &o->selection, resolver, &s->snapshots[i]))
		return -1;
	rc = group(s->snapshots[i], resolver, o, metric, &groups);
	if (!rc)
		rc = growth_add(s, i, groups);
	if (rc) {
		cli_complain("growth", "%s: %s", s->files[i], cli_reason(rc));
		return -1;
	}
	if (s->whole) {
		hl_snapshot_unref(s->snapshots[i]);
		s->snapshots[i] = NULL;
	}
	return 0;
}

/* Moments have the frames of their ledger, whose names are found once, before any is made. */
static int resolve_whole(const struct growth_series *s, struct hl_resolver *resolver, const struct growth_options *o)
{
	bool wants_all = o->cumulative || o->key == HL_KEY_TRACEBACK ||
		o->selection.focus.nr + o->selection.ignore.nr;

	if (o->key == HL_KEY_KIND || o->key == HL_KEY_THREAD)
		return 0;
	cli_use_process(resolver, s->whole);
	return wants_all ? hl_snapshot_resolve(s->whole, resolver) : hl_snapshot_resolve_lines(s->whole, resolver);
}

/* The last one first. */
static int group_all(struct growth_series *s, struct hl_resolver *resolver, const struct growth_options *o,
		enum hl_metric metric)
{
	int rc = s->whole ? resolve_whole(s, resolver, o) : 0;

	if (rc) {
		cli_complain("growth", "%s: %s", s->files[0], cli_reason(rc));
		return -1;
	}
	for (size_t i = s->nr; !rc && i; i--)
		rc = group_one(s, i - 1, resolver, o, metric);
	return rc;
}

static int show(struct growth_series *s, struct hl_resolver *resolver, const struct growth_options *o)
{
	bool nothing_left;
	struct hl_growth_report report = {
		.files = s->files,
		.snapshots = s->whole ? &s->whole : s->snapshots,
		.nr_snapshots = s->whole ? 1 : s->nr,
		.nr_files = s->nr,
		.resolver = resolver,
		.nr_rows = o->nr_rows ? o->nr_rows : SIZE_MAX,
		.key = (enum hl_key)o->key,
		.metric = s->whole ? HL_METRIC_LIVE :
			cli_metric(o->metric, s->snapshots, s->nr, &nothing_left),
		.exact = o->exact,
		.color = cli_wants_color(o->color),
		.names = cli_name_style(&o->selection),
	};

	growth_order(s);
	if (group_all(s, resolver, o, report.metric))
		return CLI_FAILED;
	if (growth_find_lines(s)) {
		cli_complain("growth", "out of memory");
		return CLI_FAILED;
	}
	cli_warn_symbols("growth", resolver);
	cli_note_threads("growth", s->whole ? s->whole : s->snapshots[s->nr - 1], report.key);
	report.lines = s->lines;
	report.nr_lines = s->nr_lines;
	report.nr_tested = s->nr_tested;
	report.is_tested = s->is_tested;
	report.is_of_moments = s->whole;
	if (o->format)
		hl_growth_write_json(stdout, &report);
	else
		hl_growth_write_text(stdout, &report);
	return s->nr_lines ? (int)o->exit_code : CLI_DONE;
}

/* The snapshots: taken now, or read; 0, or -1 after a complaint. */
static int find_snapshots(struct growth_series *s, char **operands, size_t nr, const struct growth_options *o)
{
	struct growth_watch watch = {.pid = operands[0], .keep = o->keep, .quiet = o->selection.quiet};

	if (cli_parse_duration(o->every, &watch.every) || cli_parse_duration(o->length, &watch.length)) {
		cli_complain("growth", "--every, --for: a time is a number of seconds, or such as 10s, 1.5m or 2h");
		return -1;
	}
	if (nr == 1 && cli_is_process(operands[0]))
		return growth_take(s, &watch);
	if (nr == 1 && !o->keep)
		return growth_load_moments(s, operands[0]);
	s->files = operands;
	if (o->keep)
		cli_complain("growth", "--keep goes with a process");
	else if (growth_series_init(s, nr))
		cli_complain("growth", "out of memory");
	else
		return load_all(s, nr);
	return -1;
}

static int run(char **operands, size_t nr, const struct growth_options *o)
{
	struct growth_series s = {0};
	struct hl_resolver *resolver = NULL;
	int status = CLI_FAILED;

	if (o->exit_code > 255)
		cli_complain("growth", "--error-exitcode: at most 255");
	else if (nr == 1 && !cli_is_process(operands[0]) && o->metric > HL_METRIC_LIVE)
		cli_complain("growth", "of one ledger it is known what lived at its moments: -s live");
	else if (o->cumulative && o->key == HL_KEY_TRACEBACK)
		cli_complain("growth", "--cumulative does not go with -g traceback");
	else if (!find_snapshots(&s, operands, nr, o))
		resolver = cli_resolver("growth", &o->selection);
	if (resolver)
		status = show(&s, resolver, o);
	growth_series_release(&s);
	hl_resolver_unref(resolver);
	return status;
}

int cmd_growth(int argc, char **argv)
{
	struct growth_options o = {.nr_rows = 10, .key = HL_KEY_LINENO, .metric = -1, .every = "10s", .length = "2m"};
	const struct cli_option options[] = {
		{'n', "number", "N", CLI_NUMBER, &o.nr_rows, "show at most N groups (10); 0: all", NULL},
		{'g', "group-by", "KEY", CLI_CHOICE, &o.key,
			"lineno, filename, function, module, traceback, kind or thread", hl_key_names},
		{'s', "sort", "METRIC", CLI_CHOICE, &o.metric, "live, peak, alloc, count or temp",
			hl_metric_names},
		{0, "cumulative", NULL, CLI_FLAG, &o.cumulative, "count a block for all its frames", NULL},
		{0, "every", "TIME", CLI_STRING, &o.every, "of a process: a snapshot each TIME (10s)", NULL},
		{0, "for", "TIME", CLI_STRING, &o.length, "of a process: so long (2m)", NULL},
		{0, "keep", "DIR", CLI_STRING, &o.keep, "of a process: write the snapshots to DIR", NULL},
		{0, "error-exitcode", "N", CLI_NUMBER, &o.exit_code, "leave with N when something grew (0)", NULL},
		CLI_SOURCE_OPTION(o.selection),
		CLI_SELECTION_OPTIONS(o.selection),
		CLI_NAMES_OPTION(o.selection),
		CLI_OUTPUT_OPTIONS(o),
		{0},
	};
	const struct cli_usage usage = {
		.word = "growth",
		.operands = "PID | FILE...",
		.summary = "Show what grows over several ledgers or in a process, steepest first.",
		.options = options,
		.min_operands = 1,
		.max_operands = -1,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status < 0)
		status = run(argv + first, (size_t)(argc - first), &o);
	cli_selection_release(&o.selection);
	return status;
}
