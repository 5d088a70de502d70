/* SPDX-License-Identifier: MIT */
/* Grouping the call sites of a snapshot. */
#include "snapshot/resolve.h"
#include "snapshot/vias.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A name of up to 64 bytes, and a number. */
#define HL_THREAD_TEXT 80u

struct grouping {
	struct hl_resolver *r;
	struct hl_snapshot *s;
	const struct hl_resolution *n;	/* frames and line of each node */
	struct hl_statistics *stats;
	uint32_t *traces;		/* by node, for HL_KEY_TRACEBACK */
	uint32_t *by_frame;		/* resolved frame -> item, HL_NONE: not asked yet */
	struct hl_map groups;		/* traceback -> item */
	struct hl_vias vias;
	size_t room;
};

static uint32_t named_location(struct hl_resolver *r, const char *name)
{
	struct hl_resolved_frame frame = {.file = hl_resolver_string(r, name)};

	return frame.file == HL_NONE ? HL_NONE : hl_resolver_location(r, &frame, &frame);
}

static uint32_t line_location(struct hl_resolver *r, const struct hl_resolved_frame *frame)
{
	struct hl_resolved_frame key = {
		.file = frame->file,
		.function = r->by_function ? frame->function : 0,
		.lineno = frame->lineno,
		.module = frame->apart,
	};

	return hl_resolver_location(r, &key, frame);
}

/*
 * A frame of a whole stack.  A line of a template or a macro is in many functions, and a stack must
 * name its own.
 */
static uint32_t call_location(struct hl_resolver *r, const struct hl_resolved_frame *frame)
{
	struct hl_resolved_frame key = {
		.file = frame->file,
		.function = frame->function,
		.lineno = frame->lineno,
		.module = frame->apart,
	};

	return hl_resolver_location(r, &key, frame);
}

/* "worker #3": threads may have one name, and numbers are the same in each run, more or less. */
static uint32_t thread_location(struct grouping *g, uint32_t number)
{
	char text[HL_THREAD_TEXT];
	struct hl_text name;

	if (number == 0 || number > g->s->nr_threads)
		return named_location(g->r, "<unknown>");
	name = hl_snapshot_text(g->s, g->s->threads[number - 1].name);
	snprintf(text, sizeof(text), "%.*s #%u", (int)(name.length < 64 ? name.length : 64), name.data,
			number);
	return named_location(g->r, text);
}

/* Keys that do not look at frames. */
static bool is_without_frames(enum hl_key key)
{
	return key == HL_KEY_KIND || key == HL_KEY_THREAD;
}

/* What stands for a whole stack that is missing: why, instead of where. */
static uint32_t reserved_location(struct hl_resolver *r, uint32_t node)
{
	return named_location(r, node == HL_NODE_UNATTRIBUTED ? "<unattributed>" : "<unknown>");
}

/* The stack of each node as a traceback, callers first. */
static int find_traces(struct grouping *g)
{
	uint64_t nr = g->s->globals.nr_nodes;

	g->traces = malloc(nr * sizeof(*g->traces));
	if (!g->traces)
		return -ENOMEM;
	for (uint64_t i = 0; i < HL_NR_RESERVED_NODES; i++)
		g->traces[i] = HL_TRACE_ROOT;
	for (uint64_t i = HL_NR_RESERVED_NODES; i < nr; i++) {
		const struct hl_resolved_address *a = &g->r->addresses[g->n->addresses[i]];
		uint32_t trace = g->traces[g->s->nodes[i].parent];

		for (uint32_t k = a->nr; k-- > 0;) {
			uint32_t location = call_location(g->r, &g->r->frames[a->first + k]);

			if (location == HL_NONE)
				return -ENOMEM;
			trace = hl_resolver_trace(g->r, trace, location);
			if (trace == HL_NONE)
				return -ENOMEM;
		}
		g->traces[i] = trace;
	}
	return 0;
}

