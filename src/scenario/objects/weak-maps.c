/* SPDX-License-Identifier: MIT */
/*
 * WeakValueDictionary, WeakKeyDictionary, WeakSet: classes with the attributes that those of CPython have, whose
 * methods
 * are functions in C.  What the collector sees is the same: the instance, its attributes, the function that removes
 * dead entries with its defaults.
 */
#include "weak.h"

enum map_kind { VALUES, KEYS, SET };

static int set_attribute(struct sim *sim, struct gcs_object *self, const char *name, struct gcs_object *value)
{
	struct gcs_object *text = value ? sim_str_intern(sim, name, strlen(name)) : NULL;
	int result = text ? sim_set_attribute(sim, self, text, value) : -1;

	gcs_xdecref(text);
	gcs_xdecref(value);
	return result;
}

static int need(struct sim *sim, const struct sim_call *call, const char *name, size_t min, size_t max)
{
	if (call->nr >= min + 1 && call->nr <= max + 1)
		return 0;
	if (call->nr > max + 1)
		return sim_raise(sim, SIM_TYPE_ERROR, "%s() takes %zu positional arguments but %zu were given", name,
				max + 1, call->nr);
	return sim_raise(sim, SIM_TYPE_ERROR, "%s() missing %zu required positional argument%s", name,
			min + 1 - call->nr, min + 1 - call->nr == 1 ? "" : "s");
}

/* --- removal of dead entries ------------------------------------------------------------------------- */

/* @function's defaults end with the weak reference to the map: new reference to it, NULL when it is gone. */
static struct gcs_object *map_of(struct gcs_object *function)
{
	struct gcs_object *defaults = ((struct sim_function *)function)->defaults;

	return defaults ? gcs_weakref_get((struct gcs_weakref *)sim_tuple_item(defaults, 0)) : NULL;
}

/* Only the entry of the very reference that died: the key may have a new value already. */
static int remove_value(struct sim *sim, struct gcs_object *data, struct gcs_object *ref)
{
	struct gcs_object *key = sim_as_weakref(ref)->key;

	if (sim_dict_get(sim, data, key) != ref)
		return sim->pending ? -1 : 0;
	return sim_dict_delete(sim, data, key) < 0 ? -1 : 0;
}

static struct gcs_object *remove_dead(struct sim *sim, struct gcs_object *function, const struct sim_call *call)
{
	struct gcs_object *map = map_of(function), *data, *ref = call->args[0];
	int result = 0;

	if (!map)
		return sim_none(sim);
	data = sim_get_attribute_text(sim, map, "data");
	if (!data)
		result = -1;
	else if (sim_kind(ref) == SIM_KEYED_WEAKREF)
		result = remove_value(sim, data, ref);
	else if (sim_kind(data) == SIM_DICT)
		result = sim_dict_delete(sim, data, ref) < 0 ? -1 : 0;
	else
		result = sim_set_discard(sim, data, ref) < 0 ? -1 : 0;
	gcs_xdecref(data);
	gcs_decref(map);
	return result ? NULL : sim_none(sim);
}

static struct gcs_object *native(struct sim *sim, const char *name, sim_method_fn fn)
{
	struct gcs_object *text = sim_str_intern(sim, name, strlen(name)), *function;

	function = text ? sim_function_new(sim, NULL, NULL, text, NULL, NULL, NULL) : NULL;
	gcs_xdecref(text);
	if (function)
		((struct sim_function *)function)->native = fn;
	return function;
}

/* --- construction ------------------------------------------------------------------------------------ */

