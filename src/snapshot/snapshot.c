/* SPDX-License-Identifier: MIT */
/* struct hl_snapshot: life cycle, builder and accessors. */
#include "snapshot/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int hl_fail(struct hl_error *err, int code, uint64_t offset, const char *msg)
{
	if (err)
		*err = (struct hl_error){.code = code, .offset = offset, .msg = msg};
	return -code;
}

int hl_array_grow(void **array, size_t *room, size_t used, size_t record_bytes)
{
	size_t wanted = *room ? *room * 2 : 16;
	void *bigger;

	if (used < *room)
		return 0;
	bigger = reallocarray(*array, wanted, record_bytes);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	*room = wanted;
	return 0;
}

static int add_reserved(struct hl_snapshot *s)
{
	s->node_room = s->site_room = 64;
	s->nodes = calloc(s->node_room, sizeof(*s->nodes));
	s->sites = calloc(s->site_room, sizeof(*s->sites));
	if (!s->nodes || !s->sites)
		return -ENOMEM;
	s->globals.nr_nodes = HL_NR_RESERVED_NODES;
	s->globals.nr_sites = HL_NR_RESERVED_SITES;
	return hl_snapshot_add_generation(s, 0);
}

struct hl_snapshot *hl_snapshot_new(void)
{
	struct hl_snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->nr_refs = 1;
	memcpy(s->header.magic, HL_LEDGER_MAGIC, sizeof(s->header.magic));
	s->header.version = HL_LEDGER_VERSION;
	s->header.endian = HL_LEDGER_ENDIAN;
	s->header.header_bytes = HL_LEDGER_PAGE;
	s->header.machine = 62; /* EM_X86_64 */
	s->header.kind = HL_LEDGER_SNAPSHOT;
	s->header.state = 1;
	s->globals.nr_shards = 1;
	if (add_reserved(s)) {
		hl_snapshot_unref(s);
		errno = ENOMEM;
		return NULL;
	}
	return s;
}

struct hl_snapshot *hl_snapshot_ref(struct hl_snapshot *snapshot)
{
	snapshot->nr_refs++;
	return snapshot;
}

void hl_snapshot_unref(struct hl_snapshot *snapshot)
{
	if (!snapshot || --snapshot->nr_refs)
		return;
	free(snapshot->strings);
	free(snapshot->modules);
	free(snapshot->generations);
	free(snapshot->frames);
	free(snapshot->marks);
	free(snapshot->threads);
	free(snapshot->times.points);
	free(snapshot->moments.bytes);
	free(snapshot->nodes);
	hl_resolution_unref(snapshot->resolution);
	hl_embedded_unref(snapshot->embedded);
	free(snapshot->sites);
	free(snapshot);
}

int hl_snapshot_add_string(struct hl_snapshot *snapshot, const char *data, size_t length,
		struct hl_string *out)
{
	size_t used = snapshot->globals.string_bytes;
	char *bigger;

	if (length > UINT32_MAX || used + length > UINT32_MAX)
		return -EFBIG;
	if (used + length > snapshot->string_room) {
		bigger = realloc(snapshot->strings, (used + length) * 2);
		if (!bigger)
			return -ENOMEM;
		snapshot->strings = bigger;
		snapshot->string_room = (used + length) * 2;
	}
	if (length)
		memcpy(snapshot->strings + used, data, length);
	snapshot->globals.string_bytes = used + length;
	*out = (struct hl_string){.offset = used, .length = length};
	return 0;
}

int hl_snapshot_add_module(struct hl_snapshot *snapshot, const struct hl_module_info *module)
{
	struct hl_module record = {
		.bias = module->bias,
		.start = module->start,
		.end = module->end,
		.first_generation = module->first_generation,
		.last_generation = module->last_generation,
		.build_id_bytes = module->build_id_bytes,
		.flags = module->flags,
	};
	int rc;

	if (module->build_id_bytes > HL_BUILD_ID_BYTES || module->start > module->end)
		return -EINVAL;
	if (!record.first_generation)
		record.first_generation = snapshot->globals.nr_generations;
	if (module->build_id_bytes)
		memcpy(record.build_id, module->build_id, module->build_id_bytes);
	rc = hl_snapshot_add_string(snapshot, module->path.data, module->path.length, &record.path);
	if (rc)
		return rc;
	rc = hl_array_grow((void **)&snapshot->modules, &snapshot->module_room,
			snapshot->globals.nr_modules, sizeof(record));
	if (rc)
		return rc;
	snapshot->modules[snapshot->globals.nr_modules++] = record;
	return 0;
}

