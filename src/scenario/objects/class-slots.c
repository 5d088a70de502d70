/* SPDX-License-Identifier: MIT */
/* What the operators do with instances of the scenario's classes: call __len__, __add__ and so on. */
#include "class.h"

struct gcs_object *sim_class_user_lookup(struct sim *sim, struct sim_class *cls, struct gcs_object *name)
{
	struct gcs_object *value = sim_class_lookup(sim, cls, name);
	enum sim_kind kind = value ? sim_kind(value) : SIM_NONE;

	return kind == SIM_METHOD_DESCRIPTOR || kind == SIM_SLOT_WRAPPER || kind == SIM_GETSET_DESCRIPTOR ||
		kind == SIM_NONE ? NULL : value;
}

struct gcs_object *sim_call_special(struct sim *sim, struct gcs_object *self, struct gcs_object *name, size_t nr,
		struct gcs_object *const *args)
{
	struct sim_class *cls = sim_class_of(sim, self);
	struct gcs_object *descr = sim_class_user_lookup(sim, cls, name), *bound, *result;
	struct sim_call call = {args, nr, NULL};

	if (!descr)
		return NULL;
	gcs_incref(descr);
	if (sim_kind(descr) == SIM_FUNCTION) {
		result = sim_call_prepended(sim, descr, self, &call);
		gcs_decref(descr);
		return result;
	}
	bound = sim_type(descr)->descr_get ? sim_type(descr)->descr_get(sim, descr, self, cls) : sim_incref(descr);
	gcs_decref(descr);
	result = bound ? sim_call(sim, bound, &call) : NULL;
	gcs_xdecref(bound);
	return result;
}

static struct gcs_object *user_repr(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *result = sim_call_special(sim, self, sim->names.d_repr, 0, NULL);

	if (result && !sim_is_str(result)) {
		sim_raise(sim, SIM_TYPE_ERROR, "__repr__ returned non-string (type %T)", result);
		GCS_CLEAR(&result);
	}
	return result;
}

static struct gcs_object *user_str(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *result = sim_call_special(sim, self, sim->names.d_str, 0, NULL);

	if (result && !sim_is_str(result)) {
		sim_raise(sim, SIM_TYPE_ERROR, "__str__ returned non-string (type %T)", result);
		GCS_CLEAR(&result);
	}
	return result;
}

static int64_t user_hash(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *result = sim_call_special(sim, self, sim->names.d_hash, 0, NULL);
	int64_t hash;

	if (!result)
		return -1;
	if (!sim_is_int(result)) {
		gcs_decref(result);
		return sim_raise(sim, SIM_TYPE_ERROR, "__hash__ method should return an integer");
	}
	if (!sim_int_fits(result, &hash))
		hash = sim_int_hash(sim, result);
	gcs_decref(result);
	return hash == -1 ? -2 : hash;
}

static struct gcs_object *compare_name(struct sim *sim, enum sim_compare op)
{
	struct gcs_object *const names[] = {sim->names.d_lt, sim->names.d_le, sim->names.d_eq, sim->names.d_ne,
		sim->names.d_gt, sim->names.d_ge};

	return names[op];
}

static struct gcs_object *user_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op)
{
	struct gcs_object *result = sim_call_special(sim, a, compare_name(sim, op), 1, &b);
	int truth;

	if (result || sim->pending)
		return result;
	if (op != SIM_NE)
		return sim_not_implemented(sim);
	/* object.__ne__ is the opposite of __eq__. */
	result = sim_call_special(sim, a, sim->names.d_eq, 1, &b);
	if (!result || result == sim->not_implemented)
		return result ? result : sim->pending ? NULL : sim_not_implemented(sim);
	truth = sim_truth(sim, result);
	gcs_decref(result);
	return truth < 0 ? NULL : sim_bool(sim, !truth);
}

/* __len__ as an int64_t, or -1. */
static int64_t user_length(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *result = sim_call_special(sim, self, sim->names.d_len, 0, NULL);
	int64_t length = -1;

	if (!result)
		return -1;
	if (sim_index(sim, result, false, &length) == 0 && length < 0)
		length = sim_raise(sim, SIM_VALUE_ERROR, "__len__() should return >= 0");
	gcs_decref(result);
	return sim->pending ? -1 : length;
}