static int set_up(struct sim *sim, struct gcs_object *self, enum map_kind kind)
{
	struct gcs_object *remove = native(sim, kind == SET ? "_remove" : "remove", remove_dead), *ref;
	int result;

	ref = remove ? sim_weakref_new(sim, self, NULL) : NULL;
	if (ref)
		((struct sim_function *)remove)->defaults = kind == VALUES ? sim_tuple_pack(sim, 2, ref,
				sim_none(sim)) :
			sim_tuple_pack(sim, 1, ref);
	if (!ref || !((struct sim_function *)remove)->defaults) {
		gcs_xdecref(remove);
		return -1;
	}
	if (kind == VALUES) {
		result = set_attribute(sim, self, "_remove", remove);
		return result || set_attribute(sim, self, "_pending_removals", sim_list_new(sim, 0)) ||
			set_attribute(sim, self, "_iterating", sim_set_new(sim, NULL)) ||
			set_attribute(sim, self, "data", sim_dict_new(sim)) ? -1 : 0;
	}
	result = set_attribute(sim, self, "data", kind == KEYS ? sim_dict_new(sim) : sim_set_new(sim, NULL));
	if (result)
		gcs_decref(remove);
	if (result || set_attribute(sim, self, "_remove", remove) ||
			set_attribute(sim, self, "_pending_removals", sim_list_new(sim, 0)) ||
			set_attribute(sim, self, "_iterating", sim_set_new(sim, NULL)))
		return -1;
	return kind == KEYS ? set_attribute(sim, self, "_dirty_len", sim_bool(sim, false)) : 0;
}

/* Stores one entry: map[key] = value, or adds the key to a set. */
static int store(struct sim *sim, struct gcs_object *self, struct gcs_object *key, struct gcs_object *value,
		enum map_kind kind)
{
	struct gcs_object *data = sim_get_attribute_text(sim, self, "data"), *remove = data ?
			sim_get_attribute_text(sim, self, "_remove") : NULL;
	struct gcs_object *ref = NULL;
	int result = -1;

	if (remove)
		ref = kind == VALUES ? sim_weakref_make(sim, &sim_keyed_weakref_type, value, remove, key) :
			sim_weakref_new(sim, key, remove);
	if (ref && kind == SET)
		result = sim_set_add(sim, data, ref);
	else if (ref)
		result = kind == VALUES ? sim_dict_set(sim, data, key, ref) : sim_dict_set(sim, data, ref, value);
	gcs_xdecref(ref);
	gcs_xdecref(remove);
	gcs_xdecref(data);
	return result;
}

static int update(struct sim *sim, struct gcs_object *self, struct gcs_object *other, enum map_kind kind)
{
	struct gcs_object *dict = NULL, *list = NULL, *key, *value;
	size_t pos = 0;
	int result = 0;

	if (kind == SET) {
		list = sim_list_from_iterable(sim, other);
		for (size_t i = 0; list && !result && i < sim_list_size(list); i++)
			result = store(sim, self, sim_list_item(list, i), NULL, kind);
		gcs_xdecref(list);
		return list ? result : -1;
	}
	/* As dict(other), which a dictionary is spared. */
	dict = sim_kind(other) == SIM_DICT ? sim_dict_new(sim) : sim_dict_new_object(sim);
	result = dict ? sim_dict_update(sim, dict, other) : -1;
	while (!result && sim_dict_next(dict, &pos, &key, &value))
		result = store(sim, self, key, value, kind);
	gcs_xdecref(dict);
	return result;
}

static struct gcs_object *construct(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	struct gcs_object *self = call->args[0], *other = call->nr > 1 ? call->args[1] : NULL;

	if (need(sim, call, "__init__", 0, 1) || set_up(sim, self, kind))
		return NULL;
	/* Without an argument, weak values are updated with an empty tuple. */
	if (call->nr < 2)
		other = kind == VALUES ? sim->empty_tuple : sim->none;
	if (other != sim->none && update(sim, self, other, kind))
		return NULL;
	return sim_none(sim);
}

/* --- look-up ----------------------------------------------------------------------------------------- */

/* What stands for the key in the data: the key itself, or a weak reference to it.  New; NULL without an exception: the
 * object cannot be in the map. */
