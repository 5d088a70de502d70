/* SPDX-License-Identifier: MIT */
/* Built-in functions that go through iterables. */
#include "scenario/modules/modules.h"

#include "scenario/objects/internal.h"

static struct gcs_object *iterate_iter(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	if (call->nr == 1)
		return sim_iter(sim, call->args[0]);
	if (!sim_is_callable(sim, call->args[0]))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "iter(v, w): v must be callable");
	return sim_callable_iter_new(sim, call->args[0], call->args[1]);
}

static bool is_iterator(struct sim *sim, struct gcs_object *object)
{
	if (!sim_type(object)->next)
		return false;
	return !(sim_type(object)->flags & SIM_TYPE_HEAP) ||
		sim_class_lookup(sim, sim_class_of(sim, object), sim->names.d_next);
}

/* Not sim_next(): the value of a generator's StopIteration is to be kept. */
static struct gcs_object *iterate_next(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *iterator = call->args[0];
	struct gcs_object *item;

	(void)self;
	if (!is_iterator(sim, iterator))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "'%T' object is not an iterator", iterator);
	item = sim_type(iterator)->next(sim, iterator);
	if (item || (sim->pending && (call->nr == 1 || !sim_pending_is(sim, SIM_STOP_ITERATION))))
		return item;
	if (call->nr > 1) {
		sim_clear_pending(sim);
		return sim_incref(call->args[1]);
	}
	sim_raise_value(sim, SIM_STOP_ITERATION, NULL);
	return NULL;
}

/* Whether an item with that truth is there: 1, 0, -1. */
static int look_for(struct sim *sim, struct gcs_object *iterable, int wanted)
{
	struct gcs_object *iterator = sim_iter(sim, iterable);
	struct gcs_object *item;
	int truth = !wanted;

	if (!iterator)
		return -1;
	while (truth == !wanted && (item = sim_next(sim, iterator))) {
		truth = sim_truth(sim, item);
		gcs_decref(item);
	}
	gcs_decref(iterator);
	if (sim->pending || truth < 0)
		return -1;
	return truth == wanted;
}

static struct gcs_object *iterate_all(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int found = look_for(sim, call->args[0], 0);

	(void)self;
	return found < 0 ? NULL : sim_bool(sim, !found);
}

static struct gcs_object *iterate_any(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int found = look_for(sim, call->args[0], 1);

	(void)self;
	return found < 0 ? NULL : sim_bool(sim, found);
}

struct extreme {
	struct gcs_object *item, *value;	/* the best so far, and its key; owned */
};

/* Steals @item.  0 or -1. */
static int consider(struct sim *sim, struct extreme *best, struct gcs_object *item, struct gcs_object *key,
		enum sim_compare op)
{
	struct gcs_object *value = key ? sim_call_args(sim, key, 1, &item) : sim_incref(item);
	int better = 1;

	if (value && best->item)
		better = sim_compare_bool(sim, value, best->value, op);
	if (!value || better < 0) {
		gcs_xdecref(value);
		gcs_decref(item);
		return -1;
	}
	if (better) {
		GCS_SET(&best->value, value);
		GCS_SET(&best->item, item);
	} else {
		gcs_decref(value);
		gcs_decref(item);
	}
	return 0;
}

/* New reference; NULL without an exception: there is no item. */
static struct gcs_object *find_extreme(struct sim *sim, struct gcs_object *iterable, struct gcs_object *key,
		enum sim_compare op)
{
	struct gcs_object *iterator = sim_iter(sim, iterable);
	struct extreme best = {NULL, NULL};
	struct gcs_object *item;

	if (!iterator)
		return NULL;
	while ((item = sim_next(sim, iterator)))
		if (consider(sim, &best, item, key, op))
			break;
	if (sim->pending)
		GCS_CLEAR(&best.item);
	gcs_xdecref(best.value);
	gcs_decref(iterator);
	return best.item;
}

static struct gcs_object *extreme(struct sim *sim, const struct sim_call *call, const char *name,
		enum sim_compare op)
{
	const struct sim_call keywords = {.args = call->args + call->nr, .nr = 0, .kwnames = call->kwnames};
	struct gcs_object *arguments;
	struct gcs_object *result;
	struct gcs_object *v[2];

	if (!call->nr)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "%s expected at least 1 argument, got 0", name);
	if (sim_call_parse(sim, name, &keywords, "| $ key default", v))
		return NULL;
	if (v[1] && call->nr > 1)
		return sim_raise_null(sim, SIM_TYPE_ERROR,
				"Cannot specify a default for %s() with multiple positional arguments", name);
	arguments = sim_arguments_tuple(sim, call);
	if (!arguments)
		return NULL;
	result = find_extreme(sim, call->nr > 1 ? arguments : call->args[0], v[0] == sim->none ? NULL : v[0], op);
	if (!result && !sim->pending && v[1])
		result = sim_incref(v[1]);
	else if (!result && !sim->pending)
		sim_raise(sim, SIM_VALUE_ERROR, "%s() arg is an empty sequence", name);
	gcs_decref(arguments);
	return result;
}

static struct gcs_object *iterate_max(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return extreme(sim, call, "max", SIM_GT);
}

static struct gcs_object *iterate_min(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return extreme(sim, call, "min", SIM_LT);
}

static struct gcs_object *iterate_sorted(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	const struct sim_call rest = {.args = call->args + 1, .nr = 0, .kwnames = call->kwnames};
	struct gcs_object *list;
	struct gcs_object *sort;
	struct gcs_object *result;

	(void)self;
	if (call->nr != 1)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "sorted expected 1 argument, got %zu", call->nr);
	list = sim_list_from_iterable(sim, call->args[0]);
	sort = list ? sim_get_attribute_text(sim, list, "sort") : NULL;
	result = sort ? sim_call(sim, sort, &rest) : NULL;
	gcs_xdecref(sort);
	if (!result)
		gcs_xdecref(list);
	gcs_xdecref(result);
	return result ? list : NULL;
}

const struct sim_method sim_iterate_methods[] = {
	{"all", iterate_all, 1, 1, 0},
	{"any", iterate_any, 1, 1, 0},
	{"iter", iterate_iter, 1, 2, 0},
	{"max", iterate_max, 0, -1, SIM_METHOD_KEYWORDS},
	{"min", iterate_min, 0, -1, SIM_METHOD_KEYWORDS},
	{"next", iterate_next, 1, 2, 0},
	{"sorted", iterate_sorted, 0, -1, SIM_METHOD_KEYWORDS},
	{NULL, NULL, 0, 0, 0},
};
