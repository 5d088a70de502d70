/* SPDX-License-Identifier: MIT */
/* heapledger leaks: what was never freed, by call stack. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/debug-hint.h"
#include "cli/suppressions.h"
#include "reports/views.h"
#include "snapshot/carried.h"
#include "snapshot/resolve.h"
#include "snapshot/runtime-blocks.h"

struct leaks_options {
	struct cli_selection selection;
	struct cli_list files;		/* of suppressions */
	uint64_t nr_rows;
	uint64_t exit_code;
	int format;
	int color;
	bool exact;
	bool show_runtime;
	bool no_carried;
};

static const char *why_not(int error)
{
	switch (error) {
	case -EINVAL:
		return "not of the form leak:PATTERN";
	case -E2BIG:
		return "longer than 65535 characters, or more than 10000 patterns";
	default:
		return strerror(-error);
	}
}

static int read_file(struct suppressions *s, const char *name)
{
	FILE *file = fopen(name, "re");
	size_t line;
	int rc;

	if (!file) {
		cli_complain("leaks", "%s: cannot be opened: %s", name, strerror(errno));
		return -1;
	}
	rc = suppressions_read(s, file, &line);
	if (rc == -EIO)
		cli_complain("leaks", "%s: cannot be read", name);
	else if (rc)
		cli_complain("leaks", "%s: line %zu: %s", name, line, why_not(rc));
	fclose(file);
	return rc ? -1 : 0;
}

/* What the program itself says of its leaks, behind what the user says. */
static int read_carried(struct suppressions *s, const struct hl_snapshot *snapshot, struct hl_resolver *resolver)
{
	struct hl_carried carried;
	size_t nr = s->nr;
	FILE *text;
	size_t line;
	int rc = hl_snapshot_carried(snapshot, resolver, &carried);

	if (rc == -ENOENT)
		return 0;
	if (!rc && !carried.text)
		cli_complain("leaks", "note: %s has suppressions of its own (__lsan_default_suppressions), which "
			"cannot be known without running it", carried.object);
	if (!rc && carried.text && *carried.text) {
		text = fmemopen((void *)carried.text, strlen(carried.text), "r");
		rc = text ? suppressions_read(s, text, &line) : -ENOMEM;
		if (text)
			fclose(text);
		if (rc && rc != -ENOMEM)
			cli_complain("leaks", "warning: %s: its own suppressions, line %zu: %s", carried.object, line,
				why_not(rc));
	}
	for (; nr < s->nr; nr++)
		s->items[nr].is_carried = true;
	free(carried.object);
	if (rc == -ENOMEM)
		cli_complain("leaks", "out of memory");
	return rc == -ENOMEM ? -1 : 0;
}

static int suppress(const struct suppressions *s, struct hl_resolver *resolver,
		struct hl_snapshot **snapshot)
{
	const char **patterns = calloc(s->nr + 1, sizeof(*patterns));
	struct hl_counts *counts = calloc(s->nr + 1, sizeof(*counts));
	struct hl_snapshot *kept = NULL;
	int rc = patterns && counts ? 0 : -ENOMEM;

	for (size_t i = 0; !rc && i < s->nr; i++)
		patterns[i] = s->items[i].pattern;
	if (!rc)
		rc = hl_snapshot_suppress_all(*snapshot, resolver, patterns, s->nr, counts, &kept);
	for (size_t i = 0; !rc && i < s->nr; i++)
		s->items[i].counts = counts[i];
	free(patterns);
	free(counts);
	if (rc) {
		cli_complain("leaks", "%s", cli_reason(rc));
		return -1;
	}
	hl_snapshot_unref(*snapshot);
	*snapshot = kept;
	return 0;
}

/* What the runtimes keep leaves the snapshot, but for its sum. */
static int leave_runtime(struct hl_resolver *resolver, struct hl_snapshot **snapshot, struct hl_counts *runtime)
{
	struct hl_snapshot *kept;
	int rc = hl_snapshot_leave_runtime(*snapshot, resolver, runtime, &kept);

	if (rc) {
		cli_complain("leaks", "%s", cli_reason(rc));
		return -1;
	}
	hl_snapshot_unref(*snapshot);
	*snapshot = kept;
	return 0;
}