int hl_snapshot_add_generation(struct hl_snapshot *snapshot, uint64_t monotonic_ns)
{
	uint64_t n = snapshot->globals.nr_generations;
	int rc = hl_array_grow((void **)&snapshot->generations, &snapshot->generation_room, n,
			sizeof(*snapshot->generations));

	if (rc)
		return rc;
	snapshot->generations[n] = (struct hl_generation){
		.first_node = n ? snapshot->globals.nr_nodes : 0,
		.monotonic_ns = monotonic_ns,
	};
	snapshot->globals.nr_generations++;
	return 0;
}

int hl_snapshot_add_node(struct hl_snapshot *snapshot, uint32_t parent, uint64_t ip, uint32_t *out)
{
	uint64_t n = snapshot->globals.nr_nodes;
	int rc;

	if (parent >= n || parent == HL_NODE_UNATTRIBUTED)
		return -EINVAL;
	if (n >= UINT32_MAX)
		return -EFBIG;
	rc = hl_array_grow((void **)&snapshot->nodes, &snapshot->node_room, n,
			sizeof(*snapshot->nodes));
	if (rc)
		return rc;
	snapshot->nodes[n] = (struct hl_node){.ip = ip, .parent = parent};
	snapshot->globals.nr_nodes++;
	*out = n;
	return 0;
}

int hl_snapshot_add_site(struct hl_snapshot *snapshot, uint32_t node, enum hl_kind kind,
		enum hl_domain domain, const struct hl_counts *counts)
{
	uint64_t n = snapshot->globals.nr_sites;
	struct hl_site_counts *site;
	int rc;

	if (node >= snapshot->globals.nr_nodes || kind >= HL_NR_KINDS || domain >= HL_NR_DOMAINS)
		return -EINVAL;
	if (n >= UINT32_MAX)
		return -EFBIG;
	rc = hl_array_grow((void **)&snapshot->sites, &snapshot->site_room, n,
			sizeof(*snapshot->sites));
	if (rc)
		return rc;
	site = &snapshot->sites[n];
	*site = (struct hl_site_counts){
		.counts = *counts,
		.own = {.bytes = counts->peak_bytes, .count = counts->peak_count},
	};
	site->site.node = node;
	site->site.kind = kind;
	site->site.domain = domain;
	site->site.next = snapshot->nodes[node].first_site;
	snapshot->nodes[node].first_site = n;
	snapshot->globals.nr_sites++;
	return 0;
}

int hl_snapshot_add_frame(struct hl_snapshot *snapshot, struct hl_text file, struct hl_text function,
		uint32_t lineno, uint64_t *out)
{
	struct hl_source_frame frame = {.lineno = lineno};
	int rc;

	if (snapshot->nr_frames >= UINT32_MAX)
		return -EFBIG;
	rc = hl_snapshot_add_string(snapshot, file.data, file.length, &frame.file);
	if (!rc)
		rc = hl_snapshot_add_string(snapshot, function.data, function.length,
				&frame.function);
	if (!rc)
		rc = hl_array_grow((void **)&snapshot->frames, &snapshot->frame_room,
				snapshot->nr_frames, sizeof(frame));
	if (rc)
		return rc;
	*out = HL_IP_FRAME_TAG | snapshot->nr_frames;
	snapshot->frames[snapshot->nr_frames++] = frame;
	return 0;
}

int hl_snapshot_add_mark(struct hl_snapshot *snapshot, const struct hl_ledger_mark *mark,
		struct hl_text text)
{
	struct hl_ledger_mark record = *mark;
	int rc = hl_snapshot_add_string(snapshot, text.data, text.length, &record.text);

