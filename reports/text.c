/* SPDX-License-Identifier: MIT */
/*
 * The text format: tracemalloc's line for each group, then the function, and below it the source
 * line where it can be found.
 */
#include "reports/text.h"

#include <inttypes.h>

#include "reports/place.h"

struct text_output {
	struct hl_places places;
	enum hl_key key;
	bool exact;
};

static void output_init(struct text_output *out, FILE *file, const struct hl_resolver *resolver, enum hl_key key,
		bool exact, bool color, struct hl_name_style names)
{
	*out = (struct text_output){.key = key, .exact = exact};
	hl_places_init(&out->places, file, resolver, key, color, names);
}

/* What follows the figures of a group: function, source line, stack. */
static void put_details(const struct text_output *out, const struct hl_resolver *resolver,
		uint32_t traceback, const struct hl_location *line)
{
	fputc('\n', out->places.file);
	if (out->key == HL_KEY_LINENO)
		hl_put_source(&out->places, line);
	else if (out->key == HL_KEY_TRACEBACK)
		hl_put_stack(&out->places, resolver, traceback);
}

static void put_temporary(FILE *file, uint64_t temp_count, int64_t count)
{
	fprintf(file, ", temporary=%" PRIu64 " (%.0f %%)", temp_count,
			count ? 100.0 * (double)temp_count / (double)count : 0);
}

static void put_error(FILE *file, double bytes)
{
	char size[HL_SIZE_TEXT];

	if (bytes > 0)
		fprintf(file, ", error=%s", hl_format_size(size, bytes, false));
}

static void put_row(const struct text_output *out, const struct hl_statistics *stats,
		const struct hl_statistic *s)
{
	const struct hl_location *line = hl_traceback_line(stats->resolver, s->traceback);
	char text[HL_STATISTIC_TEXT];

	hl_put_place(&out->places, line);
	fprintf(out->places.file, ": %s", hl_format_statistic(text, s->size, s->count, out->exact));
	put_error(out->places.file, s->error_bytes);
	if (stats->metric == HL_METRIC_TEMP)
		put_temporary(out->places.file, s->counts.temp_count, s->count);
	hl_put_context(&out->places, line);
	hl_put_via(&out->places, stats->resolver, s->via, s->nr_vias);
	put_details(out, stats->resolver, s->traceback, line);
}

void hl_text_put_rows(FILE *file, const struct hl_top_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	struct text_output out;

	output_init(&out, file, stats->resolver, stats->key, report->exact, report->color, report->names);
	for (size_t i = 0; i < stats->nr_items && i < report->nr_rows; i++)
		put_row(&out, stats, &stats->items[i]);
	hl_places_release(&out.places);
}

/* What the groups from number @first on hold; their blocks may be the same if they are cumulative. */
static struct hl_statistic sum_from(const struct hl_statistics *stats, size_t first)
{
	struct hl_statistic sum = {0};

	for (size_t i = first; i < stats->nr_items; i++) {
		sum.size = (int64_t)((uint64_t)sum.size + (uint64_t)stats->items[i].size);
		sum.count = (int64_t)((uint64_t)sum.count + (uint64_t)stats->items[i].count);
		sum.counts.temp_count += stats->items[i].counts.temp_count;
	}
	return sum;
}

/* Groups of cumulative statistics share their blocks: what is left of the total says nothing. */
static void put_others(FILE *file, const struct hl_top_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	struct hl_statistic sum = sum_from(stats, report->nr_rows);
	char text[HL_STATISTIC_TEXT];

	fprintf(file, "%zu other", stats->nr_items - report->nr_rows);
	if (!stats->is_cumulative)
		fprintf(file, ": %s", hl_format_statistic(text, sum.size, sum.count, report->exact));
	if (!stats->is_cumulative && stats->metric == HL_METRIC_TEMP)
		put_temporary(file, sum.counts.temp_count, sum.count);
	fputc('\n', file);
}

