/* SPDX-License-Identifier: MIT */
/* dict: the type, its methods, update and copy. */
#include "dict.h"

static int dict_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct sim_dict *dict = sim_as_dict(self);

	if (dict->values) {
		for (int i = 0; i < dict->shared->nr && i < dict->values->room; i++)
			GCS_VISIT(dict->values->value[i]);
		return 0;
	}
	for (size_t i = 0; dict->keys && i < dict->keys->nr; i++) {
		if (!dict->keys->entries[i].value)
			continue;
		GCS_VISIT(dict->keys->entries[i].value);
		if (dict->keys->general)
			GCS_VISIT(dict->keys->entries[i].key);
	}
	return 0;
}

static void dict_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	sim_dict_drop(self);
	gcs_object_free(self);
}

static size_t dict_size(const struct gcs_object *self)
{
	const struct sim_dict *dict = (const struct sim_dict *)self;

	if (dict->values)
		return 48 + 8 * sim_layout_size(dict->shared);
	return 48 + (dict->keys ? sim_dict_keys_bytes(dict->keys->log2, dict->keys->general) : 0);
}

static bool dict_untrack(struct gcs_object *self)
{
	struct gcs_object *key, *value;
	size_t pos = 0;

	while (sim_dict_next(self, &pos, &key, &value))
		if (sim_may_be_tracked(value) || sim_may_be_tracked(key))
			return false;
	return true;
}

/* --- construction, update, copy ---------------------------------------------------------------------- */

struct gcs_object *sim_dict_from_items(struct sim *sim, struct gcs_object *const *keys,
		struct gcs_object *const *values,
		size_t nr, size_t step)
{
	struct gcs_object *dict = sim_dict_new(sim);
	bool unicode = true;

	for (size_t i = 0; i < nr; i++)
		unicode = unicode && sim_is_str(keys[i * step]);
	if (dict && nr > sim_usable(SIM_DICT_MIN_LOG2) &&
			sim_dict_resize(sim, dict, sim_dict_log2_estimate(nr), unicode))
		GCS_CLEAR(&dict);
	for (size_t i = 0; dict && i < nr; i++)
		if (sim_dict_set(sim, dict, keys[i * step], values[i * step]))
			GCS_CLEAR(&dict);
	return dict;
}

/* Whether another table is so full that an empty dict had better take a copy of it as it is. */
static bool is_dense(const struct sim_dict *other)
{
	const struct sim_dict_keys *keys = other->keys;

	return keys && keys->nr == other->used &&
		(keys->log2 == SIM_DICT_MIN_LOG2 || sim_usable(keys->log2 - 1) < other->used);
}

static int merge_dict(struct sim *sim, struct gcs_object *self, struct gcs_object *other)
{
	struct sim_dict *dict = sim_as_dict(self), *from = sim_as_dict(other);
	struct gcs_object *key, *value;
	size_t pos = 0, used = from->used;
	int result = 0;

	if (self == other || !used)
		return 0;
	if (!dict->used && !dict->values && is_dense(from))
		return sim_dict_clone(sim, dict, from);
	if ((dict->keys ? sim_usable(dict->keys->log2) : 0) < used && !dict->values) {
		bool unicode = !from->keys || !from->keys->general;

		if (sim_dict_resize(sim, self, sim_dict_log2_estimate(dict->used + used), unicode))
			return -1;
	}
	while (!result && sim_dict_next(other, &pos, &key, &value)) {
		gcs_incref(key);
		gcs_incref(value);
		result = sim_dict_set(sim, self, key, value);
		gcs_decref(value);
		gcs_decref(key);
		if (!result && from->used != used)
			result = sim_raise(sim, SIM_RUNTIME_ERROR, "dict mutated during update");
	}
	return result;
}

/* One element of dict([(key, value), ...]). */
static int set_pair(struct sim *sim, struct gcs_object *self, struct gcs_object *pair, size_t number)
{
	struct gcs_object *list = sim_list_from_iterable(sim, pair);
	int result;

	if (!list) {
		if (sim_pending_is(sim, SIM_TYPE_ERROR))
			sim_raise(sim, SIM_TYPE_ERROR, "cannot convert dictionary update sequence element #%zu to a "
					"sequence", number);
		return -1;
	}
	if (sim_list_size(list) != 2)
		result = sim_raise(sim, SIM_VALUE_ERROR, "dictionary update sequence element #%zu has length %zu; 2 is "
				"required", number, sim_list_size(list));
	else
		result = sim_dict_set(sim, self, sim_list_item(list, 0), sim_list_item(list, 1));
	gcs_decref(list);
	return result;
}

