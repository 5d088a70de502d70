/* SPDX-License-Identifier: MIT */
/* heapledger diff: what changed between two ledgers, largest difference first. */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/debug-hint.h"
#include "cli/moments.h"

/* Two moments of one program, instead of two ledgers. */
struct range {
	const char *from;
	const char *to;
	char title[2 * CLI_MOMENT_TEXT + 8];
};

/* Both sides with one resolver: that is what makes their groups comparable. */
static int compare(struct hl_snapshot *const *sides, struct hl_resolver *resolver,
		const struct cli_grouping *g, enum hl_metric metric, struct hl_diffs **out)
{
	struct hl_statistics *old = NULL;
	struct hl_statistics *new_ = NULL;
	int rc = cli_group(g, sides[0], resolver, metric, &old);

	if (!rc)
		rc = cli_group(g, sides[1], resolver, metric, &new_);
	if (!rc)
		rc = hl_statistics_compare(old, new_, out);
	hl_statistics_unref(old);
	hl_statistics_unref(new_);
	return rc;
}

static int show(char **files, struct hl_snapshot **sides, struct hl_resolver *resolver,
		const struct cli_grouping *g, const struct range *range)
{
	struct hl_diffs *diffs;
	struct hl_diff_report report = {
		.old_file = files[0],
		.new_file = files[1],
		.nr_rows = g->nr_rows ? g->nr_rows : SIZE_MAX,
		.frames = g->frames,
		.most_recent_first = g->most_recent_first,
		.exact = g->exact,
		.color = cli_wants_color(g->color),
		.names = cli_name_style(&g->selection),
		.moment = range->title,
	};
	enum hl_metric metric = cli_metric(g->metric, sides, 2, &report.nothing_left);
	int rc;

	rc = hl_snapshot_align(sides[0], sides[1], resolver);
	if (rc) {
		cli_complain("diff", "%s", cli_reason(rc));
		return CLI_FAILED;
	}
	for (int i = 0; i < 2; i++)
		if (cli_select("diff", &g->selection, resolver, &sides[i]))
			return CLI_FAILED;
	rc = compare(sides, resolver, g, metric, &diffs);
	if (rc) {
		cli_complain("diff", "%s", cli_reason(rc));
		return CLI_FAILED;
	}
	cli_warn_symbols("diff", resolver);
	cli_note_threads("diff", hl_snapshot_nr_threads(sides[0]) ? sides[1] : sides[0], diffs->key);
	report.sides[0] = sides[0];
	report.sides[1] = sides[1];
	report.diffs = diffs;
	cli_writer(g->format)->diff(stdout, &report);
	if (!g->selection.quiet && !g->format)
		cli_hint_diffs("diff", diffs, resolver);
	hl_diffs_unref(diffs);
	return CLI_DONE;
}

/* From the start, if nothing else is said, to the end. */
static int take_range(const char *file, struct range *range, struct cli_grouping *g, struct hl_snapshot **sides)
{
	char from[CLI_MOMENT_TEXT] = "";
	char to[CLI_MOMENT_TEXT] = " at the end";

	if (cli_take_moment("diff", file, "--from", range->from, &g->metric, &sides[0], from) ||
			(range->to && cli_take_moment("diff", file, "--to", range->to, &g->metric, &sides[1], to)))
		return -1;
	g->metric = HL_METRIC_LIVE;
	snprintf(range->title, sizeof(range->title), ",%s and%s", from, to);
	return 0;
}

static int load_sides(char **files, int nr, struct range *range, struct cli_grouping *g, struct hl_snapshot **sides)
{
	sides[0] = cli_load("diff", files[0]);
	if (!sides[0])
		return -1;
	sides[1] = nr == 2 ? cli_load("diff", files[1]) : hl_snapshot_ref(sides[0]);
	if (!sides[1])
		return -1;
	return nr == 2 ? 0 : take_range(files[0], range, g, sides);
}

static int run(char **files, int nr, struct cli_grouping *g, struct range *range)
{
	char *names[2] = {files[0], nr == 2 ? files[1] : files[0]};
	struct hl_snapshot *sides[2] = {NULL, NULL};
	struct hl_resolver *resolver = NULL;
	int status = CLI_FAILED;

	if ((nr == 1) != (range->from != NULL) || (range->to && !range->from))
		cli_complain("diff", "two ledgers, or one with --from=TIME and perhaps --to=TIME");
	else if (!load_sides(files, nr, range, g, sides))
		resolver = cli_resolver("diff", &g->selection);
	if (resolver)
		status = show(names, sides, resolver, g, range);
	hl_resolver_unref(resolver);
	hl_snapshot_unref(sides[0]);
	hl_snapshot_unref(sides[1]);
	return status;
}

int cmd_diff(int argc, char **argv)
{
	struct cli_grouping g = CLI_GROUPING_DEFAULTS;
	struct range range = {0};
	const struct cli_option options[] = {
		CLI_GROUPING_OPTIONS(g),
		{0, "from", "TIME", CLI_STRING, &range.from,
			"of one ledger: compare what lived so long after the start", NULL},
		{0, "to", "TIME", CLI_STRING, &range.to, "with what lived so long after the start (the end)", NULL},
		{0},
	};
	const struct cli_usage usage = {
		.word = "diff",
		.operands = "OLD NEW | --from=TIME [--to=TIME] FILE",
		.summary = "Show what changed from one ledger to another, largest difference first.",
		.options = options,
		.min_operands = 1,
		.max_operands = 2,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status < 0)
		status = cli_grouping_check("diff", &g);
	if (status < 0)
		status = run(argv + first, argc - first, &g, &range);
	cli_grouping_release(&g);
	return status;
}
