/* SPDX-License-Identifier: MIT */
/*
 * Several snapshots as one.  Every object gets a place of its own in an address space that never
 * was, the same for all processes that had it, and every address moves there.
 */
#include "snapshot/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/embed.h"
#include "snapshot/resolve.h"

#define FIRST_ADDRESS 0x100000u
#define HOLE 0x100000u

struct hl_merging {
	struct hl_snapshot *s;
	size_t first_thread;		/* how many there were before this source's */
	struct hl_map nodes;		/* (parent, ip) -> node */
	struct hl_map sites;		/* (node; kind, domain, total) -> site */
	struct hl_embedding *symbols;
	uint64_t next_address;
	uint64_t sum_bytes;		/* peaks of malloc and mmap together */
	bool has_sum;
	bool is_empty;			/* nothing was added yet */
};

/* What of one source became what. */
struct merging_source {
	const struct hl_snapshot *s;
	struct hl_finder *finder;
	uint64_t *shifts;		/* by module: new address - old one */
	uint32_t *modules;		/* by module: its number in the sum */
	uint64_t *ips;			/* by source frame */
	uint32_t *nodes;
};

static bool is_same_module(const struct hl_snapshot *a, const struct hl_module *x,
		const struct hl_snapshot *b, const struct hl_module *y)
{
	struct hl_text p = hl_snapshot_text(a, x->path);
	struct hl_text q = hl_snapshot_text(b, y->path);

	return x->build_id_bytes == y->build_id_bytes &&
		!memcmp(x->build_id, y->build_id, x->build_id_bytes) &&
		p.length == q.length && !memcmp(p.data, q.data, p.length) &&
		x->start - x->bias == y->start - y->bias && x->end - x->start == y->end - y->start;
}

static int place_module(struct hl_merging *m, const struct hl_snapshot *s, const struct hl_module *module,
		uint64_t *shift, uint32_t *number)
{
	struct hl_module *known;
	struct hl_module_info info = {
		.path = hl_snapshot_text(s, module->path),
		.build_id = module->build_id,
		.build_id_bytes = module->build_id_bytes,
		.start = m->next_address,
		.end = m->next_address + (module->end - module->start),
		.flags = module->flags,
	};

	for (uint64_t i = 0; i < m->s->globals.nr_modules; i++) {
		*number = (uint32_t)i;
		known = &m->s->modules[i];
		if (is_same_module(s, module, m->s, known)) {
			known->flags |= module->flags;
			*shift = known->start - module->start;
			return 0;
		}
	}
	if (info.end < info.start || info.end > HL_IP_FRAME_TAG >> 1)
		return -EFBIG;
	*number = (uint32_t)m->s->globals.nr_modules;
	*shift = info.start - module->start;
	info.bias = module->bias + *shift;
	m->next_address = (info.end + HOLE) & ~(uint64_t)0xfff;
	return hl_snapshot_add_module(m->s, &info);
}

static int place_modules(struct hl_merging *m, struct merging_source *source)
{
	int rc = 0;

	for (uint64_t i = 0; !rc && i < source->s->globals.nr_modules; i++)
		rc = place_module(m, source->s, &source->s->modules[i], &source->shifts[i], &source->modules[i]);
	return rc;
}

/* Equal frames of several sources are met when they are resolved; here each keeps its own. */
static int copy_frames(struct hl_merging *m, struct merging_source *source)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < source->s->nr_frames; i++) {
		const struct hl_source_frame *f = &source->s->frames[i];

		rc = hl_snapshot_add_frame(m->s, hl_snapshot_text(source->s, f->file),
				hl_snapshot_text(source->s, f->function), f->lineno,
				&source->ips[i]);
	}
	return rc;
}

