/* SPDX-License-Identifier: MIT */
/* tuple. */
#include "dict.h"

static struct sim_tuple *as_tuple(struct gcs_object *object)
{
	return (struct sim_tuple *)object;
}

static int tuple_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct sim_tuple *tuple = as_tuple(self);

	for (size_t i = tuple->nr; i-- > 0;)
		GCS_VISIT(tuple->items[i]);
	return 0;
}

static void tuple_dealloc(struct gcs_object *self)
{
	struct sim_tuple *tuple = as_tuple(self);

	gcs_untrack(self);
	for (size_t i = tuple->nr; i-- > 0;)
		gcs_xdecref(tuple->items[i]);
	gcs_object_free(self);
}

static size_t tuple_size(const struct gcs_object *self)
{
	return 24 + 8 * ((const struct sim_tuple *)self)->nr;
}

static bool tuple_untrack(struct gcs_object *self)
{
	struct sim_tuple *tuple = as_tuple(self);

	for (size_t i = 0; i < tuple->nr; i++)
		if (!tuple->items[i] || sim_may_be_tracked(tuple->items[i]))
			return false;
	return true;
}

struct gcs_object *sim_tuple_new(struct sim *sim, size_t nr)
{
	struct gcs_object *self;

	if (nr == 0 && sim->empty_tuple)
		return sim_incref(sim->empty_tuple);
	if (sim_check_array(sim, nr, sizeof(void *)))
		return NULL;
	/* Sizes 1 to 20 have free lists; NULL for others. */
	self = gcs_freelist_new(nr < SIM_TUPLE_LISTS ? sim->tuple_free[nr] : NULL, sim->heap, &sim_tuple_type.gc,
			sim->site,
			nr * sizeof(void *), 40 + 8 * nr);
	if (!self)
		return sim_no_memory_null(sim);
	as_tuple(self)->nr = nr;
	return self;
}

void sim_tuple_finish(struct gcs_object *tuple)
{
	if (as_tuple(tuple)->nr)
		gcs_track(tuple);
}

struct gcs_object *sim_tuple_from(struct sim *sim, struct gcs_object *const *items, size_t nr)
{
	struct gcs_object *self = sim_tuple_new(sim, nr);

	if (!self) {
		for (size_t i = 0; i < nr; i++)
			gcs_decref(items[i]);
		return NULL;
	}
	if (nr)
		memcpy(as_tuple(self)->items, items, nr * sizeof(*items));
	sim_tuple_finish(self);
	return self;
}

struct gcs_object *sim_tuple_pack(struct sim *sim, size_t nr, ...)
{
	struct gcs_object *items[8];
	bool missing = false;
	va_list list;

	va_start(list, nr);
	for (size_t i = 0; i < nr && i < 8; i++) {
		items[i] = va_arg(list, struct gcs_object *);
		missing |= !items[i];
	}
	va_end(list);
	if (!missing)
		return sim_tuple_from(sim, items, nr);
	for (size_t i = 0; i < nr; i++)
		gcs_xdecref(items[i]);
	return NULL;
}

/* Through a list: the array is of the tuple's size only when the items are known.  CPython resizes a guess; both
 * ask for
 * the tuple once. */
struct gcs_object *sim_tuple_from_iterable(struct sim *sim, struct gcs_object *iterable)
{
	struct gcs_object *list, *self;

	if (sim_kind(iterable) == SIM_TUPLE)
		return sim_incref(iterable);
	list = sim_kind(iterable) == SIM_LIST ? sim_incref(iterable) : sim_list_from_iterable(sim, iterable);
	if (!list)
		return NULL;
	self = sim_tuple_new(sim, sim_list_size(list));
	for (size_t i = 0; self && i < sim_list_size(list); i++)
		as_tuple(self)->items[i] = sim_incref(sim_list_item(list, i));
	if (self)
		sim_tuple_finish(self);
	gcs_decref(list);
	return self;
}

/* --- operations -------------------------------------------------------------------------------------- */

static int64_t tuple_length(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return as_tuple(self)->nr;
}

static struct gcs_object *get_slice(struct sim *sim, struct gcs_object *self, struct gcs_object *slice)
{
	int64_t start, step, nr;
	struct gcs_object *result;

	if (sim_slice_indices(sim, slice, as_tuple(self)->nr, &start, &step, &nr))
		return NULL;
	if (step == 1 && nr == (int64_t)as_tuple(self)->nr)
		return sim_incref(self);
	result = sim_tuple_new(sim, nr);
	for (int64_t i = 0; result && i < nr; i++)
		as_tuple(result)->items[i] = sim_incref(as_tuple(self)->items[start + i * step]);
	if (result)
		sim_tuple_finish(result);
	return result;
}

static struct gcs_object *tuple_get_item(struct sim *sim, struct gcs_object *self, struct gcs_object *key)
{
	size_t index;

	if (sim_kind(key) == SIM_SLICE)
		return get_slice(sim, self, key);
	if (!sim_is_int(key) && sim_kind(key) != SIM_INSTANCE)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "tuple indices must be integers or slices, not %T", key);
	if (sim_sequence_index(sim, key, as_tuple(self)->nr, "tuple index", &index))
		return NULL;
	return sim_incref(as_tuple(self)->items[index]);
}

/* 1, 0, -1 as sim_contains(); *at: where. */
static int find(struct sim *sim, struct gcs_object *self, struct gcs_object *item, size_t *at)
{
	for (; *at < as_tuple(self)->nr; ++*at) {
		int equal = sim_compare_bool(sim, as_tuple(self)->items[*at], item, SIM_EQ);

		if (equal)
			return equal;
	}
	return 0;
}