/* Groups without temporary blocks are no rows, but in the total. */
static void put_without_temporary(FILE *file, const struct hl_top_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	struct hl_statistic sum = sum_from(stats, 0);
	char text[HL_STATISTIC_TEXT];

	if (stats->is_cumulative || sum.count >= stats->total_count)
		return;
	fprintf(file, "Without temporary blocks: %s\n", hl_format_statistic(text, stats->total_size - sum.size,
			stats->total_count - sum.count, report->exact));
}

/* Threads pass on what they hold in portions: the peak that was noticed need not be that of the lines to the byte. */
static void put_between(FILE *file, const struct hl_top_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	char text[HL_SIZE_TEXT];
	int64_t size = (int64_t)((uint64_t)stats->total_size - (uint64_t)sum_from(stats, 0).size);

	if (size <= 0 || stats->is_cumulative)
		return;
	if (report->exact)
		fprintf(file, "In no line: %" PRId64 " B", size);
	else
		fprintf(file, "In no line: %s", hl_format_size(text, (double)size, false));
	fputs(" (freed or moved while the peak was noted)\n", file);
}

static void put_rest(FILE *file, const struct hl_top_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	char text[HL_STATISTIC_TEXT];
	struct hl_totals totals;

	if (stats->nr_items > report->nr_rows)
		put_others(file, report);
	if (stats->metric == HL_METRIC_PEAK)
		put_between(file, report);
	if (stats->metric == HL_METRIC_TEMP)
		put_without_temporary(file, report);
	fprintf(file, "Total: %s", hl_format_statistic(text, stats->total_size,
			stats->total_count, report->exact));
	put_error(file, stats->total_error_bytes);
	if (stats->metric == HL_METRIC_TEMP)
		put_temporary(file, stats->all.temp_count, stats->total_count);
	if (stats->metric == HL_METRIC_PEAK) {
		hl_snapshot_totals(report->snapshot, -1, &totals);
		hl_write_peak_bound(file, &totals, report->exact);
	}
	fputc('\n', file);
}

static void write_top(FILE *file, const struct hl_top_report *report)
{
	const struct hl_statistics *stats = report->statistics;
	size_t shown = stats->nr_items < report->nr_rows ? stats->nr_items : report->nr_rows;

	fprintf(file, "Top %zu %s by %s%s%s\n", shown, hl_key_plural(stats->key),
			hl_metric_title(report->snapshot, stats->metric), report->moment ? report->moment : "",
			report->nothing_left ? " (no block was left at the end)" : "");
	hl_write_sample(file, report->snapshot, "A", "error= is the standard error");
	hl_text_put_rows(file, report);
	put_rest(file, report);
}

/* A group of these keys has one line that may move. */
static bool is_of_lines(enum hl_key key)
{
	return key == HL_KEY_LINENO || key == HL_KEY_TRACEBACK;
}

/* Red: grew; green: shrank; 0 ends the colour. */
static const char *color_of(const struct text_output *out, int64_t size_diff)
{
	if (!out->places.color)
		return "";
	return size_diff > 0 ? "\033[31m" : size_diff < 0 ? "\033[32m" : "\033[0m";
}

/* What the numbers alone do not tell. */
static void put_change(const struct text_output *out, const struct hl_diffs *diffs,
		const struct hl_statistic_diff *d)
{
	const struct hl_location *from = hl_traceback_moved_from(diffs->resolver, d->traceback);

	if (d->change == HL_CHANGE_NEW || d->change == HL_CHANGE_GONE) {
		fprintf(out->places.file, "  (%s)", hl_change_names[d->change]);
	} else if (from && is_of_lines(diffs->key)) {
		fputs("  (moved from ", out->places.file);
		hl_put_place(&out->places, from);
		fputc(')', out->places.file);
	}
}

