/* SPDX-License-Identifier: MIT */
/* tracemalloc.Snapshot: statistics, comparison and filters are libheapledger's. */
#include "scenario/modules/tracemalloc.h"

#include <inttypes.h>
#include <stdlib.h>

static struct trace_snapshot *as_snapshot(const struct gcs_object *object)
{
	return (struct trace_snapshot *)object;
}

void trace_snapshot_drop(struct trace_snapshot *self)
{
	if (!self->snapshot)
		return;
	hl_snapshot_unref(self->snapshot);
	self->snapshot = NULL;
	sim_scratch_free(self->reserved);
	self->reserved = NULL;
	if (self->prev)
		self->prev->next = self->next;
	else
		self->state->snapshots = self->next;
	if (self->next)
		self->next->prev = self->prev;
}

static void snapshot_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	trace_snapshot_drop(as_snapshot(self));
	gcs_object_free(self);
}

/* A record, its counts and the entry of a table; a frame and its number. */
#define SITE_BYTES 256
#define PLACE_BYTES 16

struct gcs_object *trace_snapshot_new(struct sim *sim, struct trace_state *state, struct hl_snapshot *snapshot,
		unsigned int limit, struct trace_size size)
{
	struct trace_snapshot *self = (struct trace_snapshot *)sim_new_object(sim, &trace_snapshot_type, 0, 64);
	uint64_t bytes = sizeof(*self) + size.nr_sites * SITE_BYTES + size.nr_places * PLACE_BYTES;

	if (self)
		self->reserved = sim_scratch(sim, NULL, bytes, 1);
	if (!self || !self->reserved) {
		hl_snapshot_unref(snapshot);
		gcs_xdecref(self ? &self->head : NULL);
		return NULL;
	}
	self->size = size;
	self->state = state;
	self->snapshot = snapshot;
	self->limit = limit;
	self->next = state->snapshots;
	if (self->next)
		self->next->prev = self;
	state->snapshots = self;
	return &self->head;
}

int trace_parse(struct sim *sim, const char *function, const struct sim_call *call, const char *const *names,
		size_t nr_required, size_t nr_first, struct gcs_object **out)
{
	size_t nr_keywords = call->kwnames ? sim_tuple_size(call->kwnames) : 0;
	size_t nr = 0;

	while (names[nr])
		out[nr++] = NULL;
	if (call->nr > nr && nr == nr_required)
		return sim_raise(sim, SIM_TYPE_ERROR, "%s() takes %zu positional argument%s but %zu were given",
				function, nr + nr_first, nr + nr_first == 1 ? "" : "s", call->nr + nr_first);
	if (call->nr > nr)
		return sim_raise(sim, SIM_TYPE_ERROR,
				"%s() takes from %zu to %zu positional arguments but %zu were given", function,
				nr_required + nr_first, nr + nr_first, call->nr + nr_first);
	for (size_t i = 0; i < call->nr; i++)
		out[i] = call->args[i];
	for (size_t i = 0; i < nr_keywords; i++) {
		struct gcs_object *keyword = sim_tuple_item(call->kwnames, i);
		size_t k = 0;

		while (k < nr && !sim_str_is(keyword, names[k]))
			k++;
		if (k == nr)
			return sim_raise(sim, SIM_TYPE_ERROR, "%s() got an unexpected keyword argument '%U'", function,
					keyword);
		if (out[k])
			return sim_raise(sim, SIM_TYPE_ERROR, "%s() got multiple values for argument '%U'",
					function, keyword);
		out[k] = call->args[call->nr + i];
	}
	for (size_t i = 0; i < nr_required; i++) {
		if (out[i])
			continue;
		if (i + 2 == nr_required && !out[i + 1])
			return sim_raise(sim, SIM_TYPE_ERROR,
					"%s() missing 2 required positional arguments: '%s' and '%s'", function,
					names[i], names[i + 1]);
		return sim_raise(sim, SIM_TYPE_ERROR, "%s() missing 1 required positional argument: '%s'", function,
				names[i]);
	}
	return 0;
}

/* The key of statistics() and compare_to(). */
static int read_key(struct sim *sim, struct gcs_object *word, struct gcs_object *cumulative, enum hl_key *key,
		bool *is_cumulative)
{
	int truth = sim_argument_truth(sim, cumulative, false);

	if (truth < 0)
		return -1;
	*is_cumulative = truth;
	if (sim_is_str(word) && sim_str_is(word, "lineno"))
		*key = HL_KEY_LINENO;
	else if (sim_is_str(word) && sim_str_is(word, "filename"))
		*key = HL_KEY_FILENAME;
	else if (sim_is_str(word) && sim_str_is(word, "traceback"))
		*key = HL_KEY_TRACEBACK;
	else
		return sim_raise(sim, SIM_VALUE_ERROR, "unknown key_type: %R", word);
	if (truth && *key == HL_KEY_TRACEBACK)
		return sim_raise(sim, SIM_VALUE_ERROR, "cumulative mode cannot by used with key type %R", word);
	return 0;
}

