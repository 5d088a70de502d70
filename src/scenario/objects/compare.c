/* SPDX-License-Identifier: MIT */
/* Comparison, truth, hashes, indices. */
#include "class.h"

struct gcs_object *sim_compare_result(struct sim *sim, int order, enum sim_compare op)
{
	static const bool table[6][3] = {
		[SIM_LT] = {1, 0, 0}, [SIM_LE] = {1, 1, 0}, [SIM_EQ] = {0, 1, 0},
		[SIM_NE] = {1, 0, 1}, [SIM_GT] = {0, 0, 1}, [SIM_GE] = {0, 1, 1},
	};

	return sim_bool(sim, table[op][order + 1]);
}

static struct gcs_object *ask(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op)
{
	return sim_type(a)->compare ? sim_type(a)->compare(sim, a, b, op) : sim_not_implemented(sim);
}

static struct gcs_object *compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op)
{
	static const enum sim_compare swapped[] = {[SIM_LT] = SIM_GT, [SIM_LE] = SIM_GE, [SIM_EQ] = SIM_EQ,
		[SIM_NE] = SIM_NE, [SIM_GT] = SIM_LT, [SIM_GE] = SIM_LE};
	static const char *const symbols[] = {"<", "<=", "==", "!=", ">", ">="};
	bool right_first = a->type != b->type && sim_class_is_subclass(sim_class_of(sim, b), sim_class_of(sim, a));
	struct gcs_object *result;

	if (right_first) {
		result = ask(sim, b, a, swapped[op]);
		if (result != sim->not_implemented)
			return result;
		gcs_decref(result);
	}
	result = ask(sim, a, b, op);
	if (result != sim->not_implemented)
		return result;
	gcs_decref(result);
	if (!right_first) {
		result = ask(sim, b, a, swapped[op]);
		if (result != sim->not_implemented)
			return result;
		gcs_decref(result);
	}
	if (op == SIM_EQ || op == SIM_NE)
		return sim_bool(sim, (a == b) == (op == SIM_EQ));
	return sim_raise_null(sim, SIM_TYPE_ERROR, "'%s' not supported between instances of '%T' and '%T'",
			symbols[op], a,
			b);
}

struct gcs_object *sim_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op)
{
	struct gcs_object *result;

	if (sim_charge(sim, 1))
		return NULL;
	/* Numbers are most of what programs compare, and need no guard against recursion. */
	if (sim_kind(a) == SIM_INT && sim_kind(b) == SIM_INT)
		return sim_int_charge(sim, a) ? NULL : sim_compare_result(sim, sim_int_order(a, b), op);
	if (sim_enter(sim, " in comparison"))
		return NULL;
	result = compare(sim, a, b, op);
	sim_leave(sim);
	return result;
}

int sim_compare_bool(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op)
{
	struct gcs_object *result;
	int truth;

	if (a == b && (op == SIM_EQ || op == SIM_NE))
		return sim_charge(sim, 1) ? -1 : op == SIM_EQ;
	result = sim_compare(sim, a, b, op);
	if (!result)
		return -1;
	truth = sim_truth(sim, result);
	gcs_decref(result);
	return truth;
}

static size_t size_of(const struct gcs_object *object)
{
	return sim_kind(object) == SIM_TUPLE ? sim_tuple_size(object) : sim_list_size(object);
}

static struct gcs_object *item_of(const struct gcs_object *object, size_t index)
{
	return sim_kind(object) == SIM_TUPLE ? sim_tuple_item(object, index) : sim_list_item(object, index);
}

/* The first pair that is not equal decides; __eq__ may change lists meanwhile. */
struct gcs_object *sim_compare_items(struct sim *sim, const struct gcs_object *a, const struct gcs_object *b,
		enum sim_compare op)
{
	struct gcs_object *x, *y, *result;
	size_t i;
	int equal;

	if (size_of(a) != size_of(b) && (op == SIM_EQ || op == SIM_NE) && sim_kind(a) == SIM_LIST)
		return sim_bool(sim, op == SIM_NE);
	for (i = 0; i < size_of(a) && i < size_of(b); i++) {
		x = sim_incref(item_of(a, i));
		y = sim_incref(item_of(b, i));
		equal = sim_compare_bool(sim, x, y, SIM_EQ);
		if (equal > 0) {
			gcs_decref(x);
			gcs_decref(y);
			continue;
		}
		if (equal < 0)
			result = NULL;
		else if (op == SIM_EQ || op == SIM_NE)
			result = sim_bool(sim, op == SIM_NE);
		else
			result = sim_compare(sim, x, y, op);
		gcs_decref(x);
		gcs_decref(y);
		return result;
	}
	return sim_compare_result(sim, (size_of(a) > size_of(b)) - (size_of(a) < size_of(b)), op);
}