/* The pseudo frame of a key that looks at one frame only. */
static uint32_t frame_location(struct hl_resolver *r, enum hl_key key,
		const struct hl_resolved_frame *frame)
{
	struct hl_resolved_frame shown = *frame;
	struct hl_resolved_frame part = {0};

	switch (key) {
	case HL_KEY_FILENAME:
		/* Without a file every address would be a file of its own. */
		shown.function = 0;
		if (!frame->lineno && frame->module)
			shown.file = frame->module;
		shown.lineno = 0;
		part.file = shown.file;
		return hl_resolver_location(r, &part, &shown);
	case HL_KEY_FUNCTION:
		if (!frame->function)
			return line_location(r, frame);
		if (!frame->lineno && frame->module)
			shown.file = frame->module;
		shown.lineno = 0;
		part.file = shown.file;
		part.function = frame->function;
		return hl_resolver_location(r, &part, &shown);
	case HL_KEY_MODULE:
		if (!frame->module)
			return line_location(r, frame);
		shown.file = frame->module;
		shown.function = 0;
		shown.lineno = 0;
		part.module = frame->module;
		return hl_resolver_location(r, &part, &shown);
	default:
		return line_location(r, frame);
	}
}

/* The item of a traceback, made if it is new; HL_NONE: out of memory. */
static uint32_t item_of(struct grouping *g, uint32_t trace)
{
	struct hl_statistics *stats = g->stats;
	struct hl_map_entry *entry = trace == HL_NONE ? NULL : hl_map_at(&g->groups, trace, 0);

	if (!entry)
		return HL_NONE;
	if (entry->value == HL_NONE) {
		if (hl_array_grow((void **)&stats->items, &g->room, stats->nr_items,
				sizeof(*stats->items)))
			return HL_NONE;
		stats->items[stats->nr_items] = (struct hl_statistic){.traceback = trace};
		entry->value = (uint32_t)stats->nr_items++;
	}
	return entry->value;
}

/* The item of a traceback of one location. */
static uint32_t location_item(struct grouping *g, uint32_t location)
{
	if (location == HL_NONE)
		return HL_NONE;
	return item_of(g, hl_resolver_trace(g->r, HL_TRACE_ROOT, location));
}

static uint32_t frame_item(struct grouping *g, uint32_t frame)
{
	if (g->by_frame[frame] == HL_NONE)
		g->by_frame[frame] = location_item(g,
				frame_location(g->r, g->stats->key, &g->r->frames[frame]));
	return g->by_frame[frame];
}

static uint32_t site_item(struct grouping *g, const struct hl_site *site)
{
	if (g->stats->key == HL_KEY_KIND)
		return location_item(g, named_location(g->r, hl_kind_name(site->kind)));
	if (g->stats->key == HL_KEY_THREAD)
		return location_item(g, thread_location(g, site->thread));
	if (site->node < HL_NR_RESERVED_NODES)
		return location_item(g, reserved_location(g->r, site->node));
	if (g->stats->key == HL_KEY_TRACEBACK)
		return item_of(g, g->traces[site->node]);
	return frame_item(g, hl_resolution_line(g->n, site->node));
}

static int add_to(struct grouping *g, uint32_t item, const struct hl_counts *counts)
{
	if (item == HL_NONE)
		return -ENOMEM;
	return hl_counts_add(&g->stats->items[item].counts, counts) ? 0 : -ERANGE;
}

static int64_t metric_size(const struct hl_counts *c, enum hl_metric metric)
{
	if (metric == HL_METRIC_LIVE)
		return (int64_t)(c->alloc_bytes - c->free_bytes);
	return metric == HL_METRIC_PEAK ? c->peak_bytes : (int64_t)c->alloc_bytes;
}

static int64_t metric_count(const struct hl_counts *c, enum hl_metric metric)
{
	if (metric == HL_METRIC_LIVE)
		return (int64_t)(c->alloc_count - c->free_count);
	return metric == HL_METRIC_PEAK ? c->peak_count : (int64_t)c->alloc_count;
}

/*
 * The counts of a site, with the variance of its size.  A block of a bytes is in the sample with
 * probability p = 1 - exp(-a / mean) and stands for 1 / p such blocks, so each block that there was
 * adds a^2 (1 - p) / p.  The blocks of a site are taken to be of one size, their average.
 */
