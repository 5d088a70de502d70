/* SPDX-License-Identifier: MIT */
/*
 * callgrind's profile format 1: costs of lines, and of calls between functions.
 *
 * A call's cost is what was allocated in stacks that hold it, each stack once, however often it
 * recurs there; its number of calls is that of the allocations.  Which stack a cost came from is
 * lost, as the format knows edges only.  An inlined function is a function that is called.
 */
#include "reports/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "reports/names.h"
#include "snapshot/map.h"
#include "snapshot/snapshot.h"

static const struct {
	enum hl_value value;
	const char *name;
} events[] = {
	{HL_VALUE_ALLOC_BYTES, "alloc_bytes"},
	{HL_VALUE_ALLOC_COUNT, "alloc_blocks"},
	{HL_VALUE_LIVE_BYTES, "live_bytes"},
	{HL_VALUE_LIVE_COUNT, "live_blocks"},
	{HL_VALUE_PEAK_BYTES, "peak_bytes"},
	{HL_VALUE_PEAK_COUNT, "peak_blocks"},
	{HL_VALUE_TEMP_COUNT, "temp_blocks"},
};

#define NR_EVENTS (sizeof(events) / sizeof(*events))

struct function {
	uint32_t object;		/* names */
	uint32_t file;
	uint32_t name;
};

/* The cost of a line of a function, or of a call there. */
struct cost {
	uint32_t function;
	uint32_t line;
	uint32_t callee;		/* NO_CALLEE: the line's own */
	size_t last_site;		/* the last one that was counted, from 1 */
	uint64_t values[NR_EVENTS];
};

#define NO_CALLEE UINT32_MAX

struct callgrind {
	const struct hl_export *export;
	FILE *file;
	struct hl_names objects;
	struct hl_names files;
	struct hl_names names;
	bool *is_named[3];		/* by name of each: its text is written already */
	struct function *functions;
	size_t nr_functions, function_room;
	struct hl_map function_map;	/* (object, file; name) -> functions */
	uint32_t *function_of;		/* by frame, counted over all places */
	const struct hl_stack_frame *first_frame;
	struct cost *costs;
	size_t nr_costs, cost_room;
	struct hl_map cost_map;		/* (function, callee; line) -> costs */
	uint32_t *order;		/* by function: its place in the file */
};

static int add_function(struct callgrind *c, const struct hl_stack_frame *frame, uint32_t *out)
{
	const struct hl_location *l = &frame->location;
	struct function f = {
		.object = hl_names_id_of_constant(&c->objects, *l->module ? l->module : "???"),
		.file = hl_names_id_of_constant(&c->files, l->lineno ? l->filename : "???"),
		.name = hl_names_id_of_constant(&c->names, frame->name),
	};
	struct hl_map_entry *entry;

	if (f.object == HL_NO_NAME || f.file == HL_NO_NAME || f.name == HL_NO_NAME)
		return -ENOMEM;
	entry = hl_map_at(&c->function_map, (uint64_t)f.object << 32 | f.file, f.name);
	if (!entry)
		return -ENOMEM;
	if (entry->value == UINT32_MAX) {
		if (hl_array_grow((void **)&c->functions, &c->function_room, c->nr_functions,
				sizeof(*c->functions)))
			return -ENOMEM;
		c->functions[c->nr_functions] = f;
		entry->value = (uint32_t)c->nr_functions++;
	}
	*out = entry->value;
	return 0;
}

static int find_functions(struct callgrind *c)
{
	const struct hl_stacks *stacks = c->export->stacks;
	size_t nr_places = hl_stacks_nr_places(stacks);
	const struct hl_stack_frame *last;
	size_t nr;
	int rc = 0;

	if (!nr_places)
		return 0;
	c->first_frame = hl_stacks_place(stacks, 0, &nr);
	last = hl_stacks_place(stacks, (uint32_t)nr_places - 1, &nr);
	nr += (size_t)(last - c->first_frame);
	c->function_of = calloc(nr, sizeof(*c->function_of));
	if (!c->function_of)
		return -ENOMEM;
	for (size_t i = 0; !rc && i < nr; i++)
		rc = add_function(c, &c->first_frame[i], &c->function_of[i]);
	return rc;
}

