/* SPDX-License-Identifier: MIT */
/*
 * Two builds of one program: the places of the older one by the names of the newer one.
 *
 * Renaming the frames of one side before anything is grouped makes every key and every traceback
 * comparable by plain equality; a comparison that knew of two names would have to be told for each.
 */
#include "snapshot/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AMBIGUOUS (HL_NONE - 1)
/* Twins of a module that is another build, and of one that has the same name on both sides. */
#define TWIN_NONE HL_NONE
#define TWIN_ITSELF (HL_NONE - 1)

struct aligning {
	struct hl_resolver *r;
	struct hl_snapshot *old;
	struct hl_snapshot *new_;
	uint32_t *old_twins;		/* by module: the same object of the other side, or ... */
	uint32_t *new_twins;
	struct hl_map by_file;		/* (function, file) -> frame of the new build */
	struct hl_map by_name;		/* (function, last part of the file) -> the same, or AMBIGUOUS */
	struct hl_map by_function;	/* function -> the same, or AMBIGUOUS */
	uint32_t *aligned;		/* by address: its renamed one; HL_NONE: not asked yet */
	size_t nr_aligned;
};

static bool is_same_path(const struct hl_snapshot *a, const struct hl_module *x,
		const struct hl_snapshot *b, const struct hl_module *y)
{
	struct hl_text p = hl_snapshot_text(a, x->path);
	struct hl_text q = hl_snapshot_text(b, y->path);

	return p.length == q.length && !memcmp(p.data, q.data, p.length);
}

static bool is_same_build(const struct hl_module *x, const struct hl_module *y)
{
	return x->build_id_bytes && x->build_id_bytes == y->build_id_bytes &&
		!memcmp(x->build_id, y->build_id, x->build_id_bytes);
}

static uint32_t find_twin(const struct hl_snapshot *s, const struct hl_module *module,
		const struct hl_snapshot *other)
{
	uint32_t twin = TWIN_NONE;

	for (uint64_t i = 0; i < other->globals.nr_modules; i++) {
		const struct hl_module *m = &other->modules[i];
		bool same_path = is_same_path(s, module, other, m);

		if (is_same_build(module, m))
			twin = same_path ? TWIN_ITSELF : (uint32_t)i;
		else if (same_path && !(module->build_id_bytes && m->build_id_bytes))
			twin = TWIN_ITSELF;
		if (twin == TWIN_ITSELF)
			break;
	}
	return twin;
}

/* Whether any object of @s is another build or has another path in @other. */
static bool find_twins(const struct hl_snapshot *s, const struct hl_snapshot *other, uint32_t *twins)
{
	bool any = false;

	for (uint64_t i = 0; i < s->globals.nr_modules; i++) {
		twins[i] = find_twin(s, &s->modules[i], other);
		any |= twins[i] != TWIN_ITSELF;
	}
	return any;
}

static uint32_t last_part(struct hl_resolver *r, uint32_t file)
{
	const char *slash = strrchr(r->strings[file], '/');

	return slash && slash[1] ? hl_resolver_string(r, slash + 1) : file;
}

static bool is_one_function(const struct hl_resolved_frame *a, const struct hl_resolved_frame *b)
{
	/* without lines the file is that of the address: only the function tells */
	return a->module == b->module && (a->lineno ? a->file == b->file : !b->lineno) &&
		a->function_line == b->function_line && a->function_start == b->function_start;
}

static int note(struct aligning *g, struct hl_map *map, uint32_t a, uint32_t b, uint32_t frame)
{
	struct hl_map_entry *entry = hl_map_at(map, a, b);

	if (!entry)
		return -ENOMEM;
	if (entry->value == HL_NONE)
		entry->value = frame;
	else if (entry->value != AMBIGUOUS &&
			!is_one_function(&g->r->frames[entry->value], &g->r->frames[frame]))
		entry->value = AMBIGUOUS;
	return 0;
}