static struct gcs_object *inner_key(struct sim *sim, struct gcs_object *key, enum map_kind kind, bool strict)
{
	if (kind == VALUES)
		return sim_incref(key);
	if (!strict && !(key->type->flags & GCS_TYPE_WEAKREFS))
		return NULL;
	return sim_weakref_new(sim, key, NULL);
}

/* The living value; new; NULL: there is none (no exception), or an exception. */
static struct gcs_object *find(struct sim *sim, struct gcs_object *self, struct gcs_object *key, enum map_kind kind)
{
	struct gcs_object *data = sim_get_attribute_text(sim, self, "data"), *inner, *value = NULL;

	inner = data ? inner_key(sim, key, kind, true) : NULL;
	if (inner)
		value = sim_dict_get(sim, data, inner);
	if (value)
		value = kind == VALUES ? gcs_weakref_get((struct gcs_weakref *)value) : sim_incref(value);
	gcs_xdecref(inner);
	gcs_xdecref(data);
	return value;
}

static struct gcs_object *no_key(struct sim *sim, struct gcs_object *key, enum map_kind kind)
{
	struct gcs_object *shown = sim->pending ? NULL : kind == VALUES ? sim_incref(key) : sim_weakref_new(sim,
			key, NULL);

	if (shown)
		sim_raise_value(sim, SIM_KEY_ERROR, shown);
	gcs_xdecref(shown);
	return NULL;
}

static struct gcs_object *get_item(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	struct gcs_object *value;

	if (need(sim, call, "__getitem__", 1, 1))
		return NULL;
	value = find(sim, call->args[0], call->args[1], kind);
	return value ? value : no_key(sim, call->args[1], kind);
}

static struct gcs_object *get(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	struct gcs_object *value;

	if (need(sim, call, "get", 1, 2))
		return NULL;
	value = find(sim, call->args[0], call->args[1], kind);
	if (value || sim->pending)
		return value;
	return sim_incref(call->nr > 2 ? call->args[2] : sim->none);
}

static struct gcs_object *set_item(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	if (need(sim, call, "__setitem__", 2, 2))
		return NULL;
	return store(sim, call->args[0], call->args[1], call->args[2], kind) ? NULL : sim_none(sim);
}

static struct gcs_object *set_default(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	struct gcs_object *value, *given;

	if (need(sim, call, "setdefault", 1, 2))
		return NULL;
	value = find(sim, call->args[0], call->args[1], kind);
	if (value || sim->pending)
		return value;
	given = call->nr > 2 ? call->args[2] : sim->none;
	return store(sim, call->args[0], call->args[1], given, kind) ? NULL : sim_incref(given);
}

/* Takes the entry out: its value; NULL without an exception: there was none. */
static struct gcs_object *take(struct sim *sim, struct gcs_object *self, struct gcs_object *key, enum map_kind kind)
{
	struct gcs_object *data = sim_get_attribute_text(sim, self, "data"), *inner = data ? inner_key(sim, key,
			kind, true) : NULL;
	struct gcs_object *value = inner ? sim_dict_pop(sim, data, inner) : NULL, *referent;

	if (value && kind == VALUES) {
		referent = gcs_weakref_get((struct gcs_weakref *)value);
		gcs_decref(value);
		value = referent;
	}
	gcs_xdecref(inner);
	gcs_xdecref(data);
	return value;
}

static struct gcs_object *del_item(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	struct gcs_object *value;

	if (need(sim, call, "__delitem__", 1, 1))
		return NULL;
	value = take(sim, call->args[0], call->args[1], kind);
	if (!value)
		return no_key(sim, call->args[1], kind);
	gcs_decref(value);
	return sim_none(sim);
}

static struct gcs_object *pop(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	struct gcs_object *value;

	if (need(sim, call, "pop", 1, 2))
		return NULL;
	value = take(sim, call->args[0], call->args[1], kind);
	if (value || sim->pending)
		return value;
	return call->nr > 2 ? sim_incref(call->args[2]) : no_key(sim, call->args[1], kind);
}