static int count(struct callgrind *c, const struct cost *key, size_t site)
{
	const struct hl_counts *counts = &hl_stacks_site(c->export->stacks, site - 1)->counts;
	struct hl_map_entry *entry = hl_map_at(&c->cost_map,
			(uint64_t)key->function << 32 | key->callee, key->line);
	struct cost *cost;

	if (!entry)
		return -ENOMEM;
	if (entry->value == UINT32_MAX) {
		if (c->nr_costs >= UINT32_MAX || hl_array_grow((void **)&c->costs, &c->cost_room,
				c->nr_costs, sizeof(*c->costs)))
			return -ENOMEM;
		c->costs[c->nr_costs] = *key;
		entry->value = (uint32_t)c->nr_costs++;
	}
	cost = &c->costs[entry->value];
	if (cost->last_site == site)
		return 0;
	cost->last_site = site;
	for (size_t i = 0; i < NR_EVENTS; i++)
		cost->values[i] += hl_export_natural(counts, events[i].value);
	return 0;
}

static int count_site(struct callgrind *c, size_t index)
{
	const struct hl_stack_site *site = hl_stacks_site(c->export->stacks, index);
	struct hl_stack_cursor cursor = hl_stack_start(site);
	const struct hl_stack_frame *frame;
	struct cost key = {.callee = NO_CALLEE};
	int rc = 0;

	while (!rc && !hl_stacks_next_frame(c->export->stacks, &cursor, &frame)) {
		key.function = c->function_of[frame - c->first_frame];
		key.line = frame->location.lineno;
		rc = count(c, &key, index + 1);
		key.callee = key.function;
	}
	return rc;
}

static int count_all(struct callgrind *c)
{
	size_t nr = hl_stacks_nr_sites(c->export->stacks);
	int rc = find_functions(c);

	for (size_t i = 0; !rc && i < nr; i++)
		rc = count_site(c, i);
	return rc;
}

/* ---- Order: objects, files and functions by name ---------------------------------------------- */

struct ranks {
	const struct callgrind *c;
	uint32_t *object;
	uint32_t *file;
	uint32_t *name;
};

static int compare_ranks(uint32_t x, uint32_t y)
{
	return x < y ? -1 : x > y;
}

static int compare_functions(const void *a, const void *b, void *arg)
{
	const struct ranks *r = arg;
	const struct function *x = &r->c->functions[*(const uint32_t *)a];
	const struct function *y = &r->c->functions[*(const uint32_t *)b];

	if (x->object != y->object)
		return compare_ranks(r->object[x->object], r->object[y->object]);
	if (x->file != y->file)
		return compare_ranks(r->file[x->file], r->file[y->file]);
	return compare_ranks(r->name[x->name], r->name[y->name]);
}

static int sort_functions(struct callgrind *c, struct ranks *r)
{
	uint32_t *sorted = calloc(c->nr_functions + 1, sizeof(*sorted));

	c->order = calloc(c->nr_functions + 1, sizeof(*c->order));
	if (!sorted || !c->order || !r->object || !r->file || !r->name) {
		free(sorted);
		return -ENOMEM;
	}
	for (size_t i = 0; i < c->nr_functions; i++)
		sorted[i] = (uint32_t)i;
	qsort_r(sorted, c->nr_functions, sizeof(*sorted), compare_functions, r);
	for (size_t i = 0; i < c->nr_functions; i++)
		c->order[sorted[i]] = (uint32_t)i;
	free(sorted);
	return 0;
}

/* A function's own lines, then its calls. */
static int compare_costs(const void *a, const void *b, void *arg)
{
	const struct cost *x = a;
	const struct cost *y = b;
	const uint32_t *order = arg;
	bool x_calls = x->callee != NO_CALLEE;
	bool y_calls = y->callee != NO_CALLEE;

	if (x->function != y->function)
		return compare_ranks(order[x->function], order[y->function]);
	if (x_calls != y_calls)
		return x_calls ? 1 : -1;
	if (x->line != y->line)
		return compare_ranks(x->line, y->line);
	return x_calls ? compare_ranks(order[x->callee], order[y->callee]) : 0;
}

