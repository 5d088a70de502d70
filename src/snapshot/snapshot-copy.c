/* SPDX-License-Identifier: MIT */
/* Copies of a snapshot. */
#include "snapshot/resolve.h"

#include <stdlib.h>
#include <string.h>

/* NULL: out of memory; of nothing a block of one byte. */
static void *copy_of(const void *data, size_t nr, size_t record_bytes)
{
	void *copy = malloc(nr * record_bytes + 1);

	if (copy && nr)
		memcpy(copy, data, nr * record_bytes);
	return copy;
}

static bool copy_tables(struct hl_snapshot *copy, const struct hl_snapshot *s)
{
	const struct hl_globals *g = &s->globals;

	copy->strings = copy_of(s->strings, g->string_bytes, 1);
	copy->modules = copy_of(s->modules, g->nr_modules, sizeof(*s->modules));
	copy->generations = copy_of(s->generations, g->nr_generations, sizeof(*s->generations));
	copy->nodes = copy_of(s->nodes, g->nr_nodes, sizeof(*s->nodes));
	copy->frames = copy_of(s->frames, s->nr_frames, sizeof(*s->frames));
	copy->marks = copy_of(s->marks, s->nr_marks, sizeof(*s->marks));
	copy->threads = copy_of(s->threads, s->nr_threads, sizeof(*s->threads));
	copy->sites = copy_of(s->sites, HL_NR_RESERVED_SITES, sizeof(*s->sites));
	return copy->strings && copy->modules && copy->generations && copy->nodes &&
		copy->frames && copy->marks && copy->threads && copy->sites;
}

struct hl_snapshot *hl_snapshot_new_like(const struct hl_snapshot *snapshot)
{
	struct hl_snapshot *copy = calloc(1, sizeof(*copy));
	const struct hl_globals *g = &snapshot->globals;

	if (!copy)
		return NULL;
	*copy = (struct hl_snapshot){
		.nr_refs = 1,
		.header = snapshot->header,
		.globals = *g,
		.shard = snapshot->shard,
		.source_bytes = snapshot->source_bytes,
		.source_id = snapshot->source_id,
		.read_ns = snapshot->read_ns,
		.is_stopped = snapshot->is_stopped,
		.embedded = hl_embedded_ref(snapshot->embedded),
		.nr_frames = snapshot->nr_frames,
		.frame_room = snapshot->nr_frames,
		.nr_marks = snapshot->nr_marks,
		.mark_room = snapshot->nr_marks,
		.nr_threads = snapshot->nr_threads,
		.thread_room = snapshot->nr_threads,
		.string_room = g->string_bytes,
		.module_room = g->nr_modules,
		.generation_room = g->nr_generations,
		.node_room = g->nr_nodes,
		.site_room = HL_NR_RESERVED_SITES,
	};
	memcpy(copy->sizes, snapshot->sizes, sizeof(copy->sizes));
	if (!copy_tables(copy, snapshot)) {
		hl_snapshot_unref(copy);
		return NULL;
	}
	copy->globals.nr_sites = HL_NR_RESERVED_SITES;
	for (uint64_t i = 0; i < g->nr_nodes; i++)
		copy->nodes[i].first_site = 0;
	/* Call sites get other numbers. */
	for (size_t i = 0; i < copy->nr_marks; i++)
		copy->marks[i].first_site = 0;
	/* The same nodes have the same frames. */
	if (snapshot->resolution)
		copy->resolution = hl_resolution_ref(snapshot->resolution);
	return copy;
}
