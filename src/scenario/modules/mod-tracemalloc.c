/* SPDX-License-Identifier: MIT */
/*
 * import tracemalloc: the trace of the heap.
 *
 * CPython's module is written in Python, so that its own objects show up in later snapshots; ours does not trace
 * itself.
 */
#include <stdlib.h>

#include "scenario/modules/tracemalloc.h"
#include "scenario/machine/vm.h"
#include "snapshot/heapledger-build.h"

int trace_traces_class(struct sim *sim);	/* tracemalloc-snapshot.c */

#define OWN_FILE "<tracemalloc>"

/* Of one without any site. */
#define SNAPSHOT_STEPS 5000

static struct trace_state *state_of(struct sim *sim)
{
	return sim->tracemalloc;
}

struct gcs_object *trace_apart(struct sim *sim, struct gcs_object *self, const struct sim_call *call, sim_method_fn fn)
{
	struct gcs_site *site = sim->site;
	struct gcs_object *result;

	sim->site = state_of(sim)->site;
	result = fn(sim, self, call);
	sim->site = site;
	return result;
}

static struct gcs_object *trace_start(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct trace_state *state = state_of(sim);
	int nr = 1;

	(void)self;
	if (call->nr && sim_argument_c_int(sim, call->args[0], &nr))
		return NULL;
	if (nr < 1 || nr > TRACE_MAX_FRAMES)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "the number of frames must be in range [1; 65535]");
	if (gcs_is_tracing(sim->heap))
		return sim_none(sim);
	state->limit = (unsigned int)nr;
	state->frames_before = vm_site_frames(sim);
	if (state->limit > state->frames_before)
		vm_set_site_frames(sim, state->limit);
	if (sim->pending)
		return NULL;
	gcs_trace_start(sim->heap);
	return sim_none(sim);
}

static struct gcs_object *trace_stop(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	if (gcs_is_tracing(sim->heap)) {
		gcs_trace_stop(sim->heap);
		vm_set_site_frames(sim, state_of(sim)->frames_before);
	}
	return sim_none(sim);
}

static struct gcs_object *trace_is_tracing(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	return sim_bool(sim, gcs_is_tracing(sim->heap));
}

static struct gcs_object *trace_clear_traces(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	gcs_trace_clear(sim->heap);
	return sim_none(sim);
}

static struct gcs_object *trace_reset_peak(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	gcs_trace_reset_peak(sim->heap);
	return sim_none(sim);
}

static struct gcs_object *trace_get_traceback_limit(struct sim *sim, struct gcs_object *self,
		const struct sim_call *call)
{
	(void)self;
	(void)call;
	return sim_int_new(sim, state_of(sim)->limit);
}

static struct gcs_object *trace_get_traced_memory(struct sim *sim, struct gcs_object *self,
		const struct sim_call *call)
{
	uint64_t current = 0;
	uint64_t peak = 0;

	(void)self;
	(void)call;
	if (gcs_is_tracing(sim->heap))
		gcs_trace_memory(sim->heap, &current, &peak);
	return sim_tuple_pack(sim, 2, sim_int_new_u(sim, current), sim_int_new_u(sim, peak));
}

/* What the accounts of sites take: the tables are there, traced or not. */
static int add_site_bytes(const struct gcs_site_info *site, void *arg)
{
	*(uint64_t *)arg += sizeof(*site) + site->nr_frames * sizeof(*site->frames);
	return 0;
}

static struct gcs_object *trace_get_tracemalloc_memory(struct sim *sim, struct gcs_object *self,
		const struct sim_call *call)
{
	uint64_t bytes = 0;

	(void)self;
	(void)call;
	gcs_each_site(sim->heap, add_site_bytes, &bytes);
	sim_charge_bytes(sim, bytes);
	return sim_int_new_u(sim, bytes);
}

struct building {
	struct sim *sim;
	struct hl_builder *builder;
	uint64_t nr_sites, nr_places;	/* that were added */
	unsigned int limit;
};

static int add_site(const struct gcs_site_info *site, void *arg)
{
	struct building *b = arg;
	const struct hl_counts counts = {.alloc_count = site->traced_blocks, .alloc_bytes = site->traced_bytes};
	unsigned int nr = site->nr_frames < b->limit ? site->nr_frames : b->limit;
	struct hl_place *places;
	int rc;

	if (sim_charge(b->sim, 1 + nr))
		return -1;
	if (!site->traced_blocks || !strcmp(site->frames[0].file, OWN_FILE))
		return 0;
	places = calloc(nr, sizeof(*places));
	if (!places)
		return -1;
	for (unsigned int i = 0; i < nr; i++) {
		const struct gcs_frame *frame = &site->frames[i];

		places[i].file = (struct hl_text){frame->file, strlen(frame->file)};
		places[i].lineno = frame->line;
	}
	/* the stack as it is kept: a cut one would get an outermost frame that says so */
	rc = hl_builder_add(b->builder, places, nr, nr, TRACE_DOMAIN, &counts);
	free(places);
	b->nr_sites++;
	b->nr_places += nr;
	return rc;
}

static struct hl_snapshot *build_snapshot(struct sim *sim, unsigned int limit, struct trace_size *size)
{
	struct building b = {.sim = sim, .builder = hl_builder_new(), .limit = limit};
	struct hl_snapshot *snapshot;

	if (b.builder && !gcs_each_site(sim->heap, add_site, &b) && !hl_builder_finish(b.builder, NULL, &snapshot)) {
		*size = (struct trace_size){b.nr_sites, b.nr_places};
		return snapshot;
	}
	hl_builder_free(b.builder);
	return sim_no_memory_null(sim);
}