static struct gcs_object *length(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	struct gcs_object *data = sim_get_attribute_text(sim, call->args[0], "data");
	int64_t nr = data ? sim_length(sim, data) : -1;

	(void)kind;
	gcs_xdecref(data);
	return nr < 0 ? NULL : sim_int_new(sim, nr);
}

static struct gcs_object *contains(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	struct gcs_object *data, *inner, *value;
	int found = 0;

	if (need(sim, call, "__contains__", 1, 1))
		return NULL;
	if (kind == VALUES) {
		value = find(sim, call->args[0], call->args[1], kind);
		found = value != NULL;
		gcs_xdecref(value);
		return sim->pending ? NULL : sim_bool(sim, found);
	}
	data = sim_get_attribute_text(sim, call->args[0], "data");
	inner = data ? inner_key(sim, call->args[1], kind, false) : NULL;
	if (inner)
		found = sim_contains(sim, data, inner);
	gcs_xdecref(inner);
	gcs_xdecref(data);
	return found < 0 || sim->pending ? NULL : sim_bool(sim, found);
}

/* --- iteration --------------------------------------------------------------------------------------- */

static struct gcs_object *iter(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	(void)kind;
	return sim_weak_walk(sim, call->args[0], SIM_WALK_KEYS);
}

static struct gcs_object *values(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	(void)kind;
	return sim_weak_walk(sim, call->args[0], SIM_WALK_VALUES);
}

static struct gcs_object *items(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	(void)kind;
	return sim_weak_walk(sim, call->args[0], SIM_WALK_ITEMS);
}

/* valuerefs(), keyrefs(): the references themselves. */
static struct gcs_object *refs(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	struct gcs_object *data = sim_get_attribute_text(sim, call->args[0], "data"), *list = data ?
			sim_list_new(sim, 0) : NULL;
	struct gcs_object *key, *value;
	size_t pos = 0;

	while (list && sim_dict_next(data, &pos, &key, &value))
		if (sim_list_append(sim, list, kind == VALUES ? value : key))
			GCS_CLEAR(&list);
	gcs_xdecref(data);
	return list;
}

static struct gcs_object *update_method(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	if (need(sim, call, "update", 1, 1))
		return NULL;
	return update(sim, call->args[0], call->args[1], kind) ? NULL : sim_none(sim);
}

/* Calls a method of the container that the map keeps its entries in. */
static struct gcs_object *of_data(struct sim *sim, struct gcs_object *self, const char *method)
{
	struct gcs_object *data = sim_get_attribute_text(sim, self, "data"), *name, *result;

	name = data ? sim_str_intern(sim, method, strlen(method)) : NULL;
	result = name ? sim_call_method(sim, data, name, 0, NULL) : NULL;
	gcs_xdecref(name);
	gcs_xdecref(data);
	return result;
}

/* The youngest entry that is alive, as it leaves the map: a pair. */
static struct gcs_object *pop_item(struct sim *sim, struct gcs_object *self, enum map_kind kind)
{
	size_t weak = kind == VALUES ? 1 : 0;
	struct gcs_object *pair, *item, *other;

	do {
		pair = of_data(sim, self, "popitem");
		if (!pair)
			return NULL;
		item = gcs_weakref_get((struct gcs_weakref *)sim_tuple_item(pair, weak));
		other = sim_incref(sim_tuple_item(pair, !weak));
		gcs_decref(pair);
		if (!item)
			gcs_decref(other);
	} while (!item);
	return weak ? sim_tuple_pack(sim, 2, other, item) : sim_tuple_pack(sim, 2, item, other);
}

static struct gcs_object *popitem(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	return need(sim, call, "popitem", 0, 0) ? NULL : pop_item(sim, call->args[0], kind);
}