static int merge_pairs(struct sim *sim, struct gcs_object *self, struct gcs_object *pairs)
{
	struct gcs_object *iterator = sim_iter(sim, pairs), *pair;
	size_t number = 0;
	int result = 0;

	if (!iterator)
		return -1;
	while (!result && (pair = sim_next(sim, iterator))) {
		result = set_pair(sim, self, pair, number++);
		gcs_decref(pair);
	}
	gcs_decref(iterator);
	return result || sim->pending ? -1 : 0;
}

/* What has keys() and []. */
static int merge_mapping(struct sim *sim, struct gcs_object *self, struct gcs_object *keys, struct gcs_object *from)
{
	struct gcs_object *iterator = sim_iter(sim, keys), *key;
	int result = 0;

	if (!iterator)
		return -1;
	while (!result && (key = sim_next(sim, iterator))) {
		struct gcs_object *value = sim_get_item(sim, from, key);

		result = value ? sim_dict_set(sim, self, key, value) : -1;
		gcs_xdecref(value);
		gcs_decref(key);
	}
	gcs_decref(iterator);
	return result || sim->pending ? -1 : 0;
}

int sim_dict_update(struct sim *sim, struct gcs_object *dict, struct gcs_object *other)
{
	struct gcs_object *method, *keys;
	int result;

	if (sim_kind(other) == SIM_DICT)
		return merge_dict(sim, dict, other);
	method = sim_type(other)->methods || sim_kind(other) == SIM_INSTANCE ?
		sim_get_attribute_text(sim, other, "keys") : NULL;
	if (!method) {
		if (sim->pending && !sim_pending_is(sim, SIM_ATTRIBUTE_ERROR))
			return -1;
		sim_clear_pending(sim);
		return merge_pairs(sim, dict, other);
	}
	keys = sim_call_args(sim, method, 0, NULL);
	gcs_decref(method);
	if (!keys)
		return -1;
	result = merge_mapping(sim, dict, keys, other);
	gcs_decref(keys);
	return result;
}

static struct gcs_object *copy_shared(struct sim *sim, struct sim_dict *from)
{
	struct gcs_block block = {0};
	struct sim_values *values = sim_values_copy(sim, from->values, &block);
	struct gcs_object *copy = values ? sim_dict_from_values(sim, from->shared, values, &block) : NULL;

	if (copy && gcs_is_tracked(&from->head))
		gcs_track(copy);
	return copy;
}

struct gcs_object *sim_dict_copy(struct sim *sim, struct gcs_object *self)
{
	struct sim_dict *from = sim_as_dict(self);
	struct gcs_object *copy;

	if (from->values && from->used >= sim_layout_size(from->shared) * 2 / 3)
		return copy_shared(sim, from);
	if (from->values && from->used)
		return copy_shared(sim, from);
	copy = sim_dict_new(sim);
	if (!copy || !from->used)
		return copy;
	if (from->keys && from->used >= from->keys->nr * 2 / 3 ? sim_dict_clone(sim, sim_as_dict(copy), from) :
			merge_dict(sim, copy, self))
		GCS_CLEAR(&copy);
	return copy;
}

struct gcs_object *sim_dict_keys_list(struct sim *sim, struct gcs_object *dict)
{
	struct gcs_object *list = sim_list_new(sim, sim_dict_size(dict)), *key, *value;
	size_t pos = 0, i = 0;

	while (list && sim_dict_next(dict, &pos, &key, &value))
		((struct sim_list *)list)->items[i++] = sim_incref(key);
	return list;
}

/* --- operators --------------------------------------------------------------------------------------- */

static int64_t dict_length(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_as_dict(self)->used;
}

static struct gcs_object *dict_get_item(struct sim *sim, struct gcs_object *self, struct gcs_object *key)
{
	struct gcs_object *value = sim_dict_get(sim, self, key);

	if (value)
		return sim_incref(value);
	if (!sim->pending)
		sim_raise_value(sim, SIM_KEY_ERROR, key);
	return NULL;
}

static int dict_set_item(struct sim *sim, struct gcs_object *self, struct gcs_object *key, struct gcs_object *value)
{
	int found;

	if (value)
		return sim_dict_set(sim, self, key, value);
	found = sim_dict_delete(sim, self, key);
	if (found == 0)
		return sim_raise_value(sim, SIM_KEY_ERROR, key);
	return found < 0 ? -1 : 0;
}