static int show(const char *file, struct hl_snapshot **snapshot, struct hl_resolver *resolver,
		const struct leaks_options *o, struct suppressions *s)
{
	struct hl_statistics *statistics;
	struct hl_leaks_report report = {
		.file = file,
		.nr_rows = o->nr_rows ? o->nr_rows : SIZE_MAX,
		.exact = o->exact,
		.color = cli_wants_color(o->color),
		.names = cli_name_style(&o->selection),
	};
	int status = CLI_DONE;
	int rc;

	if (cli_select("leaks", &o->selection, resolver, snapshot) ||
			(!o->no_carried && read_carried(s, *snapshot, resolver)) ||
			(s->nr && suppress(s, resolver, snapshot)) ||
			(!o->show_runtime && leave_runtime(resolver, snapshot, &report.runtime)))
		return CLI_FAILED;
	rc = hl_snapshot_statistics(*snapshot, resolver, HL_KEY_TRACEBACK, HL_METRIC_LIVE, &statistics);
	if (rc) {
		cli_complain("leaks", "%s: %s", file, cli_reason(rc));
		return CLI_FAILED;
	}
	cli_warn_symbols("leaks", resolver);
	report.snapshot = *snapshot;
	report.suppressed = s->items;
	report.nr_suppressed = s->nr;
	report.statistics = statistics;
	if (o->format)
		hl_leaks_write_json(stdout, &report);
	else
		hl_leaks_write_text(stdout, &report);
	if (!o->selection.quiet && !o->format)
		cli_hint_statistics("leaks", statistics);
	if (statistics->nr_items)
		status = (int)o->exit_code;
	hl_statistics_unref(statistics);
	return status;
}

static int run(const char *file, const struct leaks_options *o)
{
	struct suppressions s = {0};
	struct hl_snapshot *snapshot = NULL;
	struct hl_resolver *resolver = NULL;
	int status = CLI_FAILED;
	int rc = 0;

	if (o->exit_code > 255) {
		cli_complain("leaks", "--error-exitcode: at most 255");
		return CLI_FAILED;
	}
	for (size_t i = 0; !rc && i < o->files.nr; i++)
		rc = read_file(&s, o->files.items[i]);
	if (!rc)
		snapshot = cli_load("leaks", file);
	if (snapshot)
		resolver = cli_resolver("leaks", &o->selection);
	if (resolver)
		status = show(file, &snapshot, resolver, o, &s);
	hl_resolver_unref(resolver);
	hl_snapshot_unref(snapshot);
	suppressions_release(&s);
	return status;
}

int cmd_leaks(int argc, char **argv)
{
	struct leaks_options o = {.nr_rows = 10};
	const struct cli_option options[] = {
		{'n', "number", "N", CLI_NUMBER, &o.nr_rows,
			"show at most N call stacks (10); 0: all", NULL},
		{0, "suppressions", "FILE", CLI_LIST, &o.files,
			"leave out what lines leak:PATTERN of FILE match", NULL},
		{0, "no-program-suppressions", NULL, CLI_FLAG, &o.no_carried,
			"leave nothing out for what the program says itself", NULL},
		{0, "error-exitcode", "N", CLI_NUMBER, &o.exit_code,
			"leave with N when something was not freed (0)", NULL},
		{0, "show-runtime", NULL, CLI_FLAG, &o.show_runtime,
			"show what the C and C++ runtimes keep, too", NULL},
		CLI_SELECTION_OPTIONS(o.selection),
		CLI_NAMES_OPTION(o.selection),
		CLI_OUTPUT_OPTIONS(o),
		{0},
	};
	const struct cli_usage usage = {
		.word = "leaks",
		.operands = "FILE",
		.summary = "Show what was never freed, by call stack, largest first.",
		.options = options,
		.min_operands = 1,
		.max_operands = 1,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status < 0)
		status = run(argv[first], &o);
	cli_selection_release(&o.selection);
	free(o.files.items);
	return status;
}
