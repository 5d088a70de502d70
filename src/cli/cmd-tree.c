/* SPDX-License-Identifier: MIT */
/* heapledger tree: callers and what they called, with their shares. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>

#include "reports/views.h"

struct tree_options {
	struct cli_selection selection;
	uint64_t min_percent;
	uint64_t max_depth;
	int metric;
	int format;
	int color;
	bool exact;
	bool inverted;
	const char *callers;
	const char *callees;
};

static int write_tree(const char *file, struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		const struct tree_options *o, enum hl_metric metric)
{
	struct hl_statistics *statistics = NULL;
	struct hl_tree *tree = NULL;
	struct hl_tree_report report = {
		.file = file,
		.snapshot = snapshot,
		.metric = metric,
		.min_share = (double)o->min_percent / 100,
		.max_depth = o->max_depth ? o->max_depth : SIZE_MAX,
		.exact = o->exact,
		.of = o->callers ? o->callers : o->callees,
		.is_inverted = o->inverted || o->callers,
		.color = cli_wants_color(o->color),
		.names = cli_name_style(&o->selection),
	};
	int rc = hl_snapshot_statistics(snapshot, resolver, HL_KEY_TRACEBACK, metric, &statistics);

	if (!rc)
		rc = hl_statistics_tree_of(statistics, o->inverted || o->callers ? HL_TREE_CALLERS : HL_TREE_CALLEES,
				o->callers ? o->callers : o->callees, &tree);
	if (rc == -EINVAL) {
		cli_complain("tree", "%s: not a regular expression", o->callers ? o->callers : o->callees);
	} else if (rc) {
		cli_complain("tree", "%s: %s", file, cli_reason(rc));
	} else {
		cli_warn_symbols("tree", resolver);
		report.tree = tree;
		if (o->format)
			hl_tree_write_json(stdout, &report);
		else
			hl_tree_write_text(stdout, &report);
	}
	hl_tree_unref(tree);
	hl_statistics_unref(statistics);
	return rc ? CLI_FAILED : CLI_DONE;
}

static int run(const char *file, const struct tree_options *o)
{
	struct hl_snapshot *snapshot = cli_load("tree", file);
	struct hl_resolver *resolver = snapshot ? cli_resolver("tree", &o->selection) : NULL;
	enum hl_metric metric = HL_METRIC_LIVE;
	bool nothing_left;
	int status = CLI_FAILED;

	if (resolver) {
		metric = cli_metric(o->metric, &snapshot, 1, &nothing_left);
		if (!cli_select("tree", &o->selection, resolver, &snapshot))
			status = write_tree(file, snapshot, resolver, o, metric);
	}
	hl_resolver_unref(resolver);
	hl_snapshot_unref(snapshot);
	return status;
}

int cmd_tree(int argc, char **argv)
{
	struct tree_options o = {.min_percent = 1, .metric = -1};
	const struct cli_option options[] = {
		{0, "min-share", "PERCENT", CLI_NUMBER, &o.min_percent,
			"leave out branches with less of the total (1)", NULL},
		{0, "depth", "N", CLI_NUMBER, &o.max_depth, "show at most N levels; 0: all", NULL},
		{0, "inverted", NULL, CLI_FLAG, &o.inverted, "from the lines to their callers", NULL},
		{0, "callers", "REGEX", CLI_STRING, &o.callers, "the callers of functions like REGEX", NULL},
		{0, "callees", "REGEX", CLI_STRING, &o.callees, "what functions like REGEX called", NULL},
		{'s', "sort", "METRIC", CLI_CHOICE, &o.metric, "live, peak, alloc, count or temp",
			hl_metric_names},
		CLI_SELECTION_OPTIONS(o.selection),
		CLI_NAMES_OPTION(o.selection),
		CLI_OUTPUT_OPTIONS(o),
		{0},
	};
	const struct cli_usage usage = {
		.word = "tree",
		.operands = "FILE",
		.summary = "Show callers and what they called, with their shares of the memory.",
		.options = options,
		.min_operands = 1,
		.max_operands = 1,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status < 0 && o.inverted + !!o.callers + !!o.callees > 1) {
		cli_complain("tree", "--inverted, --callers and --callees do not go together");
		status = CLI_FAILED;
	}
	if (status < 0 && o.min_percent > 100) {
		cli_complain("tree", "--min-share: at most 100 percent");
		status = CLI_FAILED;
	}
	if (status < 0)
		status = run(argv[first], &o);
	cli_selection_release(&o.selection);
	return status;
}