static struct gcs_object *take_snapshot(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct trace_state *state = state_of(sim);
	struct hl_snapshot *snapshot;
	struct trace_size size;

	(void)self;
	(void)call;
	if (!gcs_is_tracing(sim->heap))
		return sim_raise_null(sim, SIM_RUNTIME_ERROR,
				"the tracemalloc module must be tracing memory allocations to take a snapshot");
	if (sim_charge(sim, SNAPSHOT_STEPS))
		return NULL;
	snapshot = build_snapshot(sim, state->limit, &size);
	return snapshot ? trace_snapshot_new(sim, state, snapshot, state->limit, size) : NULL;
}

static struct gcs_object *trace_take_snapshot(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return trace_apart(sim, self, call, take_snapshot);
}

/* A snapshot of one block: it gives the stack the form that statistics have. */
static struct gcs_object *traceback_of(struct sim *sim, const struct gcs_site_info *site)
{
	struct trace_state *state = state_of(sim);
	struct gcs_site_info one = *site;
	struct building b = {.sim = sim, .builder = hl_builder_new(), .limit = state->limit};
	struct gcs_object *result = NULL;
	struct hl_statistics *statistics = NULL;
	struct hl_snapshot *snapshot = NULL;

	one.traced_blocks = one.traced_bytes = 1;
	if (!b.builder || add_site(&one, &b) || hl_builder_finish(b.builder, NULL, &snapshot)) {
		hl_builder_free(b.builder);
		return sim_no_memory_null(sim);
	}
	if (hl_snapshot_statistics(snapshot, state->resolver, HL_KEY_TRACEBACK, HL_METRIC_LIVE, &statistics))
		sim_no_memory(sim);
	else
		result = trace_traceback_new(sim, state, statistics->items[0].traceback);
	hl_statistics_unref(statistics);
	hl_snapshot_unref(snapshot);
	return result;
}

/* CPython 3.11 looks 16 bytes before the object, which misses those with room for attributes. */
static struct gcs_object *get_object_traceback(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *object = call->args[0];
	struct gcs_site_info site;

	(void)self;
	if (!gcs_is_tracing(sim->heap) || !gcs_block_is_traced(sim->heap, &object->block, &site) ||
			sim_class_of(sim, object)->has_dict)
		return sim_none(sim);
	return traceback_of(sim, &site);
}

static struct gcs_object *trace_get_object_traceback(struct sim *sim, struct gcs_object *self,
		const struct sim_call *call)
{
	return trace_apart(sim, self, call, get_object_traceback);
}

/* CPython has these in C, in a module of another name, which is in their error messages. */
static const struct sim_method c_methods[] = {
	{"clear_traces", trace_clear_traces, 0, 0, 0},
	{"get_traceback_limit", trace_get_traceback_limit, 0, 0, 0},
	{"get_traced_memory", trace_get_traced_memory, 0, 0, 0},
	{"get_tracemalloc_memory", trace_get_tracemalloc_memory, 0, 0, 0},
	{"is_tracing", trace_is_tracing, 0, 0, 0},
	{"reset_peak", trace_reset_peak, 0, 0, 0},
	{"start", trace_start, 0, 1, 0},
	{"stop", trace_stop, 0, 0, 0},
	{NULL, NULL, 0, 0, 0},
};

static const struct sim_method methods[] = {
	{"get_object_traceback", trace_get_object_traceback, 1, 1, 0},
	{"take_snapshot", trace_take_snapshot, 0, 0, 0},
	{NULL, NULL, 0, 0, 0},
};

static int add_c_methods(struct sim *sim, struct gcs_object *module)
{
	struct gcs_object *name = sim_str_from(sim, "_tracemalloc");
	int rc = name ? 0 : -1;

	for (const struct sim_method *m = c_methods; !rc && m->name; m++)
		rc = sim_module_add(sim, module, m->name, sim_builtin_new(sim, m, module, name));
	gcs_xdecref(name);
	return rc;
}

static int fill(struct sim *sim, struct gcs_object *module)
{
	static const struct sim_type *const types[] = {
		&trace_snapshot_type, &trace_frame_type, &trace_traceback_type, &trace_statistic_type, &trace_diff_type,
		&trace_filter_type, &trace_domain_filter_type,
	};
	static const struct gcs_frame own = {.file = OWN_FILE};
	const struct hl_resolve_options options = {.no_skip = true, .source_file = vm_program_file(sim)};
	struct trace_state *state = calloc(1, sizeof(*state));

	if (!state)
		return sim_no_memory(sim);
	sim->tracemalloc = state;
	state->limit = 1;
	state->site = gcs_site(sim->heap, &own, 1, 1);
	if (!state->site)
		return sim_no_memory(sim);
	if (hl_resolver_new(&options, &state->resolver))
		return sim_no_memory(sim);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct sim_class *cls = sim_class_builtin(sim, types[i], NULL, "tracemalloc");

		if (!cls || sim_module_add(sim, module, types[i]->gc.name, sim_incref(&cls->head)))
			return -1;
	}
	return add_c_methods(sim, module) ? -1 : trace_traces_class(sim);
}

void sim_modules_end(struct sim *sim)
{
	struct trace_state *state = state_of(sim);

	if (!state)
		return;
	while (state->snapshots)
		trace_snapshot_drop(state->snapshots);
	hl_resolver_unref(state->resolver);
	free(state);
	sim->tracemalloc = NULL;
}

static const char *const missing[] = {
	"BaseFilter", "Iterable", "Sequence", "Trace", "_Traces", "_compare_grouped_stats", "_format_size",
	"_get_object_traceback", "_get_traces", "_normalize_filename", "fnmatch", "linecache", "os", "pickle",
	"total_ordering", NULL,
};

const struct sim_module_table sim_module_tracemalloc = {
	.name = "tracemalloc",
	.methods = methods,
	.fill = fill,
	.missing = missing,
};
