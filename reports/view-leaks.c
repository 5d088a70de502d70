/* SPDX-License-Identifier: MIT */
/* What was never freed, by call stack. */
#include <inttypes.h>

#include "reports/escape.h"
#include "reports/json-place.h"
#include "reports/place.h"
#include "reports/report.h"
#include "reports/views.h"

static uint64_t live(uint64_t allocated, uint64_t freed)
{
	return allocated - freed;
}

static void put_amount(FILE *file, int64_t size, int64_t count, bool exact)
{
	char text[HL_SIZE_TEXT];

	if (exact)
		fprintf(file, "%" PRId64 " bytes", size);
	else
		fputs(hl_format_size(text, (double)size, false), file);
	fprintf(file, " in %" PRId64 " block%s", count, count == 1 ? "" : "s");
}

static void put_suppressed(FILE *file, const struct hl_leaks_report *report)
{
	bool has_title = false;

	for (size_t i = 0; i < report->nr_suppressed; i++) {
		const struct hl_suppressed *s = &report->suppressed[i];
		uint64_t count = live(s->counts.alloc_count, s->counts.free_count);

		if (!count)
			continue;
		fputs(has_title ? "" : "Suppressed:\n", file);
		has_title = true;
		fputs("  ", file);
		put_amount(file, (int64_t)live(s->counts.alloc_bytes, s->counts.free_bytes),
				(int64_t)count, report->exact);
		fputs(" by leak:", file);
		hl_put_name(file, s->pattern);
		fputc('\n', file);
	}
}

void hl_leaks_write_text(FILE *file, const struct hl_leaks_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	struct hl_places places;

	hl_write_sample(file, report->snapshot, "A", "sizes and counts are estimates");
	hl_places_init(&places, file, stats->resolver, HL_KEY_TRACEBACK, report->color);
	for (size_t i = 0; i < stats->nr_items && i < report->nr_rows; i++) {
		const struct hl_statistic *s = &stats->items[i];
		const struct hl_location *line = hl_traceback_line(stats->resolver, s->traceback);

		hl_put_place(&places, line);
		fputs(": never freed: ", file);
		put_amount(file, s->size, s->count, report->exact);
		hl_put_context(&places, line);
		fputc('\n', file);
		hl_put_stack(&places, stats->resolver, s->traceback);
	}
	hl_places_release(&places);
	if (stats->nr_items > report->nr_rows)
		fprintf(file, "%zu more call stack%s\n", stats->nr_items - report->nr_rows,
				stats->nr_items - report->nr_rows == 1 ? "" : "s");
	put_suppressed(file, report);
	fputs("Total: never freed: ", file);
	put_amount(file, stats->total_size, stats->total_count, report->exact);
	fprintf(file, " from %zu call stack%s\n", stats->nr_items, stats->nr_items == 1 ? "" : "s");
	hl_write_warnings(file, report->snapshot, "note: ");
}

static void put_leak(struct hl_json *j, const struct hl_statistics *stats,
		const struct hl_statistic *s)
{
	hl_json_begin_object(j);
	hl_json_put_location(j, hl_traceback_line(stats->resolver, s->traceback));
	hl_json_key(j, "size");
	hl_json_signed(j, s->size);
	hl_json_key(j, "count");
	hl_json_signed(j, s->count);
	hl_json_put_stack(j, stats->resolver, s->traceback);
	hl_json_end_object(j);
}

static void put_json_suppressed(struct hl_json *j, const struct hl_suppressed *s)
{
	hl_json_begin_object(j);
	hl_json_key(j, "pattern");
	hl_json_string(j, s->pattern);
	hl_json_key(j, "size");
	hl_json_unsigned(j, live(s->counts.alloc_bytes, s->counts.free_bytes));
	hl_json_key(j, "count");
	hl_json_unsigned(j, live(s->counts.alloc_count, s->counts.free_count));
	hl_json_end_object(j);
}

void hl_leaks_write_json(FILE *file, const struct hl_leaks_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	struct hl_json j;

	hl_json_init(&j, file);
	hl_json_begin_object(&j);
	hl_json_key(&j, "file");
	hl_json_string(&j, report->file);
	hl_json_key(&j, "nr_leaks");
	hl_json_unsigned(&j, stats->nr_items);
	hl_json_key(&j, "total_size");
	hl_json_signed(&j, stats->total_size);
	hl_json_key(&j, "total_count");
	hl_json_signed(&j, stats->total_count);
	hl_json_key(&j, "leaks");
	hl_json_begin_array(&j);
	for (size_t i = 0; i < stats->nr_items && i < report->nr_rows; i++)
		put_leak(&j, stats, &stats->items[i]);
	hl_json_end_array(&j);
	hl_json_key(&j, "suppressed");
	hl_json_begin_array(&j);
	for (size_t i = 0; i < report->nr_suppressed; i++)
		put_json_suppressed(&j, &report->suppressed[i]);
	hl_json_end_array(&j);
	hl_json_end_object(&j);
	hl_json_finish(&j);
}
