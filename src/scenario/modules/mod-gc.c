/* SPDX-License-Identifier: MIT */
/*
 * import gc: the collector's interface.  Each result is made of the objects that CPython makes for it, in the same
 * order, because they count too.
 */
#include "scenario/modules/modules.h"

#include <string.h>

#include "scenario/objects/internal.h"
#include "scenario/machine/vm.h"

/* gc.callbacks and gc.garbage as the collector knows them, whatever the scenario binds these names to.  Lives as
 * long as the heap. */
struct state {
	struct gcs_object head;
	struct gcs_object *callbacks, *garbage;		/* lists, owned */
	uint64_t counted;				/* work of collections that was counted as steps */
};

static const struct sim_type state_type = {
	.gc = {.name = "gc.state", .size = sizeof(struct state)},
	.kind = SIM_EXTENSION,
	.flags = SIM_TYPE_NO_NEW,
};

static struct gcs_object *nothing(struct sim *sim, void (*fn)(struct gcs_heap *heap))
{
	fn(sim->heap);
	return sim_none(sim);
}

static struct gcs_object *module_enable(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	return nothing(sim, gcs_enable);
}

static struct gcs_object *module_disable(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	return nothing(sim, gcs_disable);
}

static struct gcs_object *module_freeze(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	return nothing(sim, gcs_freeze);
}

static struct gcs_object *module_unfreeze(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	return nothing(sim, gcs_unfreeze);
}

static struct gcs_object *module_isenabled(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	return sim_bool(sim, gcs_is_enabled(sim->heap));
}

static struct gcs_object *module_get_freeze_count(struct sim *sim, struct gcs_object *self,
		const struct sim_call *call)
{
	(void)self;
	(void)call;
	return sim_int_new_u(sim, gcs_get_freeze_count(sim->heap));
}

static struct gcs_object *module_collect(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *argument;
	int generation = GCS_NR_GENERATIONS - 1;
	int64_t found;

	(void)self;
	if (sim_call_parse(sim, "collect", call, "| generation", &argument))
		return NULL;
	if (argument && sim_argument_c_int(sim, argument, &generation))
		return NULL;
	if (generation < 0 || generation >= GCS_NR_GENERATIONS)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "invalid generation");
	found = gcs_collect(sim->heap, generation);
	/* a limit may have been reached in a finalizer */
	return sim->pending ? NULL : sim_int_new(sim, found);
}

static struct gcs_object *three_ints(struct sim *sim, const int v[GCS_NR_GENERATIONS])
{
	struct gcs_object *tuple = sim_tuple_new(sim, GCS_NR_GENERATIONS);

	if (!tuple)
		return NULL;
	for (size_t i = 0; i < GCS_NR_GENERATIONS; i++) {
		struct gcs_object *item = sim_int_new(sim, v[i]);

		if (!item) {
			gcs_decref(tuple);
			return NULL;
		}
		((struct sim_tuple *)tuple)->items[i] = item;
	}
	sim_tuple_finish(tuple);
	return tuple;
}

static struct gcs_object *module_get_count(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int counts[GCS_NR_GENERATIONS];

	(void)self;
	(void)call;
	gcs_get_count(sim->heap, counts);
	return three_ints(sim, counts);
}

static struct gcs_object *module_get_threshold(struct sim *sim, struct gcs_object *self,
		const struct sim_call *call)
{
	int thresholds[GCS_NR_GENERATIONS];

	(void)self;
	(void)call;
	gcs_get_threshold(sim->heap, thresholds);
	return three_ints(sim, thresholds);
}

static struct gcs_object *module_set_threshold(struct sim *sim, struct gcs_object *self,
		const struct sim_call *call)
{
	struct gcs_object *arguments;
	int v[GCS_NR_GENERATIONS];
	int rc = 0;

	(void)self;
	if (!call->nr)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "set_threshold() takes at least 1 argument (0 given)");
	if (call->nr > GCS_NR_GENERATIONS)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "set_threshold() takes at most 3 arguments (%zu given)",
				call->nr);
	arguments = sim_arguments_tuple(sim, call);
	if (!arguments)
		return NULL;
	gcs_get_threshold(sim->heap, v);
	for (size_t i = 0; !rc && i < call->nr; i++)
		rc = sim_argument_int(sim, call->args[i], &v[i]);
	if (!rc)
		gcs_set_threshold(sim->heap, v);
	gcs_decref(arguments);
	return rc ? NULL : sim_none(sim);
}

/* Steals @value; 0 or -1. */
static int set_number(struct sim *sim, struct gcs_object *dict, const char *name, struct gcs_object *value)
{
	int rc = value ? sim_dict_set_text(sim, dict, name, value) : -1;

	gcs_xdecref(value);
	return rc;
}

static struct gcs_object *stats_dict(struct sim *sim, const struct gcs_generation_stats *stats)
{
	struct gcs_object *dict = sim_dict_new(sim);

