/* SPDX-License-Identifier: MIT */
/*
 * DHAT's JSON, version 2, for dh_view.html: totals, what was live at the peak and at the end.
 *
 * It has block lifetimes (bklt), because the peak and the end are shown only then; but a ledger
 * knows no lifetimes, so "tl" is left out: the viewer does not ask for it and shows NaN, where 0
 * would claim that every block was short-lived.  "mb" and "mbk", the most that a stack ever held,
 * must be there: they are exact where nothing was freed, else the larger of the two moments, a
 * lower bound.
 */
#include "reports/export.h"

#include <errno.h>
#include <stdlib.h>

#include "reports/frame-text.h"
#include "reports/json.h"
#include "reports/names.h"
#include "reports/stack-tree.h"

#define NS_PER_US 1000u

/* Frame 0 of the format is the root. */
#define FIRST_FRAME 1u

static uint32_t frame_of(void *arg, const struct hl_stack_frame *frame)
{
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);
	uint32_t id;

	if (!file)
		return HL_NO_NAME;
	hl_put_frame(file, frame, "", "");
	id = fclose(file) ? HL_NO_NAME : hl_names_id(arg, text);
	free(text);
	return id;
}

static void put(struct hl_json *j, const char *key, uint64_t value)
{
	hl_json_key(j, key);
	hl_json_unsigned(j, value);
}

static void put_string(struct hl_json *j, const char *key, const char *value)
{
	hl_json_key(j, key);
	hl_json_string(j, value);
}

static uint64_t most(const struct hl_counts *c, enum hl_value alloc, enum hl_value peak,
		enum hl_value live)
{
	uint64_t at_peak = hl_export_natural(c, peak);
	uint64_t at_end = hl_export_natural(c, live);

	if (!c->free_count)
		return hl_export_natural(c, alloc);
	return at_peak > at_end ? at_peak : at_end;
}

static void put_point(struct hl_json *j, const struct hl_stack_tree *tree, size_t index, uint32_t *path)
{
	const struct hl_counts *c = &tree->sums[index].counts;
	size_t nr = hl_stack_tree_path(tree, tree->sums[index].node, path);

	hl_json_begin_line(j);
	hl_json_begin_object(j);
	put(j, "tb", hl_export_natural(c, HL_VALUE_ALLOC_BYTES));
	put(j, "tbk", hl_export_natural(c, HL_VALUE_ALLOC_COUNT));
	put(j, "mb", most(c, HL_VALUE_ALLOC_BYTES, HL_VALUE_PEAK_BYTES, HL_VALUE_LIVE_BYTES));
	put(j, "mbk", most(c, HL_VALUE_ALLOC_COUNT, HL_VALUE_PEAK_COUNT, HL_VALUE_LIVE_COUNT));
	put(j, "gb", hl_export_natural(c, HL_VALUE_PEAK_BYTES));
	put(j, "gbk", hl_export_natural(c, HL_VALUE_PEAK_COUNT));
	put(j, "eb", hl_export_natural(c, HL_VALUE_LIVE_BYTES));
	put(j, "ebk", hl_export_natural(c, HL_VALUE_LIVE_COUNT));
	hl_json_key(j, "fs");
	hl_json_begin_array(j);
	for (size_t i = 0; i < nr; i++)
		hl_json_unsigned(j, path[i] + FIRST_FRAME);
	hl_json_end_array(j);
	hl_json_end_object(j);
	hl_json_end_line(j);
}

static void put_header(struct hl_json *j, const struct hl_export *export)
{
	char *command = hl_export_command(export);
	struct hl_totals totals;
	struct hl_info info;

	hl_snapshot_info(export->snapshot, &info);
	hl_snapshot_totals(export->snapshot, -1, &totals);
	put(j, "dhatFileVersion", 2);
	put_string(j, "mode", "heap");
	put_string(j, "verb", "Allocated");
	hl_json_key(j, "bklt");
	hl_json_bool(j, true);
	hl_json_key(j, "bkacc");
	hl_json_bool(j, false);
	put_string(j, "bu", "byte");
	put_string(j, "bsu", "bytes");
	put_string(j, "bksu", "blocks");
	put_string(j, "tu", "\302\265s");
	put_string(j, "Mtu", "s");
	put(j, "tuth", 10);
	put_string(j, "cmd", command ? command : "");
	put(j, "pid", info.pid);
	put(j, "tg", hl_export_since_start(export, totals.peak_ns) / NS_PER_US);
	put(j, "te", hl_export_duration(export) / NS_PER_US);
	free(command);
}

static void put_document(FILE *file, const struct hl_export *export, const struct hl_stack_tree *tree,
		const struct hl_names *frames, uint32_t *path)
{
	struct hl_json j;

	hl_json_init(&j, file);
	hl_json_begin_object(&j);
	put_header(&j, export);
	hl_json_key(&j, "pps");
	hl_json_begin_array(&j);
	for (size_t i = 0; i < tree->nr_sums; i++)
		put_point(&j, tree, i, path);
	hl_json_end_array(&j);
	hl_json_key(&j, "ftbl");
	hl_json_begin_array(&j);
	hl_json_string(&j, "[root]");
	for (size_t i = 0; i < frames->nr; i++)
		hl_json_string(&j, frames->texts[i]);
	hl_json_end_array(&j);
	hl_json_end_object(&j);
	hl_json_finish(&j);
}

static int write_dhat(FILE *file, const struct hl_export *export)
{
	struct hl_names frames = {0};
	struct hl_stack_tree tree = {0};
	uint32_t *path = NULL;
	int rc = hl_stack_tree_build(&tree, export->stacks, frame_of, &frames);

	if (!rc) {
		path = calloc(tree.max_depth + 1, sizeof(*path));
		rc = path ? hl_stack_tree_sort(&tree, NULL) : -ENOMEM;
	}
	if (!rc) {
		put_document(file, export, &tree, &frames, path);
		hl_export_note_negative(export, (1u << HL_VALUE_TEMP_COUNT) - 1);
	}
	free(path);
	hl_stack_tree_release(&tree);
	hl_names_release(&frames);
	return rc;
}

const struct hl_export_writer hl_export_dhat = {
	.name = "dhat",
	.write = write_dhat,
};
