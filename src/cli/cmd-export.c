/* SPDX-License-Identifier: MIT */
/* heapledger export: a ledger's call stacks in the formats of other programs. */
#include "config.h"

#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reports/export.h"
#include "snapshot/output.h"

#define MAX_FORMATS 16

struct exporting {
	const char *input;
	const char *output;		/* NULL or "-": standard output */
	int type;			/* index into hl_export_writers; -1: not chosen */
	struct cli_selection selection;
	int metric;			/* -1: live, or the peak if nothing is left */
};

static const char *const *format_names(void)
{
	static const char *names[MAX_FORMATS + 1];

	for (size_t i = 0; i < MAX_FORMATS && hl_export_writers[i]; i++)
		names[i] = hl_export_writers[i]->name;
	return names;
}

static bool is_ledger_itself(const struct exporting *e)
{
	struct stat in, out;

	return !stat(e->output, &out) && !stat(e->input, &in) && in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

/* A device or a pipe is written as it is; what a link leads to is replaced, not the link. */
static int open_output(struct hl_output *output, const struct exporting *e)
{
	int rc;

	if (is_ledger_itself(e)) {
		cli_complain("export", "%s: is the ledger itself", e->output);
		return CLI_FAILED;
	}
	rc = hl_output_open(output, e->output, HL_OUTPUT_REPLACE | HL_OUTPUT_FOLLOW);
	if (rc == -ELOOP)
		cli_complain("export", "%s: belongs to another user: not followed or written to", e->output);
	else if (rc)
		cli_complain("export", "%s: cannot be made: %s", e->output, strerror(-rc));
	return rc ? CLI_FAILED : CLI_DONE;
}

static void tell(const struct hl_export *export, const char *name)
{
	const struct hl_export_notes *n = export->notes;
	struct hl_module_info m;

	if (n->nr_negative)
		cli_complain("export", "warning: %llu call sites have a value below zero, which %s"
				" cannot hold: written as 0",
				(unsigned long long)n->nr_negative, name);
	if (n->spaced_module < 0)
		return;
	hl_snapshot_module(export->snapshot, (size_t)n->spaced_module, &m);
	cli_complain("export", "warning: %.*s: readers of this format cut a path at its first blank;"
			" -t pprof has no such limit", (int)m.path.length, m.path.data);
}

static int write_export(const struct exporting *e, struct hl_export *export)
{
	const struct hl_export_writer *writer = hl_export_writers[e->type];
	bool is_stdout = !e->output || !strcmp(e->output, "-");
	struct hl_output output;
	int status = is_stdout ? CLI_DONE : open_output(&output, e);
	int rc = 0;

	if (status != CLI_DONE)
		return status;
	rc = writer->write(is_stdout ? stdout : output.file, export);
	if (rc) {
		cli_complain("export", "%s: %s", e->input, cli_reason(rc));
		status = CLI_FAILED;
	}
	if (!is_stdout)
		rc = hl_output_close(&output, status == CLI_DONE ? 0 : -ENOMEM);
	if (rc && status == CLI_DONE) {
		cli_complain("export", "%s: cannot be written: %s", e->output, strerror(-rc));
		status = CLI_FAILED;
	}
	if (status == CLI_DONE)
		tell(export, writer->name);
	return status;
}

static int run(const struct exporting *e, struct hl_snapshot **snapshot)
{
	struct hl_resolver *resolver = cli_resolver("export", &e->selection);
	struct hl_export_notes notes = {.spaced_module = -1};
	struct hl_stacks *stacks;
	bool nothing_left;
	struct hl_export export = {
		.metric = cli_metric(e->metric, snapshot, 1, &nothing_left),
		.creator = "heapledger " PACKAGE_VERSION,
		.full_names = e->selection.full_names,
		.notes = &notes,
	};
	int status;
	int rc;

	if (!resolver)
		return CLI_FAILED;
	if (cli_select("export", &e->selection, resolver, snapshot)) {
		hl_resolver_unref(resolver);
		return CLI_FAILED;
	}
	export.snapshot = *snapshot;
	export.resolver = resolver;
	rc = hl_stacks_new(*snapshot, resolver, &stacks);
	if (rc) {
		cli_complain("export", "%s: %s", e->input, cli_reason(rc));
		hl_resolver_unref(resolver);
		return CLI_FAILED;
	}
	cli_warn_symbols("export", resolver);
	if (nothing_left && hl_export_writers[e->type]->has_metric)
		cli_complain("export", "no live block is left: exporting the peak"
				" (--metric=live for an empty file)");
	export.stacks = stacks;
	status = write_export(e, &export);
	hl_stacks_unref(stacks);
	hl_resolver_unref(resolver);
	return status;
}

static int check(const struct exporting *e)
{
	const struct hl_export_writer *writer;

	if (e->type < 0) {
		cli_complain("export", "no format: -t is needed; try 'heapledger export --help'");
		return CLI_FAILED;
	}
	writer = hl_export_writers[e->type];
	if (e->metric >= 0 && !writer->has_metric) {
		cli_complain("export", "--metric: %s holds all of them", writer->name);
		return CLI_FAILED;
	}
	if (writer->is_binary && (!e->output || !strcmp(e->output, "-")) && isatty(STDOUT_FILENO)) {
		cli_complain("export", "%s is binary, and standard output is a terminal: use -o FILE",
				writer->name);
		return CLI_FAILED;
	}
	return CLI_DONE;
}

int cmd_export(int argc, char **argv)
{
	struct exporting e = {.type = -1, .metric = -1};
	const struct cli_option options[] = {
		{'t', "type", "FORMAT", CLI_CHOICE, &e.type,
			"pprof, folded, speedscope, massif, dhat, callgrind, heap, traces or json",
			format_names()},
		{'o', "output", "FILE", CLI_STRING, &e.output, "write to FILE; -: standard output",
			NULL},
		{'m', "metric", "METRIC", CLI_CHOICE, &e.metric,
			"live, peak, alloc, count or temp, of a format that holds one (folded)",
			hl_metric_names},
		CLI_SELECTION_OPTIONS(e.selection),
		CLI_NAMES_OPTION(e.selection),
		{0},
	};
	const struct cli_usage usage = {
		.word = "export",
		.operands = "FILE",
		.summary = "Write the call stacks of a ledger in the format of another program.",
		.options = options,
		.min_operands = 1,
		.max_operands = 1,
	};
	struct hl_snapshot *snapshot;
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status < 0)
		status = check(&e) == CLI_DONE ? -1 : CLI_FAILED;
	if (status < 0) {
		e.input = argv[first];
		snapshot = cli_load("export", e.input);
		status = snapshot ? run(&e, &snapshot) : CLI_FAILED;
		hl_snapshot_unref(snapshot);
	}
	cli_selection_release(&e.selection);
	return status;
}
