/* SPDX-License-Identifier: MIT */
/* A snapshot of what the blocks of a running program have in memory. */
#include "snapshot/resolve.h"

#include <errno.h>
#include <stdlib.h>

#include "snapshot/pages-walk.h"

/*
 * Grouping adds up hl_counts, whatever they are: of these snapshots a site's have other meanings than their names,
 * which hl_counts_pages() knows.  alloc_bytes and alloc_count are what lives, peak_bytes what it keeps in memory.
 */
static struct hl_counts counts_of(const struct hl_pages_site *p)
{
	return (struct hl_counts){
		.alloc_count = p->nr_blocks,
		.alloc_bytes = p->resident_bytes + p->swapped_bytes + p->untouched_bytes,
		.free_bytes = p->slack_bytes,
		.temp_count = p->swapped_bytes,
		.move_count = p->beside_bytes,
		.peak_bytes = (int64_t)(p->resident_bytes + p->beside_bytes),
		.peak_count = (int64_t)p->nr_blocks,
	};
}

void hl_counts_pages(const struct hl_counts *c, struct hl_pages *out)
{
	*out = (struct hl_pages){
		.live_bytes = (int64_t)c->alloc_bytes,
		.live_count = (int64_t)c->alloc_count,
		.slack_bytes = (int64_t)c->free_bytes,
		.beside_bytes = (int64_t)c->move_count,
		.swapped_bytes = (int64_t)c->temp_count,
		.resident_bytes = c->peak_bytes - (int64_t)c->move_count,
	};
	out->untouched_bytes = out->live_bytes - out->resident_bytes - out->swapped_bytes;
}

/* Sites that do not count have no kind: what was made before a clear. */
static bool is_counted(const struct hl_site_counts *site)
{
	return site->site.kind != HL_KIND_NONE;
}

static void add(struct hl_pages_site *to, const struct hl_pages_site *p)
{
	to->nr_blocks += p->nr_blocks;
	to->slack_bytes += p->slack_bytes;
	to->resident_bytes += p->resident_bytes;
	to->swapped_bytes += p->swapped_bytes;
	to->untouched_bytes += p->untouched_bytes;
	to->beside_bytes += p->beside_bytes;
}

static int add_sites(struct hl_snapshot *to, const struct hl_snapshot *from, struct hl_pages_walk *walk,
		struct hl_pages_site *all)
{
	int rc = 0;

	for (uint64_t i = 0; !rc && i < walk->nr_sites; i++) {
		const struct hl_pages_site *p = &walk->sites[i];
		struct hl_site_counts site = from->sites[i];

		if (!p->nr_blocks)
			continue;
		if (!is_counted(&site)) {
			add(&walk->strangers, p);
			continue;
		}
		add(all, p);
		site.counts = counts_of(p);
		site.own = (struct hl_held){site.counts.peak_bytes, site.counts.peak_count};
		rc = hl_snapshot_copy_site(to, &site);
	}
	hl_snapshot_sum_peaks(to);
	return rc;
}

/* What is in mappings is in them once: what was read a moment later may be more. */
static uint64_t less(uint64_t all, uint64_t part)
{
	return all > part ? all - part : 0;
}

static void add_mappings(struct hl_memory *m, const struct hl_pages_walk *walk)
{
	size_t nr;
	const struct hl_mapping *mappings = hl_process_memory_mappings(walk->memory, &nr);

	for (size_t i = 0; i < nr; i++) {
		uint64_t resident = mappings[i].resident_bytes;

		m->resident_bytes += resident;
		m->swapped_bytes += mappings[i].swapped_bytes;
		if (walk->block_pages[i])
			m->free_bytes += less(resident, walk->block_pages[i] * HL_PAGE_BYTES);
		else if (mappings[i].kind == HL_MAPPING_FILE)
			m->file_bytes += resident;
		else if (mappings[i].kind == HL_MAPPING_STACK)
			m->stack_bytes += resident;
		else
			m->other_bytes += resident;
	}
	m->map_bytes = walk->map_bytes < m->other_bytes ? walk->map_bytes : m->other_bytes;
	m->other_bytes -= m->map_bytes;
}

static void sum_up(struct hl_memory *m, const struct hl_pages_walk *walk, const struct hl_pages_site *all)
{
	*m = (struct hl_memory){
		.block_bytes = all->resident_bytes,
		.beside_bytes = all->beside_bytes,
		.strange_bytes = walk->strangers.resident_bytes + walk->strangers.beside_bytes,
		.live_bytes = all->resident_bytes + all->swapped_bytes + all->untouched_bytes,
		.live_count = all->nr_blocks,
		.nr_estimated = walk->nr_unread,
	};
	add_mappings(m, walk);
}

static int walk_process(const struct hl_snapshot *s, pid_t pid, struct hl_pages_walk *walk, struct hl_error *err)
{
	size_t nr;
	int rc = hl_process_memory_open(pid, &walk->memory, err);

	if (rc)
		return rc;
	hl_process_memory_mappings(walk->memory, &nr);
	walk->root = s->header.map_address;
	walk->site_base = s->site_base;
	walk->nr_sites = s->globals.nr_sites;
	walk->sites = calloc(walk->nr_sites + 1, sizeof(*walk->sites));
	walk->block_pages = calloc(nr + 1, sizeof(*walk->block_pages));
	if (!walk->sites || !walk->block_pages)
		return hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
	return hl_pages_walk(walk, err);
}

int hl_snapshot_pages(const struct hl_snapshot *snapshot, pid_t pid, struct hl_snapshot **out,
		struct hl_memory *memory, struct hl_error *err)
{
	struct hl_pages_walk walk = {0};
	struct hl_pages_site all = {0};
	struct hl_snapshot *copy = NULL;
	int rc;

	if (snapshot->header.flags & HL_FLAG_UNDERLYING)
		return hl_fail(err, ENOTSUP, HL_NO_OFFSET, "another allocator than glibc's is underneath: how large "
			"its blocks are is not known from outside");
	if (!snapshot->header.map_address)
		return hl_fail(err, ENOTSUP, HL_NO_OFFSET, "an older libheapledger_preload.so writes it, which does "
			"not say where its map of addresses is");
	rc = walk_process(snapshot, pid, &walk, err);
	if (!rc) {
		copy = hl_snapshot_new_like(snapshot);
		rc = copy ? add_sites(copy, snapshot, &walk, &all) : -ENOMEM;
		if (rc)
			hl_fail(err, ENOMEM, HL_NO_OFFSET, "out of memory");
	}
	if (!rc)
		sum_up(memory, &walk, &all);
	hl_process_memory_free(walk.memory);
	free(walk.sites);
	free(walk.block_pages);
	if (rc) {
		hl_snapshot_unref(copy);
		return rc;
	}
	*out = copy;
	return 0;
}
