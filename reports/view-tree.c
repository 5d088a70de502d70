/* SPDX-License-Identifier: MIT */
/* Callers and what they called, with their shares. */
#include <inttypes.h>

#include "reports/escape.h"
#include "reports/json-place.h"
#include "reports/place.h"
#include "reports/report.h"
#include "reports/views.h"

/* Deeper levels are indented no further. */
#define MAX_INDENT 60u

struct walk {
	const struct hl_tree_report *report;
	struct hl_places places;
	FILE *file;
};

static double share(const struct walk *w, const struct hl_tree_node *node)
{
	const struct hl_tree_node *root = &w->report->tree->nodes[0];

	return root->size ? (double)node->size / (double)root->size :
		root->count ? (double)node->count / (double)root->count : 0;
}

static bool is_shown(const struct walk *w, const struct hl_tree_node *node, size_t depth)
{
	return depth <= w->report->max_depth && share(w, node) >= w->report->min_share;
}

static void put_figures(const struct walk *w, const struct hl_tree_node *node)
{
	char text[HL_SIZE_TEXT];

	fprintf(w->file, "%5.1f %%  ", 100 * share(w, node));
	if (w->report->exact)
		fprintf(w->file, "%14" PRId64, node->size);
	else
		fprintf(w->file, "%10s", hl_format_size(text, (double)node->size, false));
	fprintf(w->file, "  %9" PRId64 "  ", node->count);
}

static void put_node(const struct walk *w, const struct hl_tree_node *node, size_t depth)
{
	put_figures(w, node);
	for (size_t i = 1; i < depth && i < MAX_INDENT; i++)
		fputs("  ", w->file);
	hl_put_place(&w->places, node->location);
	hl_put_context(&w->places, node->location);
	fputc('\n', w->file);
}

/*
 * Depth first without recursion, because a stack may be deeper than ours.
 * Returns: how many branches were left out.
 */
static size_t walk_tree(struct walk *w, void (*enter)(struct walk *w, size_t node, size_t depth))
{
	const struct hl_tree_node *nodes = w->report->tree->nodes;
	size_t nr_left_out = 0;
	size_t depth = 1;
	size_t at = nodes[0].first_child;
	size_t up = 0;

	while (at || up) {
		if (at && is_shown(w, &nodes[at], depth)) {
			enter(w, at, depth);
			up = at;
			at = nodes[at].first_child;
			depth++;
			continue;
		}
		if (at) {
			nr_left_out++;
			at = nodes[at].next;
			continue;
		}
		at = nodes[up].next;
		up = nodes[up].parent;
		depth--;
	}
	return nr_left_out;
}

static void enter_text(struct walk *w, size_t node, size_t depth)
{
	put_node(w, &w->report->tree->nodes[node], depth);
}

void hl_tree_write_text(FILE *file, const struct hl_tree_report *report)
{
	struct walk w = {.report = report, .file = file};
	size_t nr_left_out;

	fprintf(file, "%s", report->is_inverted ? "Callers" : report->of ? "Callees" : "Call tree");
	if (report->of) {
		fputs(" of ", file);
		hl_put_name(file, report->of);
	}
	fprintf(file, " by %s\n", hl_metric_title(report->snapshot, report->metric));
	hl_write_sample(file, report->snapshot, "A", "sizes and counts are estimates");
	hl_places_init(&w.places, file, report->tree->resolver, HL_KEY_LINENO, report->color, report->names);
	put_figures(&w, &report->tree->nodes[0]);
	fputs("all\n", file);
	nr_left_out = walk_tree(&w, enter_text);
	if (nr_left_out)
		fprintf(file, "%zu smaller or deeper branches are not shown\n", nr_left_out);
	hl_places_release(&w.places);
}

/* A flat list with depths: a nested one could be deeper than readers of JSON allow. */
struct json_walk {
	struct walk walk;		/* first, so that one is the other */
	struct hl_json j;
};

static void enter_json(struct walk *w, size_t index, size_t depth)
{
	struct hl_json *j = &((struct json_walk *)w)->j;
	const struct hl_tree_node *node = &w->report->tree->nodes[index];

	hl_json_begin_object(j);
	hl_json_key(j, "depth");
	hl_json_unsigned(j, depth);
	hl_json_put_location(j, node->location);
	hl_json_key(j, "size");
	hl_json_signed(j, node->size);
	hl_json_key(j, "count");
	hl_json_signed(j, node->count);
	hl_json_key(j, "share");
	hl_json_double(j, share(w, node));
	hl_json_end_object(j);
}

void hl_tree_write_json(FILE *file, const struct hl_tree_report *report)
{
	struct json_walk w = {.walk = {.report = report, .file = file}};
	size_t nr_left_out;

	hl_json_init(&w.j, file);
	hl_json_begin_object(&w.j);
	hl_json_key(&w.j, "file");
	hl_json_string(&w.j, report->file);
	hl_json_key(&w.j, "sort");
	hl_json_string(&w.j, hl_metric_names[report->metric]);
	hl_json_key(&w.j, "inverted");
	hl_json_bool(&w.j, report->is_inverted);
	hl_json_key(&w.j, "of");
	if (report->of)
		hl_json_string(&w.j, report->of);
	else
		hl_json_null(&w.j);
	hl_json_key(&w.j, "total_size");
	hl_json_signed(&w.j, report->tree->nodes[0].size);
	hl_json_key(&w.j, "total_count");
	hl_json_signed(&w.j, report->tree->nodes[0].count);
	hl_json_key(&w.j, "nodes");
	hl_json_begin_array(&w.j);
	nr_left_out = walk_tree(&w.walk, enter_json);
	hl_json_end_array(&w.j);
	hl_json_key(&w.j, "nr_left_out");
	hl_json_unsigned(&w.j, nr_left_out);
	hl_json_end_object(&w.j);
	hl_json_finish(&w.j);
}
