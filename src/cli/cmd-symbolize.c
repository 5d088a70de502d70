/* SPDX-License-Identifier: MIT */
/* heapledger symbolize: put the names of all addresses into ledgers, so that they read the same elsewhere. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "cli/symbolize.h"
#include "reports/escape.h"
#include "snapshot/embed.h"

static void report(const char *file, const struct hl_snapshot *snapshot, bool is_new)
{
	char size[HL_SIZE_TEXT];
	struct hl_completeness c;

	hl_snapshot_completeness(snapshot, &c);
	hl_put_name(stdout, file);
	if (!c.symbols_bytes) {
		puts(": no address has a name here");
		return;
	}
	printf(": %" PRIu64 " address%s in %s%s\n", c.symbols_addresses, c.symbols_addresses == 1 ? "" : "es",
		hl_format_size(size, (double)c.symbols_bytes, false), is_new ? "" : ", as before");
}

static int symbolize(const struct cli_symbolizing *how, const char *file, bool is_quiet)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer */
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct hl_snapshot *snapshot;
	struct hl_error err = {.code = errno, .offset = HL_NO_OFFSET, .msg = "cannot be opened"};
	int rc = fd < 0 ? -1 : cli_symbolize(how, fd, &snapshot, &err);

	if (fd >= 0)
		close(fd);
	if (rc < 0) {
		cli_complain_file("symbolize", file, &err);
		return CLI_FAILED;
	}
	if (!is_quiet)
		report(file, snapshot, rc > 0);
	hl_snapshot_unref(snapshot);
	return CLI_DONE;
}

static int run(char **files, int nr, const struct cli_selection *selection)
{
	struct hl_in_use in_use = {0};
	struct cli_symbolizing how = {.in_use = &in_use, .until_ns = HL_EMBED_FOREVER};
	int status = CLI_DONE;

	how.resolver = cli_resolver("symbolize", selection);
	if (!how.resolver)
		return CLI_FAILED;
	for (int i = 0; i < nr; i++)
		if (symbolize(&how, files[i], selection->quiet))
			status = CLI_FAILED;
	cli_warn_symbols("symbolize", how.resolver);
	hl_resolver_unref(how.resolver);
	hl_in_use_release(&in_use);
	return status;
}

int cmd_symbolize(int argc, char **argv)
{
	struct cli_selection selection = {0};
	const struct cli_option options[] = {
		{0, "debug-dir", "DIR", CLI_LIST, &selection.debug_dirs, "look for debug files in DIR", NULL},
		{'q', "quiet", NULL, CLI_FLAG, &selection.quiet, "no word of what was done", NULL},
		{0},
	};
	const struct cli_usage usage = {
		.word = "symbolize",
		.operands = "FILE...",
		.summary = "Put the names of all addresses into ledgers, for other machines and later days.",
		.options = options,
		.min_operands = 1,
		.max_operands = -1,
	};
	int first;
	int status = cli_parse(&usage, argc, argv, &first);

	if (status < 0)
		status = run(argv + first, argc - first, &selection);
	cli_selection_release(&selection);
	return status;
}
