/* SPDX-License-Identifier: MIT */
/* Iterators over sequences, sets and ranges. */
#include "set.h"

struct iterator {
	struct gcs_object head;
	struct gcs_object *of;		/* NULL: at its end */
	size_t index;
	size_t used;			/* of a set: its size at the start; of iter(f, x): unused */
	struct gcs_object *sentinel;
};

/* Numbers that fit into machine words: CPython's range_iterator, not a GC object. */
struct range_iterator {
	struct gcs_object head;
	int64_t next, step;
	uint64_t left;
	struct gcs_object *big_next, *big_step, *big_left;	/* instead, for larger numbers */
};

struct gcs_object *sim_self(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_incref(self);
}

static int iterator_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	GCS_VISIT(((struct iterator *)self)->of);
	GCS_VISIT(((struct iterator *)self)->sentinel);
	return 0;
}

static void iterator_dealloc(struct gcs_object *self)
{
	gcs_untrack(self);
	gcs_xdecref(((struct iterator *)self)->of);
	gcs_xdecref(((struct iterator *)self)->sentinel);
	gcs_object_free(self);
}

static struct gcs_object *make(struct sim *sim, const struct sim_type *type, struct gcs_object *of, size_t index)
{
	struct iterator *iterator = (struct iterator *)sim_alloc(sim, &type->gc, 0, 0);

	if (!iterator)
		return NULL;
	iterator->of = sim_incref(of);
	iterator->index = index;
	gcs_track(&iterator->head);
	return &iterator->head;
}

struct gcs_object *sim_list_iter(struct sim *sim, struct gcs_object *list)
{
	return make(sim, &sim_list_iter_type, list, 0);
}

struct gcs_object *sim_list_reverse_iter(struct sim *sim, struct gcs_object *list)
{
	return make(sim, &sim_list_reverse_iter_type, list, sim_list_size(list));
}

struct gcs_object *sim_tuple_iter(struct sim *sim, struct gcs_object *tuple)
{
	return make(sim, &sim_tuple_iter_type, tuple, 0);
}

struct gcs_object *sim_str_iter(struct sim *sim, struct gcs_object *str)
{
	return make(sim, &sim_str_iter_type, str, 0);
}

struct gcs_object *sim_bytes_iter(struct sim *sim, struct gcs_object *bytes)
{
	return make(sim, &sim_bytes_iter_type, bytes, 0);
}

struct gcs_object *sim_sequence_iter(struct sim *sim, struct gcs_object *sequence)
{
	return make(sim, &sim_sequence_iter_type, sequence, 0);
}

struct gcs_object *sim_set_iter(struct sim *sim, struct gcs_object *set)
{
	struct gcs_object *iterator = make(sim, &sim_set_iter_type, set, 0);

	if (iterator)
		((struct iterator *)iterator)->used = sim_set_size(set);
	return iterator;
}

struct gcs_object *sim_callable_iter_new(struct sim *sim, struct gcs_object *callable, struct gcs_object *sentinel)
{
	struct gcs_object *iterator = make(sim, &sim_callable_iter_type, callable, 0);

	if (iterator)
		((struct iterator *)iterator)->sentinel = sim_incref(sentinel);
	return iterator;
}

/* Forgets what was iterated over: the end stays the end. */
static struct gcs_object *at_end(struct iterator *iterator)
{
	GCS_CLEAR(&iterator->of);
	return NULL;
}

static struct gcs_object *list_iter_next(struct sim *sim, struct gcs_object *self)
{
	struct iterator *iterator = (struct iterator *)self;

	(void)sim;
	if (!iterator->of)
		return NULL;
	if (iterator->index < sim_list_size(iterator->of))
		return sim_incref(sim_list_item(iterator->of, iterator->index++));
	return at_end(iterator);
}

static struct gcs_object *list_reverse_next(struct sim *sim, struct gcs_object *self)
{
	struct iterator *iterator = (struct iterator *)self;

	(void)sim;
	if (!iterator->of)
		return NULL;
	if (iterator->index > 0 && iterator->index <= sim_list_size(iterator->of))
		return sim_incref(sim_list_item(iterator->of, --iterator->index));
	return at_end(iterator);
}

static struct gcs_object *tuple_iter_next(struct sim *sim, struct gcs_object *self)
{
	struct iterator *iterator = (struct iterator *)self;

	(void)sim;
	if (!iterator->of)
		return NULL;
	if (iterator->index < sim_tuple_size(iterator->of))
		return sim_incref(sim_tuple_item(iterator->of, iterator->index++));
	return at_end(iterator);
}

static struct gcs_object *str_iter_next(struct sim *sim, struct gcs_object *self)
{
	struct iterator *iterator = (struct iterator *)self;
	uint32_t point;