static int dict_contains(struct sim *sim, struct gcs_object *self, struct gcs_object *key)
{
	if (sim_dict_get(sim, self, key))
		return 1;
	return sim->pending ? -1 : 0;
}

static struct gcs_object *dict_repr(struct sim *sim, struct gcs_object *self)
{
	int running = sim_repr_enter(sim, self);
	struct gcs_object *key, *value;
	struct sim_text text;
	size_t pos = 0;

	if (running)
		return running < 0 ? NULL : sim_str_from(sim, "{...}");
	sim_text_init(&text, sim);
	sim_text_put(&text, "{");
	while (!text.failed && sim_dict_next(self, &pos, &key, &value)) {
		gcs_incref(key);
		gcs_incref(value);
		sim_text_put(&text, text.nr > 1 ? ", " : "");
		sim_text_repr(&text, key);
		sim_text_put(&text, ": ");
		sim_text_repr(&text, value);
		gcs_decref(key);
		gcs_decref(value);
	}
	sim_text_put(&text, "}");
	sim_repr_leave(sim, self);
	return sim_text_finish(&text);
}

static int dict_equal(struct sim *sim, struct gcs_object *a, struct gcs_object *b)
{
	struct gcs_object *key, *value, *other;
	size_t pos = 0;
	int equal = 1;

	if (sim_dict_size(a) != sim_dict_size(b))
		return 0;
	while (equal > 0 && sim_dict_next(a, &pos, &key, &value)) {
		gcs_incref(key);
		gcs_incref(value);
		other = sim_dict_get(sim, b, key);
		if (other) {
			gcs_incref(other);
			equal = sim_compare_bool(sim, value, other, SIM_EQ);
			gcs_decref(other);
		} else {
			equal = sim->pending ? -1 : 0;
		}
		gcs_decref(value);
		gcs_decref(key);
	}
	return equal;
}

static struct gcs_object *dict_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op)
{
	int equal;

	if (sim_kind(b) != SIM_DICT || (op != SIM_EQ && op != SIM_NE))
		return sim_not_implemented(sim);
	equal = dict_equal(sim, a, b);
	return equal < 0 ? NULL : sim_bool(sim, equal == (op == SIM_EQ));
}

static struct gcs_object *dict_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	struct gcs_object *result;

	if (op != SIM_OR || sim_kind(a) != SIM_DICT || sim_kind(b) != SIM_DICT)
		return sim_not_implemented(sim);
	result = sim_dict_copy(sim, a);
	if (result && sim_dict_update(sim, result, b))
		GCS_CLEAR(&result);
	return result;
}

static struct gcs_object *dict_in_place(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	if (op != SIM_OR)
		return sim_not_implemented(sim);
	return sim_dict_update(sim, a, b) ? NULL : sim_incref(a);
}

static int set_keywords(struct sim *sim, struct gcs_object *dict, const struct sim_call *call)
{
	for (size_t i = 0; call->kwnames && i < sim_tuple_size(call->kwnames); i++)
		if (sim_dict_set(sim, dict, sim_tuple_item(call->kwnames, i), call->args[call->nr + i]))
			return -1;
	return 0;
}

static struct gcs_object *dict_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	struct gcs_object *dict;

	(void)cls;
	if (call->nr > 1)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "dict expected at most 1 argument, got %zu", call->nr);
	dict = sim_dict_new_object(sim);
	if (dict && ((call->nr && sim_dict_update(sim, dict, call->args[0])) || set_keywords(sim, dict, call)))
		GCS_CLEAR(&dict);
	return dict;
}

/* --- methods ----------------------------------------------------------------------------------------- */

static struct gcs_object *dict_clear(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	sim_dict_clear(sim, self);
	return sim_none(sim);
}

static struct gcs_object *dict_copy(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return sim_dict_copy(sim, self);
}

static struct gcs_object *dict_get(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *value = sim_dict_get(sim, self, call->args[0]);

	if (value)
		return sim_incref(value);
	if (sim->pending)
		return NULL;
	return sim_incref(call->nr > 1 ? call->args[1] : sim->none);
}

static struct gcs_object *dict_setdefault(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *value = sim_dict_get(sim, self, call->args[0]);

	if (value || sim->pending)
		return value ? sim_incref(value) : NULL;
	value = call->nr > 1 ? call->args[1] : sim->none;
	return sim_dict_set(sim, self, call->args[0], value) ? NULL : sim_incref(value);
}

