/* SPDX-License-Identifier: MIT */
/*
 * What Python prints: str() of each statistic, and the lines of Traceback.format().  Only control
 * characters in names differ: they are escaped.
 */
#include <inttypes.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/report.h"
#include "snapshot/source.h"

/* str(Traceback): the oldest frame. */
static void put_traceback(FILE *file, const struct hl_resolver *resolver, uint32_t traceback)
{
	size_t nr = hl_traceback_length(resolver, traceback);
	const struct hl_location *oldest = hl_traceback_frame(resolver, traceback, nr - 1);

	hl_put_name(file, oldest->filename);
	fprintf(file, ":%" PRIu32 ": ", oldest->lineno);
}

static void write_top(FILE *file, const struct hl_top_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	char text[HL_STATISTIC_TEXT];

	for (size_t i = 0; i < stats->nr_items && i < report->nr_rows; i++) {
		const struct hl_statistic *s = &stats->items[i];

		put_traceback(file, stats->resolver, s->traceback);
		fprintf(file, "%s\n", hl_format_statistic(text, s->size, s->count, report->exact));
	}
}

static void write_diff(FILE *file, const struct hl_diff_report *report)
{
	const struct hl_diffs *diffs = report->diffs;
	char text[HL_STATISTIC_TEXT];

	for (size_t i = 0; i < diffs->nr_items && i < report->nr_rows; i++) {
		put_traceback(file, diffs->resolver, diffs->items[i].traceback);
		fprintf(file, "%s\n", hl_format_diff(text, &diffs->items[i], report->exact));
	}
}

const struct hl_report_writer hl_tracemalloc_writer = {
	.name = "tracemalloc",
	.shows_all = true,
	.top = write_top,
	.diff = write_diff,
};

struct frames_output {
	FILE *file;
	struct hl_sources *sources;
	const struct hl_resolver *resolver;
	int64_t limit;
	bool most_recent_first;
};

/* A tab does no harm, and Python writes it. */
static void put_source(FILE *file, const char *line, size_t length)
{
	while (length) {
		const char *tab = memchr(line, '\t', length);
		size_t n = tab ? (size_t)(tab - line) : length;

		hl_put_text(file, line, n);
		if (tab)
			fputc('\t', file);
		n += tab != NULL;
		line += n;
		length -= n;
	}
}

static void put_frames(const struct frames_output *out, uint32_t traceback)
{
	size_t first;
	size_t nr = hl_traceback_slice(hl_traceback_length(out->resolver, traceback), out->limit,
			&first);

	for (size_t i = 0; i < nr; i++) {
		const struct hl_location *f = hl_traceback_frame(out->resolver, traceback,
				first + (out->most_recent_first ? i : nr - 1 - i));
		size_t length = 0;
		const char *line = NULL;

		if (out->sources)
			line = hl_sources_python_line(out->sources, f->filename, f->lineno, &length);
		fputs("  File \"", out->file);
		hl_put_name(out->file, f->filename);
		fprintf(out->file, "\", line %" PRIu32 "\n", f->lineno);
		if (!line)
			continue;
		fputs("    ", out->file);
		put_source(out->file, line, length);
		fputc('\n', out->file);
	}
}

static void write_top_frames(FILE *file, const struct hl_top_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	struct frames_output out = {
		.file = file,
		.sources = hl_sources_new(stats->resolver),
		.resolver = stats->resolver,
		.limit = report->frames,
		.most_recent_first = report->most_recent_first,
	};

	for (size_t i = 0; i < stats->nr_items && i < report->nr_rows; i++) {
		const struct hl_statistic *s = &stats->items[i];

		fprintf(file, "%" PRId64 " memory blocks: %.1f KiB\n", s->count,
				(double)s->size / 1024);
		put_frames(&out, s->traceback);
	}
	hl_sources_free(out.sources);
}

static void write_diff_frames(FILE *file, const struct hl_diff_report *report)
{
	const struct hl_diffs *diffs = report->diffs;
	struct frames_output out = {
		.file = file,
		.sources = hl_sources_new(diffs->resolver),
		.resolver = diffs->resolver,
		.limit = report->frames,
		.most_recent_first = report->most_recent_first,
	};

	for (size_t i = 0; i < diffs->nr_items && i < report->nr_rows; i++) {
		const struct hl_statistic_diff *d = &diffs->items[i];

		fprintf(file, "%" PRId64 " memory blocks (%+" PRId64 "): %.1f KiB (%+.1f KiB)\n",
				d->count, d->count_diff, (double)d->size / 1024,
				(double)d->size_diff / 1024);
		put_frames(&out, d->traceback);
	}
	hl_sources_free(out.sources);
}

const struct hl_report_writer hl_traceback_writer = {
	.name = "traceback",
	.shows_all = true,
	.top = write_top_frames,
	.diff = write_diff_frames,
};