static int user_truth(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *result = sim_call_special(sim, self, sim->names.d_bool, 0, NULL);
	int truth;

	if (!result)
		return -1;
	truth = sim_kind(result) == SIM_BOOL ? result == sim->true_ :
		sim_raise(sim, SIM_TYPE_ERROR, "__bool__ should return bool, returned %T", result);
	gcs_decref(result);
	return truth;
}

static struct gcs_object *user_get_item(struct sim *sim, struct gcs_object *self, struct gcs_object *key)
{
	return sim_call_special(sim, self, sim->names.d_getitem, 1, &key);
}

static int user_set_item(struct sim *sim, struct gcs_object *self, struct gcs_object *key, struct gcs_object *value)
{
	struct gcs_object *args[] = {key, value}, *result;

	result = sim_call_special(sim, self, value ? sim->names.d_setitem : sim->names.d_delitem, value ? 2 : 1, args);
	if (!result && !sim->pending)
		return sim_raise(sim, SIM_TYPE_ERROR, value ? "'%T' object does not support item assignment" :
				"'%T' object doesn't support item deletion", self);
	gcs_xdecref(result);
	return result ? 0 : -1;
}

static int user_contains(struct sim *sim, struct gcs_object *self, struct gcs_object *item)
{
	struct gcs_object *result = sim_call_special(sim, self, sim->names.d_contains, 1, &item);
	int truth = result ? sim_truth(sim, result) : -1;

	gcs_xdecref(result);
	return truth;
}

static struct gcs_object *user_iter(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *result = sim_call_special(sim, self, sim->names.d_iter, 0, NULL);

	if (!result && !sim->pending)
		return sim_sequence_iter(sim, self);
	if (result && !sim_type(result)->next) {
		sim_raise(sim, SIM_TYPE_ERROR, "iter() returned non-iterator of type '%T'", result);
		GCS_CLEAR(&result);
	}
	return result;
}

static struct gcs_object *user_next(struct sim *sim, struct gcs_object *self)
{
	return sim_call_special(sim, self, sim->names.d_next, 0, NULL);
}

static struct gcs_object *user_call(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *method = sim_class_lookup(sim, sim_class_of(sim, self), sim->names.d_call), *result;

	if (!method)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "'%T' object is not callable", self);
	gcs_incref(method);
	if (sim_kind(method) == SIM_FUNCTION) {
		result = sim_call_prepended(sim, method, self, call);
	} else {
		struct gcs_object *bound = sim_find_special(sim, self, sim->names.d_call);

		result = bound ? sim_call(sim, bound, call) : NULL;
		gcs_xdecref(bound);
	}
	gcs_decref(method);
	return result;
}

/* __getattribute__, then __getattr__ for what the usual rules do not find. */
static struct gcs_object *user_get_attribute(struct sim *sim, struct gcs_object *self, struct gcs_object *name)
{
	struct sim_class *cls = sim_class_of(sim, self);
	struct gcs_object *value;

	if (sim_class_user_lookup(sim, cls, sim->names.d_getattribute))
		value = sim_call_special(sim, self, sim->names.d_getattribute, 1, &name);
	else
		value = sim_generic_get(sim, self, name);
	if (value || !cls->has_getattr || !sim_pending_is(sim, SIM_ATTRIBUTE_ERROR))
		return value;
	sim_clear_pending(sim);
	return sim_call_special(sim, self, sim->names.d_getattr, 1, &name);
}

static int user_set_attribute(struct sim *sim, struct gcs_object *self, struct gcs_object *name,
		struct gcs_object *value)
{
	struct gcs_object *args[] = {name, value}, *result;

	result = sim_call_special(sim, self, value ? sim->names.d_setattr : sim->names.d_delattr, value ? 2 : 1, args);
	if (!result && !sim->pending)
		return sim_generic_set(sim, self, name, value);
	gcs_xdecref(result);
	return result ? 0 : -1;
}