	if (!rc)
		rc = hl_array_grow((void **)&snapshot->marks, &snapshot->mark_room,
				snapshot->nr_marks, sizeof(record));
	if (!rc)
		snapshot->marks[snapshot->nr_marks++] = record;
	return rc;
}

int hl_snapshot_add_thread(struct hl_snapshot *snapshot, const struct hl_ledger_thread *thread,
		struct hl_text name)
{
	struct hl_ledger_thread record = *thread;
	int rc;

	if (snapshot->nr_threads >= HL_MAX_THREADS)
		return -EFBIG;
	rc = hl_snapshot_add_string(snapshot, name.data, name.length, &record.name);
	if (!rc)
		rc = hl_array_grow((void **)&snapshot->threads, &snapshot->thread_room,
				snapshot->nr_threads, sizeof(record));
	if (!rc)
		snapshot->threads[snapshot->nr_threads++] = record;
	return rc;
}

const struct hl_source_frame *hl_snapshot_frame_of(const struct hl_snapshot *snapshot, uint32_t node)
{
	uint64_t ip = snapshot->nodes[node].ip;
	uint64_t index = ip & ~HL_IP_TAG_MASK;

	if ((ip & HL_IP_TAG_MASK) != HL_IP_FRAME_TAG || index >= snapshot->nr_frames)
		return NULL;
	return &snapshot->frames[index];
}

uint32_t hl_snapshot_stack_depth(const struct hl_snapshot *snapshot, const struct hl_site *site)
{
	uint32_t depth = 0;

	for (uint32_t n = site->node; n >= HL_NR_RESERVED_NODES; n = snapshot->nodes[n].parent)
		depth++;
	return site->total_frames > depth ? site->total_frames : depth;
}

void hl_snapshot_note_source(struct hl_snapshot *snapshot, uint64_t bytes)
{
	static uint64_t last_id;

	snapshot->source_bytes = bytes;
	/* threads may read ledgers at the same time, and nothing but the number matters */
	snapshot->source_id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
}

int hl_snapshot_check_depth(const struct hl_snapshot *snapshot)
{
	uint16_t *depths = calloc(snapshot->globals.nr_nodes, sizeof(*depths));
	bool is_deep = false;

	if (!depths)
		return -ENOMEM;
	for (uint64_t i = HL_NR_RESERVED_NODES; !is_deep && i < snapshot->globals.nr_nodes; i++) {
		depths[i] = depths[snapshot->nodes[i].parent] + 1;
		is_deep = depths[i] > HL_MAX_FRAMES;
	}
	free(depths);
	return is_deep ? -EFBIG : 0;
}

struct hl_text hl_snapshot_text(const struct hl_snapshot *snapshot, struct hl_string string)
{
	if (!string.length)
		return (struct hl_text){.data = "", .length = 0};
	return (struct hl_text){
		.data = snapshot->strings + string.offset,
		.length = string.length,
	};
}

static bool has_ended_by_itself(uint32_t end_reason)
{
	return end_reason == HL_END_EXIT || end_reason == HL_END_QUICK_EXIT ||
		end_reason == HL_END_STATUS || end_reason == HL_END_EXEC;
}

void hl_snapshot_info(const struct hl_snapshot *snapshot, struct hl_info *out)
{
	const struct hl_ledger_header *h = &snapshot->header;

	*out = (struct hl_info){
		.kind = h->kind,
		.machine = h->machine,
		.format_version = h->version,
		.flags = h->flags,
		.pid = h->pid,
		.ppid = h->ppid,
		.depth_limit = h->depth_limit,
		.unwind_mode = h->unwind_mode,
		.end_reason = h->end_reason,
		.end_status = h->end_status,
		.is_complete = has_ended_by_itself(h->end_reason),
		.is_stopped = snapshot->is_stopped,
		.session = h->session,
		.sample_bytes = h->sample_bytes,
		.start_realtime_ns = h->start_realtime_ns,
		.start_ns = h->start_monotonic_ns,
		.end_ns = h->end_monotonic_ns,
		.snapshot_ns = h->snapshot_monotonic_ns,
		.exe = hl_snapshot_text(snapshot, h->exe),
		.command = hl_snapshot_text(snapshot, h->command),
		.directory = hl_snapshot_text(snapshot, h->directory),
		.allocator = hl_snapshot_text(snapshot, h->allocator),
		.shim_version = hl_snapshot_text(snapshot, h->shim_version),
	};
}