static int tuple_contains(struct sim *sim, struct gcs_object *self, struct gcs_object *item)
{
	size_t at = 0;

	return find(sim, self, item, &at);
}

/* Mixes the hashes of the items as xxHash does, so that sets of tuples come out in CPython's order. */
static int64_t tuple_hash(struct sim *sim, struct gcs_object *self)
{
	const uint64_t prime1 = 11400714785074694791u, prime2 = 14029467366897019727u, prime5 = 2870177450012600261u;
	uint64_t hash = prime5;
	size_t nr = as_tuple(self)->nr;

	if (sim_enter(sim, ""))
		return -1;
	for (size_t i = 0; i < nr; i++) {
		int64_t item = sim_hash(sim, as_tuple(self)->items[i]);

		if (item == -1) {
			sim_leave(sim);
			return -1;
		}
		hash += (uint64_t)item * prime2;
		hash = (hash << 31 | hash >> 33) * prime1;
	}
	sim_leave(sim);
	hash += nr ^ (prime5 ^ 3527539u);
	return hash == UINT64_MAX ? 1546275796 : (int64_t)hash;
}

static struct gcs_object *concat(struct sim *sim, struct gcs_object *a, struct gcs_object *b)
{
	size_t nr_a = sim_tuple_size(a), nr_b = sim_tuple_size(b);
	struct gcs_object *result;

	if (!nr_b)
		return sim_incref(a);
	if (!nr_a)
		return sim_incref(b);
	result = sim_tuple_new(sim, nr_a + nr_b);
	if (!result)
		return NULL;
	for (size_t i = 0; i < nr_a; i++)
		as_tuple(result)->items[i] = sim_incref(sim_tuple_item(a, i));
	for (size_t i = 0; i < nr_b; i++)
		as_tuple(result)->items[nr_a + i] = sim_incref(sim_tuple_item(b, i));
	sim_tuple_finish(result);
	return result;
}

static struct gcs_object *repeat(struct sim *sim, struct gcs_object *self, struct gcs_object *times)
{
	size_t nr = sim_tuple_size(self);
	struct gcs_object *result;
	int64_t count;

	if (sim_index(sim, times, true, &count))
		return NULL;
	if (count == INT64_MAX)
		return sim_raise_null(sim, SIM_OVERFLOW_ERROR, "cannot fit 'int' into an index-sized integer");
	if (count == 1 || nr == 0)
		return sim_incref(self);
	if (count <= 0)
		return sim_tuple_new(sim, 0);
	if (sim_check_array(sim, count, nr * sizeof(void *)))
		return NULL;
	result = sim_tuple_new(sim, count * nr);
	for (size_t i = 0; result && i < count * nr; i++)
		as_tuple(result)->items[i] = sim_incref(sim_tuple_item(self, i % nr));
	if (result)
		sim_tuple_finish(result);
	return result;
}

static struct gcs_object *tuple_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	if (op == SIM_ADD && sim_kind(a) == SIM_TUPLE) {
		if (sim_kind(b) != SIM_TUPLE)
			return sim_raise_null(sim, SIM_TYPE_ERROR,
					"can only concatenate tuple (not \"%T\") to tuple", b);
		return concat(sim, a, b);
	}
	if (op == SIM_MUL && sim_kind(a) == SIM_TUPLE && sim_is_int(b))
		return repeat(sim, a, b);
	if (op == SIM_MUL && sim_is_int(a))
		return repeat(sim, b, a);
	return sim_not_implemented(sim);
}

static struct gcs_object *tuple_repr(struct sim *sim, struct gcs_object *self)
{
	return sim_repr_items(sim, self, "(", as_tuple(self)->nr == 1 ? ",)" : ")", true);
}

static struct gcs_object *tuple_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b,
		enum sim_compare op)
{
	return sim_kind(b) == SIM_TUPLE ? sim_compare_items(sim, a, b, op) : sim_not_implemented(sim);
}

static struct gcs_object *tuple_count(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t nr = 0;
	size_t at = 0;
	int found;

	for (; (found = find(sim, self, call->args[0], &at)) > 0; at++)
		nr++;
	return found < 0 ? NULL : sim_int_new(sim, nr);
}

static struct gcs_object *tuple_index(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	size_t at = 0;
	int found = find(sim, self, call->args[0], &at);

	if (found == 0)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "tuple.index(x): x not in tuple");
	return found < 0 ? NULL : sim_int_new(sim, at);
}

static struct gcs_object *tuple_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	(void)cls;
	if (sim_no_keywords(sim, "tuple", call))
		return NULL;
	if (call->nr > 1)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "tuple expected at most 1 argument, got %zu", call->nr);
	return call->nr ? sim_tuple_from_iterable(sim, call->args[0]) : sim_tuple_new(sim, 0);
}

static const struct sim_method tuple_methods[] = {
	{"count", tuple_count, 1, 1, 0},
	{"index", tuple_index, 1, 1, 0},
	{0},
};

const struct sim_type sim_tuple_type = {
	.gc = {.name = "tuple", .size = sizeof(struct sim_tuple),
		.flags = GCS_TYPE_GC | GCS_TYPE_TRASHCAN | GCS_TYPE_UNTRACK, .traverse = tuple_traverse,
		.dealloc = tuple_dealloc, .size_of = tuple_size, .untrack = tuple_untrack},
	.kind = SIM_TUPLE,
	.basic_size = 24,
	.methods = tuple_methods,
	.repr = tuple_repr,
	.hash = tuple_hash,
	.compare = tuple_compare,
	.length = tuple_length,
	.get_item = tuple_get_item,
	.contains = tuple_contains,
	.iter = sim_tuple_iter,
	.binary = tuple_binary,
	.construct = tuple_construct,
};
