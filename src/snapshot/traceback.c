/* SPDX-License-Identifier: MIT */
/* Walking and ordering the tracebacks of a resolver. */
#include "snapshot/resolve.h"

#include <stdlib.h>
#include <string.h>

/* So many are climbed each time. */
#define FEW_FRAMES 8u

size_t hl_traceback_length(const struct hl_resolver *resolver, uint32_t traceback)
{
	size_t n = 0;

	for (; traceback != HL_TRACE_ROOT; traceback = resolver->traces[traceback].parent)
		n++;
	return n;
}

static const struct hl_location *location_of(const struct hl_resolver *r, uint32_t traceback)
{
	return &r->locations[r->traces[traceback].location].public;
}

/*
 * The frames of the traceback that was asked for last.  Who asks for each of them, one after another and perhaps oldest
 * first, would climb from the most recent one each time.
 */
static bool unroll(const struct hl_resolver *resolver, uint32_t traceback)
{
	struct hl_unrolled *u = resolver->unrolled;
	size_t nr;

	if (u->nr && u->traceback == traceback)
		return true;
	nr = hl_traceback_length(resolver, traceback);
	if (nr > u->room) {
		uint32_t *frames = reallocarray(u->frames, nr, sizeof(*frames));

		if (!frames)
			return false;
		u->frames = frames;
		u->room = nr;
	}
	u->traceback = traceback;
	u->nr = 0;
	for (uint32_t t = traceback; t != HL_TRACE_ROOT; t = resolver->traces[t].parent)
		u->frames[u->nr++] = t;
	return true;
}

const struct hl_location *hl_traceback_frame(const struct hl_resolver *resolver, uint32_t traceback,
		size_t index)
{
	if (index >= FEW_FRAMES && unroll(resolver, traceback))
		return index < resolver->unrolled->nr ? location_of(resolver, resolver->unrolled->frames[index]) : NULL;
	while (traceback != HL_TRACE_ROOT && index--)
		traceback = resolver->traces[traceback].parent;
	return traceback == HL_TRACE_ROOT ? NULL : location_of(resolver, traceback);
}

uint32_t hl_resolver_trace_line(const struct hl_resolver *resolver, uint32_t traceback)
{
	enum hl_line_grade best = HL_LINE_NONE;
	uint32_t line = traceback;

	for (uint32_t t = traceback; t != HL_TRACE_ROOT; t = resolver->traces[t].parent) {
		const struct hl_named_location *l = &resolver->locations[resolver->traces[t].location];
		enum hl_line_grade grade = hl_line_grade(l->role, *l->public.function);

		if (hl_line_is_further_out(grade, best)) {
			best = grade;
			line = t;
		}
	}
	return line;
}

const struct hl_location *hl_traceback_line(const struct hl_resolver *resolver, uint32_t traceback)
{
	uint32_t line = hl_resolver_trace_line(resolver, traceback);

	return line == HL_TRACE_ROOT ? NULL : location_of(resolver, line);
}

const struct hl_location *hl_traceback_moved_from(const struct hl_resolver *resolver,
		uint32_t traceback)
{
	const struct hl_named_location *line = (const struct hl_named_location *)
		hl_traceback_line(resolver, traceback);
	uint32_t moved = HL_NONE;

	if (line && line->public.lineno)
		moved = hl_map_get(&resolver->moved_map, line->file, line->public.lineno);
	return moved == HL_NONE ? NULL : &resolver->moved[moved];
}

int hl_location_compare(const struct hl_location *a, const struct hl_location *b)
{
	/* strcmp: UTF-8 sorts by code point as Python's strings do */
	int order = strcmp(a->filename, b->filename);

	if (order)
		return order;
	if (a->lineno != b->lineno)
		return a->lineno < b->lineno ? -1 : 1;
	return strcmp(a->function, b->function);
}

/*
 * The first difference from the oldest frame on decides.  Bring both to the same depth, then climb
 * in step: the last difference met on the way up is the oldest one.  Common callers are the same
 * nodes, so the climb ends where the two meet.
 */
int hl_traceback_compare(const struct hl_resolver *resolver, uint32_t a, uint32_t b)
{
	size_t length_a = hl_traceback_length(resolver, a);
	size_t length_b = hl_traceback_length(resolver, b);
	int order = length_a < length_b ? -1 : length_a > length_b;

	for (; length_a > length_b; length_a--)
		a = resolver->traces[a].parent;
	for (; length_b > length_a; length_b--)
		b = resolver->traces[b].parent;
	for (; a != b; a = resolver->traces[a].parent, b = resolver->traces[b].parent) {
		int here = hl_location_compare(location_of(resolver, a), location_of(resolver, b));

		if (here)
			order = here;
	}
	return order;
}
