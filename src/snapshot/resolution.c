/* SPDX-License-Identifier: MIT */
/* What a resolver made of a snapshot's nodes, and which frame is the line of each stack. */
#include "snapshot/resolve.h"

#include <errno.h>
#include <stdlib.h>

/*
 * The line of each node: of the first frame on the way to the outermost that is no wrapper.
 * Parents have smaller ids, so one pass does.
 */
int hl_resolution_find_lines(struct hl_resolution *resolution, const struct hl_snapshot *s)
{
	struct hl_resolution *n = resolution;
	const struct hl_resolver *r = n->resolver;

	if (!n->lines)
		n->lines = malloc((n->nr_nodes + 1) * sizeof(*n->lines));
	if (!n->lines)
		return -ENOMEM;
	for (uint64_t i = 0; i < HL_NR_RESERVED_NODES; i++)
		n->lines[i] = HL_NONE;
	for (uint64_t i = HL_NR_RESERVED_NODES; i < n->nr_nodes; i++) {
		const struct hl_resolved_address *a;
		uint32_t line = n->lines[s->nodes[i].parent];

		n->lines[i] = HL_NONE;
		if (n->addresses[i] == HL_NONE)
			continue;
		a = &r->addresses[n->addresses[i]];
		for (uint32_t k = a->nr; k-- > 0;)
			if (!r->frames[a->first + k].is_wrapper)
				line = a->first + k;
		n->lines[i] = line;
	}
	return 0;
}

static int make_resolution(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		bool only_lines)
{
	struct hl_resolution *n = snapshot->resolution;
	int rc;

	if (n && n->resolver == resolver && n->nr_nodes == snapshot->globals.nr_nodes &&
			(only_lines || !n->only_lines))
		return 0;
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->nr_refs = 1;
	n->resolver = hl_resolver_ref(resolver);
	n->nr_nodes = snapshot->globals.nr_nodes;
	n->only_lines = only_lines;
	rc = hl_resolve_nodes(resolver, snapshot, only_lines, &n->addresses);
	if (!rc)
		rc = hl_resolution_find_lines(n, snapshot);
	if (rc) {
		hl_resolution_unref(n);
		return rc;
	}
	hl_resolution_unref(snapshot->resolution);
	snapshot->resolution = n;
	return 0;
}

int hl_snapshot_resolve(struct hl_snapshot *snapshot, struct hl_resolver *resolver)
{
	return make_resolution(snapshot, resolver, false);
}

int hl_snapshot_resolve_lines(struct hl_snapshot *snapshot, struct hl_resolver *resolver)
{
	return make_resolution(snapshot, resolver, true);
}

struct hl_resolution *hl_resolution_ref(struct hl_resolution *resolution)
{
	resolution->nr_refs++;
	return resolution;
}

void hl_resolution_unref(struct hl_resolution *resolution)
{
	if (!resolution || --resolution->nr_refs)
		return;
	hl_resolver_unref(resolution->resolver);
	free(resolution->addresses);
	free(resolution->lines);
	free(resolution);
}

uint32_t hl_resolution_line(const struct hl_resolution *resolution, uint32_t node)
{
	uint32_t frame = resolution->lines[node];

	if (frame != HL_NONE)
		return frame;
	return resolution->resolver->addresses[resolution->addresses[node]].first;
}
