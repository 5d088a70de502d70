/* SPDX-License-Identifier: MIT */
/* Addresses to frames, and the interning of frames, locations and tracebacks. */
#include "snapshot/resolve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/embed-use.h"
#include "snapshot/symbols.h"

#define MAX_INLINED 64
#define MAX_PATH_TEXT 4096
/* One of them may have a whole unit's debugging information to read. */
#define PROGRESS_NODES 16

static int new_symbols(struct hl_resolver *r, const struct hl_resolve_options *options)
{
	struct hl_symbols_options o = {.debug_dirs = options->debug_dirs, .folders = &r->folders,
		.sysroot = options->sysroot, .debuginfod = options->debuginfod};

	while (o.debug_dirs && o.debug_dirs[o.nr_debug_dirs])
		o.nr_debug_dirs++;
	r->symbols = hl_symbols_new(&o);
	return r->symbols ? 0 : -errno;
}

/* A folder that is none, or not one of sources, has none: who asks the user says so before. */
static int name_sources(struct hl_resolver *r, const struct hl_resolve_options *options)
{
	int rc = hl_named_folders_add_here(&r->folders);

	for (const char *const *dir = options->source_dirs; !rc && dir && *dir; dir++)
		rc = hl_named_folders_add(&r->folders, *dir, HL_VOUCHER_USER, 0) == -ENOMEM ? -ENOMEM : 0;
	if (!rc && options->source_file)
		rc = hl_named_folders_add_file(&r->folders, options->source_file) == -ENOMEM ? -ENOMEM : 0;
	return rc;
}

int hl_resolver_new(const struct hl_resolve_options *options, struct hl_resolver **out)
{
	static const struct hl_resolve_options defaults;
	struct hl_resolver *r = calloc(1, sizeof(*r));
	char *problem = NULL;
	int rc;

	if (!r)
		return -ENOMEM;
	r->nr_refs = 1;
	r->allowed_bytes = HL_FREE_BYTES;
	options = options ? options : &defaults;
	r->no_skip = options->no_skip;
	r->by_function = options->by_function;
	r->has_own_sources = options->source_file || (options->source_dirs && *options->source_dirs);
	r->directory = options->directory ? strdup(options->directory) : NULL;
	rc = hl_origins_new(options, &r->origins, &problem);
	if (rc) {
		free(problem);
		hl_resolver_unref(r);
		return rc;
	}
	/* String 0 is the empty one, traceback 0 the root. */
	r->unrolled = calloc(1, sizeof(*r->unrolled));
	if (!r->unrolled || (options->directory && !r->directory) || name_sources(r, options) ||
			hl_resolver_string(r, "") != 0 ||
			hl_array_grow((void **)&r->traces, &r->trace_room, 0, sizeof(*r->traces)))
		rc = -ENOMEM;
	else
		rc = new_symbols(r, options);
	if (rc) {
		hl_resolver_unref(r);
		return rc;
	}
	r->traces[0] = (struct hl_trace_node){.parent = HL_TRACE_ROOT, .location = HL_NONE};
	r->nr_traces = 1;
	*out = r;
	return 0;
}

struct hl_resolver *hl_resolver_ref(struct hl_resolver *resolver)
{
	resolver->nr_refs++;
	return resolver;
}

void hl_resolver_unref(struct hl_resolver *resolver)
{
	if (!resolver || --resolver->nr_refs)
		return;
	hl_resolver_free_strings(resolver);
	hl_origins_free(resolver->origins);
	hl_symbols_free(resolver->symbols);
	if (resolver->unrolled)
		free(resolver->unrolled->frames);
	free(resolver->unrolled);
	free(resolver->directory);
	hl_named_folders_release(&resolver->folders);
	free(resolver->roles);
	free(resolver->frames);
	free(resolver->addresses);
	free(resolver->locations);
	free(resolver->traces);
	free(resolver->problems);
	free(resolver->modules);
	free(resolver->moved);
	free(resolver->vouchers);
	hl_map_release(&resolver->voucher_map);
	hl_map_release(&resolver->sources);
	hl_map_release(&resolver->moved_map);
	hl_map_release(&resolver->source_map);
	hl_map_release(&resolver->address_map);
	hl_map_release(&resolver->location_map);
	hl_map_release(&resolver->trace_map);
	free(resolver);
}

void hl_resolver_set_progress(struct hl_resolver *resolver,
		void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg)
{
	resolver->progress = progress;
	resolver->progress_arg = arg;
}

