/* SPDX-License-Identifier: MIT */
/* heapledger info: who was recorded, the totals, and what the account may have missed. */
#include "cli/cli.h"

int cmd_info(int argc, char **argv)
{
	static const char *const formats[] = {"text", "json", NULL};
	int format = 0;
	bool exact = false;
	const struct cli_option options[] = {
		{0, "format", "FORMAT", CLI_CHOICE, &format, "text or json", formats},
		{0, "bytes", NULL, CLI_FLAG, &exact, "exact numbers instead of KiB, MiB ...", NULL},
		{0},
	};
	const struct cli_usage usage = {
		.word = "info",
		.operands = "FILE",
		.summary = "Show the totals of a ledger, its program, and how complete it is.",
		.options = options,
		.min_operands = 1,
		.max_operands = 1,
	};
	struct hl_info_report report = {0};
	struct hl_snapshot *snapshot;
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status >= 0)
		return status;
	snapshot = cli_load("info", argv[first]);
	if (!snapshot)
		return CLI_FAILED;
	report.file = argv[first];
	report.snapshot = snapshot;
	report.exact = exact;
	cli_writer(format)->info(stdout, &report);
	hl_snapshot_unref(snapshot);
	return CLI_DONE;
}