/* --- operators --------------------------------------------------------------------------------------- */

static struct gcs_object *binary_name(struct sim *sim, enum sim_binary op, bool reflected)
{
	const struct sim_names *n = &sim->names;
	struct gcs_object *const left[SIM_NR_BINARY] = {n->d_add, n->d_sub, n->d_mul, n->d_truediv, n->d_floordiv,
		n->d_mod, n->d_pow, n->d_and, n->d_or, n->d_xor, n->d_lshift, n->d_rshift, NULL};
	struct gcs_object *const right[SIM_NR_BINARY] = {n->d_radd, n->d_rsub, n->d_rmul, n->d_rtruediv, n->d_rfloordiv,
		n->d_rmod, n->d_rpow, n->d_rand, n->d_ror, n->d_rxor, n->d_rlshift, n->d_rrshift, NULL};

	return reflected ? right[op] : left[op];
}

/* A call whose absence is NotImplemented. */
static struct gcs_object *try_special(struct sim *sim, struct gcs_object *self, struct gcs_object *name,
		struct gcs_object *other)
{
	struct gcs_object *result = name ? sim_call_special(sim, self, name, 1, &other) : NULL;

	return result || sim->pending ? result : sim_not_implemented(sim);
}

struct gcs_object *sim_user_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	bool other = a->type != b->type && sim_type(b)->binary == sim_user_binary, left =
			sim_type(a)->binary == sim_user_binary;
	struct gcs_object *result;

	if (left && other && sim_class_is_subclass(sim_class_of(sim, b), sim_class_of(sim, a)) &&
			sim_class_user_lookup(sim, sim_class_of(sim, b), binary_name(sim, op, true)) !=
			sim_class_user_lookup(sim, sim_class_of(sim, a), binary_name(sim, op, true))) {
		result = try_special(sim, b, binary_name(sim, op, true), a);
		if (result != sim->not_implemented)
			return result;
		gcs_decref(result);
		other = false;
	}
	if (left) {
		result = try_special(sim, a, binary_name(sim, op, false), b);
		if (result != sim->not_implemented || !other)
			return result;
		gcs_decref(result);
	}
	return other ? try_special(sim, b, binary_name(sim, op, true), a) : sim_not_implemented(sim);
}

static struct gcs_object *user_in_place(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	static const char *const texts[SIM_NR_BINARY] = {"__iadd__", "__isub__", "__imul__", "__itruediv__",
		"__ifloordiv__", "__imod__", "__ipow__", "__iand__", "__ior__", "__ixor__", "__ilshift__",
		"__irshift__", "__imatmul__"};
	struct gcs_object *name = sim_str_intern(sim, texts[op], strlen(texts[op])), *result;

	if (!name)
		return NULL;
	result = try_special(sim, a, name, b);
	gcs_decref(name);
	return result;
}

static struct gcs_object *user_unary(struct sim *sim, struct gcs_object *self, enum sim_unary op)
{
	struct gcs_object *const names[] = {sim->names.d_neg, sim->names.d_pos, sim->names.d_invert, sim->names.d_abs};
	struct gcs_object *result = sim_call_special(sim, self, names[op], 0, NULL);

	return result || sim->pending ? result : sim_not_implemented(sim);
}

static struct gcs_object *user_format(struct sim *sim, struct gcs_object *self, struct gcs_object *spec)
{
	struct gcs_object *result = sim_call_special(sim, self, sim->names.d_format, 1, &spec);

	if (result && !sim_is_str(result)) {
		sim_raise(sim, SIM_TYPE_ERROR, "__format__ must return a str, not %T", result);
		GCS_CLEAR(&result);
	}
	return result;
}

/* --- which of these a class has ---------------------------------------------------------------------- */

static bool has(struct sim *sim, struct sim_class *cls, struct gcs_object *name)
{
	return sim_class_user_lookup(sim, cls, name) != NULL;
}

static bool has_any(struct sim *sim, struct sim_class *cls, struct gcs_object *const *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (has(sim, cls, names[i]))
			return true;
	return false;
}

