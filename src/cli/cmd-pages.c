/* SPDX-License-Identifier: MIT */
/* heapledger pages: which lines keep memory of a running program in RAM. */
#include "cli/cli.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#include "cli/load-process.h"
#include "reports/views.h"

struct pages_options {
	struct cli_selection selection;
	uint64_t nr_rows;
	int key;
	int format;
	int color;
	bool exact;
};

static int show(const char *pid, struct hl_snapshot *snapshot, const struct hl_memory *memory,
		struct hl_resolver *resolver, const struct pages_options *o)
{
	struct hl_statistics *statistics;
	struct hl_pages_report report = {
		.process = pid,
		.memory = memory,
		.nr_rows = o->nr_rows ? o->nr_rows : SIZE_MAX,
		.exact = o->exact,
		.color = cli_wants_color(o->color),
		.names = cli_name_style(&o->selection),
	};
	int rc = hl_snapshot_statistics(snapshot, resolver, o->key < 0 ? HL_KEY_LINENO : (enum hl_key)o->key,
		HL_METRIC_PEAK, &statistics);

	if (rc) {
		cli_complain("pages", "%s", cli_reason(rc));
		return CLI_FAILED;
	}
	cli_warn_symbols("pages", resolver);
	report.statistics = statistics;
	if (o->format)
		hl_pages_write_json(stdout, &report);
	else
		hl_pages_write_text(stdout, &report);
	hl_statistics_unref(statistics);
	return CLI_DONE;
}

static int run(const char *pid, const struct pages_options *o)
{
	struct hl_snapshot *ledger = cli_load_process("pages", pid, false);
	struct hl_snapshot *pages = NULL;
	struct hl_resolver *resolver = NULL;
	struct hl_memory memory;
	struct hl_error err;
	struct hl_info info;
	int status = CLI_FAILED;

	if (!ledger)
		return CLI_FAILED;
	hl_snapshot_info(ledger, &info);
	if (info.pid != cli_own_number(pid))
		cli_complain("pages", "process %s: has no ledger of its own (yet)", pid);
	else if (hl_snapshot_pages(ledger, (pid_t)atol(pid), &pages, &memory, &err))
		cli_complain("pages", "process %s: %s", pid, err.msg);
	hl_snapshot_unref(ledger);
	if (pages)
		resolver = cli_resolver("pages", &o->selection);
	if (resolver && !cli_select("pages", &o->selection, resolver, &pages))
		status = show(pid, pages, &memory, resolver, o);
	hl_resolver_unref(resolver);
	hl_snapshot_unref(pages);
	return status;
}

int cmd_pages(int argc, char **argv)
{
	struct pages_options o = {.nr_rows = 10, .key = -1};
	const struct cli_option options[] = {
		{'n', "number", "N", CLI_NUMBER, &o.nr_rows, "show at most N groups (10); 0: all", NULL},
		{'g', "group-by", "KEY", CLI_CHOICE, &o.key,
			"lineno, filename, function, module, traceback, kind or thread", hl_key_names},
		CLI_SELECTION_OPTIONS(o.selection),
		CLI_SOURCE_OPTION(o.selection),
		CLI_NAMES_OPTION(o.selection),
		CLI_OUTPUT_OPTIONS(o),
		{0},
	};
	const struct cli_usage usage = {
		.word = "pages",
		.operands = "PID",
		.summary = "Show which lines keep how much of a running program in memory.",
		.options = options,
		.min_operands = 1,
		.max_operands = 1,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status < 0 && !cli_is_process(argv[first])) {
		cli_complain("pages", "%s: not the number of a process: what is in memory only the kernel says, "
			"while it runs", argv[first]);
		status = CLI_FAILED;
	}
	if (status < 0)
		status = run(argv[first], &o);
	cli_selection_release(&o.selection);
	return status;
}
