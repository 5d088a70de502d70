/* SPDX-License-Identifier: MIT */
/* A source file with bytes and blocks beside its lines. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/report.h"
#include "reports/views.h"
#include "snapshot/source.h"

#define MAX_SOURCE_SHOWN 400u

/* Tabs as blanks up to the next multiple of 8, so that the columns before do not shift the code. */
static void put_code(FILE *file, const char *text, size_t length)
{
	size_t column = 0;
	size_t begin = 0;

	for (size_t i = 0; i < length && i < MAX_SOURCE_SHOWN; i++) {
		if (text[i] != '\t') {
			column++;
			continue;
		}
		hl_put_inner(file, text + begin, i - begin);
		do
			fputc(' ', file);
		while (++column % 8);
		begin = i + 1;
	}
	if (length > MAX_SOURCE_SHOWN)
		length = MAX_SOURCE_SHOWN;
	hl_put_inner(file, text + begin, length - begin);
}

static void put_figures(FILE *file, const struct hl_annotate_report *report,
		const struct hl_statistic *s)
{
	char text[HL_SIZE_TEXT] = "";

	if (!s) {
		fprintf(file, "%14s %9s  ", "", "");
		return;
	}
	if (report->exact)
		snprintf(text, sizeof(text), "%" PRId64, s->size);
	else
		hl_format_size(text, (double)s->size, false);
	fprintf(file, "%s%14s %9" PRId64 "%s  ", report->color ? "\033[1m" : "", text, s->count,
			report->color ? "\033[0m" : "");
}

int hl_annotate_write_text(FILE *file, const struct hl_annotate_report *report)
{
	struct hl_sources *sources = hl_sources_new(report->resolver);
	uint32_t nr = sources ? hl_sources_nr_lines(sources, report->path) : 0;

	if (!nr) {
		int problem = sources ? hl_sources_problem(sources, report->path) : -ENOMEM;

		hl_sources_free(sources);
		return problem ? problem : -ENOENT;
	}
	hl_put_name(file, report->path);
	fprintf(file, ": %s\n", hl_metric_title(report->snapshot, report->metric));
	hl_write_sample(file, report->snapshot, "A", "sizes and counts are estimates");
	fprintf(file, "%6s %14s %9s\n", "Line", "Size", "Blocks");
	for (uint32_t i = 1; i <= nr; i++) {
		size_t length = 0;
		const char *line = hl_sources_whole_line(sources, report->path, i, &length);

		fprintf(file, "%6" PRIu32 " ", i);
		put_figures(file, report, i < report->nr_lines ? report->lines[i] : NULL);
		put_code(file, line, length);
		fputc('\n', file);
	}
	/* what a stale source no longer has */
	for (size_t i = nr + 1; i < report->nr_lines; i++) {
		if (!report->lines[i])
			continue;
		fprintf(file, "%6zu ", i);
		put_figures(file, report, report->lines[i]);
		fputs("(the file has no such line)\n", file);
	}
	hl_sources_free(sources);
	return 0;
}