int hl_resolver_add_process(struct hl_resolver *resolver, int process, int pid)
{
	return hl_symbols_add_process(resolver->symbols, process, pid);
}

void hl_resolver_set_fetch_progress(struct hl_resolver *resolver,
		void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg)
{
	hl_symbols_set_fetch_progress(resolver->symbols, progress, arg);
}

int hl_resolver_fetch_error(const struct hl_resolver *resolver)
{
	return hl_symbols_fetch_error(resolver->symbols);
}

const struct hl_symbol_problem *hl_resolver_problem(const struct hl_resolver *resolver, size_t index)
{
	return index < resolver->nr_problems ? &resolver->problems[index] : NULL;
}

/* Keep what the symboliser says of a module, if it matters to the reader of a report. */
static int note_problem(struct hl_resolver *r, int handle, const char *path)
{
	struct hl_symbols_info info;
	uint32_t module;

	if (hl_symbols_module_info(r->symbols, handle, &info) || !info.text)
		return 0;
	if (info.status != HL_SYMBOLS_CHANGED && info.status != HL_SYMBOLS_MISSING &&
			info.status != HL_SYMBOLS_UNREADABLE && !info.dwarf_unreadable &&
			!info.alt_missing && !info.split_missing)
		return 0;
	module = hl_resolver_string(r, path);
	if (module == HL_NONE || hl_array_grow((void **)&r->problems, &r->problem_room,
			r->nr_problems, sizeof(*r->problems)))
		return -ENOMEM;
	r->problems[r->nr_problems++] = (struct hl_symbol_problem){
		.module = r->strings[module],
		.msg = info.text,
	};
	return 0;
}

static bool has_problem(const struct hl_resolver *r, const char *path)
{
	for (size_t i = 0; i < r->nr_problems; i++)
		if (strcmp(r->problems[i].module, path) == 0)
			return true;
	return false;
}

static bool has_met(const struct hl_resolver *r, int handle)
{
	for (size_t i = 0; i < r->nr_modules; i++)
		if (r->modules[i] == handle)
			return true;
	return false;
}

/* What is known only when addresses were asked for; of an object that was not needed nothing is asked now. */
static int note_late_problem(struct hl_resolver *r, int handle, const char *path)
{
	struct hl_symbols_info info;

	if (!has_met(r, handle) || hl_symbols_module_info(r->symbols, handle, &info) || !info.split_missing ||
			has_problem(r, path))
		return 0;
	return note_problem(r, handle, path);
}

int hl_resolver_meet_module(struct hl_resolver *resolver, int handle, const char *path)
{
	struct hl_resolver *r = resolver;

	if (has_met(r, handle))
		return 0;
	if (hl_array_grow((void **)&r->modules, &r->module_room, r->nr_modules, sizeof(int)))
		return -ENOMEM;
	r->modules[r->nr_modules++] = handle;
	return note_problem(r, handle, path);
}

/* A module of one snapshot as the symboliser knows it. */
struct used_module {
	char *path;			/* NULL: not looked at yet */
	uint32_t name;			/* its path as a string */
	int handle;
	struct hl_embedded_use symbols;	/* of the ledger, where they are the better ones */
};

static int use_module(struct hl_resolver *r, const struct hl_snapshot *s, size_t index,
		struct used_module *used)
{
	const struct hl_module *m = &s->modules[index];
	struct hl_text text = hl_snapshot_text(s, m->path);

	used->path = strndup(text.data, text.length);
	if (!used->path)
		return -ENOMEM;
	used->name = hl_resolver_string(r, used->path);
	used->handle = hl_symbols_module(r->symbols, used->path,
			m->build_id_bytes ? m->build_id : NULL, m->build_id_bytes);
	if (used->name == HL_NONE || used->handle < 0)
		return -ENOMEM;
	used->symbols = hl_embedded_choose(s, index, r->symbols, used->handle);
	return used->symbols.module ? 0 : hl_resolver_meet_module(r, used->handle, used->path);
}

int hl_resolver_add_frame(struct hl_resolver *resolver, const struct hl_resolved_frame *frame)
{
	struct hl_resolver *r = resolver;

	if (frame->file == HL_NONE || frame->function == HL_NONE || frame->module == HL_NONE ||
			frame->linkage == HL_NONE || r->nr_frames >= HL_NONE)
		return -ENOMEM;
	if (hl_array_grow((void **)&r->frames, &r->frame_room, r->nr_frames, sizeof(*r->frames)))
		return -ENOMEM;
	r->frames[r->nr_frames] = *frame;
	r->frames[r->nr_frames++].role = hl_resolver_role(r, frame);
	return 0;
}