static struct hl_statistics *group(struct sim *sim, const struct trace_snapshot *self, enum hl_key key,
		bool is_cumulative)
{
	struct hl_resolver *resolver = self->state->resolver;
	struct hl_statistics *statistics;
	int rc;

	if (sim_charge(sim, 4 * (self->size.nr_sites + self->size.nr_places)))
		return NULL;
	if (is_cumulative)
		rc = hl_snapshot_statistics_cumulative(self->snapshot, resolver, key, HL_METRIC_LIVE, &statistics);
	else
		rc = hl_snapshot_statistics(self->snapshot, resolver, key, HL_METRIC_LIVE, &statistics);
	return rc ? sim_no_memory_null(sim) : statistics;
}

static struct gcs_object *make_statistics(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	static const char *const names[] = {"key_type", "cumulative", NULL};
	struct hl_statistics *statistics;
	struct gcs_object *list;
	struct gcs_object *v[2];
	enum hl_key key;
	bool is_cumulative;

	if (trace_parse(sim, "Snapshot.statistics", call, names, 1, 1, v) ||
			read_key(sim, v[0], v[1], &key, &is_cumulative))
		return NULL;
	statistics = group(sim, as_snapshot(self), key, is_cumulative);
	if (!statistics)
		return NULL;
	list = sim_list_new(sim, 0);
	for (size_t i = 0; list && i < statistics->nr_items; i++) {
		struct gcs_object *item = trace_statistic_new(sim, as_snapshot(self)->state, &statistics->items[i]);

		if (!item || sim_list_append_steal(sim, list, item))
			GCS_CLEAR(&list);
	}
	hl_statistics_unref(statistics);
	return list;
}

static struct gcs_object *list_of_diffs(struct sim *sim, struct trace_state *state, const struct hl_diffs *diffs)
{
	struct gcs_object *list = sim_list_new(sim, 0);

	for (size_t i = 0; list && i < diffs->nr_items; i++) {
		struct gcs_object *item = trace_diff_new(sim, state, &diffs->items[i]);

		if (!item || sim_list_append_steal(sim, list, item))
			GCS_CLEAR(&list);
	}
	return list;
}

static struct gcs_object *make_differences(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	static const char *const names[] = {"old_snapshot", "key_type", "cumulative", NULL};
	struct hl_statistics *old = NULL;
	struct hl_statistics *statistics = NULL;
	struct hl_diffs *diffs = NULL;
	struct gcs_object *list = NULL;
	struct gcs_object *v[3];
	enum hl_key key;
	bool is_cumulative;

	if (trace_parse(sim, "Snapshot.compare_to", call, names, 2, 1, v) ||
			read_key(sim, v[1], v[2], &key, &is_cumulative))
		return NULL;
	if (sim_type(v[0]) != &trace_snapshot_type)
		return sim_raise_null(sim, SIM_ATTRIBUTE_ERROR, "'%T' object has no attribute '_group_by'", v[0]);
	statistics = group(sim, as_snapshot(self), key, is_cumulative);
	old = statistics ? group(sim, as_snapshot(v[0]), key, is_cumulative) : NULL;
	if (old && hl_statistics_compare(old, statistics, &diffs))
		sim_no_memory(sim);
	if (diffs)
		list = list_of_diffs(sim, as_snapshot(self)->state, diffs);
	hl_diffs_unref(diffs);
	hl_statistics_unref(old);
	hl_statistics_unref(statistics);
	return list;
}

static void release_keeps(char **keeps, size_t nr)
{
	for (size_t i = 0; keeps && i < nr; i++)
		sim_scratch_free(keeps[i]);
	sim_scratch_free(keeps);
}

static struct gcs_object *filtered(struct sim *sim, struct trace_snapshot *self, struct gcs_object *list)
{
	size_t nr = sim_list_size(list);
	struct hl_filter *filters = sim_scratch_zeroed(sim, nr + 1, sizeof(*filters));
	char **keeps = sim_scratch_zeroed(sim, nr + 1, sizeof(*keeps));
	struct hl_snapshot *kept = NULL;
	int rc = filters && keeps ? 0 : -1;

	for (size_t i = 0; !rc && i < nr; i++)
		rc = trace_filter_read(sim, sim_list_item(list, i), &filters[i], &keeps[i]) ||
			sim_charge(sim, self->size.nr_places * (1 + filters[i].pattern.length)) ? -1 : 0;
	if (!rc && hl_snapshot_filter(self->snapshot, self->state->resolver, filters, nr, &kept))
		sim_no_memory(sim);
	release_keeps(keeps, nr);
	sim_scratch_free(filters);
	return kept ? trace_snapshot_new(sim, self->state, kept, self->limit, self->size) : NULL;
}

