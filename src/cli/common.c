/* SPDX-License-Identifier: MIT */
/* Messages, loading and grouping for all subcommands. */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ledger.h"
#include "reports/escape.h"

const char *const cli_text_or_json[] = {"text", "json", NULL};
const char *const cli_format_names[] = {"text", "json", "csv", "tracemalloc", "traceback", NULL};

const struct hl_report_writer *cli_writer(int format)
{
	static const struct hl_report_writer *const writers[] = {
		&hl_text_writer,
		&hl_json_writer,
		&hl_csv_writer,
		&hl_tracemalloc_writer,
		&hl_traceback_writer,
	};

	return writers[format];
}

void cli_complain(const char *word, const char *format, ...)
{
	char *text;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		return;
	fflush(stdout);
	fprintf(stderr, "heapledger %s: ", word);
	hl_put_text(stderr, text, (size_t)n);
	fputc('\n', stderr);
	free(text);
}

void cli_complain_file(const char *word, const char *file, const struct hl_error *err)
{
	bool is_system = err->offset == HL_NO_OFFSET && !strncmp(err->msg, "cannot", 6);

	if (err->offset != HL_NO_OFFSET)
		cli_complain(word, "%s: offset %" PRIu64 ": %s", file, err->offset, err->msg);
	else if (is_system)
		cli_complain(word, "%s: %s: %s", file, err->msg, strerror(err->code));
	else
		cli_complain(word, "%s: %s", file, err->msg);
}

const char *cli_reason(int rc)
{
	if (rc == -ERANGE)
		return "more bytes or blocks than 63 bits can count";
	return rc == -EFBIG ? "more different places than a file of this size may have" : "out of memory";
}

struct hl_snapshot *cli_load(const char *word, const char *file)
{
	struct hl_snapshot *snapshot;
	struct hl_error err;

	if (hl_snapshot_load(file, &snapshot, &err)) {
		cli_complain_file(word, file, &err);
		return NULL;
	}
	return snapshot;
}

static const char *fetch_reason(int error)
{
	const char *urls = getenv("DEBUGINFOD_URLS");

	if (error == -ENOPKG)
		return "libdebuginfod is not installed, or was not there when this was built";
	if (error == -ENOMEM)
		return "out of memory";
	return urls && *urls ? "no server of DEBUGINFOD_URLS answers" :
		"DEBUGINFOD_URLS is not set: it names the servers to ask";
}

void cli_warn_symbols(const char *word, const struct hl_resolver *resolver)
{
	const struct hl_symbol_problem *p;
	int error = hl_resolver_fetch_error(resolver);

	for (size_t i = 0; (p = hl_resolver_problem(resolver, i)); i++)
		cli_complain(word, "warning: %s: %s", p->module, p->msg);
	if (error)
		cli_complain(word, "warning: --debuginfod: %s", fetch_reason(error));
}
