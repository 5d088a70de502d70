/* SPDX-License-Identifier: MIT */
/* set and frozenset: operators and methods. */
#include "set.h"

/* In place of one of another kind: a set made of it. */
static struct gcs_object *as_set(struct sim *sim, struct gcs_object *object)
{
	return sim_is_set(object) ? sim_incref(object) : sim_set_new(sim, object);
}

static struct gcs_object *new_like(struct sim *sim, struct gcs_object *like, struct gcs_object *iterable)
{
	return sim_kind(like) == SIM_SET ? sim_set_new(sim, iterable) : sim_frozenset_new(sim, iterable);
}

/* Calls fn for each element of a set; the element is held meanwhile. */
typedef int (*element_fn)(struct sim *sim, struct gcs_object *target, struct gcs_object *key, int64_t hash,
		struct gcs_object *other);

static int each(struct sim *sim, struct gcs_object *set, element_fn fn, struct gcs_object *target,
		struct gcs_object *other)
{
	struct sim_set *from = (struct sim_set *)set;
	int result = sim_charge_places(sim, from->mask);

	for (size_t i = 0; result >= 0 && i <= from->mask; i++) {
		struct gcs_object *key = from->table[i].key;
		int64_t hash = from->table[i].hash;

		if (!key)
			continue;
		gcs_incref(key);
		sim_charge(sim, 1);
		result = fn(sim, target, key, hash, other);
		gcs_decref(key);
	}
	return result < 0 ? -1 : 0;
}

static int add_if_in(struct sim *sim, struct gcs_object *target, struct gcs_object *key, int64_t hash,
		struct gcs_object *other)
{
	int found = sim_set_contains_hash(sim, other, key, hash);

	return found > 0 ? sim_set_add_hash(sim, target, key, hash) : found;
}

static int add_if_not_in(struct sim *sim, struct gcs_object *target, struct gcs_object *key, int64_t hash,
		struct gcs_object *other)
{
	int found = sim_set_contains_hash(sim, other, key, hash);

	return found == 0 ? sim_set_add_hash(sim, target, key, hash) : found < 0 ? -1 : 0;
}

static int remove_it(struct sim *sim, struct gcs_object *target, struct gcs_object *key, int64_t hash,
		struct gcs_object *other)
{
	(void)other;
	return sim_set_discard_hash(sim, target, key, hash);
}

static int toggle(struct sim *sim, struct gcs_object *target, struct gcs_object *key, int64_t hash,
		struct gcs_object *other)
{
	int found = sim_set_discard_hash(sim, target, key, hash);

	(void)other;
	return found == 0 ? sim_set_add_hash(sim, target, key, hash) : found < 0 ? -1 : 0;
}

static int fail_if_not_in(struct sim *sim, struct gcs_object *target, struct gcs_object *key, int64_t hash,
		struct gcs_object *other)
{
	int found = sim_set_contains_hash(sim, other, key, hash);

	if (found == 0)
		*(bool *)target = false;
	return found;
}

static struct gcs_object *intersect(struct sim *sim, struct gcs_object *a, struct gcs_object *b)
{
	struct gcs_object *result = new_like(sim, a, NULL);

	/* The smaller one is walked through. */
	if (sim_set_size(b) > sim_set_size(a)) {
		struct gcs_object *c = a;

		a = b;
		b = c;
	}
	if (result && each(sim, b, add_if_in, result, a))
		GCS_CLEAR(&result);
	return result;
}

static struct gcs_object *subtract(struct sim *sim, struct gcs_object *a, struct gcs_object *b)
{
	bool few = sim_set_size(a) >> 2 > sim_set_size(b);
	struct gcs_object *result = new_like(sim, a, few ? a : NULL);

	if (result && (few ? each(sim, b, remove_it, result, NULL) : each(sim, a, add_if_not_in, result, b)))
		GCS_CLEAR(&result);
	return result;
}

static struct gcs_object *combine(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	struct gcs_object *result;

	if (op == SIM_AND)
		return intersect(sim, a, b);
	if (op == SIM_SUB)
		return subtract(sim, a, b);
	result = new_like(sim, a, op == SIM_OR ? a : b);
	if (result && (op == SIM_OR ? sim_set_update(sim, result, b) : each(sim, a, toggle, result, NULL)))
		GCS_CLEAR(&result);
	return result;
}

static bool is_set_operator(enum sim_binary op)
{
	return op == SIM_AND || op == SIM_OR || op == SIM_XOR || op == SIM_SUB;
}

struct gcs_object *sim_set_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	if (!is_set_operator(op) || !sim_is_set(a) || !sim_is_set(b))
		return sim_not_implemented(sim);
	return combine(sim, a, b, op);
}

