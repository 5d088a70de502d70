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
		fputs(s->is_carried ? ", as the program itself says\n" : "\n", file);
	}
}

static void put_runtime(FILE *file, const struct hl_leaks_report *report)
{
	const struct hl_counts *c = &report->runtime;
	uint64_t count = live(c->alloc_count, c->free_count);

	if (!count)
		return;
	put_amount(file, (int64_t)live(c->alloc_bytes, c->free_bytes), (int64_t)count, report->exact);
	fputs(" kept by runtimes; --show-runtime shows them\n", file);
}

/* An account that missed frees has leaks that are none. */
static bool has_missed_frees(const struct hl_snapshot *snapshot)
{
	struct hl_completeness c;

	hl_snapshot_completeness(snapshot, &c);
	return c.unknown_frees || c.replaced_blocks || c.early_lost || c.lost_blocks;
}

void hl_leaks_write_text(FILE *file, const struct hl_leaks_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	struct hl_places places;

	hl_write_sample(file, report->snapshot, "A", "sizes and counts are estimates");
	hl_places_init(&places, file, stats->resolver, HL_KEY_TRACEBACK, report->color, report->names);
	for (size_t i = 0; i < stats->nr_items && i < report->nr_rows; i++) {
		const struct hl_statistic *s = &stats->items[i];
		const struct hl_location *line = hl_traceback_line(stats->resolver, s->traceback);

		hl_put_place(&places, line);
		fputs(": never freed: ", file);
		put_amount(file, s->size, s->count, report->exact);
		hl_put_context(&places, line);
		hl_put_via(&places, stats->resolver, s->via, s->nr_vias);
		fputc('\n', file);
		hl_put_stack(&places, stats->resolver, s->traceback);
	}
	hl_places_release(&places);
	if (stats->nr_items > report->nr_rows)
		fprintf(file, "%zu more call stack%s\n", stats->nr_items - report->nr_rows,
				stats->nr_items - report->nr_rows == 1 ? "" : "s");
	put_suppressed(file, report);
	put_runtime(file, report);
	fputs("Total: never freed: ", file);
	put_amount(file, stats->total_size, stats->total_count, report->exact);
	fprintf(file, " from %zu call stack%s%s\n", stats->nr_items, stats->nr_items == 1 ? "" : "s",
			stats->nr_items && has_missed_frees(report->snapshot) ?
			"; not all frees were seen: some may be none" : "");
	hl_write_warnings(file, report->snapshot, "note: ");
}

static void put_leak(struct hl_json *j, const struct hl_statistics *stats,
		const struct hl_statistic *s)
{
	hl_json_begin_object(j);
	hl_json_put_location(j, hl_traceback_line(stats->resolver, s->traceback));
	hl_json_put_via(j, stats->resolver, s->via, s->nr_vias);
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
	hl_json_key(j, "from_program");
	hl_json_bool(j, s->is_carried);
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
	hl_json_key(&j, "runtime_size");
	hl_json_unsigned(&j, live(report->runtime.alloc_bytes, report->runtime.free_bytes));
	hl_json_key(&j, "runtime_count");
	hl_json_unsigned(&j, live(report->runtime.alloc_count, report->runtime.free_count));
	hl_json_key(&j, "has_missed_frees");
	hl_json_bool(&j, has_missed_frees(report->snapshot));
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