static int sort(struct callgrind *c)
{
	struct ranks r = {
		.c = c,
		.object = hl_names_rank(&c->objects),
		.file = hl_names_rank(&c->files),
		.name = hl_names_rank(&c->names),
	};
	int rc = sort_functions(c, &r);

	free(r.object);
	free(r.file);
	free(r.name);
	if (!rc && c->nr_costs)
		qsort_r(c->costs, c->nr_costs, sizeof(*c->costs), compare_costs, c->order);
	c->is_named[0] = calloc(c->objects.nr + 1, sizeof(bool));
	c->is_named[1] = calloc(c->files.nr + 1, sizeof(bool));
	c->is_named[2] = calloc(c->names.nr + 1, sizeof(bool));
	return c->is_named[0] && c->is_named[1] && c->is_named[2] ? rc : -ENOMEM;
}

/* ---- Text ----------------------------------------------------------------------------------- */

/* "fn=(3) main" the first time, "fn=(3)" then. */
static void put_name(struct callgrind *c, const char *key, int which, uint32_t id)
{
	const struct hl_names *const names[] = {&c->objects, &c->files, &c->names};

	fprintf(c->file, "%s=(%" PRIu32 ")", key, id + 1);
	if (!c->is_named[which][id])
		fprintf(c->file, " %s", names[which]->texts[id]);
	c->is_named[which][id] = true;
	fputc('\n', c->file);
}

static void put_values(FILE *file, const uint64_t *values)
{
	for (size_t i = 0; i < NR_EVENTS; i++)
		fprintf(file, " %" PRIu64, values[i]);
	fputc('\n', file);
}

static void put_function(struct callgrind *c, uint32_t id)
{
	const struct function *f = &c->functions[id];

	fputc('\n', c->file);
	put_name(c, "ob", 0, f->object);
	put_name(c, "fl", 1, f->file);
	put_name(c, "fn", 2, f->name);
}

static void put_call(struct callgrind *c, const struct cost *cost)
{
	const struct function *f = &c->functions[cost->callee];

	put_name(c, "cob", 0, f->object);
	put_name(c, "cfi", 1, f->file);
	put_name(c, "cfn", 2, f->name);
	/* the second event counts the allocations */
	fprintf(c->file, "calls=%" PRIu64 " 0\n", cost->values[1]);
}

static void put_totals(struct callgrind *c, const char *key)
{
	fputs(key, c->file);
	for (size_t i = 0; i < NR_EVENTS; i++)
		fprintf(c->file, " %" PRIu64, hl_export_sum(c->export, events[i].value));
	fputc('\n', c->file);
}

static void put_header(struct callgrind *c)
{
	struct hl_info info;

	hl_snapshot_info(c->export->snapshot, &info);
	fprintf(c->file, "# callgrind format\nversion: 1\ncreator: %s\npid: %" PRIu32 "\ncmd: ",
			c->export->creator, info.pid);
	hl_export_put_command(c->file, c->export, "", "");
	fputs("\npart: 1\n\npositions: line\nevents:", c->file);
	for (size_t i = 0; i < NR_EVENTS; i++)
		fprintf(c->file, " %s", events[i].name);
	put_totals(c, "\nsummary:");
}

static void put_all(struct callgrind *c)
{
	uint32_t function = NO_CALLEE;

	put_header(c);
	for (size_t i = 0; i < c->nr_costs; i++) {
		const struct cost *cost = &c->costs[i];

		if (cost->function != function)
			put_function(c, cost->function);
		function = cost->function;
		if (cost->callee != NO_CALLEE)
			put_call(c, cost);
		fprintf(c->file, "%" PRIu32, cost->line);
		put_values(c->file, cost->values);
	}
	put_totals(c, "\ntotals:");
}

static int write_callgrind(FILE *file, const struct hl_export *export)
{
	struct callgrind c = {.export = export, .file = file};
	int rc = count_all(&c);

	if (!rc)
		rc = sort(&c);
	if (!rc) {
		put_all(&c);
		hl_export_note_negative(export, (1u << HL_NR_VALUES) - 1);
	}
	hl_names_release(&c.objects);
	hl_names_release(&c.files);
	hl_names_release(&c.names);
	for (int i = 0; i < 3; i++)
		free(c.is_named[i]);
	free(c.functions);
	hl_map_release(&c.function_map);
	free(c.function_of);
	free(c.costs);
	hl_map_release(&c.cost_map);
	free(c.order);
	return rc;
}

const struct hl_export_writer hl_export_callgrind = {
	.name = "callgrind",
	.write = write_callgrind,
};