	if (!iterator->of)
		return NULL;
	if (iterator->index >= sim_as_str(iterator->of)->length)
		return at_end(iterator);
	point = sim_str_at(sim_as_str(iterator->of), iterator->index++);
	return sim_str_from_points(sim, &point, 1);
}

static struct gcs_object *bytes_iter_next(struct sim *sim, struct gcs_object *self)
{
	struct iterator *iterator = (struct iterator *)self;
	const char *data;
	size_t length;

	if (!iterator->of)
		return NULL;
	data = sim_bytes_data(iterator->of, &length);
	if (iterator->index >= length)
		return at_end(iterator);
	return sim_int_new(sim, (unsigned char)data[iterator->index++]);
}

/* An object of the scenario's with __getitem__ only: IndexError ends it. */
static struct gcs_object *sequence_iter_next(struct sim *sim, struct gcs_object *self)
{
	struct iterator *iterator = (struct iterator *)self;
	struct gcs_object *index, *item;

	if (!iterator->of)
		return NULL;
	index = sim_int_new(sim, iterator->index++);
	item = index ? sim_get_item(sim, iterator->of, index) : NULL;
	gcs_xdecref(index);
	if (item || (!sim_pending_is(sim, SIM_INDEX_ERROR) && !sim_pending_is(sim, SIM_STOP_ITERATION)))
		return item;
	sim_clear_pending(sim);
	return at_end(iterator);
}

static struct gcs_object *set_iter_next(struct sim *sim, struct gcs_object *self)
{
	struct iterator *iterator = (struct iterator *)self;
	struct gcs_object *key;

	if (!iterator->of)
		return NULL;
	if (iterator->used != sim_set_size(iterator->of)) {
		iterator->used = SIZE_MAX;
		return sim_raise_null(sim, SIM_RUNTIME_ERROR, "Set changed size during iteration");
	}
	if (sim_set_next(iterator->of, &iterator->index, &key))
		return sim_incref(key);
	return at_end(iterator);
}

static struct gcs_object *callable_iter_next(struct sim *sim, struct gcs_object *self)
{
	struct iterator *iterator = (struct iterator *)self;
	struct gcs_object *result;
	int equal;

	if (!iterator->of)
		return NULL;
	result = sim_call_args(sim, iterator->of, 0, NULL);
	if (!result) {
		if (!sim_pending_is(sim, SIM_STOP_ITERATION))
			return NULL;
		sim_clear_pending(sim);
		return at_end(iterator);
	}
	equal = sim_compare_bool(sim, iterator->sentinel, result, SIM_EQ);
	if (equal == 0)
		return result;
	gcs_decref(result);
	return equal < 0 ? NULL : at_end(iterator);
}

int64_t sim_iterator_hint(struct gcs_object *self)
{
	struct iterator *iterator = (struct iterator *)self;

	switch (sim_kind(self)) {
	case SIM_LIST_ITER:
		return !iterator->of || iterator->index > sim_list_size(iterator->of) ? 0 :
			(int64_t)(sim_list_size(iterator->of) - iterator->index);
	case SIM_LIST_REVERSE_ITER:
		return iterator->of ? (int64_t)iterator->index : 0;
	case SIM_TUPLE_ITER:
		return iterator->of ? (int64_t)(sim_tuple_size(iterator->of) - iterator->index) : 0;
	case SIM_STR_ITER:
		return iterator->of ? (int64_t)(sim_as_str(iterator->of)->length - iterator->index) : 0;
	case SIM_SET_ITER: {
		int64_t left = 0;
		struct gcs_object *key;
		size_t pos = iterator->index;

		while (iterator->of && sim_set_next(iterator->of, &pos, &key))
			left++;
		return left;
	}
	case SIM_RANGE_ITER:
		return ((struct range_iterator *)self)->big_left ? -1 : (int64_t)((struct range_iterator *)self)->left;
	case SIM_DICT_KEY_ITER:
	case SIM_DICT_VALUE_ITER:
	case SIM_DICT_ITEM_ITER:
		return sim_dict_iterator_left(self);
	default:
		return -1;
	}
}

#define ITERATOR_TYPE(id, text, number, fn)                                                                 \
	const struct sim_type sim_##id##_type = {                                                           \
		.gc = {.name = text, .size = sizeof(struct iterator), .flags = GCS_TYPE_GC,                 \
			.traverse = iterator_traverse, .dealloc = iterator_dealloc, .size_of = sim_size_basic}, \
		.kind = number,                                                                             \
		.flags = SIM_TYPE_NO_NEW,                                                                   \
		.basic_size = number == SIM_SET_ITER ? 48 : 32,                                             \
		.iter = sim_self,                                                                           \
		.next = fn,                                                                                 \
	};