static bool has_in_place(struct sim_class *cls)
{
	for (size_t i = 0; i < sim_tuple_size(cls->mro); i++) {
		struct gcs_object *key, *value;
		struct sim_class *base = (struct sim_class *)sim_tuple_item(cls->mro, i);
		size_t pos = 0;

		if (!(base->slots->flags & SIM_TYPE_HEAP))
			continue;
		while (sim_dict_next(base->dict, &pos, &key, &value))
			if (sim_is_str(key) && sim_as_str(key)->ascii && !strncmp(sim_as_str(key)->data, "__i", 3))
				return true;
	}
	return false;
}

static void set_operators(struct sim *sim, struct sim_class *cls)
{
	const struct sim_names *n = &sim->names;
	struct gcs_object *const compare[] = {n->d_lt, n->d_le, n->d_eq, n->d_ne, n->d_gt, n->d_ge};
	struct gcs_object *const unary[] = {n->d_neg, n->d_pos, n->d_invert, n->d_abs};
	struct sim_type *t = &cls->type;
	const struct sim_type *base = sim_type_base_slots(cls);

	t->binary = base->binary;
	for (int op = 0; op < SIM_NR_BINARY - 1; op++)
		if (has(sim, cls, binary_name(sim, op, false)) || has(sim, cls, binary_name(sim, op, true)))
			t->binary = sim_user_binary;
	t->in_place = has_in_place(cls) ? user_in_place : base->in_place;
	t->unary = has_any(sim, cls, unary, 4) ? user_unary : base->unary;
	t->compare = has_any(sim, cls, compare, 6) ? user_compare : base->compare;
	t->format = has(sim, cls, n->d_format) ? user_format : base->format;
}

/* __hash__ = None: unhashable. */
static void set_hash(struct sim *sim, struct sim_class *cls, const struct sim_type *base)
{
	struct gcs_object *hash = sim_class_lookup(sim, cls, sim->names.d_hash);

	if (hash && hash == sim->none)
		cls->type.hash = NULL;
	else
		cls->type.hash = has(sim, cls, sim->names.d_hash) ? user_hash : base->hash;
}

void sim_class_set_slots(struct sim *sim, struct sim_class *cls)
{
	const struct sim_names *n = &sim->names;
	const struct sim_type *base = sim_type_base_slots(cls);
	struct sim_type *t = &cls->type;

	if (!(cls->slots->flags & SIM_TYPE_HEAP))
		return;
	set_operators(sim, cls);
	set_hash(sim, cls, base);
	cls->has_init = has(sim, cls, n->d_init);
	cls->has_getattr = has(sim, cls, n->d_getattr);
	cls->has_setattr = has(sim, cls, n->d_setattr) || has(sim, cls, n->d_delattr);
	t->repr = has(sim, cls, n->d_repr) ? user_repr : base->repr;
	t->str = has(sim, cls, n->d_str) ? user_str : base->str;
	t->length = has(sim, cls, n->d_len) ? user_length : base->length;
	t->truth = has(sim, cls, n->d_bool) ? user_truth : base->truth;
	t->get_item = has(sim, cls, n->d_getitem) ? user_get_item : base->get_item;
	t->set_item = has(sim, cls, n->d_setitem) || has(sim, cls, n->d_delitem) ? user_set_item : base->set_item;
	t->contains = has(sim, cls, n->d_contains) ? user_contains : base->contains;
	t->iter = has(sim, cls, n->d_iter) || has(sim, cls, n->d_getitem) ? user_iter : base->iter;
	t->next = has(sim, cls, n->d_next) ? user_next : base->next;
	t->call = has(sim, cls, n->d_call) ? user_call : base->call;
	t->get_attribute = cls->has_getattr || has(sim, cls, n->d_getattribute) ? user_get_attribute :
			base->get_attribute;
	t->set_attribute = cls->has_setattr ? user_set_attribute : base->set_attribute;
	t->gc.finalize = has(sim, cls, n->d_del) ? sim_instance_finalize : NULL;
}