/* An address outside all objects has no meaning elsewhere; 1 lies in no object of ours. */
static uint64_t moved_ip(const struct merging_source *source, uint32_t node)
{
	const struct hl_source_frame *f = hl_snapshot_frame_of(source->s, node);
	long module;

	if (f)
		return source->ips[f - source->s->frames];
	module = hl_snapshot_module_of(source->finder, node);
	return module < 0 ? 1 : hl_snapshot_address_of(source->s, node) + source->shifts[module];
}

static int copy_nodes(struct hl_merging *m, struct merging_source *source)
{
	for (uint32_t i = 0; i < HL_NR_RESERVED_NODES; i++)
		source->nodes[i] = i;
	for (uint64_t i = HL_NR_RESERVED_NODES; i < source->s->globals.nr_nodes; i++) {
		uint32_t parent = source->nodes[source->s->nodes[i].parent];
		uint64_t ip = moved_ip(source, (uint32_t)i);
		struct hl_map_entry *entry = hl_map_at(&m->nodes, parent, ip);
		int rc = entry ? 0 : -ENOMEM;

		if (!rc && entry->value == UINT32_MAX)
			rc = hl_snapshot_add_node(m->s, parent, ip, &entry->value);
		if (rc)
			return rc;
		source->nodes[i] = entry->value;
	}
	return 0;
}

/* Threads of the sources follow each other; those beyond the limit are not known. */
static int copy_threads(struct hl_merging *m, const struct hl_snapshot *s)
{
	int rc = 0;

	m->first_thread = m->s->nr_threads;
	for (size_t i = 0; !rc && i < s->nr_threads; i++)
		rc = hl_snapshot_add_thread(m->s, &s->threads[i],
				hl_snapshot_text(s, s->threads[i].name));
	return rc == -EFBIG ? 0 : rc;
}

static uint16_t thread_of(const struct hl_merging *m, const struct hl_site *site)
{
	size_t number = m->first_thread + site->thread;

	return site->thread && number <= m->s->nr_threads ? (uint16_t)number : 0;
}

/* What a site held at the peak of its domain. */
static struct hl_held held_of(const struct hl_snapshot *s, const struct hl_site_counts *site)
{
	if (hl_snapshot_has_sum(s))
		return site->own;
	return (struct hl_held){.bytes = site->counts.peak_bytes, .count = site->counts.peak_count};
}

static int copy_site(struct hl_merging *m, uint32_t node, const struct hl_site_counts *from, struct hl_held own)
{
	const struct hl_site *site = &from->site;
	uint16_t thread = thread_of(m, site);
	struct hl_map_entry *entry = hl_map_at(&m->sites, (uint64_t)thread << 32 | node,
			(uint64_t)site->total_frames << 16 | (uint64_t)site->kind << 8 | site->domain);
	int rc;

	if (!entry)
		return -ENOMEM;
	if (entry->value != UINT32_MAX) {
		struct hl_site_counts *to = &m->s->sites[entry->value];

		return hl_counts_add(&to->counts, &from->counts) && hl_held_add(&to->own, own) ? 0 : -ERANGE;
	}
	rc = hl_snapshot_add_site(m->s, node, HL_KIND_NONE, (enum hl_domain)site->domain,
			&from->counts);
	if (rc)
		return rc;
	entry->value = (uint32_t)m->s->globals.nr_sites - 1;
	m->s->sites[entry->value].site.kind = site->kind;
	m->s->sites[entry->value].site.total_frames = site->total_frames;
	m->s->sites[entry->value].site.thread = thread;
	m->s->sites[entry->value].own = own;
	return 0;
}

static int copy_sites(struct hl_merging *m, const struct merging_source *source)
{
	int rc = hl_counts_add(&m->s->sites[HL_SITE_OWN].counts, &source->s->sites[HL_SITE_OWN].counts) ? 0 : -ERANGE;

	for (uint64_t i = HL_NR_RESERVED_SITES; !rc && i < source->s->globals.nr_sites; i++) {
		const struct hl_site_counts *site = &source->s->sites[i];

		if (hl_counts_has_any(&site->counts))
			rc = copy_site(m, source->nodes[site->site.node], site, held_of(source->s, site));
	}
	return rc;
}