/* The elements of a set change to those of another, whose table it takes over. */
static void take_table(struct sim *sim, struct gcs_object *self, struct gcs_object *other)
{
	struct sim_set *a = (struct sim_set *)self, *b = (struct sim_set *)other, c = *a;

	(void)sim;
	a->fill = b->fill;
	a->used = b->used;
	a->mask = b->mask;
	memcpy(a->small, b->small, sizeof(a->small));
	a->table = b->table == b->small ? a->small : b->table;
	a->block = b->block;
	b->fill = c.fill;
	b->used = c.used;
	b->mask = c.mask;
	memcpy(b->small, c.small, sizeof(b->small));
	b->table = c.table == a->small ? b->small : c.table;
	b->block = c.block;
}

static int update_by(struct sim *sim, struct gcs_object *self, struct gcs_object *other, enum sim_binary op)
{
	struct gcs_object *set, *result;
	int status = 0;

	if (op == SIM_OR)
		return sim_set_update(sim, self, other);
	if (op == SIM_SUB && self == other) {
		sim_set_clear(self);
		return 0;
	}
	set = as_set(sim, other);
	if (!set)
		return -1;
	if (op == SIM_SUB) {
		status = each(sim, set, remove_it, self, NULL);
	} else if (op == SIM_XOR && set != self) {
		status = each(sim, set, toggle, self, NULL);
	} else {
		result = combine(sim, self, set, op);
		if (result)
			take_table(sim, self, result);
		status = result ? 0 : -1;
		gcs_xdecref(result);
	}
	gcs_decref(set);
	return status;
}

struct gcs_object *sim_set_in_place(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	if (!is_set_operator(op) || !sim_is_set(b))
		return sim_not_implemented(sim);
	return update_by(sim, a, b, op) ? NULL : sim_incref(a);
}

/* 1, 0, -1: all elements of @a are in @b. */
static int is_subset(struct sim *sim, struct gcs_object *a, struct gcs_object *b)
{
	bool all = true;

	if (sim_set_size(a) > sim_set_size(b))
		return 0;
	if (sim_charge(sim, sim_set_size(a)) || sim_charge_places(sim, ((struct sim_set *)a)->mask))
		return -1;
	for (size_t i = 0; all && i <= ((struct sim_set *)a)->mask; i++) {
		struct sim_set_entry entry = ((struct sim_set *)a)->table[i];

		if (entry.key && fail_if_not_in(sim, (struct gcs_object *)&all, entry.key, entry.hash, b) < 0)
			return -1;
	}
	return all;
}

struct gcs_object *sim_set_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op)
{
	size_t nr_a, nr_b;
	int found;

	if (!sim_is_set(b))
		return sim_not_implemented(sim);
	nr_a = sim_set_size(a);
	nr_b = sim_set_size(b);
	switch (op) {
	case SIM_EQ:
	case SIM_NE:
		found = nr_a == nr_b ? is_subset(sim, a, b) : 0;
		return found < 0 ? NULL : sim_bool(sim, found == (op == SIM_EQ));
	case SIM_LE:
	case SIM_LT:
		found = op == SIM_LT && nr_a >= nr_b ? 0 : is_subset(sim, a, b);
		break;
	default:
		found = op == SIM_GT && nr_b >= nr_a ? 0 : is_subset(sim, b, a);
		break;
	}
	return found < 0 ? NULL : sim_bool(sim, found);
}

/* Independent of the order; CPython's mixing, so that sets of frozensets come out in its order. */
int64_t sim_frozenset_hash(struct sim *sim, struct gcs_object *self)
{
	struct sim_set *set = (struct sim_set *)self;
	uint64_t hash = 0;

	if (set->hash != -1)
		return set->hash;
	if (sim_charge_places(sim, set->mask))
		return -1;
	for (size_t i = 0; i <= set->mask; i++) {
		uint64_t h = set->table[i].hash;

		if (set->table[i].key)
			hash ^= ((h ^ 89869747u) ^ (h << 16)) * 3644798167u;
	}
	hash ^= (set->used + 1) * 1927868237u;
	hash ^= (hash >> 11) ^ (hash >> 25);
	hash = hash * 69069u + 907133923u;
	set->hash = hash == UINT64_MAX ? 590923713 : (int64_t)hash;
	return set->hash;
}

struct gcs_object *sim_set_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	bool frozen = cls->slots->kind == SIM_FROZENSET;

	if (sim_no_keywords(sim, frozen ? "frozenset" : "set", call))
		return NULL;
	if (call->nr > 1)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "%s expected at most 1 argument, got %zu",
				frozen ? "frozenset" : "set", call->nr);
	if (frozen && call->nr && sim_kind(call->args[0]) == SIM_FROZENSET)
		return sim_incref(call->args[0]);
	return frozen ? sim_frozenset_new(sim, call->nr ? call->args[0] : NULL) :
		sim_set_new(sim, call->nr ? call->args[0] : NULL);
}

