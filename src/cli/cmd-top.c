/* SPDX-License-Identifier: MIT */
/* heapledger top: the groups that hold the memory, largest first. */
#include "cli/cli.h"

#include "cli/debug-hint.h"
#include "cli/moments.h"
#include "cli/since.h"

/* What a title says of them: a moment, or a mark of at most 240 bytes. */
#define CLI_TITLE CLI_SINCE_TITLE

/* Which blocks of the recording; at most one of them. */
struct when {
	const char *at;
	const char *since;
};

static int show(const char *file, struct hl_snapshot **snapshot, struct hl_resolver *resolver,
		const struct cli_grouping *g, const char *title)
{
	struct hl_statistics *statistics;
	struct hl_top_report report = {
		.file = file,
		.nr_rows = g->nr_rows ? g->nr_rows : SIZE_MAX,
		.frames = g->frames,
		.most_recent_first = g->most_recent_first,
		.exact = g->exact,
		.color = cli_wants_color(g->color),
		.names = cli_name_style(&g->selection),
		.moment = title,
	};
	enum hl_metric metric = cli_metric(g->metric, snapshot, 1, &report.nothing_left);
	int rc;

	if (cli_select("top", &g->selection, resolver, snapshot))
		return CLI_FAILED;
	rc = cli_group(g, *snapshot, resolver, metric, &statistics);
	if (rc) {
		cli_complain("top", "%s: %s", file, cli_reason(rc));
		return CLI_FAILED;
	}
	cli_warn_symbols("top", resolver);
	cli_note_threads("top", *snapshot, statistics->key);
	/* Why an account is empty is worth more than the empty table. */
	if (statistics->nr_items == 0)
		hl_write_warnings(stderr, *snapshot, "heapledger top: note: ");
	report.snapshot = *snapshot;
	report.statistics = statistics;
	cli_writer(g->format)->top(stdout, &report);
	if (!g->selection.quiet && !g->format)
		cli_hint_statistics("top", statistics);
	hl_statistics_unref(statistics);
	return CLI_DONE;
}

static int take(const char *file, struct cli_grouping *g, const struct when *when, struct hl_snapshot **snapshot,
		char title[CLI_TITLE])
{
	if (when->since) {
		/* What has gone again since then is seldom meant. */
		if (g->metric < 0)
			g->metric = HL_METRIC_LIVE;
		return cli_take_since("top", file, when->since, snapshot, title);
	}
	return when->at ? cli_take_moment("top", file, "--at", when->at, &g->metric, snapshot, title) : 0;
}

static int run(const char *file, struct cli_grouping *g, const struct when *when)
{
	struct hl_snapshot *snapshot = cli_load("top", file);
	struct hl_resolver *resolver = NULL;
	char title[CLI_TITLE] = "";
	int status = CLI_FAILED;

	if (snapshot && !take(file, g, when, &snapshot, title))
		resolver = cli_resolver("top", &g->selection);
	if (resolver)
		status = show(file, &snapshot, resolver, g, title);
	hl_snapshot_unref(snapshot);
	hl_resolver_unref(resolver);
	return status;
}

int cmd_top(int argc, char **argv)
{
	struct cli_grouping g = CLI_GROUPING_DEFAULTS;
	struct when when = {0};
	const struct cli_option options[] = {
		CLI_GROUPING_OPTIONS(g),
		{0, "at", "TIME", CLI_STRING, &when.at, "what lived so long after the start", NULL},
		{0, "since", "TEXT", CLI_STRING, &when.since, "made after that mark of `heapledger ctl`", NULL},
		{0},
	};
	const struct cli_usage usage = {
		.word = "top",
		.operands = "FILE",
		.summary = "Show the groups of blocks that hold the memory, largest first.",
		.options = options,
		.min_operands = 1,
		.max_operands = 1,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status < 0)
		status = cli_grouping_check("top", &g);
	if (status < 0 && when.at && when.since) {
		cli_complain("top", "either --at or --since: of a moment nobody knows what was made when");
		status = CLI_FAILED;
	}
	if (status < 0)
		status = run(argv[first], &g, &when);
	cli_grouping_release(&g);
	return status;
}