static struct gcs_object *dict_pop(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *value = sim_dict_pop(sim, self, call->args[0]);

	if (value || sim->pending)
		return value;
	if (call->nr > 1)
		return sim_incref(call->args[1]);
	sim_raise_value(sim, SIM_KEY_ERROR, call->args[0]);
	return NULL;
}

static struct gcs_object *dict_popitem(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *pair = sim_tuple_new(sim, 2), *key, *value;

	(void)call;
	if (!pair)
		return NULL;
	value = sim_dict_pop_last(sim, self, &key);
	if (!value) {
		gcs_decref(pair);
		return sim->pending ? NULL : sim_raise_null(sim, SIM_KEY_ERROR, "popitem(): dictionary is empty");
	}
	((struct sim_tuple *)pair)->items[0] = key;
	((struct sim_tuple *)pair)->items[1] = value;
	sim_tuple_finish(pair);
	return pair;
}

static struct gcs_object *dict_update(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	if (call->nr && sim_dict_update(sim, self, call->args[0]))
		return NULL;
	return set_keywords(sim, self, call) ? NULL : sim_none(sim);
}

static struct gcs_object *dict_fromkeys(struct sim *sim, struct gcs_object *cls, const struct sim_call *call)
{
	struct gcs_object *value = call->nr > 1 ? call->args[1] : sim->none, *from = call->args[0], *key, *iterator;
	struct gcs_object *dict = sim_dict_new_object(sim);
	size_t guess = sim_kind(from) == SIM_DICT ? sim_dict_size(from) : sim_kind(from) == SIM_SET ||
		sim_kind(from) == SIM_FROZENSET ? sim_set_size(from) : 0;

	(void)cls;
	if (dict && guess && sim_dict_resize(sim, dict, sim_dict_log2_estimate(guess), sim_kind(from) == SIM_DICT &&
			sim_as_dict(from)->keys && !sim_as_dict(from)->keys->general))
		GCS_CLEAR(&dict);
	iterator = dict ? sim_iter(sim, from) : NULL;
	if (!iterator) {
		gcs_xdecref(dict);
		return NULL;
	}
	while (dict && (key = sim_next(sim, iterator))) {
		if (sim_dict_set(sim, dict, key, value))
			GCS_CLEAR(&dict);
		gcs_decref(key);
	}
	gcs_decref(iterator);
	if (dict && sim->pending)
		GCS_CLEAR(&dict);
	return dict;
}

static struct gcs_object *dict_keys(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return sim_dict_view_new(sim, self, SIM_DICT_KEYS);
}

static struct gcs_object *dict_values(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return sim_dict_view_new(sim, self, SIM_DICT_VALUES);
}

static struct gcs_object *dict_items(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return sim_dict_view_new(sim, self, SIM_DICT_ITEMS);
}

const struct sim_method sim_dict_methods[] = {
	{"clear", dict_clear, 0, 0, 0},
	{"copy", dict_copy, 0, 0, 0},
	{"fromkeys", dict_fromkeys, 1, 2, SIM_METHOD_CLASS},
	{"get", dict_get, 1, 2, 0},
	{"items", dict_items, 0, 0, 0},
	{"keys", dict_keys, 0, 0, 0},
	{"pop", dict_pop, 1, 2, 0},
	{"popitem", dict_popitem, 0, 0, 0},
	{"setdefault", dict_setdefault, 1, 2, 0},
	{"update", dict_update, 0, 1, SIM_METHOD_KEYWORDS},
	{"values", dict_values, 0, 0, 0},
	{0},
};

const struct sim_type sim_dict_type = {
	.gc = {.name = "dict", .size = sizeof(struct sim_dict),
		.flags = GCS_TYPE_GC | GCS_TYPE_TRASHCAN | GCS_TYPE_UNTRACK_FULL, .traverse = dict_traverse,
		.clear = sim_dict_drop, .dealloc = dict_dealloc, .size_of = dict_size, .untrack = dict_untrack},
	.kind = SIM_DICT,
	.basic_size = 48,
	.methods = sim_dict_methods,
	.repr = dict_repr,
	.compare = dict_compare,
	.length = dict_length,
	.get_item = dict_get_item,
	.set_item = dict_set_item,
	.contains = dict_contains,
	.iter = sim_dict_iter,
	.binary = dict_binary,
	.in_place = dict_in_place,
	.construct = dict_construct,
};
