/* SPDX-License-Identifier: MIT */
/*
 * speedscope's own JSON (https://www.speedscope.app/file-format-schema.json): one sampled profile
 * for each figure, over one table of frames.  A frame is a function at a line.
 *
 * Weights cannot be negative; such stacks are left out.
 */
#include "reports/export.h"

#include <errno.h>
#include <stdlib.h>

#include "reports/json.h"
#include "reports/stack-tree.h"
#include "snapshot/map.h"
#include "snapshot/snapshot.h"

static const struct {
	enum hl_value value;
	const char *name;
	const char *unit;
} profiles[] = {
	{HL_VALUE_LIVE_BYTES, "live bytes", "bytes"},
	{HL_VALUE_LIVE_COUNT, "live blocks", "none"},
	{HL_VALUE_PEAK_BYTES, "live bytes at the peak", "bytes"},
	{HL_VALUE_PEAK_COUNT, "live blocks at the peak", "none"},
	{HL_VALUE_ALLOC_BYTES, "bytes allocated", "bytes"},
	{HL_VALUE_ALLOC_COUNT, "allocations", "none"},
	{HL_VALUE_TEMP_COUNT, "temporary blocks", "none"},
};

#define NR_PROFILES (sizeof(profiles) / sizeof(*profiles))

struct frames {
	const struct hl_stack_frame **items;
	size_t nr;
	size_t room;
	struct hl_map by_function;	/* (function, file) -> number of the pair */
	struct hl_map by_line;		/* (number of the pair, line) -> frame */
	uint32_t nr_functions;
};

static uint32_t frame_of(void *arg, const struct hl_stack_frame *frame)
{
	struct frames *frames = arg;
	const struct hl_location *l = &frame->location;
	struct hl_map_entry *entry = hl_map_at(&frames->by_function,
			(uint64_t)(uintptr_t)frame->name, (uint64_t)(uintptr_t)l->filename);

	if (!entry)
		return UINT32_MAX;
	if (entry->value == UINT32_MAX)
		entry->value = frames->nr_functions++;
	entry = hl_map_at(&frames->by_line, entry->value, l->lineno);
	if (!entry || entry->value != UINT32_MAX)
		return entry ? entry->value : UINT32_MAX;
	if (hl_array_grow((void **)&frames->items, &frames->room, frames->nr,
			sizeof(struct hl_stack_frame *)))
		return UINT32_MAX;
	frames->items[frames->nr] = frame;
	entry->value = (uint32_t)frames->nr++;
	return entry->value;
}

static void put_frames(struct hl_json *j, const struct frames *frames)
{
	hl_json_key(j, "shared");
	hl_json_begin_object(j);
	hl_json_key(j, "frames");
	hl_json_begin_array(j);
	for (size_t i = 0; i < frames->nr; i++) {
		const struct hl_location *l = &frames->items[i]->location;

		hl_json_begin_line(j);
		hl_json_begin_object(j);
		hl_json_key(j, "name");
		hl_json_string(j, frames->items[i]->name);
		if (l->lineno) {
			hl_json_key(j, "file");
			hl_json_string(j, l->filename);
			hl_json_key(j, "line");
			hl_json_unsigned(j, l->lineno);
		}
		hl_json_end_object(j);
		hl_json_end_line(j);
	}
	hl_json_end_array(j);
	hl_json_end_object(j);
}

static void put_samples(struct hl_json *j, const struct hl_stack_tree *tree, enum hl_value value,
		uint32_t *path)
{
	hl_json_key(j, "samples");
	hl_json_begin_array(j);
	for (size_t i = 0; i < tree->nr_sums; i++) {
		size_t nr;

		if (!hl_export_natural(&tree->sums[i].counts, value))
			continue;
		nr = hl_stack_tree_path(tree, tree->sums[i].node, path);
		hl_json_begin_line(j);
		hl_json_begin_array(j);
		while (nr-- > 0)
			hl_json_unsigned(j, path[nr]);
		hl_json_end_array(j);
		hl_json_end_line(j);
	}
	hl_json_end_array(j);
}

static void put_weights(struct hl_json *j, const struct hl_stack_tree *tree, enum hl_value value)
{
	hl_json_key(j, "weights");
	hl_json_begin_array(j);
	for (size_t i = 0; i < tree->nr_sums; i++) {
		uint64_t n = hl_export_natural(&tree->sums[i].counts, value);

		if (n)
			hl_json_unsigned(j, n);
	}
	hl_json_end_array(j);
}

static void put_profile(struct hl_json *j, const struct hl_stack_tree *tree, size_t index,
		uint32_t *path)
{
	enum hl_value value = profiles[index].value;
	uint64_t sum = 0;

	for (size_t i = 0; i < tree->nr_sums; i++)
		sum += hl_export_natural(&tree->sums[i].counts, value);
	hl_json_begin_object(j);
	hl_json_key(j, "type");
	hl_json_string(j, "sampled");
	hl_json_key(j, "name");
	hl_json_string(j, profiles[index].name);
	hl_json_key(j, "unit");
	hl_json_string(j, profiles[index].unit);
	hl_json_key(j, "startValue");
	hl_json_unsigned(j, 0);
	hl_json_key(j, "endValue");
	hl_json_unsigned(j, sum);
	put_samples(j, tree, value, path);
	put_weights(j, tree, value);
	hl_json_end_object(j);
}

static void put_command(struct hl_json *j, const struct hl_export *export)
{
	char *command = hl_export_command(export);

	hl_json_key(j, "name");
	hl_json_string(j, command ? command : "");
	free(command);
}

static void put_document(FILE *file, const struct hl_export *export, const struct frames *frames,
		const struct hl_stack_tree *tree, uint32_t *path)
{
	struct hl_json j;

	hl_json_init(&j, file);
	hl_json_begin_object(&j);
	hl_json_key(&j, "$schema");
	hl_json_string(&j, "https://www.speedscope.app/file-format-schema.json");
	hl_json_key(&j, "exporter");
	hl_json_string(&j, export->creator);
	put_command(&j, export);
	hl_json_key(&j, "activeProfileIndex");
	hl_json_unsigned(&j, export->metric == HL_METRIC_PEAK ? 2 : 0);
	put_frames(&j, frames);
	hl_json_key(&j, "profiles");
	hl_json_begin_array(&j);
	for (size_t i = 0; i < NR_PROFILES; i++)
		put_profile(&j, tree, i, path);
	hl_json_end_array(&j);
	hl_json_end_object(&j);
	hl_json_finish(&j);
}

static int write_speedscope(FILE *file, const struct hl_export *export)
{
	struct frames frames = {0};
	struct hl_stack_tree tree = {0};
	uint32_t *path = NULL;
	int rc = hl_stack_tree_build(&tree, export->stacks, frame_of, &frames);

	if (!rc) {
		path = calloc(tree.max_depth + 1, sizeof(*path));
		rc = path ? hl_stack_tree_sort(&tree, NULL) : -ENOMEM;
	}
	if (!rc) {
		put_document(file, export, &frames, &tree, path);
		hl_export_note_negative(export, (1u << HL_NR_VALUES) - 1);
	}
	free(path);
	free(frames.items);
	hl_map_release(&frames.by_function);
	hl_map_release(&frames.by_line);
	hl_stack_tree_release(&tree);
	return rc;
}

const struct hl_export_writer hl_export_speedscope = {
	.name = "speedscope",
	.write = write_speedscope,
};
