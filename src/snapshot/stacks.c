/* SPDX-License-Identifier: MIT */
/*
 * Whole stacks with names.
 *
 * A call keeps its node's number, so the tree of the ledger is used as it is.  One more call, behind
 * the last node, stands for stacks without any frame.  Places number the distinct pairs of module
 * and address; the resolver knows addresses relative to a module only, and a module may be there
 * twice.
 */
#include "snapshot/stacks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/elf-sections.h"
#include "snapshot/resolve.h"
#include "snapshot/symbols.h"

/*
 * The shim keeps at most 4096 frames.  A damaged file may have a chain of millions, and an export of
 * every stack on it would be quadratic.
 */
#define MAX_DEPTH 4098u

struct place {
	uint32_t first;			/* in frames */
	uint32_t nr;
	int32_t module;
};

struct hl_stacks {
	struct hl_snapshot *snapshot;
	struct hl_resolver *resolver;
	struct hl_stack_call *calls;	/* by node */
	struct place *places;
	struct hl_stack_frame *frames;
	struct hl_stack_site *sites;
	struct hl_mapping *mappings;	/* by module */
	size_t nr_calls;
	size_t nr_places, place_room;
	size_t nr_frames, frame_room;
	size_t nr_sites;
};

/* What is needed only while the stacks are made. */
struct making {
	struct hl_stacks *s;
	struct hl_finder *finder;
	uint32_t *addresses;		/* by node, see hl_resolve_nodes() */
	struct hl_map places;		/* (module + 1, address) -> place */
};

static int add_sites(struct hl_stacks *s)
{
	const struct hl_snapshot *snapshot = s->snapshot;
	uint64_t nr = snapshot->globals.nr_sites;

	s->sites = calloc(nr + 1, sizeof(*s->sites));
	if (!s->sites)
		return -ENOMEM;
	for (uint64_t i = HL_SITE_OWN + 1; i < nr; i++) {
		const struct hl_site_counts *site = &snapshot->sites[i];

		if (!hl_counts_has_any(&site->counts))
			continue;
		s->sites[s->nr_sites++] = (struct hl_stack_site){
			.call = site->site.node ? site->site.node : (uint32_t)s->nr_calls - 1,
			.kind = site->site.kind,
			.domain = site->site.domain,
			.counts = site->counts,
		};
	}
	return 0;
}

/* The tree, without the nodes that no site leads to; their place stays HL_NONE. */
static int add_calls(struct hl_stacks *s)
{
	const struct hl_snapshot *snapshot = s->snapshot;
	uint64_t nr = snapshot->globals.nr_nodes;

	s->nr_calls = nr + 1;
	s->calls = calloc(s->nr_calls, sizeof(*s->calls));
	if (!s->calls || nr >= HL_NONE)
		return -ENOMEM;
	for (uint64_t i = HL_NR_RESERVED_NODES; i < nr; i++)
		s->calls[i].caller = snapshot->nodes[i].parent;
	for (uint64_t i = 0; i < s->nr_calls; i++)
		s->calls[i].place = HL_NONE;
	return 0;
}

/* 0 marks a call as used until it gets its place. */
static void mark_used(struct hl_stacks *s)
{
	for (size_t i = 0; i < s->nr_sites; i++)
		s->calls[s->sites[i].call].place = 0;
	for (size_t i = s->nr_calls - 1; i > HL_NODE_ROOT; i--)
		if (s->calls[i].place == 0 && s->calls[i].caller)
			s->calls[s->calls[i].caller].place = 0;
}

static int limit_depth(struct hl_stacks *s)
{
	uint16_t *depth = calloc(s->nr_calls, sizeof(*depth));

	if (!depth)
		return -ENOMEM;
	depth[HL_NODE_TRUNCATED] = 1;
	for (size_t i = 1; i < s->nr_calls; i++) {
		depth[i] = depth[s->calls[i].caller] + 1;
		if (depth[i] <= MAX_DEPTH)
			continue;
		s->calls[i].caller = HL_NODE_TRUNCATED;
		depth[i] = 2;
	}
	free(depth);
	return 0;
}

static int add_frame(struct hl_stacks *s, const struct hl_stack_frame *frame)
{
	if (hl_array_grow((void **)&s->frames, &s->frame_room, s->nr_frames, sizeof(*s->frames)) ||
			s->nr_frames >= HL_NONE)
		return -ENOMEM;
	s->frames[s->nr_frames++] = *frame;
	return 0;
}

/* What a frame is called where there is room for one word. */
static const char *name_of(struct hl_resolver *r, const struct hl_resolved_frame *f)
{
	char *text;
	uint32_t id;

	if (f->function || !f->lineno)
		return *r->strings[f->function] ? r->strings[f->function] :
			f->file ? r->strings[f->file] : "<unknown>";
	if (asprintf(&text, "%s:%" PRIu32, r->strings[f->file], f->lineno) < 0)
		return NULL;
	id = hl_resolver_string(r, text);
	free(text);
	return id == HL_NONE ? NULL : r->strings[id];
}