	if (dict && !set_number(sim, dict, "collections", sim_int_new_u(sim, stats->collections)) &&
			!set_number(sim, dict, "collected", sim_int_new_u(sim, stats->collected)) &&
			!set_number(sim, dict, "uncollectable", sim_int_new_u(sim, stats->uncollectable)))
		return dict;
	gcs_xdecref(dict);
	return NULL;
}

static struct gcs_object *module_get_stats(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_generation_stats stats[GCS_NR_GENERATIONS];
	struct gcs_object *list;

	(void)self;
	(void)call;
	gcs_get_stats(sim->heap, stats);
	list = sim_list_new(sim, 0);
	for (size_t i = 0; list && i < GCS_NR_GENERATIONS; i++) {
		struct gcs_object *dict = stats_dict(sim, &stats[i]);

		if (!dict || sim_list_append_steal(sim, list, dict))
			GCS_CLEAR(&list);
	}
	return list;
}

/* Appends all but two objects to the list; releases them. */
static struct gcs_object *fill_list(struct sim *sim, struct gcs_object *list, struct gcs_objects *objects,
		const struct gcs_object *but)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < objects->nr; i++)
		if (objects->object[i] != list && objects->object[i] != but)
			rc = sim_list_append(sim, list, objects->object[i]);
	gcs_objects_release(objects);
	if (rc)
		GCS_CLEAR(&list);
	return list;
}

static struct gcs_object *module_get_objects(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_objects objects;
	struct gcs_object *argument;
	struct gcs_object *list;
	int64_t generation = GCS_ALL_GENERATIONS;

	(void)self;
	if (sim_call_parse(sim, "get_objects", call, "| generation", &argument))
		return NULL;
	if (argument == sim->none)
		argument = NULL;
	if (argument && !sim_is_int(argument))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "argument should be integer or None, not '%T'", argument);
	if (argument && sim_index(sim, argument, true, &generation))
		return NULL;
	if (generation >= GCS_NR_GENERATIONS)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "generation parameter must be less than the number of "
				"available generations (3)");
	if (generation < GCS_ALL_GENERATIONS)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "generation parameter cannot be negative");
	list = sim_list_new(sim, 0);
	if (!list)
		return NULL;
	if (gcs_get_objects(sim->heap, (int)generation, &objects)) {
		gcs_decref(list);
		return sim_no_memory_null(sim);
	}
	sim_charge(sim, objects.nr);
	return fill_list(sim, list, &objects, NULL);
}

/* Steps for a look at all objects: what is alive. */
static int charge_heap(struct sim *sim)
{
	struct gcs_counts counts;

	gcs_heap_counts(sim->heap, &counts);
	return sim_charge(sim, counts.live);
}

typedef int (*graph_fn)(struct gcs_heap *heap, struct gcs_object *const *of, size_t nr, struct gcs_objects *out);

static struct gcs_object *neighbours(struct sim *sim, const struct sim_call *call, graph_fn fn)
{
	struct gcs_object *arguments = sim_arguments_tuple(sim, call);
	struct gcs_object *list = arguments ? sim_list_new(sim, 0) : NULL;
	struct gcs_objects objects;

	if (list && fn == gcs_get_referrers && charge_heap(sim))
		GCS_CLEAR(&list);
	if (list && fn(sim->heap, call->args, call->nr, &objects)) {
		GCS_CLEAR(&list);
		sim_no_memory(sim);
	} else if (list) {
		list = fill_list(sim, list, &objects, arguments);
	}
	gcs_xdecref(arguments);
	return list;
}

static struct gcs_object *module_get_referrers(struct sim *sim, struct gcs_object *self,
		const struct sim_call *call)
{
	(void)self;
	return neighbours(sim, call, gcs_get_referrers);
}

static struct gcs_object *module_get_referents(struct sim *sim, struct gcs_object *self,
		const struct sim_call *call)
{
	(void)self;
	return neighbours(sim, call, gcs_get_referents);
}

static struct gcs_object *module_is_tracked(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_bool(sim, gcs_is_tracked(call->args[0]));
}

static struct gcs_object *module_is_finalized(struct sim *sim, struct gcs_object *self,
		const struct sim_call *call)
{
	(void)self;
	return sim_bool(sim, gcs_is_finalized(call->args[0]));
}

static void print_debug(const char *text, void *arg)
{
	sim_write_error(arg, text, strlen(text));
}

static struct gcs_object *module_set_debug(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int flags;

	(void)self;
	if (sim_argument_int(sim, call->args[0], &flags))
		return NULL;
	gcs_set_debug(sim->heap, (unsigned int)flags, print_debug, sim);
	return sim_none(sim);
}

static struct gcs_object *module_get_debug(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	(void)call;
	return sim_int_new(sim, (int)gcs_get_debug(sim->heap));
}