/* --- methods ----------------------------------------------------------------------------------------- */

static struct gcs_object *set_add(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return sim_set_add(sim, self, call->args[0]) ? NULL : sim_none(sim);
}

static struct gcs_object *set_clear(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	sim_set_clear(self);
	return sim_none(sim);
}

static struct gcs_object *set_copy(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return sim_kind(self) == SIM_FROZENSET ? sim_incref(self) : sim_set_new(sim, self);
}

static struct gcs_object *set_discard(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return sim_set_discard(sim, self, call->args[0]) < 0 ? NULL : sim_none(sim);
}

static struct gcs_object *set_remove(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int found = sim_set_discard(sim, self, call->args[0]);

	if (found == 0)
		sim_raise_value(sim, SIM_KEY_ERROR, call->args[0]);
	return found > 0 ? sim_none(sim) : NULL;
}

static struct gcs_object *set_pop(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return sim_set_pop(sim, self);
}

static struct gcs_object *combine_all(struct sim *sim, struct gcs_object *self, const struct sim_call *call,
		enum sim_binary op)
{
	struct gcs_object *result = call->nr ? sim_incref(self) : new_like(sim, self, self), *next, *other;

	for (size_t i = 0; result && i < call->nr; i++) {
		other = as_set(sim, call->args[i]);
		next = other ? combine(sim, result, other, op) : NULL;
		gcs_xdecref(other);
		gcs_decref(result);
		result = next;
	}
	return result;
}

static struct gcs_object *update_all(struct sim *sim, struct gcs_object *self, const struct sim_call *call,
		enum sim_binary op)
{
	for (size_t i = 0; i < call->nr; i++)
		if (update_by(sim, self, call->args[i], op))
			return NULL;
	return sim_none(sim);
}

#define COMBINE_METHOD(name, op)                                                                                 \
	static struct gcs_object *set_##name(struct sim *sim, struct gcs_object *self, const struct sim_call *call) \
	{                                                                                                        \
		return combine_all(sim, self, call, op);                                                         \
	}                                                                                                        \
	static struct gcs_object *set_##name##_update(struct sim *sim, struct gcs_object *self,                  \
			const struct sim_call *call)                                                             \
	{                                                                                                        \
		return update_all(sim, self, call, op);                                                          \
	}

COMBINE_METHOD(difference, SIM_SUB)
COMBINE_METHOD(intersection, SIM_AND)
COMBINE_METHOD(symmetric_difference, SIM_XOR)
COMBINE_METHOD(union, SIM_OR)

/* isdisjoint, issubset, issuperset */
static struct gcs_object *relate(struct sim *sim, struct gcs_object *self, struct gcs_object *with, int what)
{
	struct gcs_object *other = as_set(sim, with), *common;
	int found = -1;

	if (!other)
		return NULL;
	if (what == 0) {
		common = intersect(sim, self, other);
		found = common ? !sim_set_size(common) : -1;
		gcs_xdecref(common);
	} else {
		found = what > 0 ? is_subset(sim, self, other) : is_subset(sim, other, self);
	}
	gcs_decref(other);
	return found < 0 ? NULL : sim_bool(sim, found);
}

static struct gcs_object *set_isdisjoint(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return relate(sim, self, call->args[0], 0);
}

static struct gcs_object *set_issubset(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return relate(sim, self, call->args[0], 1);
}

static struct gcs_object *set_issuperset(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return relate(sim, self, call->args[0], -1);
}

#define COMMON_METHODS                                                     \
	{"copy", set_copy, 0, 0, 0},                                       \
	{"difference", set_difference, 0, -1, 0},                          \
	{"intersection", set_intersection, 0, -1, 0},                      \
	{"isdisjoint", set_isdisjoint, 1, 1, 0},                           \
	{"issubset", set_issubset, 1, 1, 0},                               \
	{"issuperset", set_issuperset, 1, 1, 0},                           \
	{"symmetric_difference", set_symmetric_difference, 1, 1, 0},       \
	{"union", set_union, 0, -1, 0}

const struct sim_method sim_set_methods[] = {
	{"add", set_add, 1, 1, 0},
	{"clear", set_clear, 0, 0, 0},
	{"difference_update", set_difference_update, 0, -1, 0},
	{"discard", set_discard, 1, 1, 0},
	{"intersection_update", set_intersection_update, 0, -1, 0},
	{"pop", set_pop, 0, 0, 0},
	{"remove", set_remove, 1, 1, 0},
	{"symmetric_difference_update", set_symmetric_difference_update, 1, 1, 0},
	{"update", set_union_update, 0, -1, 0},
	COMMON_METHODS,
	{0},
};

const struct sim_method sim_frozenset_methods[] = {
	COMMON_METHODS,
	{0},
};