/* Take over the frames of @a at @address. */
static int add_frames(struct hl_stacks *s, const struct hl_resolved_address *a, uint64_t address,
		int32_t module)
{
	struct hl_resolver *r = s->resolver;
	int rc = 0;

	for (uint32_t i = 0; !rc && i < a->nr; i++) {
		const struct hl_resolved_frame *f = &r->frames[a->first + i];
		struct hl_stack_frame frame = {
			.location = {
				.filename = r->strings[f->file],
				.function = r->strings[f->function],
				.name = hl_resolver_short_name(r, f->function),
				.module = r->strings[f->module],
				.lineno = f->lineno,
			},
			.name = name_of(r, f),
			.linkage_name = r->strings[f->linkage],
			.address = address,
			.place = (uint32_t)s->nr_places,
			.module = module,
			.is_inlined = i + 1 < a->nr,
			.role = (uint8_t)f->role,
		};

		rc = frame.name && frame.location.name ? add_frame(s, &frame) : -ENOMEM;
	}
	return rc;
}

/* A place of the frames from @first to the last one so far. */
static int add_place(struct hl_stacks *s, size_t first, int32_t module, uint32_t *out)
{
	struct place place = {
		.first = (uint32_t)first,
		.nr = (uint32_t)(s->nr_frames - first),
		.module = module,
	};

	if (hl_array_grow((void **)&s->places, &s->place_room, s->nr_places, sizeof(*s->places)))
		return -ENOMEM;
	s->places[s->nr_places] = place;
	*out = (uint32_t)s->nr_places++;
	return 0;
}

static int place_node(struct making *m, uint32_t node)
{
	struct hl_stacks *s = m->s;
	int32_t module = (int32_t)hl_snapshot_module_of(m->finder, node);
	uint64_t address = hl_snapshot_address_of(s->snapshot, node) - 1;
	struct hl_map_entry *entry;
	size_t first = s->nr_frames;

	/* A frame that is named by its source has no address: its names make the place. */
	if (hl_snapshot_frame_of(s->snapshot, node)) {
		entry = hl_map_at(&m->places, UINT64_MAX, m->addresses[node]);
		address = 0;
		module = -1;
	} else {
		entry = hl_map_at(&m->places, (uint64_t)(module + 1), address);
	}

	if (!entry)
		return -ENOMEM;
	if (entry->value == HL_NONE) {
		if (add_frames(s, &s->resolver->addresses[m->addresses[node]], address, module) ||
				add_place(s, first, module, &entry->value))
			return -ENOMEM;
	}
	s->calls[node].place = entry->value;
	return 0;
}

/* What stands where a stack is not known. */
static int place_name(struct hl_stacks *s, size_t call, const char *name)
{
	uint32_t id = hl_resolver_string(s->resolver, name);
	struct hl_stack_frame frame = {.module = -1, .place = (uint32_t)s->nr_places};
	size_t first = s->nr_frames;

	if (id == HL_NONE)
		return -ENOMEM;
	frame.location.filename = frame.name = s->resolver->strings[id];
	frame.location.function = frame.location.name = frame.location.module = s->resolver->strings[0];
	frame.linkage_name = s->resolver->strings[0];
	if (add_frame(s, &frame))
		return -ENOMEM;
	return add_place(s, first, -1, &s->calls[call].place);
}

static int add_places(struct making *m)
{
	static const char *const names[HL_NR_RESERVED_NODES] = {
		[HL_NODE_TRUNCATED] = "<truncated>",
		[HL_NODE_PARTIAL] = "<partial>",
		[HL_NODE_UNATTRIBUTED] = "<unattributed>",
	};
	struct hl_stacks *s = m->s;
	int rc = 0;

	for (size_t i = 1; !rc && i < s->nr_calls; i++) {
		if (s->calls[i].place == HL_NONE)
			continue;
		if (i < HL_NR_RESERVED_NODES)
			rc = place_name(s, i, names[i]);
		else if (i + 1 == s->nr_calls)
			rc = place_name(s, i, "<unknown>");
		else
			rc = place_node(m, (uint32_t)i);
	}
	return rc;
}

static uint64_t page_end(uint64_t address)
{
	return address > UINT64_MAX - 4095 ? address : (address + 4095) & ~UINT64_C(4095);
}

/* The executable segment, if the module is where it says that it is. */
static void narrow(const struct hl_stacks *s, size_t index, struct hl_mapping *mapping)
{
	const struct hl_module *m = &s->snapshot->modules[index];
	struct hl_text text = hl_snapshot_text(s->snapshot, m->path);
	char *path = strndup(text.data, text.length);
	struct hl_elf_segment segment;
	int handle;

	if (!path)
		return;
	handle = hl_symbols_module(s->resolver->symbols, path,
			m->build_id_bytes ? m->build_id : NULL, m->build_id_bytes);
	free(path);
	if (handle < 0 || hl_symbols_segment(s->resolver->symbols, handle, &segment))
		return;
	segment.low += m->bias;
	segment.high += m->bias;
	if (segment.low < segment.high && segment.low >= (m->start & ~UINT64_C(4095)) &&
			segment.high <= page_end(m->end))
		*mapping = (struct hl_mapping){segment.low, segment.high, segment.offset};
}

