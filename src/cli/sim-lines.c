/* SPDX-License-Identifier: MIT */
/* heapledger sim --stats: what each line made and what became of it, beside the source. */
#include "cli/sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"

struct collecting {
	const char *path;
	struct sim_lines *lines;
};

static int add_site(const struct gcs_site_info *site, void *arg)
{
	const struct collecting *c = arg;
	const struct gcs_counts *from = &site->counts;
	const struct gcs_frame *frame = &site->frames[0];
	bool is_ours = site->nr_frames && frame->line < c->lines->nr && !strcmp(frame->file, c->path);
	struct sim_line *line = &c->lines->lines[is_ours ? frame->line : 0];

	line->objects += from->made;
	line->bytes += site->asked_bytes;
	line->by_count += from->freed_by_count;
	for (size_t i = 0; i < GCS_NR_GENERATIONS; i++)
		line->by_gc += from->freed_by_gc[i];
	line->live += from->live;
	return 0;
}

int sim_lines_collect(struct gcs_heap *heap, const char *path, size_t nr_lines, struct sim_lines *out)
{
	struct collecting c = {path, out};

	out->nr = nr_lines + 1;
	out->lines = calloc(out->nr, sizeof(*out->lines));
	if (!out->lines)
		return -ENOMEM;
	gcs_each_site(heap, add_site, &c);
	return 0;
}

size_t sim_count_lines(const struct sim_buffer *text)
{
	size_t nr = text->nr && text->data[text->nr - 1] != '\n';

	for (size_t i = 0; i < text->nr; i++)
		nr += text->data[i] == '\n';
	return nr;
}

static bool is_empty(const struct sim_line *line)
{
	return !line->objects && !line->bytes;
}

static void print_numbers(const struct sim_line *l)
{
	printf("%9" PRIu64 "%11" PRIu64 "%10" PRIu64 "%8" PRIu64 "%8" PRIu64, l->objects, l->bytes, l->by_count,
			l->by_gc, l->live);
}

static void print_source(const char *text, size_t length)
{
	while (length && strchr(" \t\r\f", text[length - 1]))
		length--;
	if (length) {
		fputs("  ", stdout);
		/* indentation by tabs would come out as \t */
		for (; length && *text == '\t'; text++, length--)
			fputs("        ", stdout);
		hl_put_text(stdout, text, length);
	}
	putchar('\n');
}

void sim_lines_print(const struct sim_lines *lines, const struct sim_file *file)
{
	const char *text = file->text.data;
	size_t left = file->text.nr;
	struct sim_line total = {0};

	printf("%6s%9s%11s%10s%8s%8s  %s\n", "Line", "Objects", "Bytes", "By count", "By GC", "Live", "Source");
	for (size_t i = 1; i < lines->nr; i++) {
		const struct sim_line *line = &lines->lines[i];
		const char *end = left ? memchr(text, '\n', left) : NULL;
		size_t length = end ? (size_t)(end - text) : left;

		printf("%6zu", i);
		if (is_empty(line))
			printf("%46s", "");
		else
			print_numbers(line);
		print_source(text, length);
		text += length + (end != NULL);
		left -= length + (end != NULL);
		total.objects += line->objects;
		total.bytes += line->bytes;
		total.by_count += line->by_count;
		total.by_gc += line->by_gc;
		total.live += line->live;
	}
	printf("%6s", "Total");
	print_numbers(&total);
	putchar('\n');
}