/* popitem()'s KeyError ends CPython's loop: with frames and tracebacks for it and for clear(). */
static void end_of_clear(struct sim *sim)
{
	struct sim_error error = sim_fetch_pending(sim);
	struct gcs_object *parts[4];

	for (size_t i = 0; i < 4; i++)
		parts[i] = sim_stand_in(sim);
	if (parts[3])
		sim_restore_pending(sim, error);
	gcs_xdecref(sim_take_pending(sim));
	for (size_t i = 0; i < 4; i++)
		gcs_xdecref(parts[i]);
}

/* The maps lose one entry after the other: finalizers see those that are left. */
static struct gcs_object *clear(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	struct gcs_object *pair;

	if (need(sim, call, "clear", 0, 0))
		return NULL;
	if (kind == SET)
		return of_data(sim, call->args[0], "clear");
	while ((pair = pop_item(sim, call->args[0], kind)))
		gcs_decref(pair);
	if (!sim_pending_is(sim, SIM_KEY_ERROR))
		return NULL;
	end_of_clear(sim);
	return sim_none(sim);
}

/* --- WeakSet ----------------------------------------------------------------------------------------- */

static struct gcs_object *add(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	if (need(sim, call, "add", 1, 1))
		return NULL;
	return store(sim, call->args[0], call->args[1], NULL, kind) ? NULL : sim_none(sim);
}

static struct gcs_object *drop(struct sim *sim, const struct sim_call *call, bool must)
{
	struct gcs_object *data, *ref;
	int found = -1;

	if (need(sim, call, must ? "remove" : "discard", 1, 1))
		return NULL;
	data = sim_get_attribute_text(sim, call->args[0], "data");
	ref = data ? sim_weakref_new(sim, call->args[1], NULL) : NULL;
	if (ref)
		found = sim_set_discard(sim, data, ref);
	if (!found && must)
		found = sim_raise_value(sim, SIM_KEY_ERROR, ref);
	gcs_xdecref(ref);
	gcs_xdecref(data);
	return found < 0 ? NULL : sim_none(sim);
}

static struct gcs_object *discard(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	(void)kind;
	return drop(sim, call, false);
}

static struct gcs_object *remove_item(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	(void)kind;
	return drop(sim, call, true);
}

static struct gcs_object *map_repr(struct sim *sim, const struct sim_call *call, enum map_kind kind)
{
	unsigned long long at = (uintptr_t)call->args[0];
	struct gcs_object *data, *result;

	if (kind != SET)
		return sim_str_format(sim, "<%T at 0x%llx>", call->args[0], at);
	data = sim_get_attribute_text(sim, call->args[0], "data");
	result = data ? sim_repr(sim, data) : NULL;
	gcs_xdecref(data);
	return result;
}

/* --- the classes ------------------------------------------------------------------------------------- */

typedef struct gcs_object *(*map_fn)(struct sim *sim, const struct sim_call *call, enum map_kind kind);

/* One function per class and method, as function objects carry nothing else. */
#define FOR(prefix, name, kind)                                                                                      \
	static struct gcs_object *prefix##_##name(struct sim *sim, struct gcs_object *f, const struct sim_call *call) \
	{                                                                                                            \
		(void)f;                                                                                             \
		return name(sim, call, kind);                                                                        \
	}
#define FOR_DICTS(name) FOR(values, name, VALUES) FOR(keys, name, KEYS)
#define FOR_ALL(name) FOR_DICTS(name) FOR(set, name, SET)

FOR_ALL(construct) FOR_ALL(length) FOR_ALL(contains) FOR_ALL(iter) FOR_ALL(update_method) FOR_ALL(clear)
FOR_ALL(map_repr)
FOR_DICTS(get_item) FOR_DICTS(set_item) FOR_DICTS(del_item) FOR_DICTS(get) FOR_DICTS(set_default) FOR_DICTS(pop)
FOR_DICTS(values) FOR_DICTS(items) FOR_DICTS(refs) FOR_DICTS(popitem)
FOR(set, add, SET) FOR(set, discard, SET) FOR(set, remove_item, SET)