int sim_truth(struct sim *sim, struct gcs_object *object)
{
	const struct sim_type *type = sim_type(object);
	int64_t length;

	if (object == sim->true_)
		return 1;
	if (object == sim->false_ || object == sim->none)
		return 0;
	if (type->truth)
		return type->truth(sim, object);
	if (!type->length)
		return 1;
	length = type->length(sim, object);
	return length < 0 ? -1 : length > 0;
}

/* --- hashes ------------------------------------------------------------------------------------------ */

int64_t sim_hash(struct sim *sim, struct gcs_object *object)
{
	const struct sim_type *type = sim_type(object);

	if (sim_charge(sim, 1))
		return -1;
	if (type->hash)
		return type->hash(sim, object);
	/* Types without __eq__ of their own hash by identity. */
	if (!type->compare && !(type->flags & SIM_TYPE_HEAP) && type->kind != SIM_LIST)
		return sim_hash_identity(sim, object);
	return sim_raise(sim, SIM_TYPE_ERROR, "unhashable type: '%T'", object);
}

int64_t sim_hash_bytes(const void *data, size_t length)
{
	const unsigned char *at = data;
	uint64_t hash = 0xcbf29ce484222325u ^ length;

	if (!length)
		return 0;
	for (; length >= 8; at += 8, length -= 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	for (; length; at++, length--)
		hash = (hash ^ *at) * 0x100000001b3u;
	hash ^= hash >> 32;
	return hash == UINT64_MAX ? -2 : (int64_t)hash;
}

/* The lowest four bits of addresses are zero: they go to the top, as in CPython. */
int64_t sim_hash_pointer(const void *pointer)
{
	uint64_t value = (uintptr_t)pointer;

	value = value >> 4 | value << 60;
	return value == UINT64_MAX ? -2 : (int64_t)value;
}

int64_t sim_hash_identity(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_hash_pointer(self);
}

int sim_sequence_index(struct sim *sim, struct gcs_object *key, size_t length, const char *what, size_t *index)
{
	int64_t value;

	if (sim_index(sim, key, true, &value))
		return -1;
	if ((value == INT64_MAX || value == INT64_MIN) && sim_is_int(key) && !sim_int_fits(key, &value))
		return sim_raise(sim, SIM_INDEX_ERROR, "cannot fit 'int' into an index-sized integer");
	if (value < 0)
		value += length;
	if (value < 0 || value >= (int64_t)length)
		return sim_raise(sim, SIM_INDEX_ERROR, "%s out of range", what);
	*index = value;
	return 0;
}

/* --- isinstance, issubclass -------------------------------------------------------------------------- */

static int check_class(struct sim *sim, struct sim_class *cls, struct gcs_object *classes, const char *function)
{
	int result = sim_charge(sim, 1);

	if (sim_is_class(classes))
		return result ? result : sim_class_is_subclass(cls, (struct sim_class *)classes);
	if (sim_kind(classes) != SIM_TUPLE)
		return sim_raise(sim, SIM_TYPE_ERROR, "%s() arg 2 must be a %s, a tuple of %s, or a union", function,
				*function == 'i' && function[2] == 'i' ? "type" : "class",
				*function == 'i' && function[2] == 'i' ? "types" : "classes");
	if (sim_enter(sim, " in __instancecheck__"))
		return -1;
	for (size_t i = 0; !result && i < sim_tuple_size(classes); i++)
		result = check_class(sim, cls, sim_tuple_item(classes, i), function);
	sim_leave(sim);
	return result;
}

int sim_is_instance(struct sim *sim, struct gcs_object *object, struct gcs_object *classes)
{
	return check_class(sim, sim_class_of(sim, object), classes, "isinstance");
}

int sim_is_subclass(struct sim *sim, struct gcs_object *cls, struct gcs_object *classes)
{
	if (!sim_is_class(cls))
		return sim_raise(sim, SIM_TYPE_ERROR, "issubclass() arg 1 must be a class");
	return check_class(sim, (struct sim_class *)cls, classes, "issubclass");
}