/* Where one source has a peak of the sum, that of the others is at most the sum of their peaks. */
static bool add_sum(struct hl_merging *m, const struct hl_snapshot *from)
{
	const struct hl_globals *g = &from->globals;
	uint64_t peak = (uint64_t)g->sum.peak_bytes;

	m->has_sum |= hl_snapshot_has_sum(from);
	if (!hl_snapshot_has_sum(from))
		peak = (uint64_t)g->domains[HL_DOMAIN_MALLOC].peak_bytes +
			(uint64_t)g->domains[HL_DOMAIN_MMAP].peak_bytes;
	/* two numbers below 2^63, and what was so before */
	m->sum_bytes += peak;
	return m->sum_bytes <= INT64_MAX;
}

/* @to gets the sum, of at most INT64_MAX; both are below that. */
static bool add_number(uint64_t *to, uint64_t from)
{
	*to += from;
	return *to <= INT64_MAX;
}

static bool add_domain(struct hl_domain_totals *to, const struct hl_domain_totals *from)
{
	return !__builtin_add_overflow(to->current_bytes, from->current_bytes, &to->current_bytes) &&
		!__builtin_add_overflow(to->peak_bytes, from->peak_bytes, &to->peak_bytes);
}

static bool add_globals(struct hl_globals *to, const struct hl_globals *from)
{
	bool fits = true;

	for (int d = 0; d < HL_NR_DOMAINS; d++)
		fits &= add_domain(&to->domains[d], &from->domains[d]);
	fits &= add_number(&to->file_bytes, from->file_bytes);
	fits &= add_number(&to->private_bytes, from->private_bytes);
	fits &= add_number(&to->refused_bytes, from->refused_bytes);
	fits &= add_number(&to->refused_stacks, from->refused_stacks);
	if (!to->refused_error)
		to->refused_error = from->refused_error;
	fits &= add_number(&to->early_lost, from->early_lost);
	fits &= add_number(&to->threads_seen, from->threads_seen);
	fits &= add_number(&to->lost_blocks, from->lost_blocks);
	fits &= add_number(&to->peak_bound_bytes, from->peak_bound_bytes);
	fits &= add_number(&to->lost_children, from->lost_children);
	if (from->lost_children) {
		to->lost_child_pid = from->lost_child_pid;
		to->lost_child_error = from->lost_child_error;
	}
	to->grain_bytes = from->grain_bytes > to->grain_bytes ? from->grain_bytes : to->grain_bytes;
	return fits;
}

/* What is equal in all stays; the names are those of the first. */
static int first_header(struct hl_snapshot *to, const struct hl_snapshot *from)
{
	const struct hl_string *source = &from->header.exe;
	struct hl_string *target = &to->header.exe;
	int rc = 0;

	to->header = from->header;
	to->header.kind = HL_LEDGER_SNAPSHOT;
	for (int i = 0; !rc && i < 5; i++) {
		struct hl_text text = hl_snapshot_text(from, source[i]);

		rc = hl_snapshot_add_string(to, text.data, text.length, &target[i]);
	}
	return rc;
}

static void next_header(struct hl_ledger_header *to, const struct hl_ledger_header *from)
{
	to->pid = to->ppid = 0;
	to->flags |= from->flags;
	to->end_status = to->end_status == from->end_status ? to->end_status : 0;
	if (to->end_reason != from->end_reason)
		to->end_reason = HL_END_NONE;
	if (to->session != from->session)
		to->session = 0;
	if (from->depth_limit > to->depth_limit)
		to->depth_limit = from->depth_limit;
	if (from->start_monotonic_ns < to->start_monotonic_ns)
		to->start_monotonic_ns = from->start_monotonic_ns;
	if (from->start_realtime_ns < to->start_realtime_ns)
		to->start_realtime_ns = from->start_realtime_ns;
	if (from->end_monotonic_ns > to->end_monotonic_ns)
		to->end_monotonic_ns = from->end_monotonic_ns;
}