ITERATOR_TYPE(list_iter, "list_iterator", SIM_LIST_ITER, list_iter_next)
ITERATOR_TYPE(list_reverse_iter, "list_reverseiterator", SIM_LIST_REVERSE_ITER, list_reverse_next)
ITERATOR_TYPE(tuple_iter, "tuple_iterator", SIM_TUPLE_ITER, tuple_iter_next)
ITERATOR_TYPE(str_iter, "str_ascii_iterator", SIM_STR_ITER, str_iter_next)
ITERATOR_TYPE(bytes_iter, "bytes_iterator", SIM_BYTES_ITER, bytes_iter_next)
ITERATOR_TYPE(sequence_iter, "iterator", SIM_SEQUENCE_ITER, sequence_iter_next)
ITERATOR_TYPE(set_iter, "set_iterator", SIM_SET_ITER, set_iter_next)
ITERATOR_TYPE(callable_iter, "callable_iterator", SIM_CALLABLE_ITER, callable_iter_next)

/* --- range ------------------------------------------------------------------------------------------- */

static struct range_iterator *range_iterator_new(struct sim *sim)
{
	return (struct range_iterator *)sim_alloc(sim, &sim_range_iter_type.gc, 0, 0);
}

static struct gcs_object *iterate(struct sim *sim, struct gcs_object *start, struct gcs_object *step,
		struct gcs_object *length)
{
	struct range_iterator *iterator = range_iterator_new(sim);
	int64_t left, last;

	if (!iterator)
		return NULL;
	if (sim_int_fits(start, &iterator->next) && sim_int_fits(step, &iterator->step) && sim_int_fits(length,
			&left) &&
			!__builtin_mul_overflow(iterator->step, left, &last) &&
			!__builtin_add_overflow(last, iterator->next, &last)) {
		iterator->left = left;
		return &iterator->head;
	}
	iterator->big_next = sim_incref(start);
	iterator->big_step = sim_incref(step);
	iterator->big_left = sim_incref(length);
	return &iterator->head;
}

struct gcs_object *sim_range_iter(struct sim *sim, struct gcs_object *self)
{
	struct sim_range *range = (struct sim_range *)self;

	return iterate(sim, range->start, range->step, range->length);
}

/* From start + (length - 1) * step backwards. */
struct gcs_object *sim_range_reversed(struct sim *sim, struct gcs_object *self)
{
	struct sim_range *range = (struct sim_range *)self;
	struct gcs_object *span, *past, *last, *step, *iterator = NULL;

	span = sim_binary(sim, range->length, range->step, SIM_MUL);
	past = span ? sim_binary(sim, range->start, span, SIM_ADD) : NULL;
	last = past ? sim_binary(sim, past, range->step, SIM_SUB) : NULL;
	step = last ? sim_unary(sim, range->step, SIM_NEGATIVE) : NULL;
	if (step)
		iterator = iterate(sim, last, step, range->length);
	gcs_xdecref(span);
	gcs_xdecref(past);
	gcs_xdecref(last);
	gcs_xdecref(step);
	return iterator;
}

static struct gcs_object *next_big(struct sim *sim, struct range_iterator *iterator)
{
	struct gcs_object *one, *left, *next, *item;

	if (sim_int_sign(iterator->big_left) == 0)
		return NULL;
	one = sim_int_new(sim, 1);
	left = one ? sim_binary(sim, iterator->big_left, one, SIM_SUB) : NULL;
	next = left ? sim_binary(sim, iterator->big_next, iterator->big_step, SIM_ADD) : NULL;
	gcs_xdecref(one);
	if (!next) {
		gcs_xdecref(left);
		return NULL;
	}
	item = iterator->big_next;
	iterator->big_next = next;
	GCS_SET(&iterator->big_left, left);
	return item;
}

static struct gcs_object *range_iter_next(struct sim *sim, struct gcs_object *self)
{
	struct range_iterator *iterator = (struct range_iterator *)self;
	struct gcs_object *item;

	if (iterator->big_left)
		return next_big(sim, iterator);
	if (!iterator->left)
		return NULL;
	item = sim_int_new(sim, iterator->next);
	iterator->left--;
	iterator->next += iterator->step;
	return item;
}

static void range_iter_dealloc(struct gcs_object *self)
{
	struct range_iterator *iterator = (struct range_iterator *)self;

	gcs_xdecref(iterator->big_next);
	gcs_xdecref(iterator->big_step);
	gcs_xdecref(iterator->big_left);
	gcs_object_free(self);
}

const struct sim_type sim_range_iter_type = {
	.gc = {.name = "range_iterator", .size = sizeof(struct range_iterator), .dealloc = range_iter_dealloc,
		.size_of = sim_size_basic},
	.kind = SIM_RANGE_ITER,
	.flags = SIM_TYPE_NO_NEW,
	.basic_size = 48,
	.iter = sim_self,
	.next = range_iter_next,
};