static uint64_t unattributed_count(const struct hl_snapshot *s)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < s->globals.nr_sites; i++)
		if (s->sites[i].site.node == HL_NODE_UNATTRIBUTED)
			sum += s->sites[i].counts.alloc_count;
	return sum;
}

static uint64_t nr_stacks(const struct hl_snapshot *s)
{
	uint64_t n = 0;

	for (uint64_t i = HL_NR_RESERVED_SITES; i < s->globals.nr_sites; i++)
		n += s->sites[i].site.kind != HL_KIND_NONE;
	return n;
}

void hl_snapshot_completeness(const struct hl_snapshot *snapshot, struct hl_completeness *out)
{
	const struct hl_globals *g = &snapshot->globals;
	const struct hl_shard *shard = &snapshot->shard;

	*out = (struct hl_completeness){
		.events = shard->events,
		.truncated_events = shard->truncated_events,
		.partial_events = shard->partial_events,
		.unknown_frees = shard->unknown_frees,
		.inherited_frees = shard->inherited_frees,
		.replaced_blocks = shard->replaced_blocks,
		.failed_allocs = shard->failed_allocs,
		.early_lost = g->early_lost,
		.lost_blocks = g->lost_blocks,
		.refused_bytes = g->refused_bytes,
		.refused_stacks = g->refused_stacks,
		.unattributed_count = unattributed_count(snapshot),
		.file_bytes = g->file_bytes,
		.max_bytes = snapshot->header.max_bytes,
		.private_bytes = g->private_bytes,
		.own_blocks_bytes = snapshot->sites[HL_SITE_OWN].counts.alloc_bytes -
			snapshot->sites[HL_SITE_OWN].counts.free_bytes,
		.timed_events = shard->timed_events,
		.timed_ns = shard->timed_ns,
		.grain_bytes = g->grain_bytes,
		.threads_seen = g->threads_seen,
		.has_peak_bound = g->domains[HL_DOMAIN_MALLOC].epoch != 0,
		.partial_no_info = shard->partial_no_info,
		.partial_code = shard->partial_code,
		.partial_unwinder = shard->partial_unwinder,
		.partial_budget = shard->partial_budget,
		.lost_children = g->lost_children,
		.lost_child_pid = g->lost_child_pid,
		.lost_child_error = g->lost_child_error,
		.nr_stacks = nr_stacks(snapshot),
		.nr_frames = g->nr_nodes > HL_NR_RESERVED_NODES ?
			g->nr_nodes - HL_NR_RESERVED_NODES : 0,
		.refused_error = g->refused_error,
		.symbols_bytes = snapshot->embedded ? snapshot->embedded->section_bytes : 0,
		.symbols_addresses = snapshot->embedded ? snapshot->embedded->nr_addresses : 0,
	};
}

/* The sum over the sites; of one domain alone with what they held at its own peak. */
static struct hl_counts sum_of_sites(const struct hl_snapshot *s, int domain)
{
	bool is_own = domain >= 0 && hl_snapshot_has_sum(s);
	struct hl_counts sum = {0};

	for (uint64_t i = HL_NR_RESERVED_SITES; i < s->globals.nr_sites; i++) {
		const struct hl_site_counts *site = &s->sites[i];
		struct hl_counts counts = site->counts;

		if (domain >= 0 && site->site.domain != domain)
			continue;
		if (is_own) {
			counts.peak_bytes = site->own.bytes;
			counts.peak_count = site->own.count;
		}
		hl_counts_add(&sum, &counts);
	}
	return sum;
}

static void add_peak(struct hl_totals *totals, const struct hl_domain_totals *peak)
{
	totals->peak_bytes = (int64_t)((uint64_t)totals->peak_bytes + (uint64_t)peak->peak_bytes);
	if (peak->peak_bytes && !totals->peak_ns)
		totals->peak_ns = peak->peak_monotonic_ns;
}