static int note_frame(struct aligning *g, uint32_t frame)
{
	const struct hl_resolved_frame f = g->r->frames[frame];
	uint32_t name;
	int rc;

	if (!f.function)
		return 0;
	name = last_part(g->r, f.file);
	if (name == HL_NONE)
		return -ENOMEM;
	rc = f.lineno ? note(g, &g->by_file, f.function, f.file, frame) : 0;
	if (!rc && f.lineno)
		rc = note(g, &g->by_name, f.function, name, frame);
	return rc ? rc : note(g, &g->by_function, f.function, 0, frame);
}

/* All nodes of one side that lie in objects of another build or path, through @visit. */
static int visit_nodes(struct aligning *g, const struct hl_snapshot *s, const uint32_t *twins,
		int (*visit)(struct aligning *g, uint32_t node, uint32_t twin))
{
	struct hl_finder *finder = hl_finder_new(s);
	int rc = finder ? 0 : -ENOMEM;

	for (uint64_t i = HL_NR_RESERVED_NODES; !rc && i < s->globals.nr_nodes; i++) {
		long module = hl_snapshot_frame_of(s, (uint32_t)i) ? -1 :
			hl_snapshot_module_of(finder, (uint32_t)i);

		if (module >= 0 && twins[module] != TWIN_ITSELF)
			rc = visit(g, (uint32_t)i, twins[module]);
	}
	hl_finder_free(finder);
	return rc;
}

static int visit_new(struct aligning *g, uint32_t node, uint32_t twin)
{
	const struct hl_resolved_address a =
		g->r->addresses[g->new_->resolution->addresses[node]];
	int rc = 0;

	for (uint32_t k = 0; twin == TWIN_NONE && !rc && k < a.nr; k++)
		rc = note_frame(g, a.first + k);
	return rc;
}

/* The function of the newer build that a frame of the older one is in; NULL: none, or too many. */
static const struct hl_resolved_frame *counterpart(struct aligning *g,
		const struct hl_resolved_frame *f)
{
	uint32_t name = last_part(g->r, f->file);
	uint32_t found = HL_NONE;

	if (f->lineno)
		found = hl_map_get(&g->by_file, f->function, f->file);
	if (found >= AMBIGUOUS && f->lineno && name != HL_NONE)
		found = hl_map_get(&g->by_name, f->function, name);
	if (found >= AMBIGUOUS)
		found = hl_map_get(&g->by_function, f->function, 0);
	if (found >= AMBIGUOUS || !g->r->frames[found].lineno != !f->lineno)
		return NULL;
	return &g->r->frames[found];
}

static int note_move(struct aligning *g, const struct hl_resolved_frame *from,
		const struct hl_resolved_frame *to)
{
	struct hl_resolver *r = g->r;
	struct hl_map_entry *entry;
	const char *name;

	if (from->file == to->file && from->lineno == to->lineno)
		return 0;
	entry = hl_map_at(&r->moved_map, to->file, to->lineno);
	if (!entry || hl_array_grow((void **)&r->moved, &r->moved_room, r->nr_moved,
			sizeof(*r->moved)))
		return -ENOMEM;
	if (entry->value != HL_NONE)
		return 0;
	name = hl_resolver_short_name(r, from->function);
	if (!name)
		return -ENOMEM;
	r->moved[r->nr_moved] = (struct hl_location){
		.filename = r->strings[from->file],
		.function = r->strings[from->function],
		.name = name,
		.module = r->strings[from->module],
		.lineno = from->lineno,
	};
	entry->value = (uint32_t)r->nr_moved++;
	return 0;
}

/* The same build in another place: lines are equal, names of the object are not. */
static int rename_object(struct aligning *g, uint32_t twin, struct hl_resolved_frame *f)
{
	struct hl_text path = hl_snapshot_text(g->new_, g->new_->modules[twin].path);
	char *copy = strndup(path.data, path.length);

	f->module = copy ? hl_resolver_string(g->r, copy) : HL_NONE;
	if (copy && !f->lineno)
		f->file = hl_resolver_offset_string(g->r, copy, f->vaddr);
	free(copy);
	return f->module == HL_NONE || f->file == HL_NONE ? -ENOMEM : 0;
}