uint32_t hl_resolver_offset_string(struct hl_resolver *resolver, const char *path, uint64_t vaddr)
{
	const char *slash = strrchr(path, '/');
	char text[MAX_PATH_TEXT];

	snprintf(text, sizeof(text), "%.4000s+0x%" PRIx64, slash && slash[1] ? slash + 1 : path,
			vaddr);
	return hl_resolver_string(resolver, text);
}

/*
 * What modules on this machine say is bounded by them, not by the ledger: programs have long names.  Symbols of a
 * ledger were bounded when they were read, with all that they take here (embedded.h).
 */
static uint32_t symbol_string(struct hl_resolver *r, const char *text)
{
	uint64_t charged = r->charged_bytes;
	uint32_t id = hl_resolver_string(r, text);

	r->charged_bytes = charged;
	return id;
}

/* What the ledger says of an address; of one that it does not know, what the object on this machine says. */
static int look_up(struct hl_resolver *r, const struct used_module *module, uint64_t vaddr, struct hl_frame *found,
		size_t *nr)
{
	int rc;

	*nr = hl_embedded_look_up(&module->symbols, vaddr, found, MAX_INLINED);
	if (*nr)
		return hl_resolver_note_voucher(r, &module->symbols, found, *nr,
				&(struct hl_symbol_voucher){.handle = module->handle, .vaddr = vaddr});
	rc = hl_resolver_meet_module(r, module->handle, module->path);
	*nr = hl_symbols_lookup(r->symbols, module->handle, vaddr, found, MAX_INLINED);
	return rc;
}

static int add_symbol_frames(struct hl_resolver *r, const struct used_module *module, uint64_t vaddr)
{
	struct hl_frame found[MAX_INLINED];
	size_t nr;
	int rc = look_up(r, module, vaddr, found, &nr);

	for (size_t i = 0; !rc && i < nr; i++) {
		const struct hl_frame *f = &found[i];
		bool has_name = f->source != HL_FRAME_OFFSET;
		struct hl_resolved_frame frame = {
			.file = f->file ? symbol_string(r, f->file) :
				hl_resolver_offset_string(r, module->path, vaddr),
			.function = has_name ? symbol_string(r, f->function) : 0,
			.module = module->name,
			.lineno = f->file ? f->line : 0,
			.linkage = has_name && f->linkage_name ?
				symbol_string(r, f->linkage_name) : 0,
			.function_line = f->function_line,
			.function_start = f->function_start,
			.vaddr = vaddr,
		};

		rc = hl_resolver_add_frame(r, &frame);
	}
	return rc;
}

/* An address outside all modules: code made at run time, or a damaged stack. */
static int add_named_frame(struct hl_resolver *r, const char *name)
{
	struct hl_resolved_frame frame = {.file = hl_resolver_string(r, name)};

	return hl_resolver_add_frame(r, &frame);
}

/* The entry of (module, address); made by the first node that has it. */
static int resolve_address(struct hl_resolver *r, const struct used_module *module, uint64_t vaddr,
		uint32_t *out)
{
	uint64_t key = module ? hl_embedded_key(&module->symbols, module->handle) : UINT64_MAX;
	struct hl_map_entry *entry = hl_map_at(&r->address_map, key, vaddr);
	size_t first = r->nr_frames;
	int rc;

	if (!entry)
		return -ENOMEM;
	if (entry->value != HL_NONE) {
		*out = entry->value;
		return 0;
	}
	r->charged_bytes += HL_ADDRESS_BYTES;
	rc = module ? add_symbol_frames(r, module, vaddr) : add_named_frame(r, "<unknown>");
	if (rc || hl_array_grow((void **)&r->addresses, &r->address_room, r->nr_addresses,
			sizeof(*r->addresses)))
		return -ENOMEM;
	hl_resolver_close_heap(r, first, r->nr_frames);
	r->addresses[r->nr_addresses] = (struct hl_resolved_address){
		.first = (uint32_t)first,
		.nr = (uint32_t)(r->nr_frames - first),
	};
	entry->value = *out = (uint32_t)r->nr_addresses++;
	return 0;
}

