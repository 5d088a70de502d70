/* SPDX-License-Identifier: MIT */
/* The reports as CSV (RFC 4180, lines ended by LF): a row of names, then one for each group. */
#include <inttypes.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/report.h"

static void put_location(FILE *file, const struct hl_location *location)
{
	hl_put_csv(file, location->filename, strlen(location->filename));
	fprintf(file, ",%" PRIu32 ",", location->lineno);
	hl_put_csv(file, location->function, strlen(location->function));
	fputc(',', file);
	hl_put_csv(file, location->module, strlen(location->module));
}

/* Behind the columns that older versions wrote. */
static void put_name(FILE *file, const struct hl_location *location)
{
	fputc(',', file);
	hl_put_csv(file, location->name, strlen(location->name));
	fputc('\n', file);
}

static void put_group(FILE *file, const struct hl_statistics *stats, const struct hl_statistic *s)
{
	const struct hl_location *line = hl_traceback_line(stats->resolver, s->traceback);
	const struct hl_counts *c = &s->counts;

	put_location(file, line);
	fprintf(file, ",%" PRId64 ",%" PRId64, s->size, s->count);
	fprintf(file, ",%" PRId64 ",%" PRId64, (int64_t)(c->alloc_bytes - c->free_bytes),
			(int64_t)(c->alloc_count - c->free_count));
	fprintf(file, ",%" PRId64 ",%" PRId64, c->peak_bytes, c->peak_count);
	fprintf(file, ",%" PRIu64 ",%" PRIu64, c->alloc_bytes, c->alloc_count);
	fprintf(file, ",%" PRIu64 ",%" PRIu64, c->free_bytes, c->free_count);
	fprintf(file, ",%" PRIu64 ",%" PRIu64, c->temp_count, c->move_count);
	put_name(file, line);
}

static void write_top(FILE *file, const struct hl_top_report *report)
{
	const struct hl_statistics *stats = report->statistics;

	fputs("filename,lineno,function,module,size,count,live_bytes,live_count,peak_bytes,"
			"peak_count,alloc_bytes,alloc_count,free_bytes,free_count,temp_count,move_count,name\n",
			file);
	for (size_t i = 0; i < stats->nr_items && i < report->nr_rows; i++)
		put_group(file, stats, &stats->items[i]);
}

static void write_diff(FILE *file, const struct hl_diff_report *report)
{
	const struct hl_diffs *diffs = report->diffs;

	fputs("filename,lineno,function,module,size,size_diff,count,count_diff,change,name\n", file);
	for (size_t i = 0; i < diffs->nr_items && i < report->nr_rows; i++) {
		const struct hl_statistic_diff *d = &diffs->items[i];

		const struct hl_location *line = hl_traceback_line(diffs->resolver, d->traceback);

		put_location(file, line);
		fprintf(file, ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%s", d->size,
				d->size_diff, d->count, d->count_diff, hl_change_names[d->change]);
		put_name(file, line);
	}
}

const struct hl_report_writer hl_csv_writer = {
	.name = "csv",
	.top = write_top,
	.diff = write_diff,
};