static struct gcs_object *make_filtered(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	static const char *const names[] = {"filters", NULL};
	struct gcs_object *v[1];
	struct gcs_object *list;
	struct gcs_object *result;

	if (trace_parse(sim, "Snapshot.filter_traces", call, names, 1, 1, v))
		return NULL;
	if (!sim_type(v[0])->iter)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "filters must be a list of filters, not %T", v[0]);
	list = sim_list_from_iterable(sim, v[0]);
	if (!list)
		return NULL;
	result = filtered(sim, as_snapshot(self), list);
	gcs_decref(list);
	return result;
}

static struct gcs_object *snapshot_limit(struct sim *sim, struct gcs_object *self)
{
	return sim_int_new(sim, as_snapshot(self)->limit);
}

/* --- Snapshot.traces: how many there are; the accounts are by stack, single blocks are not kept ------- */

struct traces {
	struct gcs_object head;
	int64_t nr;
};

static int64_t traces_length(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return ((struct traces *)self)->nr;
}

static struct gcs_object *traces_repr(struct sim *sim, struct gcs_object *self)
{
	char text[48];

	snprintf(text, sizeof(text), "<Traces len=%" PRId64 ">", ((struct traces *)self)->nr);
	return sim_str_from(sim, text);
}

static struct gcs_object *traces_iter(struct sim *sim, struct gcs_object *self)
{
	(void)self;
	return sim_raise_null(sim, SIM_NOT_IMPLEMENTED_ERROR, "single traces are not kept by heapledger sim");
}

static struct gcs_object *traces_get_item(struct sim *sim, struct gcs_object *self, struct gcs_object *key)
{
	(void)key;
	return traces_iter(sim, self);
}

static const struct sim_type traces_type = {
	.gc = {.name = "_Traces", .size = sizeof(struct traces)},
	.kind = SIM_EXTENSION,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 48,
	.repr = traces_repr,
	.hash = sim_hash_identity,
	.length = traces_length,
	.iter = traces_iter,
	.get_item = traces_get_item,
	.get_attribute = sim_generic_get,
	.set_attribute = sim_generic_set,
};

static struct gcs_object *snapshot_traces(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *traces = sim_new_object(sim, &traces_type, 0, 0);
	struct hl_totals totals;

	if (!traces)
		return NULL;
	hl_snapshot_totals(as_snapshot(self)->snapshot, -1, &totals);
	((struct traces *)traces)->nr = totals.live_count;
	return traces;
}

int trace_traces_class(struct sim *sim)
{
	return sim_class_builtin(sim, &traces_type, NULL, "tracemalloc") ? 0 : -1;
}

static struct gcs_object *snapshot_repr(struct sim *sim, struct gcs_object *self)
{
	char text[64];

	snprintf(text, sizeof(text), "<tracemalloc.Snapshot object at %p>", (void *)self);
	return sim_str_from(sim, text);
}

static struct gcs_object *snapshot_statistics(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return trace_apart(sim, self, call, make_statistics);
}

static struct gcs_object *snapshot_compare_to(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return trace_apart(sim, self, call, make_differences);
}

static struct gcs_object *snapshot_filter_traces(struct sim *sim, struct gcs_object *self,
		const struct sim_call *call)
{
	return trace_apart(sim, self, call, make_filtered);
}

static const struct sim_method snapshot_methods[] = {
	{"compare_to", snapshot_compare_to, 0, -1, SIM_METHOD_KEYWORDS},
	{"filter_traces", snapshot_filter_traces, 0, -1, SIM_METHOD_KEYWORDS},
	{"statistics", snapshot_statistics, 0, -1, SIM_METHOD_KEYWORDS},
	{NULL, NULL, 0, 0, 0},
};

static const struct sim_getset snapshot_getsets[] = {
	{"traceback_limit", snapshot_limit, NULL},
	{"traces", snapshot_traces, NULL},
	{NULL, NULL, NULL},
};

const struct sim_type trace_snapshot_type = {
	.gc = {
		.name = "Snapshot",
		.size = sizeof(struct trace_snapshot),
		.flags = GCS_TYPE_GC,
		.dealloc = snapshot_dealloc,
	},
	.kind = SIM_EXTENSION,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 40,
	.methods = snapshot_methods,
	.getsets = snapshot_getsets,
	.repr = snapshot_repr,
	.hash = sim_hash_identity,
	.get_attribute = sim_generic_get,
	.set_attribute = sim_generic_set,
};