static struct hl_counts site_counts(const struct grouping *g, const struct hl_counts *counts)
{
	struct hl_counts c = *counts;
	double count = (double)metric_count(counts, g->stats->metric);
	double average, p;

	if (g->s->header.sample_bytes == 0 || count <= 0)
		return c;
	average = (double)metric_size(counts, g->stats->metric) / count;
	p = -expm1(-average / (double)g->s->header.sample_bytes);
	if (p > 0)
		c.variance = count * average * average * (1 - p) / p;
	return c;
}

/* Of what a line called allocators are not worth to be named. */
static int add_via(struct grouping *g, uint32_t item, uint32_t node, const struct hl_counts *counts)
{
	uint32_t via = hl_resolution_find(g->n, g->s, &node, hl_resolution_line(g->n, node));
	uint32_t location;
	uint32_t trace;

	if (via == HL_NONE || g->r->frames[via].role >= HL_ROLE_ALLOCATOR || g->r->no_skip)
		return 0;
	location = call_location(g->r, &g->r->frames[via]);
	trace = location == HL_NONE ? HL_NONE : hl_resolver_trace(g->r, HL_TRACE_ROOT, location);
	if (trace == HL_NONE)
		return -ENOMEM;
	return hl_vias_add(&g->vias, item, trace, metric_size(counts, g->stats->metric));
}

static bool has_via(const struct grouping *g, uint32_t node)
{
	enum hl_key key = g->stats->key;

	return node >= HL_NR_RESERVED_NODES &&
		(key == HL_KEY_LINENO || key == HL_KEY_FUNCTION || key == HL_KEY_TRACEBACK);
}

static int add_site(struct grouping *g, const struct hl_site *site, const struct hl_counts *counts)
{
	uint32_t item = site_item(g, site);
	int rc = add_to(g, item, counts);

	return rc || !has_via(g, site->node) ? rc : add_via(g, item, site->node, counts);
}

static int add_sites(struct grouping *g)
{
	int rc = 0;

	for (uint64_t i = HL_SITE_OWN + 1; !rc && i < g->s->globals.nr_sites; i++) {
		const struct hl_site_counts *site = &g->s->sites[i];
		struct hl_counts counts = site_counts(g, &site->counts);

		if (!hl_counts_has_any(&counts))
			continue;
		hl_counts_add(&g->stats->all, &counts);
		rc = add_site(g, &site->site, &counts);
	}
	if (!rc)
		hl_vias_settle(&g->vias, g->stats);
	return rc;
}

/* The frames of a node from number @first on, each an occurrence. */
static int add_frames(struct grouping *g, uint32_t node, uint32_t first,
		const struct hl_counts *counts)
{
	const struct hl_resolved_address *a = &g->r->addresses[g->n->addresses[node]];
	int rc = 0;

	for (uint32_t k = first; !rc && k < a->nr; k++)
		rc = add_to(g, frame_item(g, a->first + k), counts);
	return rc;
}

/*
 * By node, what shall be added to all of its frames: for most nodes nothing, and for most others the same as for the
 * only one that they have called, which hands its counts on.  So there are no more of them than stacks.
 */
struct below {
	uint32_t *places;		/* of a node's counts, + 1; 0: nothing */
	struct hl_counts *counts;
	size_t nr_counts;
	size_t room;
};

static int add_below(struct below *b, uint32_t node, const struct hl_counts *counts)
{
	if (b->places[node]) {
		hl_counts_add(&b->counts[b->places[node] - 1], counts);
		return 0;
	}
	if (hl_array_grow((void **)&b->counts, &b->room, b->nr_counts, sizeof(*b->counts)))
		return -ENOMEM;
	b->counts[b->nr_counts++] = *counts;
	b->places[node] = (uint32_t)b->nr_counts;
	return 0;
}