static bool is_moved(const struct hl_diffs *diffs, const struct hl_statistic_diff *d)
{
	return is_of_lines(diffs->key) && d->change < HL_CHANGE_NEW &&
		hl_traceback_moved_from(diffs->resolver, d->traceback);
}

static void put_changes(FILE *file, const struct hl_diffs *diffs)
{
	size_t nr[HL_NR_CHANGES] = {0};
	size_t nr_moved = 0;

	for (size_t i = 0; i < diffs->nr_items; i++) {
		nr[diffs->items[i].change]++;
		nr_moved += is_moved(diffs, &diffs->items[i]);
	}
	for (int c = HL_CHANGE_GREW; c < HL_NR_CHANGES; c++)
		fprintf(file, "%s%zu %s", c == HL_CHANGE_GREW ? "Changes: " : ", ", nr[c],
				hl_change_names[c]);
	fprintf(file, ", %zu same", nr[HL_CHANGE_SAME]);
	if (nr_moved)
		fprintf(file, "; %zu moved", nr_moved);
	fputc('\n', file);
}

static void put_diff_row(const struct text_output *out, const struct hl_diffs *diffs,
		const struct hl_statistic_diff *d)
{
	const struct hl_location *line = hl_traceback_line(diffs->resolver, d->traceback);
	char text[HL_STATISTIC_TEXT];

	hl_put_place(&out->places, line);
	fprintf(out->places.file, ": %s%s%s", color_of(out, d->size_diff),
			hl_format_diff(text, d, out->exact), color_of(out, 0));
	hl_put_context(&out->places, line);
	hl_put_via(&out->places, diffs->resolver, d->via, d->nr_vias);
	put_change(out, diffs, d);
	put_details(out, diffs->resolver, d->traceback, line);
}

/* What is the same on both sides is in the line of the changes only. */
static bool is_difference(const struct hl_diffs *diffs, const struct hl_statistic_diff *d)
{
	return d->change != HL_CHANGE_SAME || is_moved(diffs, d);
}

static size_t count_differences(const struct hl_diffs *diffs)
{
	size_t nr = 0;

	for (size_t i = 0; i < diffs->nr_items; i++)
		nr += is_difference(diffs, &diffs->items[i]);
	return nr;
}

static void write_diff(FILE *file, const struct hl_diff_report *report)
{
	const struct hl_diffs *diffs = report->diffs;
	struct text_output out;
	struct hl_statistic_diff total = {
		.size = diffs->total_size,
		.size_diff = diffs->total_size_diff,
		.count = diffs->total_count,
		.count_diff = diffs->total_count_diff,
	};
	char text[HL_STATISTIC_TEXT];
	size_t nr = count_differences(diffs);
	size_t shown = nr < report->nr_rows ? nr : report->nr_rows;
	size_t left = shown;

	fprintf(file, "Top %zu differences of %s by %s%s%s\n", shown, hl_key_plural(diffs->key),
			hl_metric_names[diffs->metric], report->moment ? report->moment : "",
			report->nothing_left ? " (no block was left at the end of either)" : "");
	for (int i = 0; i < 2; i++)
		if (hl_write_sample(file, report->sides[i], "A", "differences are estimates"))
			break;
	output_init(&out, file, diffs->resolver, diffs->key, report->exact, report->color, report->names);
	for (size_t i = 0; left && i < diffs->nr_items; i++) {
		if (!is_difference(diffs, &diffs->items[i]))
			continue;
		put_diff_row(&out, diffs, &diffs->items[i]);
		left--;
	}
	hl_places_release(&out.places);
	if (nr > shown)
		fprintf(file, "%zu other\n", nr - shown);
	put_changes(file, diffs);
	fprintf(file, "Total: %s", hl_format_diff(text, &total, report->exact));
	put_error(file, diffs->total_error_bytes);
	fputc('\n', file);
}

const struct hl_report_writer hl_text_writer = {
	.name = "text",
	.top = write_top,
	.diff = write_diff,
	.info = hl_text_write_info,
};
