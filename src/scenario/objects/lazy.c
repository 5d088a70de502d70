/* SPDX-License-Identifier: MIT */
/* enumerate, zip, map, filter, reversed. */
#include "internal.h"

struct lazy {
	struct gcs_object head;
	struct gcs_object *function;	/* map, filter; NULL for filter(None, ...) */
	struct gcs_object *iterator;	/* enumerate, filter; the sequence of reversed */
	struct gcs_object *iterators;	/* tuple: zip, map */
	struct gcs_object *result;	/* tuple that is used again if nobody else has it: enumerate, zip */
	struct gcs_object *number;	/* enumerate */
	int64_t index;			/* reversed */
};

static int lazy_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct lazy *lazy = (struct lazy *)self;

	GCS_VISIT(lazy->iterators);
	GCS_VISIT(lazy->iterator);
	GCS_VISIT(lazy->function);
	GCS_VISIT(lazy->result);
	GCS_VISIT(lazy->number);
	return 0;
}

static void lazy_dealloc(struct gcs_object *self)
{
	struct lazy *lazy = (struct lazy *)self;

	gcs_untrack(self);
	gcs_xdecref(lazy->iterators);
	gcs_xdecref(lazy->iterator);
	gcs_xdecref(lazy->function);
	gcs_xdecref(lazy->result);
	gcs_xdecref(lazy->number);
	gcs_object_free(self);
}

static struct lazy *make(struct sim *sim, const struct sim_type *type)
{
	return (struct lazy *)sim_alloc(sim, &type->gc, 0, 0);
}

static struct gcs_object *ready(struct lazy *lazy, bool good)
{
	if (good) {
		gcs_track(&lazy->head);
		return &lazy->head;
	}
	if (lazy)
		gcs_decref(&lazy->head);
	return NULL;
}

/*
 * Iterators over iterators over ... are one call inside another, without a frame that the recursion limit would count:
 * CPython crashes, for this there is a count of its own.
 */
static struct gcs_object *next_of(struct sim *sim, struct gcs_object *iterator)
{
	struct gcs_object *item;

	if (sim->lazy_depth >= SIM_RECURSION_LIMIT)
		return sim_raise_null(sim, SIM_RECURSION_ERROR, "maximum recursion depth exceeded");
	sim->lazy_depth++;
	item = sim_next(sim, iterator);
	sim->lazy_depth--;
	return item;
}

/* The tuple of the object itself, its items replaced (they are stolen), if nobody else has it; else a new one. */
static struct gcs_object *fill_result(struct sim *sim, struct lazy *lazy, struct gcs_object **items, size_t nr)
{
	struct sim_tuple *tuple = (struct sim_tuple *)lazy->result;

	if (lazy->result->refs != 1)
		return sim_tuple_from(sim, items, nr);
	gcs_incref(lazy->result);
	for (size_t i = 0; i < nr; i++)
		GCS_SET(&tuple->items[i], items[i]);
	gcs_track(lazy->result);
	return lazy->result;
}

/* --- enumerate --------------------------------------------------------------------------------------- */

struct gcs_object *sim_enumerate_new(struct sim *sim, struct gcs_object *iterable, struct gcs_object *start)
{
	struct lazy *lazy = make(sim, &sim_enumerate_type);
	int64_t value;

	if (!lazy)
		return NULL;
	lazy->number = !start ? sim_int_new(sim, 0) : sim_is_int(start) ? sim_incref(start) :
		sim_index(sim, start, false, &value) ? NULL : sim_int_new(sim, value);
	lazy->iterator = lazy->number ? sim_iter(sim, iterable) : NULL;
	lazy->result = lazy->iterator ? sim_tuple_pack(sim, 2, sim_none(sim), sim_none(sim)) : NULL;
	return ready(lazy, lazy->result != NULL);
}

static struct gcs_object *enumerate_next(struct sim *sim, struct gcs_object *self)
{
	struct lazy *lazy = (struct lazy *)self;
	struct gcs_object *items[2], *one, *next;

	items[1] = next_of(sim, lazy->iterator);
	if (!items[1])
		return NULL;
	one = sim_int_new(sim, 1);
	next = one ? sim_binary(sim, lazy->number, one, SIM_ADD) : NULL;
	gcs_xdecref(one);
	if (!next) {
		gcs_decref(items[1]);
		return NULL;
	}
	items[0] = lazy->number;
	lazy->number = next;
	return fill_result(sim, lazy, items, 2);
}

