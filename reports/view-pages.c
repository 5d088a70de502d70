/* SPDX-License-Identifier: MIT */
/* Lines that keep memory of a running program in RAM. */
#include <inttypes.h>

#include "reports/json-place.h"
#include "reports/place.h"
#include "reports/report.h"
#include "reports/views.h"

static void put_size(FILE *file, const char *before, double size, bool exact)
{
	fputs(before, file);
	hl_put_size(file, size, false, exact);
}

/* What is nothing, as a rule, is left out. */
static void put_figures(FILE *file, const struct hl_pages *p, bool exact)
{
	put_size(file, "keeps=", (double)(p->resident_bytes + p->beside_bytes), exact);
	put_size(file, ", resident=", (double)p->resident_bytes, exact);
	put_size(file, ", beside=", (double)p->beside_bytes, exact);
	if (p->slack_bytes)
		put_size(file, ", slack=", (double)p->slack_bytes, exact);
	if (p->swapped_bytes)
		put_size(file, ", swapped=", (double)p->swapped_bytes, exact);
	if (p->untouched_bytes)
		put_size(file, ", untouched=", (double)p->untouched_bytes, exact);
	fprintf(file, ", count=%" PRId64, p->live_count);
}

static void put_row(struct hl_places *places, const struct hl_pages_report *report, const struct hl_statistic *s)
{
	const struct hl_statistics *stats = report->statistics;
	const struct hl_location *line = hl_traceback_line(stats->resolver, s->traceback);
	struct hl_pages pages;

	hl_counts_pages(&s->counts, &pages);
	hl_put_place(places, line);
	fputs(": ", places->file);
	put_figures(places->file, &pages, report->exact);
	hl_put_context(places, line);
	hl_put_via(places, stats->resolver, s->via, s->nr_vias);
	fputc('\n', places->file);
	if (stats->key == HL_KEY_LINENO)
		hl_put_source(places, line);
	else if (stats->key == HL_KEY_TRACEBACK)
		hl_put_stack(places, stats->resolver, s->traceback);
}

static void put_part(FILE *file, const struct hl_pages_report *report, const char *name, uint64_t bytes,
		const char *explanation)
{
	char text[HL_SIZE_TEXT];
	char number[HL_SIZE_TEXT];

	if (!bytes)
		return;
	if (report->exact)
		snprintf(number, sizeof(number), "%" PRIu64 " B", bytes);
	fprintf(file, "  %-11s %10s  %s\n", name,
			report->exact ? number : hl_format_size(text, (double)bytes, false), explanation);
}

static void put_memory(FILE *file, const struct hl_pages_report *report)
{
	const struct hl_memory *m = report->memory;

	put_size(file, "Resident: ", (double)m->resident_bytes, report->exact);
	if (m->swapped_bytes)
		put_size(file, ", and swapped: ", (double)m->swapped_bytes, report->exact);
	fputc('\n', file);
	put_part(file, report, "blocks", m->block_bytes, "what lives, as it was asked for");
	put_part(file, report, "beside", m->beside_bytes, "on the same pages: gaps, and freed memory between blocks");
	put_part(file, report, "strangers", m->strange_bytes, "pages of blocks that this account does not know");
	put_part(file, report, "free", m->free_bytes, "pages of heaps without a block, which malloc keeps");
	put_part(file, report, "files", m->file_bytes, "programs, libraries, and other mapped files");
	put_part(file, report, "stack", m->stack_bytes, "of the first thread");
	put_part(file, report, "recorder", m->map_bytes, "heapledger's map of addresses");
	put_part(file, report, "other", m->other_bytes,
			"mappings without blocks: stacks of threads, the program's own");
	if (m->nr_estimated)
		fprintf(file, "note: the size of %" PRIu64 " blocks could not be read, as they are not in memory, "
			"and was taken from where the next one is\n", m->nr_estimated);
}

void hl_pages_write_text(FILE *file, const struct hl_pages_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	size_t shown = stats->nr_items < report->nr_rows ? stats->nr_items : report->nr_rows;
	struct hl_places places;
	struct hl_pages pages;

	hl_places_init(&places, file, stats->resolver, stats->key, report->color, report->names);
	fprintf(file, "Top %zu %s by what they keep in memory\n", shown, hl_key_plural(stats->key));
	for (size_t i = 0; i < shown; i++)
		put_row(&places, report, &stats->items[i]);
	hl_counts_pages(&stats->all, &pages);
	fputs("Total: ", file);
	put_figures(file, &pages, report->exact);
	fputc('\n', file);
	put_memory(file, report);
	hl_places_release(&places);
}

static void put_signed(struct hl_json *j, const char *key, int64_t value)
{
	hl_json_key(j, key);
	hl_json_signed(j, value);
}

static void put_json_figures(struct hl_json *j, const struct hl_counts *counts)
{
	struct hl_pages p;

	hl_counts_pages(counts, &p);
	put_signed(j, "live_bytes", p.live_bytes);
	put_signed(j, "live_count", p.live_count);
	put_signed(j, "resident_bytes", p.resident_bytes);
	put_signed(j, "beside_bytes", p.beside_bytes);
	put_signed(j, "slack_bytes", p.slack_bytes);
	put_signed(j, "swapped_bytes", p.swapped_bytes);
	put_signed(j, "untouched_bytes", p.untouched_bytes);
}

static void put_json_memory(struct hl_json *j, const struct hl_memory *m)
{
	const struct {
		const char *key;
		uint64_t bytes;
	} parts[] = {
		{"resident_bytes", m->resident_bytes},
		{"block_bytes", m->block_bytes},
		{"beside_bytes", m->beside_bytes},
		{"strange_bytes", m->strange_bytes},
		{"free_bytes", m->free_bytes},
		{"file_bytes", m->file_bytes},
		{"stack_bytes", m->stack_bytes},
		{"map_bytes", m->map_bytes},
		{"other_bytes", m->other_bytes},
		{"swapped_bytes", m->swapped_bytes},
		{"nr_estimated", m->nr_estimated},
	};

	hl_json_key(j, "memory");
	hl_json_begin_object(j);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		hl_json_key(j, parts[i].key);
		hl_json_unsigned(j, parts[i].bytes);
	}
	hl_json_end_object(j);
}

void hl_pages_write_json(FILE *file, const struct hl_pages_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	struct hl_json j;

	hl_json_init(&j, file);
	hl_json_begin_object(&j);
	hl_json_key(&j, "process");
	hl_json_string(&j, report->process);
	hl_json_key(&j, "group");
	hl_json_string(&j, hl_key_names[stats->key]);
	put_json_memory(&j, report->memory);
	hl_json_key(&j, "total");
	hl_json_begin_object(&j);
	put_json_figures(&j, &stats->all);
	hl_json_end_object(&j);
	hl_json_key(&j, "nr_groups");
	hl_json_unsigned(&j, stats->nr_items);
	hl_json_key(&j, "groups");
	hl_json_begin_array(&j);
	for (size_t i = 0; i < stats->nr_items && i < report->nr_rows; i++) {
		const struct hl_statistic *s = &stats->items[i];

		hl_json_begin_object(&j);
		hl_json_put_location(&j, hl_traceback_line(stats->resolver, s->traceback));
		hl_json_put_via(&j, stats->resolver, s->via, s->nr_vias);
		put_json_figures(&j, &s->counts);
		if (stats->key == HL_KEY_TRACEBACK)
			hl_json_put_stack(&j, stats->resolver, s->traceback);
		hl_json_end_object(&j);
	}
	hl_json_end_array(&j);
	hl_json_end_object(&j);
	hl_json_finish(&j);
}