/* Nothing more is asked of @node: its caller may have the counts. */
static void hand_on(struct below *b, uint32_t node, uint32_t caller)
{
	if (!b->places[caller])
		b->places[caller] = b->places[node];
	else
		hl_counts_add(&b->counts[b->places[caller] - 1], &b->counts[b->places[node] - 1]);
}

/* Where a site's stack begins to count: at its line.  What is further in was passed over. */
static int begin_stack(struct grouping *g, uint32_t node, const struct hl_counts *counts, struct below *below)
{
	uint32_t line = hl_resolution_line(g->n, node);
	uint32_t first;
	int rc = 0;

	hl_resolution_find(g->n, g->s, &node, line);
	first = g->r->addresses[g->n->addresses[node]].first;
	if (line > first) {
		rc = add_frames(g, node, line - first, counts);
		node = g->s->nodes[node].parent;
	}
	if (!rc && node >= HL_NR_RESERVED_NODES)
		rc = add_below(below, node, counts);
	return rc;
}

/*
 * Every frame of every stack gets the stack's blocks, as often as it occurs.  One pass from the
 * innermost nodes outwards does: a caller has a smaller number than what it called.
 */
static int add_cumulative(struct grouping *g)
{
	uint64_t nr = g->s->globals.nr_nodes;
	struct below below = {.places = calloc(nr, sizeof(*below.places))};
	int rc = below.places ? 0 : -ENOMEM;

	for (uint64_t i = HL_SITE_OWN + 1; !rc && i < g->s->globals.nr_sites; i++) {
		const struct hl_site_counts *site = &g->s->sites[i];
		struct hl_counts counts = site_counts(g, &site->counts);

		if (!hl_counts_has_any(&counts))
			continue;
		hl_counts_add(&g->stats->all, &counts);
		if (site->site.node < HL_NR_RESERVED_NODES || is_without_frames(g->stats->key))
			rc = add_to(g, site_item(g, &site->site), &counts);
		else
			rc = begin_stack(g, site->site.node, &counts, &below);
	}
	for (uint64_t i = nr; !rc && i-- > HL_NR_RESERVED_NODES;) {
		uint32_t parent = g->s->nodes[i].parent;

		if (!below.places[i])
			continue;
		rc = add_frames(g, (uint32_t)i, 0, &below.counts[below.places[i] - 1]);
		if (parent >= HL_NR_RESERVED_NODES)
			hand_on(&below, (uint32_t)i, parent);
	}
	free(below.places);
	free(below.counts);
	return rc;
}

static void choose_metric(struct hl_statistic *item, enum hl_metric metric)
{
	const struct hl_counts *c = &item->counts;

	item->size = metric_size(c, metric);
	item->count = metric_count(c, metric);
	item->error_bytes = sqrt(c->variance);
}

/* Leave out what the metric counts nothing of. */
static void settle(struct hl_statistics *stats)
{
	size_t kept = 0;

	for (size_t i = 0; i < stats->nr_items; i++) {
		struct hl_statistic *item = &stats->items[i];

		choose_metric(item, stats->metric);
		if (!item->size && !item->count)
			continue;
		if (stats->metric == HL_METRIC_TEMP && !item->counts.temp_count)
			continue;
		stats->items[kept++] = *item;
	}
	stats->nr_items = kept;
}

