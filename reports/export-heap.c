/* SPDX-License-Identifier: MIT */
/*
 * The text of gperftools' heap profiler: addresses only, the reader symbolises them.
 *
 * google-pprof and jeprof take one from every address but the first, Go's pprof from all: so the
 * innermost frame is written inside its call instruction, and the others as return addresses.
 */
#include "reports/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"

static void put_figures(FILE *file, uint64_t live_count, uint64_t live_bytes, uint64_t alloc_count,
		uint64_t alloc_bytes)
{
	/* Readers refuse bytes without blocks. */
	fprintf(file, "%6" PRIu64 ": %8" PRIu64 " [%6" PRIu64 ": %8" PRIu64 "] @",
			live_count, live_count ? live_bytes : 0,
			alloc_count, alloc_count ? alloc_bytes : 0);
}

static void put_stack(FILE *file, const struct hl_stacks *stacks, const struct hl_stack_site *site)
{
	struct hl_stack_cursor cursor = hl_stack_start(site);
	const struct hl_stack_frame *frame;
	uint64_t correction = 0;

	while (!hl_stacks_next_frame(stacks, &cursor, &frame)) {
		if (frame->is_inlined || !frame->address)
			continue;
		fprintf(file, " 0x%016" PRIx64, frame->address + correction);
		correction = 1;
	}
	/* Readers want an address. */
	if (!correction)
		fputs(" 0x0000000000000001", file);
}

static void put_row(FILE *file, const struct hl_stacks *stacks, const struct hl_stack_site *site)
{
	const struct hl_counts *c = &site->counts;

	put_figures(file, hl_export_natural(c, HL_VALUE_LIVE_COUNT),
			hl_export_natural(c, HL_VALUE_LIVE_BYTES),
			hl_export_natural(c, HL_VALUE_ALLOC_COUNT),
			hl_export_natural(c, HL_VALUE_ALLOC_BYTES));
	put_stack(file, stacks, site);
	fputc('\n', file);
}

struct line {
	struct hl_mapping mapping;
	uint32_t module;
};

static int compare_lines(const void *a, const void *b)
{
	const struct line *x = a;
	const struct line *y = b;

	if (x->mapping.start != y->mapping.start)
		return x->mapping.start < y->mapping.start ? -1 : 1;
	return x->module < y->module ? -1 : x->module > y->module;
}

static void put_line(FILE *file, const struct hl_export *export, const struct line *line)
{
	struct hl_module_info m;

	hl_snapshot_module(export->snapshot, line->module, &m);
	fprintf(file, "%08" PRIx64 "-%08" PRIx64 " r-xp %08" PRIx64 " 00:00 0          ",
			line->mapping.start, line->mapping.end, line->mapping.offset);
	hl_put_text(file, m.path.data, m.path.length);
	fputc('\n', file);
	if (export->notes->spaced_module < 0 && memchr(m.path.data, ' ', m.path.length))
		export->notes->spaced_module = (int32_t)line->module;
}

static int put_mappings(FILE *file, const struct hl_export *export)
{
	size_t nr = hl_snapshot_nr_modules(export->snapshot);
	size_t nr_places = hl_stacks_nr_places(export->stacks);
	struct line *lines = calloc(nr + 1, sizeof(*lines));
	bool *is_used = calloc(nr + 1, sizeof(*is_used));
	size_t nr_lines = 0;
	size_t n;

	if (!lines || !is_used) {
		free(lines);
		free(is_used);
		return -ENOMEM;
	}
	for (size_t i = 0; i < nr_places; i++) {
		const struct hl_stack_frame *f = hl_stacks_place(export->stacks, (uint32_t)i, &n);

		if (f->module >= 0)
			is_used[f->module] = true;
	}
	for (size_t i = 0; i < nr; i++)
		if (is_used[i])
			lines[nr_lines++] = (struct line){
				.mapping = hl_stacks_mapping(export->stacks, i),
				.module = (uint32_t)i,
			};
	qsort(lines, nr_lines, sizeof(*lines), compare_lines);
	fputs("\nMAPPED_LIBRARIES:\n", file);
	for (size_t i = 0; i < nr_lines; i++)
		put_line(file, export, &lines[i]);
	free(lines);
	free(is_used);
	return 0;
}

static int write_heap(FILE *file, const struct hl_export *export)
{
	size_t nr = hl_stacks_nr_sites(export->stacks);

	fputs("heap profile: ", file);
	put_figures(file, hl_export_sum(export, HL_VALUE_LIVE_COUNT),
			hl_export_sum(export, HL_VALUE_LIVE_BYTES),
			hl_export_sum(export, HL_VALUE_ALLOC_COUNT),
			hl_export_sum(export, HL_VALUE_ALLOC_BYTES));
	fputs(" heapprofile\n", file);
	for (size_t i = 0; i < nr; i++)
		put_row(file, export->stacks, hl_stacks_site(export->stacks, i));
	hl_export_note_negative(export, 1u << HL_VALUE_LIVE_COUNT | 1u << HL_VALUE_LIVE_BYTES);
	return put_mappings(file, export);
}

const struct hl_export_writer hl_export_heap = {
	.name = "heap",
	.write = write_heap,
};