static struct gcs_object *enumerate_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	struct gcs_object *given[2];

	(void)cls;
	if (sim_call_parse(sim, "enumerate", call, "iterable | start", given))
		return NULL;
	return sim_enumerate_new(sim, given[0], given[1]);
}

/* --- zip, map ---------------------------------------------------------------------------------------- */

static struct gcs_object *make_iterators(struct sim *sim, struct gcs_object *const *iterables, size_t nr)
{
	struct gcs_object *tuple = sim_tuple_new(sim, nr);

	for (size_t i = 0; tuple && i < nr; i++) {
		((struct sim_tuple *)tuple)->items[i] = sim_iter(sim, iterables[i]);
		if (!((struct sim_tuple *)tuple)->items[i])
			GCS_CLEAR(&tuple);
	}
	if (tuple)
		sim_tuple_finish(tuple);
	return tuple;
}

struct gcs_object *sim_zip_new(struct sim *sim, struct gcs_object *const *iterables, size_t nr)
{
	struct lazy *lazy = make(sim, &sim_zip_type);

	if (!lazy)
		return NULL;
	lazy->iterators = make_iterators(sim, iterables, nr);
	lazy->result = lazy->iterators ? sim_tuple_new(sim, nr) : NULL;
	if (!lazy->result)
		return ready(lazy, false);
	for (size_t i = 0; i < nr; i++)
		((struct sim_tuple *)lazy->result)->items[i] = sim_none(sim);
	sim_tuple_finish(lazy->result);
	return ready(lazy, true);
}

/* The next of all iterators; false: one is at its end, or an exception. */
static bool take_all(struct sim *sim, struct gcs_object *iterators, struct gcs_object **items)
{
	size_t nr = sim_tuple_size(iterators);

	for (size_t i = 0; i < nr; i++) {
		items[i] = next_of(sim, sim_tuple_item(iterators, i));
		if (items[i])
			continue;
		while (i-- > 0)
			gcs_decref(items[i]);
		return false;
	}
	return true;
}

static struct gcs_object *zip_next(struct sim *sim, struct gcs_object *self)
{
	struct lazy *lazy = (struct lazy *)self;
	size_t nr = sim_tuple_size(lazy->iterators);
	struct gcs_object **items, *result;

	if (!nr)
		return NULL;
	items = sim_scratch(sim, NULL, nr, sizeof(*items));
	if (!items)
		return NULL;
	result = take_all(sim, lazy->iterators, items) ? fill_result(sim, lazy, items, nr) : NULL;
	sim_scratch_free(items);
	return result;
}

static struct gcs_object *zip_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	(void)cls;
	return sim_no_keywords(sim, "zip", call) ? NULL : sim_zip_new(sim, call->args, call->nr);
}

struct gcs_object *sim_map_new(struct sim *sim, struct gcs_object *function, struct gcs_object *const *iterables,
		size_t nr)
{
	struct lazy *lazy = make(sim, &sim_map_type);

	if (!lazy)
		return NULL;
	lazy->iterators = make_iterators(sim, iterables, nr);
	lazy->function = sim_incref(function);
	return ready(lazy, lazy->iterators != NULL);
}

static struct gcs_object *map_next(struct sim *sim, struct gcs_object *self)
{
	struct lazy *lazy = (struct lazy *)self;
	size_t nr = sim_tuple_size(lazy->iterators);
	struct gcs_object **items = sim_scratch(sim, NULL, nr, sizeof(*items)), *result = NULL;

	if (!items)
		return NULL;
	if (take_all(sim, lazy->iterators, items)) {
		result = sim_call_args(sim, lazy->function, nr, items);
		for (size_t i = 0; i < nr; i++)
			gcs_decref(items[i]);
	}
	sim_scratch_free(items);
	return result;
}

static struct gcs_object *map_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	(void)cls;
	if (sim_no_keywords(sim, "map", call))
		return NULL;
	if (call->nr < 2)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "map() must have at least two arguments.");
	return sim_map_new(sim, call->args[0], call->args + 1, call->nr - 1);
}

