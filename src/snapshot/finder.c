/* SPDX-License-Identifier: MIT */
/*
 * From a node to the object that its address lay in.
 *
 * Objects that are loaded at the same time do not overlap, but one that was unloaded may have left
 * its addresses to another, so an address alone does not name the object: its tag does, or without
 * one the node's generation.  The modules are sorted by (start, first_generation); reach[] is the
 * highest end up to each position, which ends a search backwards as soon as nothing before can hold
 * the address.
 */
#include "snapshot/snapshot.h"

#include <stdlib.h>

struct hl_finder {
	const struct hl_snapshot *snapshot;
	const struct hl_module **sorted;
	uint64_t *reach;
	size_t nr;
};

static int compare_modules(const void *a, const void *b)
{
	const struct hl_module *x = *(const struct hl_module *const *)a;
	const struct hl_module *y = *(const struct hl_module *const *)b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->first_generation != y->first_generation)
		return x->first_generation < y->first_generation ? -1 : 1;
	return x < y ? -1 : x > y;
}

struct hl_finder *hl_finder_new(const struct hl_snapshot *snapshot)
{
	size_t nr = snapshot->globals.nr_modules;
	struct hl_finder *f = calloc(1, sizeof(*f));
	uint64_t reach = 0;

	if (!f)
		return NULL;
	f->snapshot = snapshot;
	f->nr = nr;
	f->sorted = calloc(nr + 1, sizeof(struct hl_module *));
	f->reach = calloc(nr + 1, sizeof(*f->reach));
	if (!f->sorted || !f->reach) {
		hl_finder_free(f);
		return NULL;
	}
	for (size_t i = 0; i < nr; i++)
		f->sorted[i] = &snapshot->modules[i];
	qsort(f->sorted, nr, sizeof(struct hl_module *), compare_modules);
	for (size_t i = 0; i < nr; i++) {
		reach = f->sorted[i]->end > reach ? f->sorted[i]->end : reach;
		f->reach[i] = reach;
	}
	return f;
}

void hl_finder_free(struct hl_finder *finder)
{
	if (!finder)
		return;
	free(finder->sorted);
	free(finder->reach);
	free(finder);
}

uint32_t hl_snapshot_generation_of(const struct hl_snapshot *snapshot, uint32_t node)
{
	size_t low = 0;
	size_t high = snapshot->globals.nr_generations;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->generations[middle].first_node <= node)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low : 1;
}

/* The number of modules that start at or below @address. */
static size_t upper_bound(const struct hl_finder *f, uint64_t address)
{
	size_t low = 0;
	size_t high = f->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->sorted[middle]->start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_in(const struct hl_module *m, uint32_t generation)
{
	return m->first_generation <= generation && (!m->last_generation || generation <= m->last_generation);
}

uint64_t hl_snapshot_address_of(const struct hl_snapshot *snapshot, uint32_t node)
{
	uint64_t ip = snapshot->nodes[node].ip;

	/* The upper half of the address space (vsyscall) has no tags, only its own bits. */
	return ip >> HL_IP_TAG_SHIFT <= HL_MAX_IP_TAG ? ip & ~HL_IP_TAG_MASK : ip;
}

long hl_snapshot_module_of(const struct hl_finder *finder, uint32_t node)
{
	const struct hl_snapshot *s = finder->snapshot;
	uint32_t generation = hl_snapshot_generation_of(s, node);
	uint64_t address = hl_snapshot_address_of(s, node) - 1; /* inside the call, not behind a noreturn one */
	uint64_t tag = s->nodes[node].ip >> HL_IP_TAG_SHIFT;

	for (size_t i = upper_bound(finder, address); i && finder->reach[i - 1] > address; i--) {
		const struct hl_module *m = finder->sorted[i - 1];

		if (address < m->end && m->tag == tag && (tag || is_in(m, generation)))
			return m - s->modules;
	}
	return -1;
}
