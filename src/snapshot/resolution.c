/* SPDX-License-Identifier: MIT */
/* What a resolver made of a snapshot's nodes, and which frame is the line of each stack. */
#include "snapshot/resolve.h"

#include <errno.h>
#include <stdlib.h>

/* The line so far of a node's stack, from the outermost frame on. */
struct best {
	uint32_t frame;
	enum hl_line_grade grade;
};

static struct best go_in(const struct hl_resolver *r, const struct hl_resolved_address *a, struct best best)
{
	for (uint32_t k = a->nr; k-- > 0;) {
		const struct hl_resolved_frame *f = &r->frames[a->first + k];
		enum hl_line_grade grade = hl_line_grade(f->role, f->function != 0);

		if (hl_line_is_further_in(grade, best.grade))
			best = (struct best){.frame = a->first + k, .grade = grade};
	}
	return best;
}

/* Parents have smaller ids, so one pass does. */
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
		struct best best = {.frame = n->lines[s->nodes[i].parent]};

		n->lines[i] = HL_NONE;
		if (n->addresses[i] == HL_NONE)
			continue;
		if (best.frame != HL_NONE)
			best.grade = hl_line_grade(r->frames[best.frame].role, r->frames[best.frame].function != 0);
		n->lines[i] = go_in(r, &r->addresses[n->addresses[i]], best).frame;
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
	return resolution->lines[node];
}

uint32_t hl_resolution_find(const struct hl_resolution *n, const struct hl_snapshot *s, uint32_t *node, uint32_t frame)
{
	uint32_t called = HL_NONE;

	for (;; *node = s->nodes[*node].parent) {
		const struct hl_resolved_address *a = &n->resolver->addresses[n->addresses[*node]];

		if (frame >= a->first && frame < a->first + a->nr)
			return frame > a->first ? frame - 1 : called;
		called = a->first + a->nr - 1;
	}
}
