/* SPDX-License-Identifier: MIT */
/* heapledger info: who was recorded, the totals, and what the account may have missed. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As the locale says it, which nothing here depends on otherwise. */
static bool is_utf8(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = getenv(variables[i]);

		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

int cmd_info(int argc, char **argv)
{
	int format = 0;
	bool exact = false;
	bool sizes = false;
	const struct cli_option options[] = {
		{0, "format", "FORMAT", CLI_CHOICE, &format, "text or json", cli_text_or_json},
		{0, "sizes", NULL, CLI_FLAG, &sizes, "how many blocks of which size were allocated", NULL},
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
	report.has_sizes = sizes;
	report.has_spark = isatty(STDOUT_FILENO) && is_utf8();
	cli_writer(format)->info(stdout, &report);
	hl_snapshot_unref(snapshot);
	return CLI_DONE;
}
