/* SPDX-License-Identifier: MIT */
/* Budgets and what broke them: for people, for scripts, and for CI systems (JUnit's XML). */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/json-place.h"
#include "reports/place.h"
#include "reports/views.h"

static void put_value(FILE *file, const struct hl_budget *b, double value, bool exact)
{
	char text[HL_SIZE_TEXT];

	if (b->is_percent && isinf(value))
		fputs("something from nothing", file);
	else if (b->is_percent)
		fprintf(file, "%.1f %%", value);
	else if (b->is_count)
		fprintf(file, "%.0f", value);
	else if (exact)
		fprintf(file, "%.0f B", value);
	else
		fputs(hl_format_size(text, value, false), file);
}

static void put_verdict(FILE *file, const struct hl_budget *b, bool exact)
{
	hl_put_name(file, b->name);
	fputs(": ", file);
	put_value(file, b, b->found, exact);
	if (b->runtime > 0) {
		fputs(" (runtimes keep ", file);
		put_value(file, b, b->runtime, exact);
		fputs(" more)", file);
	}
	if (b->error > 0) {
		fputs(" (error=", file);
		put_value(file, b, b->error, exact);
		fputc(')', file);
	}
	if (b->bound > 0) {
		fputs(" (may be up to ", file);
		put_value(file, b, b->bound, exact);
		fputs(" higher)", file);
	}
	fputs(!b->is_broken ? " is within the budget of " : b->found > b->limit ? " is over the budget of " :
			" may be over the budget of ", file);
	put_value(file, b, b->limit, exact);
	if (b->error > 0 && fabs(b->found - b->limit) < 2 * b->error)
		fputs(", by less than twice the error", file);
	fputc('\n', file);
}

static size_t nr_groups(const struct hl_budget *b)
{
	return b->diffs ? b->diffs->nr_items : b->statistics ? b->statistics->nr_items : 0;
}

static void put_group(struct hl_places *places, const struct hl_budget *b, size_t i, bool exact)
{
	char text[HL_STATISTIC_TEXT];
	const struct hl_statistic_diff *d = b->diffs ? &b->diffs->items[i] : NULL;
	const struct hl_location *line;

	fputs("    ", places->file);
	if (d) {
		line = hl_traceback_line(b->diffs->resolver, d->traceback);
		hl_put_place(places, line);
		fprintf(places->file, ": %s", hl_format_diff(text, d, exact));
	} else {
		const struct hl_statistic *s = &b->statistics->items[i];

		line = hl_traceback_line(b->statistics->resolver, s->traceback);
		hl_put_place(places, line);
		fprintf(places->file, ": %s", hl_format_statistic(text, s->size, s->count, exact));
	}
	hl_put_context(places, line);
	if (d)
		hl_put_via(places, b->diffs->resolver, d->via, d->nr_vias);
	else
		hl_put_via(places, b->statistics->resolver, b->statistics->items[i].via,
				b->statistics->items[i].nr_vias);
	fputc('\n', places->file);
}

/* Of differences only what grew: the rest did not break anything. */
static bool is_guilty(const struct hl_budget *b, size_t i)
{
	return !b->diffs || b->diffs->items[i].size_diff > 0;
}

static void put_groups(FILE *file, const struct hl_check_report *report, const struct hl_budget *b)
{
	struct hl_places places;
	size_t shown = 0;

	hl_places_init(&places, file, NULL, HL_KEY_LINENO, report->color, report->names);
	for (size_t i = 0; i < nr_groups(b) && shown < report->nr_rows; i++) {
		if (!is_guilty(b, i))
			continue;
		put_group(&places, b, i, report->exact);
		shown++;
	}
	hl_places_release(&places);
}

static size_t nr_broken(const struct hl_check_report *report)
{
	size_t n = 0;

	for (size_t i = 0; i < report->nr_budgets; i++)
		n += report->budgets[i].is_broken;
	return n;
}

void hl_check_write_text(FILE *file, const struct hl_check_report *report)
{
	for (size_t i = 0; i < report->nr_budgets; i++) {
		put_verdict(file, &report->budgets[i], report->exact);
		if (report->budgets[i].is_broken)
			put_groups(file, report, &report->budgets[i]);
	}
	fprintf(file, "%zu of %zu budgets broken\n", nr_broken(report), report->nr_budgets);
}

static void put_number(struct hl_json *j, const char *key, double value)
{
	hl_json_key(j, key);
	if (isfinite(value))
		hl_json_double(j, value);
	else
		hl_json_null(j);
}

