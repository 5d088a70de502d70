/* SPDX-License-Identifier: MIT */
/* dict: iterators and views. */
#include "dict.h"

struct dict_iterator {
	struct gcs_object head;
	struct gcs_object *dict;	/* NULL: at its end */
	size_t pos, used, left;
	struct gcs_object *pair;	/* of items: CPython keeps one tuple to use it again */
};

struct dict_view {
	struct gcs_object head;
	struct gcs_object *dict;
};

struct gcs_object *sim_dict_iter_new(struct sim *sim, struct gcs_object *dict, enum sim_kind kind)
{
	const struct sim_type *type = kind == SIM_DICT_KEY_ITER ? &sim_dict_key_iter_type :
		kind == SIM_DICT_VALUE_ITER ? &sim_dict_value_iter_type : &sim_dict_item_iter_type;
	struct dict_iterator *iterator = (struct dict_iterator *)sim_alloc(sim, &type->gc, 0, 0);

	if (!iterator)
		return NULL;
	iterator->dict = sim_incref(dict);
	iterator->used = iterator->left = sim_dict_size(dict);
	if (kind == SIM_DICT_ITEM_ITER) {
		iterator->pair = sim_tuple_pack(sim, 2, sim_none(sim), sim_none(sim));
		if (!iterator->pair) {
			gcs_decref(&iterator->head);
			return NULL;
		}
	}
	gcs_track(&iterator->head);
	return &iterator->head;
}

struct gcs_object *sim_dict_iter(struct sim *sim, struct gcs_object *dict)
{
	return sim_dict_iter_new(sim, dict, SIM_DICT_KEY_ITER);
}

static int iterator_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(((struct dict_iterator *)self)->dict);
	GCS_VISIT(((struct dict_iterator *)self)->pair);
	return 0;
}

static void iterator_dealloc(struct gcs_object *self)
{
	struct dict_iterator *iterator = (struct dict_iterator *)self;

	gcs_untrack(self);
	gcs_xdecref(iterator->dict);
	gcs_xdecref(iterator->pair);
	gcs_object_free(self);
}

/* The pair of the iterator itself if nobody else has it. */
static struct gcs_object *make_pair(struct sim *sim, struct dict_iterator *iterator, struct gcs_object *key,
		struct gcs_object *value)
{
	struct sim_tuple *pair = (struct sim_tuple *)iterator->pair;
	struct gcs_object *old_key, *old_value;

	gcs_incref(key);
	gcs_incref(value);
	if (iterator->pair->refs != 1)
		return sim_tuple_pack(sim, 2, key, value);
	old_key = pair->items[0];
	old_value = pair->items[1];
	pair->items[0] = key;
	pair->items[1] = value;
	gcs_incref(iterator->pair);
	gcs_decref(old_key);
	gcs_decref(old_value);
	/* The collector may have untracked it while it held None. */
	gcs_track(iterator->pair);
	return iterator->pair;
}

static struct gcs_object *iterator_next(struct sim *sim, struct gcs_object *self)
{
	struct dict_iterator *iterator = (struct dict_iterator *)self;
	struct gcs_object *key, *value;

	if (!iterator->dict)
		return NULL;
	if (iterator->used != sim_dict_size(iterator->dict)) {
		iterator->used = SIZE_MAX;
		return sim_raise_null(sim, SIM_RUNTIME_ERROR, "dictionary changed size during iteration");
	}
	if (!sim_dict_next(iterator->dict, &iterator->pos, &key, &value)) {
		GCS_CLEAR(&iterator->dict);
		return NULL;
	}
	if (!iterator->left)
		return sim_raise_null(sim, SIM_RUNTIME_ERROR, "dictionary keys changed during iteration");
	iterator->left--;
	if (sim_kind(self) == SIM_DICT_KEY_ITER)
		return sim_incref(key);
	return sim_kind(self) == SIM_DICT_VALUE_ITER ? sim_incref(value) : make_pair(sim, iterator, key, value);
}

static int64_t view_length(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_dict_size(((struct dict_view *)self)->dict);
}

int64_t sim_dict_iterator_left(struct gcs_object *self)
{
	struct dict_iterator *iterator = (struct dict_iterator *)self;

	return iterator->dict && iterator->used == sim_dict_size(iterator->dict) ? (int64_t)iterator->left : 0;
}

#define ITERATOR_TYPE(id, text, number)                                                                     \
	const struct sim_type sim_dict_##id##_iter_type = {                                                 \
		.gc = {.name = text, .size = sizeof(struct dict_iterator), .flags = GCS_TYPE_GC,            \
			.traverse = iterator_traverse, .dealloc = iterator_dealloc, .size_of = sim_size_basic}, \
		.kind = number,                                                                             \
		.flags = SIM_TYPE_NO_NEW,                                                                   \
		.basic_size = 56,                                                                           \
		.iter = sim_self,                                                                           \
		.next = iterator_next,                                                                      \
	};

