/* SPDX-License-Identifier: MIT */
/* heapledger annotate: a source file with bytes and blocks beside its lines. */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/views.h"

/* More is no source that anybody reads, but a number from a damaged file. */
#define MAX_LINES 10000000u

struct annotate_options {
	struct cli_selection selection;
	int metric;
	int color;
	bool cumulative;
	bool exact;
};

/* Whether @source names the file: as a whole, or the end of it from a '/' on. */
static bool is_named(const char *filename, const char *source)
{
	size_t length = strlen(filename);
	size_t tail = strlen(source);

	if (tail > length || strcmp(filename + length - tail, source))
		return false;
	return tail == length || filename[length - tail - 1] == '/';
}

/* The one file name of the ledger that the user means; NULL after a complaint. */
static const char *choose_file(const struct hl_statistics *stats, const char *source)
{
	char *whole = realpath(source, NULL);
	const char *found = NULL;

	for (size_t i = 0; i < stats->nr_items; i++) {
		const char *name = hl_traceback_line(stats->resolver,
				stats->items[i].traceback)->filename;

		if (!strcmp(name, source) || (whole && !strcmp(name, whole))) {
			free(whole);
			return name;
		}
		if (!is_named(name, source))
			continue;
		if (found && strcmp(found, name)) {
			cli_complain("annotate", "%s is both %s and %s", source, found, name);
			free(whole);
			return NULL;
		}
		found = name;
	}
	free(whole);
	if (!found)
		cli_complain("annotate", "%s: the ledger has no block of this file", source);
	return found;
}

static int fill(const struct hl_statistics *stats, const char *name,
		struct hl_annotate_report *report)
{
	size_t nr = 1;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < stats->nr_items; i++) {
			const struct hl_location *line = hl_traceback_line(stats->resolver,
					stats->items[i].traceback);

			if (strcmp(line->filename, name) || line->lineno >= MAX_LINES)
				continue;
			if (pass)
				report->lines[line->lineno] = &stats->items[i];
			else if (line->lineno >= nr)
				nr = line->lineno + 1;
		}
		if (!pass)
			report->lines = calloc(nr, sizeof(*report->lines));
		if (!report->lines)
			return -1;
	}
	report->nr_lines = nr;
	return 0;
}

static int write_source(const char *source, struct hl_snapshot *snapshot,
		const struct hl_statistics *stats, const struct annotate_options *o)
{
	const char *name = choose_file(stats, source);
	struct hl_annotate_report report = {
		.path = access(source, R_OK) ? name : source,
		.resolver = stats->resolver,
		.snapshot = snapshot,
		.metric = stats->metric,
		.exact = o->exact,
		.color = cli_wants_color(o->color),
	};
	int status = CLI_DONE;
	int rc;

	if (!name)
		return CLI_FAILED;
	if (fill(stats, name, &report)) {
		cli_complain("annotate", "out of memory");
		return CLI_FAILED;
	}
	rc = hl_annotate_write_text(stdout, &report);
	if (rc == -EPERM)
		cli_complain("annotate", "%s: is not where sources of this program lie, or not called as one:"
				" --source-dir=DIR allows more (see heapledger-annotate(1))", report.path);
	else if (rc)
		cli_complain("annotate", "%s: cannot be read", report.path);
	if (rc)
		status = CLI_FAILED;
	free(report.lines);
	return status;
}

static int show(const char *source, const char *file, struct hl_snapshot **snapshot,
		struct hl_resolver *resolver, const struct annotate_options *o)
{
	const struct cli_grouping g = {.key = HL_KEY_LINENO, .cumulative = o->cumulative};
	struct hl_statistics *statistics;
	bool nothing_left;
	enum hl_metric metric = cli_metric(o->metric, snapshot, 1, &nothing_left);
	int status;

	if (cli_select("annotate", &o->selection, resolver, snapshot))
		return CLI_FAILED;
	status = cli_group(&g, *snapshot, resolver, metric, &statistics);
	if (status) {
		cli_complain("annotate", "%s: %s", file, cli_reason(status));
		return CLI_FAILED;
	}
	cli_warn_symbols("annotate", resolver);
	status = write_source(source, *snapshot, statistics, o);
	hl_statistics_unref(statistics);
	return status;
}

/* Who names a file that there is, means it: what lies beside it may be shown too. */
static void allow_folder_of(const char *source, char *folder, struct annotate_options *o)
{
	const char *slash = strrchr(source, '/');
	int n = snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(slash + 1 - source) : 1, slash ? source : ".");

	if (n < PATH_MAX && access(source, R_OK) == 0 && cli_has_sources(folder))
		cli_list_add(&o->selection.source_dirs, folder);
}

static int run(const char *source, const char *file, struct annotate_options *o)
{
	char folder[PATH_MAX];
	struct hl_snapshot *snapshot = cli_load("annotate", file);
	struct hl_resolver *resolver;
	int status;

	allow_folder_of(source, folder, o);
	resolver = snapshot ? cli_resolver("annotate", &o->selection) : NULL;
	status = resolver ? show(source, file, &snapshot, resolver, o) : CLI_FAILED;

	hl_snapshot_unref(snapshot);
	hl_resolver_unref(resolver);
	return status;
}

int cmd_annotate(int argc, char **argv)
{
	struct annotate_options o = {.metric = -1};
	const struct cli_option options[] = {
		{'s', "sort", "METRIC", CLI_CHOICE, &o.metric, "live, peak, alloc, count or temp",
			hl_metric_names},
		{0, "cumulative", NULL, CLI_FLAG, &o.cumulative, "count a block for all its frames",
			NULL},
		CLI_SELECTION_OPTIONS(o.selection),
		CLI_SOURCE_OPTION(o.selection),
		{0, "bytes", NULL, CLI_FLAG, &o.exact, "exact numbers instead of KiB, MiB ...", NULL},
		CLI_COLOR_OPTION(o.color),
		{0},
	};
	const struct cli_usage usage = {
		.word = "annotate",
		.operands = "SOURCE FILE",
		.summary = "Show a source file with bytes and blocks beside its lines.",
		.options = options,
		.min_operands = 2,
		.max_operands = 2,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status < 0)
		status = run(argv[first], argv[first + 1], &o);
	cli_selection_release(&o.selection);
	return status;
}