/* A name in a snapshot may hold anything: what stands behind a NUL is cut off. */
static uint32_t text_string(struct hl_resolver *r, struct hl_text text)
{
	char *copy = strndup(text.data, text.length);
	uint32_t id = copy ? hl_resolver_string(r, copy) : HL_NONE;

	free(copy);
	return id;
}

static int add_address(struct hl_resolver *r, const struct hl_resolved_frame *frame,
		struct hl_map_entry *entry)
{
	int rc;

	r->charged_bytes += HL_ADDRESS_BYTES;
	rc = hl_resolver_is_full(r) ? -ENOMEM : hl_resolver_add_frame(r, frame);
	if (rc || hl_array_grow((void **)&r->addresses, &r->address_room, r->nr_addresses,
			sizeof(*r->addresses)))
		return -ENOMEM;
	r->addresses[r->nr_addresses] = (struct hl_resolved_address){
		.first = (uint32_t)(r->nr_frames - 1),
		.nr = 1,
	};
	entry->value = (uint32_t)r->nr_addresses++;
	return 0;
}

/* Equal source frames of all snapshots are one entry. */
static int resolve_source(struct hl_resolver *r, const struct hl_snapshot *s,
		const struct hl_source_frame *source, uint32_t *out)
{
	struct hl_resolved_frame frame = {
		.file = text_string(r, hl_snapshot_text(s, source->file)),
		.function = text_string(r, hl_snapshot_text(s, source->function)),
		.lineno = source->lineno,
	};
	struct hl_map_entry *entry;

	if (frame.file == HL_NONE || frame.function == HL_NONE)
		return -ENOMEM;
	entry = hl_map_at(&r->source_map, (uint64_t)frame.file << 32 | frame.function,
			frame.lineno);
	if (!entry || (entry->value == HL_NONE && add_address(r, &frame, entry)))
		return -ENOMEM;
	*out = entry->value;
	return 0;
}

static int resolve_sources(struct hl_resolver *r, const struct hl_snapshot *s, uint32_t *sources)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < s->nr_frames; i++)
		rc = resolve_source(r, s, &s->frames[i], &sources[i]);
	return rc;
}

static int resolve_node(struct hl_resolver *r, const struct hl_finder *finder,
		const struct hl_snapshot *s, struct used_module *used, uint32_t node, uint32_t *out)
{
	long index = hl_snapshot_module_of(finder, node);
	int rc;

	if (index < 0)
		return resolve_address(r, NULL, 0, out);
	if (!used[index].path) {
		rc = use_module(r, s, (size_t)index, &used[index]);
		if (rc)
			return rc;
	}
	return resolve_address(r, &used[index], hl_snapshot_address_of(s, node) - 1 - s->modules[index].bias,
		out);
}

/* What resolving the nodes of one snapshot needs. */
struct resolving {
	struct hl_resolver *r;
	const struct hl_snapshot *s;
	struct hl_finder *finder;
	struct used_module *used;	/* by module */
	uint32_t *sources;		/* by source frame: its address */
	uint32_t *addresses;		/* by node; HL_NONE: not asked for */
};

static int resolve(struct resolving *n, uint32_t node)
{
	const struct hl_source_frame *f = hl_snapshot_frame_of(n->s, node);

	if (n->addresses[node] != HL_NONE)
		return 0;
	if (!f)
		return resolve_node(n->r, n->finder, n->s, n->used, node, &n->addresses[node]);
	n->addresses[node] = n->sources[f - n->s->frames];
	return 0;
}

static void tell_progress(const struct resolving *n, uint64_t done, uint64_t total)
{
	if (n->r->progress && (done % PROGRESS_NODES == 0 || done == total))
		n->r->progress(n->r->progress_arg, done, total);
}

static int resolve_all(struct resolving *n)
{
	uint64_t nr = n->s->globals.nr_nodes;
	int rc = 0;

	for (uint64_t i = HL_NR_RESERVED_NODES; !rc && i < nr; i++) {
		tell_progress(n, i, nr);
		rc = resolve(n, (uint32_t)i);
	}
	tell_progress(n, nr, nr);
	return rc;
}

/* Whether nothing further out can be a better line than a frame of @address. */
static bool has_line(const struct hl_resolver *r, uint32_t address)
{
	const struct hl_resolved_address *a = &r->addresses[address];
	enum hl_role enough = hl_origins_has_own(r->origins) && !r->no_skip ? HL_ROLE_OWN : HL_ROLE_OTHER;

	for (uint32_t k = 0; k < a->nr; k++)
		if (r->frames[a->first + k].role == enough)
			return true;
	return false;
}