#define ROW(name, fn) {name, {values_##fn, keys_##fn, set_##fn}}

static const struct {
	const char *name;
	sim_method_fn fn[3];
} methods[] = {
	ROW("__init__", construct), ROW("__len__", length), ROW("__contains__", contains), ROW("__repr__", map_repr),
	ROW("__iter__", iter), ROW("update", update_method), ROW("clear", clear),
};

static const struct {
	const char *name;
	sim_method_fn fn[2];
} dict_methods[] = {
	{"__getitem__", {values_get_item, keys_get_item}}, {"__setitem__", {values_set_item, keys_set_item}},
	{"__delitem__", {values_del_item, keys_del_item}}, {"get", {values_get, keys_get}},
	{"setdefault", {values_set_default, keys_set_default}}, {"pop", {values_pop, keys_pop}},
	{"keys", {values_iter, keys_iter}}, {"values", {values_values, keys_values}},
	{"items", {values_items, keys_items}}, {"popitem", {values_popitem, keys_popitem}},
};

static int add_function(struct sim *sim, struct gcs_object *namespace, const char *name, sim_method_fn fn)
{
	struct gcs_object *function = native(sim, name, fn);
	int result = function ? sim_dict_set_text(sim, namespace, name, function) : -1;

	if (function)
		gcs_untrack(function);
	gcs_xdecref(function);
	return result;
}

static int fill(struct sim *sim, struct gcs_object *namespace, enum map_kind kind)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (add_function(sim, namespace, methods[i].name, methods[i].fn[kind]))
			return -1;
	for (size_t i = 0; kind != SET && i < sizeof(dict_methods) / sizeof(dict_methods[0]); i++)
		if (add_function(sim, namespace, dict_methods[i].name, dict_methods[i].fn[kind]))
			return -1;
	if (kind != SET)
		return add_function(sim, namespace, kind == VALUES ? "valuerefs" : "keyrefs",
				kind == VALUES ? values_refs : keys_refs);
	return add_function(sim, namespace, "add", set_add) || add_function(sim, namespace, "discard", set_discard) ||
		add_function(sim, namespace, "remove", set_remove_item) ? -1 : 0;
}

static void untrack_items(struct gcs_object *dict)
{
	struct gcs_object *key, *value;
	size_t pos = 0;

	while (sim_dict_next(dict, &pos, &key, &value))
		gcs_untrack(value);
}

/* The class is no part of the program: the collector does not see it. */
static int add_class(struct sim *sim, struct gcs_object *module, const char *name, enum map_kind kind)
{
	struct gcs_object *namespace = sim_dict_new(sim), *text = sim_str_intern(sim, name, strlen(name)), *cls = NULL;
	struct gcs_object *where = sim_str_from(sim, kind == SET ? "_weakrefset" : "weakref");

	if (namespace && text && where && !fill(sim, namespace, kind) &&
			!sim_dict_set(sim, namespace, sim->names.d_module, where))
		cls = sim_class_new(sim, text, sim->empty_tuple, namespace);
	gcs_xdecref(where);
	gcs_xdecref(text);
	gcs_xdecref(namespace);
	if (!cls)
		return -1;
	untrack_items(((struct sim_class *)cls)->dict);
	gcs_untrack(((struct sim_class *)cls)->dict);
	gcs_untrack(((struct sim_class *)cls)->mro);
	gcs_untrack(((struct sim_class *)cls)->bases);
	gcs_untrack(cls);
	return sim_module_add(sim, module, name, cls);
}

int sim_weak_add_maps(struct sim *sim, struct gcs_object *module)
{
	if (!sim_class_builtin(sim, &sim_weak_walker_type, NULL, "builtins"))
		return -1;
	return add_class(sim, module, "WeakValueDictionary", VALUES) || add_class(sim, module, "WeakKeyDictionary",
			KEYS) ||
		add_class(sim, module, "WeakSet", SET) ? -1 : 0;
}
