/* SPDX-License-Identifier: MIT */
/* The symbols of a snapshot's addresses, from the objects on this machine. */
#include "snapshot/embed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/ledger-record.h"
#include "snapshot/resolve.h"

/* How many lookups pass between two looks at the clock. */
#define CLOCK_EVERY 64u

struct place {
	uint32_t module;
	uint64_t vaddr;
};

struct embedding_run {
	struct hl_snapshot *s;
	struct hl_resolver *r;
	struct hl_embedding *table;
	struct place *places;		/* each once, in order */
	size_t nr_places;
	size_t place_room;
	uint64_t until_ns;
	uint64_t nr_lookups;
	bool is_late;
};

static int by_place(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;

	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

/* Nodes are many more than addresses: what is there already is not sorted. */
static int note_place(struct embedding_run *run, struct hl_map *seen, uint32_t module, uint64_t vaddr)
{
	struct hl_map_entry *entry = hl_map_at(seen, module, vaddr);

	if (!entry || entry->value != UINT32_MAX)
		return entry ? 0 : -ENOMEM;
	if (hl_array_grow((void **)&run->places, &run->place_room, run->nr_places, sizeof(*run->places)))
		return -ENOMEM;
	entry->value = 0;
	run->places[run->nr_places++] = (struct place){.module = module, .vaddr = vaddr};
	return 0;
}

static int find_places(struct embedding_run *run)
{
	const struct hl_snapshot *s = run->s;
	struct hl_finder *finder = hl_finder_new(s);
	struct hl_map seen = {0};
	int rc = finder ? 0 : -ENOMEM;

	for (uint64_t i = HL_NR_RESERVED_NODES; !rc && i < s->globals.nr_nodes; i++) {
		long module = hl_snapshot_frame_of(s, (uint32_t)i) ? -1 : hl_snapshot_module_of(finder, (uint32_t)i);

		if (module >= 0)
			rc = note_place(run, &seen, (uint32_t)module,
					hl_snapshot_address_of(s, (uint32_t)i) - 1 - s->modules[module].bias);
	}
	hl_map_release(&seen);
	hl_finder_free(finder);
	if (run->nr_places)
		qsort(run->places, run->nr_places, sizeof(*run->places), by_place);
	return rc;
}

static bool is_late(struct embedding_run *run)
{
	if (!run->is_late && run->until_ns != HL_EMBED_FOREVER && run->nr_lookups++ % CLOCK_EVERY == 0)
		run->is_late = hl_monotonic_ns() >= run->until_ns;
	return run->is_late;
}

/* A module as the symboliser knows it, and how much that is; 0 or -ENOMEM. */
static int find_object(struct embedding_run *run, uint32_t module, int *handle, enum hl_embedded_rank *rank)
{
	const struct hl_module *m = &run->s->modules[module];
	struct hl_text text = hl_snapshot_text(run->s, m->path);
	char *path = strndup(text.data, text.length);
	struct hl_symbols_info info;
	int rc = -ENOMEM;

	if (path)
		*handle = hl_symbols_module(run->r->symbols, path, m->build_id_bytes ? m->build_id : NULL,
				m->build_id_bytes);
	if (path && *handle >= 0)
		rc = hl_resolver_meet_module(run->r, *handle, path);
	if (!rc && !hl_symbols_module_info(run->r->symbols, *handle, &info))
		*rank = hl_embedded_rank_of(&info);
	free(path);
	return rc;
}

/* One address: from the object if that is as good, else from what the snapshot has. */
static int embed_place(struct embedding_run *run, int handle, enum hl_embedded_rank rank,
		const struct hl_embedded_module *former, const struct place *place)
{
	struct hl_frame frames[HL_EMBEDDED_MAX_CHAIN];
	bool is_better = handle >= 0 && (!former || rank <= former->rank) && !is_late(run);
	size_t nr = 0;

	if (is_better)
		nr = hl_symbols_lookup(run->r->symbols, handle, place->vaddr, frames, HL_EMBEDDED_MAX_CHAIN);
	else if (former)
		nr = hl_embedded_find(run->s->embedded, former, place->vaddr, frames, HL_EMBEDDED_MAX_CHAIN);
	if (!nr)
		return 0;
	return hl_embedding_add(run->table, place->module, is_better ? rank : former->rank, place->vaddr, frames, nr);
}

/* All addresses of one module, from @first on; @end receives where the next module's begin. */
static int embed_module(struct embedding_run *run, size_t first, size_t *end)
{
	uint32_t module = run->places[first].module;
	const struct hl_embedded_module *former = hl_embedded_module(run->s->embedded, module);
	enum hl_embedded_rank rank = HL_RANK_UNKNOWN;
	int handle = -1;
	int rc = is_late(run) ? 0 : find_object(run, module, &handle, &rank);

	if (rank == HL_RANK_UNKNOWN)
		handle = -1;
	for (*end = first; !rc && *end < run->nr_places && run->places[*end].module == module; ++*end)
		rc = embed_place(run, handle, rank, former, &run->places[*end]);
	return rc;
}

static bool is_same(const struct hl_embedded *a, const struct hl_embedded *b)
{
	return a && b && a->section_bytes == b->section_bytes && !memcmp(a->section, b->section, a->section_bytes);
}

int hl_snapshot_embed(struct hl_snapshot *snapshot, struct hl_resolver *resolver, uint64_t until_ns, bool *is_whole)
{
	struct embedding_run run = {
		.s = snapshot,
		.r = resolver,
		.table = hl_embedding_new(),
		.until_ns = until_ns,
	};
	struct hl_embedded *made = NULL;
	size_t next = 0;
	int rc = run.table ? find_places(&run) : -ENOMEM;

	while (!rc && next < run.nr_places) {
		if (resolver->progress)
			resolver->progress(resolver->progress_arg, next, run.nr_places);
		rc = embed_module(&run, next, &next);
	}
	if (!rc && resolver->progress)
		resolver->progress(resolver->progress_arg, run.nr_places, run.nr_places);
	if (!rc)
		rc = hl_embedding_finish(run.table, snapshot->globals.nr_modules, &made);
	hl_embedding_free(run.table);
	free(run.places);
	if (rc)
		return rc;
	if (made && !is_same(made, snapshot->embedded)) {
		hl_embedded_unref(snapshot->embedded);
		snapshot->embedded = hl_embedded_ref(made);
	}
	hl_embedded_unref(made);
	if (is_whole)
		*is_whole = !run.is_late;
	return 0;
}

void hl_snapshot_forget_symbols(struct hl_snapshot *snapshot)
{
	hl_embedded_unref(snapshot->embedded);
	snapshot->embedded = NULL;
}

const struct hl_embedded *hl_snapshot_symbols(const struct hl_snapshot *snapshot)
{
	return snapshot->embedded;
}

int hl_embedding_add_moved(struct hl_embedding *embedding, const struct hl_embedded *embedded,
		const uint32_t *modules)
{
	struct hl_frame frames[HL_EMBEDDED_MAX_CHAIN];
	int rc = 0;

	for (size_t i = 0; embedded && i < embedded->nr_modules; i++) {
		const struct hl_embedded_module *m = &embedded->modules[i];

		for (uint32_t k = 0; !rc && modules[m->module] != UINT32_MAX && k < m->nr; k++) {
			uint64_t vaddr = embedded->addresses[m->first + k].vaddr;
			size_t nr = hl_embedded_find(embedded, m, vaddr, frames, HL_EMBEDDED_MAX_CHAIN);

			rc = hl_embedding_add(embedding, modules[m->module], m->rank, vaddr, frames, nr);
		}
	}
	return rc;
}