ITERATOR_TYPE(key, "dict_keyiterator", SIM_DICT_KEY_ITER)
ITERATOR_TYPE(value, "dict_valueiterator", SIM_DICT_VALUE_ITER)
ITERATOR_TYPE(item, "dict_itemiterator", SIM_DICT_ITEM_ITER)

/* --- views ------------------------------------------------------------------------------------------- */

struct gcs_object *sim_dict_view_new(struct sim *sim, struct gcs_object *dict, enum sim_kind kind)
{
	const struct sim_type *type = kind == SIM_DICT_KEYS ? &sim_dict_keys_type :
		kind == SIM_DICT_VALUES ? &sim_dict_values_type : &sim_dict_items_type;
	struct gcs_object *view = sim_alloc(sim, &type->gc, 0, 0);

	if (!view)
		return NULL;
	((struct dict_view *)view)->dict = sim_incref(dict);
	gcs_track(view);
	return view;
}

static int view_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(((struct dict_view *)self)->dict);
	return 0;
}

static void view_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	gcs_xdecref(((struct dict_view *)self)->dict);
	gcs_object_free(self);
}

static struct gcs_object *view_iter(struct sim *sim, struct gcs_object *self)
{
	static const enum sim_kind kinds[] = {SIM_DICT_KEY_ITER, SIM_DICT_VALUE_ITER, SIM_DICT_ITEM_ITER};

	return sim_dict_iter_new(sim, ((struct dict_view *)self)->dict, kinds[sim_kind(self) - SIM_DICT_KEYS]);
}

static struct gcs_object *view_repr(struct sim *sim, struct gcs_object *self)
{
	int running = sim_repr_enter(sim, self);
	struct gcs_object *list, *result;

	if (running)
		return running < 0 ? NULL : sim_str_from(sim, "...");
	list = sim_list_from_iterable(sim, self);
	result = list ? sim_str_format(sim, "%s(%R)", sim_type_name(self), list) : NULL;
	gcs_xdecref(list);
	sim_repr_leave(sim, self);
	return result;
}

static int keys_contains(struct sim *sim, struct gcs_object *self, struct gcs_object *key)
{
	return sim_contains(sim, ((struct dict_view *)self)->dict, key);
}

static int items_contains(struct sim *sim, struct gcs_object *self, struct gcs_object *item)
{
	struct gcs_object *value;

	if (sim_kind(item) != SIM_TUPLE || sim_tuple_size(item) != 2)
		return 0;
	value = sim_dict_get(sim, ((struct dict_view *)self)->dict, sim_tuple_item(item, 0));
	if (!value)
		return sim->pending ? -1 : 0;
	return sim_compare_bool(sim, value, sim_tuple_item(item, 1), SIM_EQ);
}

static bool is_set_like(const struct gcs_object *object)
{
	enum sim_kind kind = sim_kind(object);

	return kind == SIM_DICT_KEYS || kind == SIM_DICT_ITEMS || kind == SIM_SET || kind == SIM_FROZENSET;
}

/* As sets: through a set of the view. */
static struct gcs_object *view_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	struct gcs_object *x, *y, *result = NULL;

	if (op != SIM_AND && op != SIM_OR && op != SIM_XOR && op != SIM_SUB)
		return sim_not_implemented(sim);
	x = sim_set_new(sim, a);
	y = x ? sim_set_new(sim, b) : NULL;
	if (y)
		result = sim_binary(sim, x, y, op);
	gcs_xdecref(x);
	gcs_xdecref(y);
	return result;
}

static struct gcs_object *view_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op)
{
	struct gcs_object *x, *y, *result = NULL;

	if (!is_set_like(b))
		return sim_not_implemented(sim);
	x = sim_set_new(sim, a);
	y = x ? sim_set_new(sim, b) : NULL;
	if (y)
		result = sim_compare(sim, x, y, op);
	gcs_xdecref(x);
	gcs_xdecref(y);
	return result;
}

#define VIEW_GC(text)                                                                                           \
	{.name = text, .size = sizeof(struct dict_view), .flags = GCS_TYPE_GC, .traverse = view_traverse,       \
		.dealloc = view_dealloc, .size_of = sim_size_basic}

const struct sim_type sim_dict_keys_type = {
	.gc = VIEW_GC("dict_keys"),
	.kind = SIM_DICT_KEYS,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 24,
	.repr = view_repr,
	.length = view_length,
	.contains = keys_contains,
	.compare = view_compare,
	.binary = view_binary,
	.iter = view_iter,
};

const struct sim_type sim_dict_values_type = {
	.gc = VIEW_GC("dict_values"),
	.kind = SIM_DICT_VALUES,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 24,
	.repr = view_repr,
	.hash = sim_hash_identity,
	.length = view_length,
	.iter = view_iter,
};

const struct sim_type sim_dict_items_type = {
	.gc = VIEW_GC("dict_items"),
	.kind = SIM_DICT_ITEMS,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 24,
	.repr = view_repr,
	.length = view_length,
	.contains = items_contains,
	.compare = view_compare,
	.binary = view_binary,
	.iter = view_iter,
};