static int add_mappings(struct hl_stacks *s)
{
	uint64_t nr = s->snapshot->globals.nr_modules;
	bool *is_used = calloc(nr + 1, sizeof(*is_used));

	s->mappings = calloc(nr + 1, sizeof(*s->mappings));
	if (!is_used || !s->mappings) {
		free(is_used);
		return -ENOMEM;
	}
	for (size_t i = 0; i < s->nr_places; i++)
		if (s->places[i].module >= 0)
			is_used[s->places[i].module] = true;
	for (uint64_t i = 0; i < nr; i++) {
		s->mappings[i].start = s->snapshot->modules[i].start;
		s->mappings[i].end = s->snapshot->modules[i].end;
		if (is_used[i])
			narrow(s, i, &s->mappings[i]);
	}
	free(is_used);
	return 0;
}

static int make(struct making *m)
{
	int rc = add_calls(m->s);

	if (!rc)
		rc = add_sites(m->s);
	if (!rc)
		rc = limit_depth(m->s);
	if (rc)
		return rc;
	mark_used(m->s);
	m->finder = hl_finder_new(m->s->snapshot);
	if (!m->finder)
		return -ENOMEM;
	rc = hl_resolve_nodes(m->s->resolver, m->s->snapshot, false, &m->addresses);
	if (!rc)
		rc = add_places(m);
	if (!rc)
		rc = add_mappings(m->s);
	return rc;
}

int hl_stacks_new(struct hl_snapshot *snapshot, struct hl_resolver *resolver,
		struct hl_stacks **out)
{
	struct making m = {.s = calloc(1, sizeof(*m.s))};
	int rc;

	if (!m.s)
		return -ENOMEM;
	m.s->snapshot = hl_snapshot_ref(snapshot);
	m.s->resolver = hl_resolver_ref(resolver);
	rc = make(&m);
	hl_finder_free(m.finder);
	hl_map_release(&m.places);
	free(m.addresses);
	if (rc) {
		hl_stacks_unref(m.s);
		return rc;
	}
	*out = m.s;
	return 0;
}

void hl_stacks_unref(struct hl_stacks *stacks)
{
	if (!stacks)
		return;
	hl_snapshot_unref(stacks->snapshot);
	hl_resolver_unref(stacks->resolver);
	free(stacks->calls);
	free(stacks->places);
	free(stacks->frames);
	free(stacks->sites);
	free(stacks->mappings);
	free(stacks);
}

size_t hl_stacks_nr_sites(const struct hl_stacks *stacks)
{
	return stacks->nr_sites;
}

const struct hl_stack_site *hl_stacks_site(const struct hl_stacks *stacks, size_t index)
{
	return &stacks->sites[index];
}

struct hl_stack_cursor hl_stack_start(const struct hl_stack_site *site)
{
	return (struct hl_stack_cursor){.call = site->call};
}

int hl_stacks_next_frame(const struct hl_stacks *stacks, struct hl_stack_cursor *cursor,
		const struct hl_stack_frame **out)
{
	const struct place *place;

	if (!cursor->call)
		return 1;
	place = &stacks->places[stacks->calls[cursor->call].place];
	*out = &stacks->frames[place->first + cursor->inner++];
	if (cursor->inner == place->nr) {
		cursor->call = stacks->calls[cursor->call].caller;
		cursor->inner = 0;
	}
	return 0;
}

struct hl_stack_cursor hl_stacks_line(const struct hl_stacks *stacks, const struct hl_stack_site *site,
		const struct hl_stack_frame **out)
{
	struct hl_stack_cursor cursor = hl_stack_start(site);
	struct hl_stack_cursor line = cursor;
	enum hl_line_grade best = HL_LINE_NONE;
	const struct hl_stack_frame *frame;

	/* What says that a stack is not whole is the line of a stack without frames only. */
	while ((best == HL_LINE_NONE || cursor.call >= HL_NR_RESERVED_NODES) &&
			!hl_stacks_next_frame(stacks, &cursor, &frame)) {
		enum hl_line_grade grade = hl_line_grade((enum hl_role)frame->role, *frame->location.function);

		if (hl_line_is_further_out(grade, best)) {
			best = grade;
			line = cursor;
			*out = frame;
		}
	}
	return line;
}

size_t hl_stacks_nr_calls(const struct hl_stacks *stacks)
{
	return stacks->nr_calls;
}

const struct hl_stack_call *hl_stacks_call(const struct hl_stacks *stacks, uint32_t call)
{
	return &stacks->calls[call];
}

size_t hl_stacks_nr_places(const struct hl_stacks *stacks)
{
	return stacks->nr_places;
}

const struct hl_stack_frame *hl_stacks_place(const struct hl_stacks *stacks, uint32_t place,
		size_t *nr)
{
	*nr = stacks->places[place].nr;
	return &stacks->frames[stacks->places[place].first];
}

struct hl_mapping hl_stacks_mapping(const struct hl_stacks *stacks, size_t module)
{
	return stacks->mappings[module];
}
