/* SPDX-License-Identifier: MIT */
/* Lines that grow. */
#include <inttypes.h>

#include "reports/json-place.h"
#include "reports/place.h"
#include "reports/report.h"
#include "reports/views.h"

/* More are not read by anybody: the ends tell. */
#define MAX_SIZES 12

static void put_sizes(FILE *file, const struct hl_growth_report *report, const int64_t *sizes)
{
	for (size_t i = 0; i < report->nr_files; i++) {
		fputs(i ? " -> " : ": ", file);
		if (report->nr_files > MAX_SIZES && i == MAX_SIZES / 2) {
			i = report->nr_files - MAX_SIZES / 2;
			fputs("... -> ", file);
		}
		hl_put_size(file, (double)sizes[i], false, report->exact);
	}
}

static void put_row(struct hl_places *places, const struct hl_growth_report *report,
		const struct hl_grown *g)
{
	const struct hl_location *line = hl_traceback_line(report->resolver, g->traceback);
	FILE *file = places->file;

	hl_put_place(places, line);
	fputs(": ", file);
	hl_put_size(file, g->slope, true, report->exact);
	fputs(" each time", file);
	if (g->per_second) {
		fputs(" (", file);
		hl_put_size(file, g->per_second, true, report->exact);
		fputs("/s)", file);
	}
	put_sizes(file, report, g->sizes);
	fprintf(file, ", count=%" PRId64, g->counts[report->nr_files - 1]);
	if (g->grew_in_blocks)
		fprintf(file, g->count_slope < 100 ? " (%+.3g each time, from %" PRId64 ")" :
				" (%+.0f each time, from %" PRId64 ")", g->count_slope, g->counts[0]);
	hl_put_context(places, line);
	hl_put_via(places, report->resolver, g->via, g->nr_vias);
	fputc('\n', file);
	if (report->key == HL_KEY_LINENO)
		hl_put_source(places, line);
	else if (report->key == HL_KEY_TRACEBACK)
		hl_put_stack(places, report->resolver, g->traceback);
}

void hl_growth_write_text(FILE *file, const struct hl_growth_report *report)
{
	struct hl_places places;
	const char *unit = report->is_of_moments ? "moments" : "files";

	fprintf(file, "%zu %s grew%s over %zu %s, by %s", report->nr_lines, hl_key_plural(report->key),
			report->is_tested ? "" : " each time", report->nr_files, unit, hl_metric_names[report->metric]);
	if (!report->is_tested)
		fprintf(file, " (too few %s to tell growth from chance)", unit);
	fputc('\n', file);
	for (size_t i = 0; i < report->nr_snapshots; i++)
		if (hl_write_sample(file, report->snapshots[i], "A", "what grew may be chance"))
			break;
	hl_places_init(&places, file, report->resolver, report->key, report->color, report->names);
	for (size_t i = 0; i < report->nr_lines && i < report->nr_rows; i++)
		put_row(&places, report, &report->lines[i]);
	hl_places_release(&places);
	if (report->nr_lines > report->nr_rows)
		fprintf(file, "%zu other\n", report->nr_lines - report->nr_rows);
}

static void put_series(struct hl_json *j, const char *key, const int64_t *values, size_t nr)
{
	hl_json_key(j, key);
	hl_json_begin_array(j);
	for (size_t i = 0; i < nr; i++)
		hl_json_signed(j, values[i]);
	hl_json_end_array(j);
}

static void put_group(struct hl_json *j, const struct hl_growth_report *report,
		const struct hl_grown *g)
{
	hl_json_begin_object(j);
	hl_json_put_location(j, hl_traceback_line(report->resolver, g->traceback));
	hl_json_key(j, "slope");
	hl_json_double(j, g->slope);
	hl_json_key(j, "bytes_per_second");
	if (g->per_second)
		hl_json_double(j, g->per_second);
	else
		hl_json_null(j);
	put_series(j, "sizes", g->sizes, report->nr_files);
	hl_json_key(j, "count");
	hl_json_signed(j, g->counts[report->nr_files - 1]);
	put_series(j, "counts", g->counts, report->nr_files);
	hl_json_key(j, "count_slope");
	hl_json_double(j, g->count_slope);
	hl_json_key(j, "grew_in_bytes");
	hl_json_bool(j, g->grew_in_bytes);
	hl_json_key(j, "grew_in_blocks");
	hl_json_bool(j, g->grew_in_blocks);
	hl_json_put_via(j, report->resolver, g->via, g->nr_vias);
	if (report->key == HL_KEY_TRACEBACK)
		hl_json_put_stack(j, report->resolver, g->traceback);
	hl_json_end_object(j);
}

void hl_growth_write_json(FILE *file, const struct hl_growth_report *report)
{
	struct hl_json j;

	hl_json_init(&j, file);
	hl_json_begin_object(&j);
	hl_json_key(&j, "files");
	hl_json_begin_array(&j);
	for (size_t i = 0; i < report->nr_files; i++)
		hl_json_string(&j, report->files[i]);
	hl_json_end_array(&j);
	hl_json_key(&j, "group");
	hl_json_string(&j, hl_key_names[report->key]);
	hl_json_key(&j, "sort");
	hl_json_string(&j, hl_metric_names[report->metric]);
	hl_json_key(&j, "tested");
	hl_json_bool(&j, report->is_tested);
	hl_json_key(&j, "nr_tested");
	hl_json_unsigned(&j, report->nr_tested);
	hl_json_key(&j, "nr_groups");
	hl_json_unsigned(&j, report->nr_lines);
	hl_json_key(&j, "groups");
	hl_json_begin_array(&j);
	for (size_t i = 0; i < report->nr_lines && i < report->nr_rows; i++)
		put_group(&j, report, &report->lines[i]);
	hl_json_end_array(&j);
	hl_json_end_object(&j);
	hl_json_finish(&j);
}