void hl_snapshot_totals(const struct hl_snapshot *snapshot, int domain, struct hl_totals *out)
{
	const struct hl_globals *g = &snapshot->globals;
	struct hl_totals sum = {.counts = sum_of_sites(snapshot, domain)};
	bool has_sum = domain < 0 && hl_snapshot_has_sum(snapshot);

	if (has_sum)
		add_peak(&sum, &g->sum);
	for (int d = 0; d < HL_NR_DOMAINS; d++)
		if (d == domain || (domain < 0 && !(has_sum && d <= HL_DOMAIN_MMAP)))
			add_peak(&sum, &g->domains[d]);
	if (sum.counts.peak_bytes > sum.peak_bytes)
		sum.peak_bytes = sum.counts.peak_bytes;
	if (sum.counts.alloc_count)
		sum.peak_bound_bytes = g->peak_bound_bytes;
	sum.live_bytes = (int64_t)(sum.counts.alloc_bytes - sum.counts.free_bytes);
	sum.live_count = (int64_t)(sum.counts.alloc_count - sum.counts.free_count);
	*out = sum;
}

bool hl_snapshot_sizes(const struct hl_snapshot *snapshot, uint64_t counts[HL_SIZE_CLASSES])
{
	uint64_t any = 0;

	for (unsigned int i = 0; i < HL_NR_SIZE_CLASSES; i++)
		any |= counts[i] = snapshot->sizes[i];
	return any != 0;
}

size_t hl_snapshot_nr_marks(const struct hl_snapshot *snapshot)
{
	return snapshot->nr_marks;
}

void hl_snapshot_mark(const struct hl_snapshot *snapshot, size_t index, struct hl_mark_info *out)
{
	const struct hl_ledger_mark *m = &snapshot->marks[index];

	*out = (struct hl_mark_info){
		.text = hl_snapshot_text(snapshot, m->text),
		.monotonic_ns = m->monotonic_ns,
		.begins_generation = m->first_site != 0,
	};
	memcpy(out->current_bytes, m->current_bytes, sizeof(out->current_bytes));
	memcpy(out->peak_bytes, m->peak_bytes, sizeof(out->peak_bytes));
}

size_t hl_snapshot_nr_times(const struct hl_snapshot *snapshot, uint64_t *interval_ns)
{
	if (interval_ns)
		*interval_ns = snapshot->times.interval_ns;
	return snapshot->times.nr;
}

void hl_snapshot_time(const struct hl_snapshot *snapshot, size_t index, struct hl_time_info *out)
{
	const struct hl_time_point *p = &snapshot->times.points[index];

	*out = (struct hl_time_info){
		.monotonic_ns = p->monotonic_ns,
		.alloc_count = p->alloc_count,
		.temp_count = p->temp_count,
		.resident_bytes = p->resident_bytes,
		.proportional_bytes = p->proportional_bytes,
		.nr_threads = p->nr_threads,
		.nr_marks = p->nr_marks,
	};
	memcpy(out->live_bytes, p->live_bytes, sizeof(out->live_bytes));
	memcpy(out->live_count, p->live_count, sizeof(out->live_count));
}

size_t hl_snapshot_nr_threads(const struct hl_snapshot *snapshot)
{
	return snapshot->nr_threads;
}

size_t hl_snapshot_nr_modules(const struct hl_snapshot *snapshot)
{
	return snapshot->globals.nr_modules;
}

void hl_snapshot_module(const struct hl_snapshot *snapshot, size_t index, struct hl_module_info *out)
{
	const struct hl_module *m = &snapshot->modules[index];

	*out = (struct hl_module_info){
		.path = hl_snapshot_text(snapshot, m->path),
		.build_id = m->build_id,
		.build_id_bytes = m->build_id_bytes,
		.bias = m->bias,
		.start = m->start,
		.end = m->end,
		.first_generation = m->first_generation,
		.last_generation = m->last_generation,
		.flags = m->flags,
	};
}