/* --- filter ------------------------------------------------------------------------------------------ */

struct gcs_object *sim_filter_new(struct sim *sim, struct gcs_object *function, struct gcs_object *iterable)
{
	struct lazy *lazy = make(sim, &sim_filter_type);

	if (!lazy)
		return NULL;
	lazy->iterator = sim_iter(sim, iterable);
	lazy->function = sim_incref(function);
	return ready(lazy, lazy->iterator != NULL);
}

static struct gcs_object *filter_next(struct sim *sim, struct gcs_object *self)
{
	struct lazy *lazy = (struct lazy *)self;
	struct gcs_object *item, *answer;
	int truth;

	while ((item = next_of(sim, lazy->iterator))) {
		if (lazy->function == sim->none) {
			truth = sim_truth(sim, item);
		} else {
			answer = sim_call_args(sim, lazy->function, 1, &item);
			truth = answer ? sim_truth(sim, answer) : -1;
			gcs_xdecref(answer);
		}
		if (truth > 0)
			return item;
		gcs_decref(item);
		if (truth < 0)
			return NULL;
	}
	return NULL;
}

static struct gcs_object *filter_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	(void)cls;
	if (sim_no_keywords(sim, "filter", call))
		return NULL;
	if (call->nr != 2)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "filter expected 2 arguments, got %zu", call->nr);
	return sim_filter_new(sim, call->args[0], call->args[1]);
}

/* --- reversed ---------------------------------------------------------------------------------------- */

struct gcs_object *sim_reversed_new(struct sim *sim, struct gcs_object *sequence)
{
	struct gcs_object *method = sim_find_special(sim, sequence, sim->names.d_reversed), *result;
	struct lazy *lazy;

	if (method) {
		result = sim_call_args(sim, method, 0, NULL);
		gcs_decref(method);
		return result;
	}
	if (sim->pending)
		return NULL;
	if (!sim_type(sequence)->get_item || !sim_type(sequence)->length || sim_kind(sequence) == SIM_DICT)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "'%T' object is not reversible", sequence);
	lazy = make(sim, &sim_reversed_type);
	if (!lazy)
		return NULL;
	lazy->index = sim_length(sim, sequence) - 1;
	if (lazy->index < -1)
		return ready(lazy, false);
	lazy->iterator = sim_incref(sequence);
	return ready(lazy, true);
}

static struct gcs_object *reversed_next(struct sim *sim, struct gcs_object *self)
{
	struct lazy *lazy = (struct lazy *)self;
	struct gcs_object *index, *item = NULL;

	if (lazy->iterator && lazy->index >= 0) {
		index = sim_int_new(sim, lazy->index--);
		item = index ? sim_get_item(sim, lazy->iterator, index) : NULL;
		gcs_xdecref(index);
		if (item)
			return item;
		if (!sim_pending_is(sim, SIM_INDEX_ERROR) && !sim_pending_is(sim, SIM_STOP_ITERATION))
			return NULL;
		sim_clear_pending(sim);
	}
	lazy->index = -1;
	GCS_CLEAR(&lazy->iterator);
	return NULL;
}

static struct gcs_object *reversed_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	(void)cls;
	if (sim_no_keywords(sim, "reversed", call))
		return NULL;
	if (call->nr != 1)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "reversed expected 1 argument, got %zu", call->nr);
	return sim_reversed_new(sim, call->args[0]);
}

#define LAZY_TYPE(id, number, bytes)                                                                          \
	const struct sim_type sim_##id##_type = {                                                             \
		.gc = {.name = #id, .size = sizeof(struct lazy), .flags = GCS_TYPE_GC,                        \
			.traverse = lazy_traverse, .dealloc = lazy_dealloc, .size_of = sim_size_basic},       \
		.kind = number,                                                                               \
		.basic_size = bytes,                                                                          \
		.iter = sim_self,                                                                             \
		.next = id##_next,                                                                            \
		.construct = id##_construct,                                                                  \
	};

LAZY_TYPE(enumerate, SIM_ENUMERATE, 56)
LAZY_TYPE(zip, SIM_ZIP, 48)
LAZY_TYPE(map, SIM_MAP, 32)
LAZY_TYPE(filter, SIM_FILTER, 32)
LAZY_TYPE(reversed, SIM_REVERSED, 32)