static int rename_frame(struct aligning *g, struct hl_resolved_frame *f)
{
	const struct hl_resolved_frame *found = f->function ? counterpart(g, f) : NULL;
	struct hl_resolved_frame from = *f;
	int64_t line;

	if (!found) {
		/* Nothing to be equal to, even if another function stands in this line now. */
		f->apart = f->function;
		return 0;
	}
	f->module = found->module;
	if (!f->lineno) {
		if (f->function_start && found->function_start)
			f->vaddr = found->function_start + (f->vaddr - f->function_start);
		f->file = hl_resolver_offset_string(g->r, g->r->strings[f->module], f->vaddr);
		return f->file == HL_NONE ? -ENOMEM : 0;
	}
	f->file = found->file;
	line = (int64_t)f->lineno;
	if (f->function_line && found->function_line)
		line += (int64_t)found->function_line - (int64_t)f->function_line;
	f->lineno = line > 0 && line <= UINT32_MAX ? (uint32_t)line : f->lineno;
	f->function_line = found->function_line;
	return note_move(g, &from, f);
}

/* The renamed twin of an address: frames of its own, in a row. */
static int rename_address(struct aligning *g, uint32_t address, uint32_t twin, uint32_t *out)
{
	struct hl_resolver *r = g->r;
	const struct hl_resolved_address a = r->addresses[address];
	uint32_t first = (uint32_t)r->nr_frames;
	int rc = 0;

	for (uint32_t k = 0; !rc && k < a.nr; k++) {
		struct hl_resolved_frame f = r->frames[a.first + k];

		rc = twin == TWIN_NONE ? rename_frame(g, &f) : rename_object(g, twin, &f);
		if (!rc)
			rc = hl_resolver_add_frame(r, &f);
	}
	if (rc || hl_array_grow((void **)&r->addresses, &r->address_room, r->nr_addresses,
			sizeof(*r->addresses)))
		return -ENOMEM;
	r->addresses[r->nr_addresses] = (struct hl_resolved_address){.first = first, .nr = a.nr};
	*out = (uint32_t)r->nr_addresses++;
	return 0;
}

static int visit_old(struct aligning *g, uint32_t node, uint32_t twin)
{
	uint32_t *address = &g->old->resolution->addresses[node];

	/* one that was made just now is behind those that can be met */
	if (*address >= g->nr_aligned)
		return 0;
	if (g->aligned[*address] == HL_NONE &&
			rename_address(g, *address, twin, &g->aligned[*address]))
		return -ENOMEM;
	*address = g->aligned[*address];
	return 0;
}

static int align(struct aligning *g)
{
	int rc = visit_nodes(g, g->new_, g->new_twins, visit_new);

	if (rc)
		return rc;
	g->nr_aligned = g->r->nr_addresses;
	g->aligned = malloc((g->nr_aligned + 1) * sizeof(*g->aligned));
	if (!g->aligned)
		return -ENOMEM;
	memset(g->aligned, 0xff, g->nr_aligned * sizeof(*g->aligned));
	rc = visit_nodes(g, g->old, g->old_twins, visit_old);
	return rc ? rc : hl_resolution_find_lines(g->old->resolution, g->old);
}

int hl_snapshot_align(struct hl_snapshot *old, struct hl_snapshot *new_,
		struct hl_resolver *resolver)
{
	struct aligning g = {
		.r = resolver,
		.old = old,
		.new_ = new_,
		.old_twins = calloc(old->globals.nr_modules + 1, sizeof(uint32_t)),
		.new_twins = calloc(new_->globals.nr_modules + 1, sizeof(uint32_t)),
	};
	int rc = g.old_twins && g.new_twins ? 0 : -ENOMEM;

	if (!rc && find_twins(old, new_, g.old_twins) &&
			find_twins(new_, old, g.new_twins)) {
		rc = hl_snapshot_resolve(old, resolver);
		if (!rc)
			rc = hl_snapshot_resolve(new_, resolver);
		if (!rc)
			rc = align(&g);
	}
	hl_map_release(&g.by_file);
	hl_map_release(&g.by_name);
	hl_map_release(&g.by_function);
	free(g.aligned);
	free(g.old_twins);
	free(g.new_twins);
	return rc;
}