int hl_merging_add(struct hl_merging *m, const struct hl_snapshot *s)
{
	bool is_first = m->is_empty;
	struct merging_source source = {
		.s = s,
		.finder = hl_finder_new(s),
		.shifts = calloc(s->globals.nr_modules + 1, sizeof(*source.shifts)),
		.modules = calloc(s->globals.nr_modules + 1, sizeof(*source.modules)),
		.ips = calloc(s->nr_frames + 1, sizeof(*source.ips)),
		.nodes = calloc(s->globals.nr_nodes + 1, sizeof(*source.nodes)),
	};
	int rc = source.finder && source.shifts && source.modules && source.ips && source.nodes ? 0 : -ENOMEM;

	if (!rc && is_first)
		rc = first_header(m->s, s);
	else if (!rc && s->header.sample_bytes != m->s->header.sample_bytes)
		rc = -EINVAL;
	if (!rc)
		rc = place_modules(m, &source);
	if (!rc)
		rc = hl_embedding_add_moved(m->symbols, s->embedded, source.modules);
	if (!rc)
		rc = copy_frames(m, &source);
	if (!rc)
		rc = copy_nodes(m, &source);
	if (!rc)
		rc = copy_threads(m, s);
	if (!rc)
		rc = copy_sites(m, &source);
	if (!rc) {
		next_header(&m->s->header, is_first ? &m->s->header : &s->header);
		if (!hl_shard_add(&m->s->shard, &s->shard) || !hl_sizes_add(m->s->sizes, s->sizes) ||
				!add_globals(&m->s->globals, &s->globals) ||
				!add_sum(m, s))
			rc = -ERANGE;
	}
	hl_finder_free(source.finder);
	free(source.shifts);
	free(source.modules);
	free(source.ips);
	free(source.nodes);
	m->is_empty = false;
	return rc;
}

struct hl_merging *hl_merging_new(void)
{
	struct hl_merging *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	*m = (struct hl_merging){.s = hl_snapshot_new(), .symbols = hl_embedding_new(),
			.next_address = FIRST_ADDRESS, .is_empty = true};
	if (m->s && m->symbols)
		return m;
	hl_merging_free(m);
	return NULL;
}

void hl_merging_free(struct hl_merging *m)
{
	if (!m)
		return;
	hl_embedding_free(m->symbols);
	hl_map_release(&m->nodes);
	hl_map_release(&m->sites);
	hl_snapshot_unref(m->s);
	free(m);
}

int hl_merging_finish(struct hl_merging *m, struct hl_snapshot **out)
{
	const char *reason;
	uint64_t site;
	int rc = m->is_empty ? -EINVAL : 0;

	if (!rc && m->has_sum)
		m->s->globals.sum.peak_bytes = (int64_t)m->sum_bytes;
	if (!rc && (hl_snapshot_check_sites(m->s, &site, &reason) || hl_snapshot_check_globals(m->s, &reason)))
		rc = -ERANGE;
	if (!rc)
		rc = hl_embedding_finish(m->symbols, m->s->globals.nr_modules, &m->s->embedded);
	if (rc)
		return rc;
	*out = m->s;
	m->s = NULL;
	return 0;
}

int hl_snapshot_merge(struct hl_snapshot *const *snapshots, size_t nr, struct hl_snapshot **out)
{
	struct hl_merging *m = hl_merging_new();
	int rc = m ? 0 : -ENOMEM;

	for (size_t i = 0; !rc && i < nr; i++)
		rc = hl_merging_add(m, snapshots[i]);
	if (!rc)
		rc = hl_merging_finish(m, out);
	hl_merging_free(m);
	return rc;
}