static void put_json_group(struct hl_json *j, const struct hl_budget *b, size_t i)
{
	const struct hl_statistic *s = b->diffs ? NULL : &b->statistics->items[i];
	const struct hl_statistic_diff *d = b->diffs ? &b->diffs->items[i] : NULL;

	hl_json_begin_object(j);
	hl_json_put_location(j, d ? hl_traceback_line(b->diffs->resolver, d->traceback) :
			hl_traceback_line(b->statistics->resolver, s->traceback));
	hl_json_key(j, "size");
	hl_json_signed(j, d ? d->size : s->size);
	hl_json_key(j, "count");
	hl_json_signed(j, d ? d->count : s->count);
	if (d) {
		hl_json_key(j, "size_diff");
		hl_json_signed(j, d->size_diff);
		hl_json_key(j, "count_diff");
		hl_json_signed(j, d->count_diff);
	}
	hl_json_end_object(j);
}

static void put_json_budget(struct hl_json *j, const struct hl_check_report *report,
		const struct hl_budget *b)
{
	size_t shown = 0;

	hl_json_begin_object(j);
	hl_json_key(j, "name");
	hl_json_string(j, b->name);
	hl_json_key(j, "unit");
	hl_json_string(j, b->is_percent ? "percent" : b->is_count ? "blocks" : "bytes");
	put_number(j, "limit", b->limit);
	put_number(j, "found", b->found);
	put_number(j, "bound", b->bound);
	put_number(j, "error", b->error);
	put_number(j, "runtime", b->runtime);
	hl_json_key(j, "broken");
	hl_json_bool(j, b->is_broken);
	hl_json_key(j, "groups");
	hl_json_begin_array(j);
	for (size_t i = 0; b->is_broken && i < nr_groups(b) && shown < report->nr_rows; i++) {
		if (!is_guilty(b, i))
			continue;
		put_json_group(j, b, i);
		shown++;
	}
	hl_json_end_array(j);
	hl_json_end_object(j);
}

void hl_check_write_json(FILE *file, const struct hl_check_report *report)
{
	struct hl_json j;

	hl_json_init(&j, file);
	hl_json_begin_object(&j);
	hl_json_key(&j, "file");
	hl_json_string(&j, report->file);
	hl_json_key(&j, "nr_broken");
	hl_json_unsigned(&j, nr_broken(report));
	hl_json_key(&j, "budgets");
	hl_json_begin_array(&j);
	for (size_t i = 0; i < report->nr_budgets; i++)
		put_json_budget(&j, report, &report->budgets[i]);
	hl_json_end_array(&j);
	hl_json_end_object(&j);
	hl_json_finish(&j);
}

/*
 * The text is ours and so escaped already: what is left are XML's own signs, and the newlines that
 * an attribute would lose.
 */
static void put_xml(FILE *file, const char *text, size_t length, bool is_attribute)
{
	for (size_t i = 0; i < length; i++) {
		switch (text[i]) {
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '&':
			fputs("&amp;", file);
			break;
		case '"':
			fputs("&quot;", file);
			break;
		case '\n':
			fputs(is_attribute ? " " : "\n", file);
			break;
		default:
			fputc(text[i], file);
		}
	}
}

/* What @write puts into a file of its own, as XML. */
static void put_text_as_xml(FILE *file, const struct hl_check_report *report,
		const struct hl_budget *b, bool with_groups)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);

	if (memory) {
		put_verdict(memory, b, report->exact);
		if (with_groups)
			put_groups(memory, report, b);
		if (!fclose(memory) && length)
			put_xml(file, text, with_groups ? length : length - 1, !with_groups);
	}
	free(text);
}

static void put_name_as_xml(FILE *file, const char *name)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);

	if (memory) {
		hl_put_name(memory, name);
		if (!fclose(memory))
			put_xml(file, text, length, true);
	}
	free(text);
}

static void put_case(FILE *file, const struct hl_check_report *report, const struct hl_budget *b)
{
	fputs("    <testcase classname=\"heapledger\" name=\"", file);
	put_name_as_xml(file, b->name);
	if (!b->is_broken) {
		fputs("\"/>\n", file);
		return;
	}
	fputs("\">\n      <failure type=\"budget\" message=\"", file);
	put_text_as_xml(file, report, b, false);
	fputs("\">", file);
	put_text_as_xml(file, report, b, true);
	fputs("</failure>\n    </testcase>\n", file);
}

void hl_check_write_junit(FILE *file, const struct hl_check_report *report)
{
	size_t broken = nr_broken(report);

	fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites tests=\"%zu\" failures=\"%zu\">\n"
		"  <testsuite name=\"heapledger check ", report->nr_budgets, broken);
	put_name_as_xml(file, report->file);
	fprintf(file, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n",
			report->nr_budgets, broken);
	for (size_t i = 0; i < report->nr_budgets; i++)
		put_case(file, report, &report->budgets[i]);
	fputs("  </testsuite>\n</testsuites>\n", file);
}