static int descending(int64_t a, int64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

struct sorting {
	const struct hl_statistics *stats;
	struct hl_trace_order order;
};

static int compare_items(const void *a, const void *b, void *arg)
{
	const struct hl_statistic *x = a;
	const struct hl_statistic *y = b;
	const struct sorting *sorting = arg;
	const struct hl_statistics *stats = sorting->stats;
	int order = 0;

	if (stats->metric == HL_METRIC_TEMP)
		order = descending((int64_t)x->counts.temp_count, (int64_t)y->counts.temp_count);
	else if (stats->metric == HL_METRIC_COUNT)
		order = descending(x->count, y->count);
	if (!order)
		order = descending(x->size, y->size);
	if (!order)
		order = descending(x->count, y->count);
	return order ? order : hl_trace_order_compare(&sorting->order, y->traceback, x->traceback);
}

static int sort(struct hl_statistics *stats)
{
	struct sorting sorting = {.stats = stats};
	int rc = hl_trace_order_init(&sorting.order, stats->resolver, stats->key, stats->nr_items);

	if (!rc && stats->nr_items)
		qsort_r(stats->items, stats->nr_items, sizeof(*stats->items), compare_items, &sorting);
	free(sorting.order.ranks);
	return rc;
}

static int new_frame_memory(struct grouping *g)
{
	g->by_frame = malloc((g->r->nr_frames + 1) * sizeof(*g->by_frame));
	if (!g->by_frame)
		return -ENOMEM;
	for (size_t i = 0; i < g->r->nr_frames; i++)
		g->by_frame[i] = HL_NONE;
	return 0;
}

static int group(struct grouping *g)
{
	int rc = 0;

	if (!is_without_frames(g->stats->key)) {
		rc = g->stats->key == HL_KEY_TRACEBACK || g->stats->is_cumulative ?
			hl_snapshot_resolve(g->s, g->r) : hl_snapshot_resolve_lines(g->s, g->r);
		g->n = g->s->resolution;
	}
	if (!rc)
		rc = new_frame_memory(g);
	if (!rc && g->stats->key == HL_KEY_TRACEBACK)
		rc = find_traces(g);
	if (!rc)
		rc = g->stats->is_cumulative ? add_cumulative(g) : add_sites(g);
	free(g->traces);
	free(g->by_frame);
	hl_map_release(&g->groups);
	hl_vias_release(&g->vias);
	return rc;
}

/*
 * Of the blocks, each once: of cumulative groups the sum is more, and of temporary blocks it depends on the grouping
 * which groups have none and are left out.  Beside the peak as the program knew it, the groups may lack what changed
 * hands at that very moment.
 */
static void settle_totals(struct hl_snapshot *snapshot, struct hl_statistics *stats)
{
	struct hl_statistic all = {.counts = stats->all};
	struct hl_totals totals;

	choose_metric(&all, stats->metric);
	stats->total_size = all.size;
	stats->total_count = all.count;
	stats->total_error_bytes = all.error_bytes;
	if (stats->metric != HL_METRIC_PEAK)
		return;
	hl_snapshot_totals(snapshot, -1, &totals);
	stats->total_size = totals.peak_bytes;
}

static int make_statistics(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		struct hl_statistics *stats)
{
	struct grouping g = {.r = resolver, .s = snapshot, .stats = stats};
	int rc = group(&g);

	if (rc)
		return rc;
	settle(stats);
	settle_totals(snapshot, stats);
	return sort(stats);
}

static int new_statistics(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		const struct hl_statistics *wanted, struct hl_statistics **out)
{
	struct hl_statistics *stats;
	int rc;

	if ((unsigned int)wanted->key >= HL_NR_KEYS || (unsigned int)wanted->metric >= HL_NR_METRICS ||
			(wanted->is_cumulative && wanted->key == HL_KEY_TRACEBACK))
		return -EINVAL;
	stats = malloc(sizeof(*stats));
	if (!stats)
		return -ENOMEM;
	*stats = *wanted;
	stats->resolver = hl_resolver_ref(resolver);
	rc = make_statistics(snapshot, resolver, stats);
	if (rc) {
		hl_statistics_unref(stats);
		return rc;
	}
	*out = stats;
	return 0;
}

int hl_snapshot_statistics(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		enum hl_key key, enum hl_metric metric, struct hl_statistics **out)
{
	struct hl_statistics wanted = {.key = key, .metric = metric};

	return new_statistics(snapshot, resolver, &wanted, out);
}

int hl_snapshot_statistics_cumulative(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		enum hl_key key, enum hl_metric metric, struct hl_statistics **out)
{
	struct hl_statistics wanted = {.key = key, .metric = metric, .is_cumulative = true};

	return new_statistics(snapshot, resolver, &wanted, out);
}

void hl_statistics_unref(struct hl_statistics *statistics)
{
	if (!statistics)
		return;
	hl_resolver_unref(statistics->resolver);
	free(statistics->items);
	free(statistics);
}