/* From the innermost frame of each stack outwards until one is its line. */
static int resolve_lines(struct resolving *n)
{
	uint64_t nr = n->s->globals.nr_sites;
	int rc = 0;

	for (uint64_t i = HL_NR_RESERVED_SITES; !rc && i < nr; i++) {
		uint32_t node = n->s->sites[i].site.node;

		tell_progress(n, i, nr);
		for (; !rc && node >= HL_NR_RESERVED_NODES; node = n->s->nodes[node].parent) {
			/* Whoever was here before has gone on from here as far as there was a line. */
			if (n->addresses[node] != HL_NONE)
				break;
			rc = resolve(n, node);
			if (rc || has_line(n->r, n->addresses[node]))
				break;
		}
	}
	tell_progress(n, nr, nr);
	return rc;
}

int hl_resolve_nodes(struct hl_resolver *resolver, const struct hl_snapshot *snapshot,
		bool only_lines, uint32_t **out)
{
	uint64_t nr = snapshot->globals.nr_nodes;
	uint64_t nr_modules = snapshot->globals.nr_modules;
	struct resolving n = {
		.r = resolver,
		.s = snapshot,
		.finder = hl_finder_new(snapshot),
		.used = calloc(nr_modules + 1, sizeof(*n.used)),
		.sources = calloc(snapshot->nr_frames + 1, sizeof(*n.sources)),
		.addresses = malloc((nr + 1) * sizeof(*n.addresses)),
	};
	int rc = n.finder && n.used && n.sources && n.addresses ? hl_resolver_allow(resolver, snapshot) : -ENOMEM;

	if (!rc) {
		memset(n.addresses, 0xff, (nr + 1) * sizeof(*n.addresses));
		rc = resolve_sources(resolver, snapshot, n.sources);
	}
	if (!rc)
		rc = only_lines ? resolve_lines(&n) : resolve_all(&n);
	for (uint64_t i = 0; n.used && i < nr_modules; i++) {
		if (!rc && n.used[i].path)
			rc = note_late_problem(resolver, n.used[i].handle, n.used[i].path);
		free(n.used[i].path);
	}
	free(n.used);
	free(n.sources);
	hl_finder_free(n.finder);
	if (rc) {
		free(n.addresses);
		return hl_resolver_is_full(resolver) ? -EFBIG : rc;
	}
	*out = n.addresses;
	return 0;
}

uint32_t hl_resolver_location(struct hl_resolver *resolver, const struct hl_resolved_frame *key,
		const struct hl_resolved_frame *frame)
{
	struct hl_map_entry *entry = hl_map_at(&resolver->location_map,
			(uint64_t)key->file << 32 | key->function,
			(uint64_t)key->lineno << 32 | key->module);
	const char *name;

	if (!entry)
		return HL_NONE;
	if (entry->value != HL_NONE) {
		struct hl_location *known = &resolver->locations[entry->value].public;

		/* interned, so that equal names are one */
		known->is_shared |= known->function != resolver->strings[frame->function];
		return entry->value;
	}
	name = hl_resolver_short_name(resolver, frame->function);
	if (!name || hl_array_grow((void **)&resolver->locations, &resolver->location_room,
			resolver->nr_locations, sizeof(*resolver->locations)))
		return HL_NONE;
	resolver->locations[resolver->nr_locations] = (struct hl_named_location){
		.public = {
			.filename = resolver->strings[frame->file],
			.function = resolver->strings[frame->function],
			.name = name,
			.module = resolver->strings[frame->module],
			.lineno = frame->lineno,
		},
		.file = frame->file,
		.role = frame->role,
	};
	entry->value = (uint32_t)resolver->nr_locations++;
	return entry->value;
}

uint32_t hl_resolver_trace(struct hl_resolver *resolver, uint32_t parent, uint32_t location)
{
	struct hl_map_entry *entry = hl_map_at(&resolver->trace_map, parent, location);

	if (!entry || entry->value != HL_NONE)
		return entry ? entry->value : HL_NONE;
	if (resolver->nr_traces >= HL_NONE || hl_array_grow((void **)&resolver->traces,
			&resolver->trace_room, resolver->nr_traces, sizeof(*resolver->traces)))
		return HL_NONE;
	resolver->traces[resolver->nr_traces] =
		(struct hl_trace_node){.parent = parent, .location = location};
	entry->value = (uint32_t)resolver->nr_traces++;
	return entry->value;
}