static const struct sim_method methods[] = {
	{"collect", module_collect, 0, -1, SIM_METHOD_KEYWORDS},
	{"disable", module_disable, 0, 0, 0},
	{"enable", module_enable, 0, 0, 0},
	{"freeze", module_freeze, 0, 0, 0},
	{"get_count", module_get_count, 0, 0, 0},
	{"get_debug", module_get_debug, 0, 0, 0},
	{"get_freeze_count", module_get_freeze_count, 0, 0, 0},
	{"get_objects", module_get_objects, 0, -1, SIM_METHOD_KEYWORDS},
	{"get_referents", module_get_referents, 0, -1, 0},
	{"get_referrers", module_get_referrers, 0, -1, 0},
	{"get_stats", module_get_stats, 0, 0, 0},
	{"get_threshold", module_get_threshold, 0, 0, 0},
	{"is_finalized", module_is_finalized, 1, 1, 0},
	{"is_tracked", module_is_tracked, 1, 1, 0},
	{"isenabled", module_isenabled, 0, 0, 0},
	{"set_debug", module_set_debug, 1, 1, 0},
	{"set_threshold", module_set_threshold, 0, -1, 0},
	{"unfreeze", module_unfreeze, 0, 0, 0},
	{NULL, NULL, 0, 0, 0},
};

/* --- gc.callbacks and gc.garbage ---------------------------------------------------------------------- */

static struct gcs_object *callback_info(struct sim *sim, const struct gcs_collection *what)
{
	struct gcs_object *dict = sim_dict_new(sim);

	if (dict && !set_number(sim, dict, "generation", sim_int_new(sim, what->generation)) &&
			!set_number(sim, dict, "collected", sim_int_new(sim, what->collected)) &&
			!set_number(sim, dict, "uncollectable", sim_int_new(sim, what->uncollectable)))
		return dict;
	gcs_xdecref(dict);
	return NULL;
}

/* A collection looks at all objects, with one instruction of the scenario's or none. */
static void charge_work(struct sim *sim, struct state *state)
{
	struct gcs_work work;
	uint64_t all;

	gcs_get_work(sim->heap, &work);
	all = work.objects + work.references;
	if (all > state->counted)
		sim_charge_places(sim, all - state->counted);
	state->counted = all;
}

static void call_callbacks(struct gcs_heap *heap, bool start, const struct gcs_collection *what, void *arg)
{
	struct sim *sim = gcs_heap_user(heap);
	struct gcs_object *callbacks = ((struct state *)arg)->callbacks;
	struct gcs_object *v[2] = {NULL, NULL};

	if (!start)
		charge_work(sim, arg);
	/* not for the collection after the modules are gone */
	if (!sim_list_size(callbacks) || run_is_finalizing(sim))
		return;
	v[1] = callback_info(sim, what);
	v[0] = v[1] ? sim_str_from(sim, start ? "start" : "stop") : NULL;
	for (size_t i = 0; v[0] && i < sim_list_size(callbacks); i++) {
		struct gcs_object *callback = sim_incref(sim_list_item(callbacks, i));
		struct gcs_object *result = sim_call_args(sim, callback, 2, v);

		if (!result)
			sim_unraisable(sim, callback);
		gcs_xdecref(result);
		gcs_decref(callback);
	}
	gcs_xdecref(v[0]);
	gcs_xdecref(v[1]);
	sim_unraisable(sim, NULL);
}

static int append_garbage(struct gcs_object *object, void *arg)
{
	return sim_list_append(sim_of(object), ((struct state *)arg)->garbage, object);
}

static int fill(struct sim *sim, struct gcs_object *module)
{
	static const struct {
		const char *name;
		int value;
	} flags[] = {
		{"DEBUG_STATS", GCS_DEBUG_STATS},
		{"DEBUG_COLLECTABLE", GCS_DEBUG_COLLECTABLE},
		{"DEBUG_UNCOLLECTABLE", GCS_DEBUG_UNCOLLECTABLE},
		{"DEBUG_SAVEALL", GCS_DEBUG_SAVEALL},
		{"DEBUG_LEAK", GCS_DEBUG_LEAK},
	};
	struct state *state = (struct state *)sim_new_object(sim, &state_type, 0, 0);

	if (!state)
		return -1;
	/* The references of the state, which the collector does not see, keep both lists. */
	state->callbacks = sim_list_new(sim, 0);
	state->garbage = sim_list_new(sim, 0);
	if (!state->callbacks || !state->garbage)
		return -1;
	if (sim_module_add(sim, module, "garbage", sim_incref(state->garbage)) ||
			sim_module_add(sim, module, "callbacks", sim_incref(state->callbacks)))
		return -1;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (sim_module_add(sim, module, flags[i].name, sim_int_new(sim, flags[i].value)))
			return -1;
	gcs_set_garbage_fn(sim->heap, append_garbage, state);
	if (gcs_add_callback(sim->heap, call_callbacks, state))
		return sim_no_memory(sim);
	return 0;
}

static const char *const missing[] = {NULL};

const struct sim_module_table sim_module_gc = {
	.name = "gc",
	.methods = methods,
	.fill = fill,
	.missing = missing,
};
