/* SPDX-License-Identifier: MIT */
/* heapledger snapshot: an immutable copy of a ledger, of a running program too. */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/load-process.h"
#include "cli/shared-folder.h"
#include "cli/symbolize.h"
#include "reports/escape.h"
#include "snapshot/embed.h"

#define MAX_NUMBERED 100000

/* "dir/a.hl" as "a": the copy goes into the current directory. */
static void make_stem(const char *name, char *stem)
{
	const char *slash = strrchr(name, '/');
	size_t length;

	snprintf(stem, PATH_MAX, "%.4000s", slash ? slash + 1 : name);
	length = strlen(stem);
	if (length > 3 && !strcmp(stem + length - 3, ".hl"))
		stem[length - 3] = '\0';
}

/* A process has its ledger's name from wherever it likes: the copy is called by its number. */
static struct hl_snapshot *load(const char *operand, char *stem)
{
	if (cli_is_process(operand)) {
		snprintf(stem, PATH_MAX, "heapledger.%.20s", operand);
		return cli_load_process("snapshot", operand, false);
	}
	make_stem(operand, stem);
	return cli_load("snapshot", operand);
}

/* The first free of a.1.hl, a.2.hl ...: whoever takes snapshots in a loop gets them in order. */
static int write_numbered(const struct hl_snapshot *snapshot, const char *stem, char *out,
		struct hl_error *err)
{
	int rc = -EEXIST;

	for (int i = 1; rc == -EEXIST && i < MAX_NUMBERED; i++) {
		snprintf(out, PATH_MAX, "%.4000s.%d.hl", stem, i);
		rc = hl_snapshot_write(snapshot, out, 0, err);
	}
	return rc;
}

/* Without them the copy is whole, too: what keeps it from having them is no reason to fail. */
static void embed(struct hl_snapshot *snapshot)
{
	struct hl_resolver *resolver;
	bool is_whole = true;
	int rc = hl_resolver_new(NULL, &resolver);

	if (!rc) {
		rc = hl_snapshot_embed(snapshot, resolver, cli_symbols_deadline(), &is_whole);
		hl_resolver_unref(resolver);
	}
	if (rc)
		cli_complain("snapshot", "no symbols: %s", cli_reason(rc));
	else if (!is_whole)
		cli_complain("snapshot", "after %u s not all symbols were looked up; `heapledger symbolize` does the "
			"rest", CLI_SYMBOLS_SECONDS);
}

struct copy_options {
	const char *output;
	bool force;
	bool no_symbols;
};

static int copy(const char *operand, const struct copy_options *options)
{
	char stem[PATH_MAX];
	char numbered[PATH_MAX];
	const char *output = options->output;
	struct hl_error err;
	struct hl_snapshot *snapshot;
	int rc;

	if (!output && cli_refuse_shared("snapshot"))
		return CLI_FAILED;
	snapshot = load(operand, stem);
	if (!snapshot)
		return CLI_FAILED;
	if (options->no_symbols)
		hl_snapshot_forget_symbols(snapshot);
	else
		embed(snapshot);
	if (output) {
		rc = hl_snapshot_write(snapshot, output, options->force ? HL_WRITE_FORCE : 0, &err);
	} else {
		rc = write_numbered(snapshot, stem, numbered, &err);
		output = numbered;
	}
	hl_snapshot_unref(snapshot);
	if (rc) {
		cli_complain_file("snapshot", output, &err);
		return CLI_FAILED;
	}
	hl_put_name(stdout, output);
	putchar('\n');
	return CLI_DONE;
}

int cmd_snapshot(int argc, char **argv)
{
	struct copy_options o = {0};
	const struct cli_option options[] = {
		{'o', "output", "FILE", CLI_STRING, &o.output, "write to FILE (NAME.1.hl, NAME.2.hl ...)",
			NULL},
		{'f', "force", NULL, CLI_FLAG, &o.force, "replace an existing FILE", NULL},
		{0, "no-symbols", NULL, CLI_FLAG, &o.no_symbols, "put no names of addresses into the copy", NULL},
		{0},
	};
	const struct cli_usage usage = {
		.word = "snapshot",
		.operands = "PID|FILE",
		.summary = "Copy the ledger of a running program, without stopping it.",
		.options = options,
		.min_operands = 1,
		.max_operands = 1,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	return status >= 0 ? status : copy(argv[first], &o);
}
