/* SPDX-License-Identifier: MIT */
/* heapledger diff: what changed between two ledgers, largest difference first. */
#include "cli/cli.h"

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
		const struct cli_grouping *g)
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
	report.sides[0] = sides[0];
	report.sides[1] = sides[1];
	report.diffs = diffs;
	cli_writer(g->format)->diff(stdout, &report);
	hl_diffs_unref(diffs);
	return CLI_DONE;
}

static int run(char **files, const struct cli_grouping *g)
{
	struct hl_snapshot *sides[2] = {NULL, NULL};
	struct hl_resolver *resolver = NULL;
	int status = CLI_FAILED;

	sides[0] = cli_load("diff", files[0]);
	if (sides[0])
		sides[1] = cli_load("diff", files[1]);
	if (sides[1])
		resolver = cli_resolver("diff", &g->selection);
	if (resolver)
		status = show(files, sides, resolver, g);
	hl_resolver_unref(resolver);
	hl_snapshot_unref(sides[0]);
	hl_snapshot_unref(sides[1]);
	return status;
}

int cmd_diff(int argc, char **argv)
{
	struct cli_grouping g = CLI_GROUPING_DEFAULTS;
	const struct cli_option options[] = {
		CLI_GROUPING_OPTIONS(g),
		{0},
	};
	const struct cli_usage usage = {
		.word = "diff",
		.operands = "OLD NEW",
		.summary = "Show what changed from one ledger to another, largest difference first.",
		.options = options,
		.min_operands = 2,
		.max_operands = 2,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status < 0)
		status = cli_grouping_check("diff", &g);
	if (status < 0)
		status = run(argv + first, &g);
	cli_grouping_release(&g);
	return status;
}
