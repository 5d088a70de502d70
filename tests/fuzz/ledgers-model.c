/* SPDX-License-Identifier: MIT */
/* What a file adds up to, in 128 bits, from the tables that it was made of. */
#include "ledgers.h"

static void add_counters(struct sums *sums, const struct hl_counters *c)
{
	sums->alloc_count += c->alloc_count;
	sums->alloc_bytes += c->alloc_bytes;
	sums->free_count += c->free_count;
	sums->free_bytes += c->free_bytes;
	sums->temp_count += c->temp_count;
	sums->move_count += c->move_count;
}

static void add_sums(struct sums *to, const struct sums *from)
{
	to->alloc_count += from->alloc_count;
	to->alloc_bytes += from->alloc_bytes;
	to->free_count += from->free_count;
	to->free_bytes += from->free_bytes;
	to->temp_count += from->temp_count;
	to->move_count += from->move_count;
}

static bool is_wrong(const struct sums *s)
{
	return s->free_count > s->alloc_count || s->free_bytes > s->alloc_bytes || s->alloc_count > INT64_MAX ||
		s->alloc_bytes > INT64_MAX || s->temp_count > INT64_MAX || s->move_count > INT64_MAX;
}

/* Counters that a section holds; only those that are written count. */
static bool is_written(const struct tables *t, uint32_t shard, uint32_t site)
{
	for (size_t i = 0; i < t->nr_sections; i++) {
		const struct hl_section *e = &t->sections[i].entry;

		if (e->type == HL_SECTION_COUNTERS && e->instance == shard && t->sections[i].data &&
				site >= e->first && site - e->first < e->nr_records)
			return true;
	}
	return false;
}

static uint64_t first_counted(const struct tables *t)
{
	uint64_t first = t->globals.first_site;

	return first > HL_NR_RESERVED_SITES && first < t->globals.nr_sites ? first : HL_NR_RESERVED_SITES;
}

static void add_events(const struct tables *t, struct model *model)
{
	for (uint32_t i = 0; i < t->nr_shards; i++) {
		model->events += (__int128)t->shards[i].shard.events + t->shards[i].shard.seq / 2;
		model->partial_events += t->shards[i].shard.partial_events;
	}
	model->is_wrong |= model->events > INT64_MAX || model->partial_events > INT64_MAX;
	for (unsigned int k = 0; k < HL_NR_SIZE_CLASSES; k++) {
		__int128 sum = 0;

		for (uint32_t i = 0; i < t->nr_shards; i++)
			sum += t->shards[i].sizes[k];
		model->is_wrong |= sum > INT64_MAX;
	}
}

void model_of(const struct tables *t, struct model *model)
{
	*model = (struct model){0};
	for (uint64_t site = first_counted(t); site < t->nr_sites; site++) {
		unsigned int domain = t->sites[site].domain;
		struct sums sums = {0};

		for (uint32_t shard = 0; shard < t->nr_shards; shard++)
			if (is_written(t, shard, (uint32_t)site))
				add_counters(&sums, &t->counters[(size_t)shard * MAX_SITES + site]);
		model->is_wrong |= is_wrong(&sums);
		add_sums(&model->all, &sums);
		if (domain < HL_NR_DOMAINS)
			add_sums(&model->domains[domain], &sums);
	}
	model->is_wrong |= is_wrong(&model->all);
	add_events(t, model);
}

/* ---- What cannot be -------------------------------------------------------------------------------------------- */

static bool are_nodes_impossible(const struct tables *t)
{
	static uint32_t depths[MAX_NODES];

	for (uint32_t i = 0; i < t->nr_nodes; i++) {
		const struct hl_node *node = &t->nodes[i];

		depths[i] = 0;
		if (i < HL_NR_RESERVED_NODES)
			continue;
		if (node->parent >= i || node->parent == HL_NODE_UNATTRIBUTED)
			return true;
		depths[i] = depths[node->parent] + 1;
		if (depths[i] > HL_MAX_FRAMES)
			return true;
	}
	return false;
}

static bool are_sites_impossible(const struct tables *t)
{
	for (uint32_t i = 0; i < t->nr_sites; i++)
		if (t->sites[i].node >= t->globals.nr_nodes || t->sites[i].domain >= HL_NR_DOMAINS)
			return true;
	return false;
}

static uint32_t in_use(uint64_t said, uint32_t nr)
{
	return said < nr ? (uint32_t)said : nr;
}

static bool are_places_impossible(const struct tables *t)
{
	for (uint32_t i = 0; i < in_use(t->globals.nr_modules, t->nr_modules); i++) {
		const struct hl_module *m = &t->modules[i];

		if (m->start > m->end || m->build_id_bytes > HL_BUILD_ID_BYTES)
			return true;
	}
	for (uint32_t i = 1; i < in_use(t->globals.nr_generations, t->nr_generations); i++)
		if (t->generations[i].first_node < t->generations[i - 1].first_node)
			return true;
	return false;
}

static bool is_total_impossible(const struct tables *t)
{
	const struct hl_globals *g = &t->globals;

	for (int d = 0; d < HL_NR_DOMAINS; d++)
		if (g->domains[d].peak_bytes < 0)
			return true;
	return g->peak_bound_bytes > INT64_MAX || (t->has_peaks && t->nr_sites && g->sum.peak_bytes < 0);
}

bool is_impossible(const struct tables *t)
{
	return are_nodes_impossible(t) || are_sites_impossible(t) || are_places_impossible(t) || is_total_impossible(t);
}

bool is_stuck(const struct tables *t)
{
	bool is_odd = false;

	for (uint32_t i = 0; i < t->nr_shards; i++)
		is_odd |= t->shards[i].shard.seq & 1;
	return is_odd && t->header.kind == HL_LEDGER_LIVE && !t->header.end_monotonic_ns;
}
