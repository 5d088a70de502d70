/* SPDX-License-Identifier: MIT */
/* range and slice. */
#include "internal.h"

static struct sim_range *as_range(struct gcs_object *object)
{
	return (struct sim_range *)object;
}

/* --- slice ------------------------------------------------------------------------------------------- */

struct gcs_object *sim_slice_new(struct sim *sim, struct gcs_object *start, struct gcs_object *stop,
		struct gcs_object *step)
{
	struct sim_slice *slice = (struct sim_slice *)gcs_freelist_new(sim->slice_free, sim->heap, &sim_slice_type.gc,
			sim->site, 0, 40 + SIM_GC_HEAD);

	if (!slice)
		return sim_no_memory_null(sim);
	slice->start = sim_incref(start ? start : sim->none);
	slice->stop = sim_incref(stop ? stop : sim->none);
	slice->step = sim_incref(step ? step : sim->none);
	gcs_track(&slice->head);
	return &slice->head;
}

static int slice_index(struct sim *sim, struct gcs_object *object, int64_t otherwise, int64_t *value)
{
	*value = otherwise;
	if (object == sim->none)
		return 0;
	if (!sim_is_int(object) && sim_kind(object) != SIM_INSTANCE)
		return sim_raise(sim, SIM_TYPE_ERROR,
				"slice indices must be integers or None or have an __index__ method");
	return sim_index(sim, object, true, value);
}

static int64_t clip(int64_t value, int64_t length, bool backwards)
{
	if (value < 0)
		value += length;
	if (value < 0)
		return backwards ? -1 : 0;
	if (value >= length)
		return backwards ? length - 1 : length;
	return value;
}

/* The two ends and the step for something of that length; the ends may be the wrong way round. */
static int slice_ends(struct sim *sim, struct sim_slice *slice, int64_t length, int64_t *start, int64_t *stop,
		int64_t *step)
{
	int64_t from, to, by;

	if (slice_index(sim, slice->step, 1, &by))
		return -1;
	if (by == 0)
		return sim_raise(sim, SIM_VALUE_ERROR, "slice step cannot be zero");
	if (by < -INT64_MAX)
		by = -INT64_MAX;
	if (slice_index(sim, slice->start, by < 0 ? INT64_MAX : 0, &from) ||
			slice_index(sim, slice->stop, by < 0 ? INT64_MIN : INT64_MAX, &to))
		return -1;
	*start = clip(from, length, by < 0);
	*stop = clip(to, length, by < 0);
	*step = by;
	return 0;
}

int sim_slice_indices(struct sim *sim, struct gcs_object *object, int64_t length, int64_t *start, int64_t *step,
		int64_t *nr)
{
	int64_t from, to, by;

	if (slice_ends(sim, (struct sim_slice *)object, length, &from, &to, &by))
		return -1;
	*start = from;
	*step = by;
	if (by > 0)
		*nr = from < to ? (to - from - 1) / by + 1 : 0;
	else
		*nr = to < from ? (from - to - 1) / -by + 1 : 0;
	return 0;
}

static int slice_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct sim_slice *slice = (struct sim_slice *)self;

	GCS_VISIT(slice->start);
	GCS_VISIT(slice->stop);
	GCS_VISIT(slice->step);
	return 0;
}

static void slice_dealloc(struct gcs_object *self)
{
	struct sim_slice *slice = (struct sim_slice *)self;

	gcs_untrack(self);
	gcs_xdecref(slice->step);
	gcs_xdecref(slice->start);
	gcs_xdecref(slice->stop);
	gcs_object_free(self);
}

static struct gcs_object *slice_repr(struct sim *sim, struct gcs_object *self)
{
	struct sim_slice *slice = (struct sim_slice *)self;

	return sim_str_format(sim, "slice(%R, %R, %R)", slice->start, slice->stop, slice->step);
}

static struct gcs_object *slice_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b,
		enum sim_compare op)
{
	struct sim_slice *x = (struct sim_slice *)a, *y = (struct sim_slice *)b;
	struct gcs_object *p, *q, *result;

	if (sim_kind(b) != SIM_SLICE)
		return sim_not_implemented(sim);
	p = sim_tuple_pack(sim, 3, sim_incref(x->start), sim_incref(x->stop), sim_incref(x->step));
	q = sim_tuple_pack(sim, 3, sim_incref(y->start), sim_incref(y->stop), sim_incref(y->step));
	result = p && q ? sim_compare(sim, p, q, op) : NULL;
	gcs_xdecref(p);
	gcs_xdecref(q);
	return result;
}

static struct gcs_object *slice_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	(void)cls;
	if (sim_no_keywords(sim, "slice", call))
		return NULL;
	if (call->nr < 1 || call->nr > 3)
		return sim_raise_null(sim, SIM_TYPE_ERROR, call->nr ? "slice expected at most 3 arguments, got %zu" :
				"slice expected at least 1 argument, got %zu", call->nr);
	if (call->nr == 1)
		return sim_slice_new(sim, NULL, call->args[0], NULL);
	return sim_slice_new(sim, call->args[0], call->args[1], call->nr > 2 ? call->args[2] : NULL);
}

#define SLICE_PART(part)                                                                   \
	static struct gcs_object *slice_##part(struct sim *sim, struct gcs_object *self)   \
	{                                                                                  \
		(void)sim;                                                                 \
		return sim_incref(((struct sim_slice *)self)->part);                       \
	}
SLICE_PART(start)
SLICE_PART(stop)
SLICE_PART(step)

static const struct sim_getset slice_getsets[] = {
	{"start", slice_start, NULL},
	{"step", slice_step, NULL},
	{"stop", slice_stop, NULL},
	{0},
};

const struct sim_type sim_slice_type = {
	.gc = {.name = "slice", .size = sizeof(struct sim_slice), .flags = GCS_TYPE_GC, .traverse = slice_traverse,
		.dealloc = slice_dealloc, .size_of = sim_size_basic},
	.kind = SIM_SLICE,
	.basic_size = 40,
	.getsets = slice_getsets,
	.repr = slice_repr,
	.compare = slice_compare,
	.construct = slice_construct,
};

/* --- range ------------------------------------------------------------------------------------------- */

/* (stop - start + step -+ 1) // step, at least 0 */
static struct gcs_object *range_count(struct sim *sim, struct gcs_object *start, struct gcs_object *stop,
		struct gcs_object *step)
{
	struct gcs_object *one = sim_int_new(sim, sim_int_sign(step)), *span, *sum, *total = NULL, *nr = NULL;

	span = one ? sim_int_binary(sim, stop, start, SIM_SUB) : NULL;
	sum = span ? sim_int_binary(sim, span, step, SIM_ADD) : NULL;
	total = sum ? sim_int_binary(sim, sum, one, SIM_SUB) : NULL;
	nr = total ? sim_int_binary(sim, total, step, SIM_FLOOR_DIVIDE) : NULL;
	gcs_xdecref(one);
	gcs_xdecref(span);
	gcs_xdecref(sum);
	gcs_xdecref(total);
	if (nr && sim_int_sign(nr) < 0) {
		gcs_decref(nr);
		return sim_int_new(sim, 0);
	}
	return nr;
}

/* Small numbers need no objects on the way. */
static struct gcs_object *quick_count(struct sim *sim, int64_t start, int64_t stop, int64_t step)
{
	if (step > 0)
		return sim_int_new(sim, start < stop ? (stop - start - 1) / step + 1 : 0);
	return sim_int_new(sim, stop < start ? (start - stop - 1) / -step + 1 : 0);
}

struct gcs_object *sim_range_new(struct sim *sim, struct gcs_object *start, struct gcs_object *stop,
		struct gcs_object *step)
{
	const int64_t limit = (int64_t)1 << 61;
	struct sim_range *range;
	int64_t a, b, c;

	if (sim_int_sign(step) == 0)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "range() arg 3 must not be zero");
	range = (struct sim_range *)sim_alloc(sim, &sim_range_type.gc, 0, 0);
	if (!range)
		return NULL;
	range->start = sim_incref(start);
	range->stop = sim_incref(stop);
	range->step = sim_incref(step);
	if (sim_int_fits(start, &a) && sim_int_fits(stop, &b) && sim_int_fits(step, &c) && a < limit && a > -limit &&
			b < limit && b > -limit && c < limit && c > -limit)
		range->length = quick_count(sim, a, b, c);
	else
		range->length = range_count(sim, start, stop, step);
	if (range->length)
		return &range->head;
	gcs_decref(&range->head);
	return NULL;
}

static void range_dealloc(struct gcs_object *self)
{
	gcs_xdecref(as_range(self)->start);
	gcs_xdecref(as_range(self)->stop);
	gcs_xdecref(as_range(self)->step);
	gcs_xdecref(as_range(self)->length);
	gcs_object_free(self);
}

/* An int of an argument: new reference. */
static struct gcs_object *as_index(struct sim *sim, struct gcs_object *object)
{
	int64_t value;

	if (sim_kind(object) == SIM_INT)
		return sim_incref(object);
	return sim_index(sim, object, false, &value) ? NULL : sim_int_new(sim, value);
}

static struct gcs_object *range_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	struct gcs_object *part[3] = {0}, *range = NULL;
	size_t nr = call->nr;

	(void)cls;
	if (sim_no_keywords(sim, "range", call))
		return NULL;
	if (nr < 1 || nr > 3)
		return sim_raise_null(sim, SIM_TYPE_ERROR, nr ? "range expected at most 3 arguments, got %zu" :
				"range expected at least 1 argument, got %zu", nr);
	part[0] = nr > 1 ? as_index(sim, call->args[0]) : sim_int_new(sim, 0);
	part[1] = part[0] ? as_index(sim, call->args[nr > 1]) : NULL;
	part[2] = part[1] ? (nr > 2 ? as_index(sim, call->args[2]) : sim_int_new(sim, 1)) : NULL;
	if (part[2])
		range = sim_range_new(sim, part[0], part[1], part[2]);
	for (int i = 0; i < 3; i++)
		gcs_xdecref(part[i]);
	return range;
}

static int64_t range_length(struct sim *sim, struct gcs_object *self)
{
	int64_t nr;

	if (sim_int_fits(as_range(self)->length, &nr))
		return nr;
	return sim_raise(sim, SIM_OVERFLOW_ERROR, "Python int too large to convert to C ssize_t");
}

static int range_truth(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_int_sign(as_range(self)->length) != 0;
}

/* start + index * step */
static struct gcs_object *range_item(struct sim *sim, struct gcs_object *self, int64_t index)
{
	struct gcs_object *number, *offset, *item;
	int64_t start, step, value;

	if (sim_int_fits(as_range(self)->start, &start) && sim_int_fits(as_range(self)->step, &step) &&
			!__builtin_mul_overflow(index, step, &value) && !__builtin_add_overflow(start, value, &value))
		return sim_int_new(sim, value);
	number = sim_int_new(sim, index);
	offset = number ? sim_int_binary(sim, number, as_range(self)->step, SIM_MUL) : NULL;
	item = offset ? sim_int_binary(sim, as_range(self)->start, offset, SIM_ADD) : NULL;
	gcs_xdecref(number);
	gcs_xdecref(offset);
	return item;
}

static struct gcs_object *range_slice(struct sim *sim, struct gcs_object *self, struct gcs_object *slice)
{
	struct gcs_object *part[3] = {0}, *range = NULL;
	int64_t start, stop, step, length = range_length(sim, self), by;

	if (length < 0 || slice_ends(sim, (struct sim_slice *)slice, length, &start, &stop, &step))
		return NULL;
	part[0] = range_item(sim, self, start);
	part[1] = part[0] ? range_item(sim, self, stop) : NULL;
	part[2] = part[1] && sim_int_fits(as_range(self)->step, &by) ? sim_int_new(sim, by * step) : NULL;
	if (part[2])
		range = sim_range_new(sim, part[0], part[1], part[2]);
	for (int i = 0; i < 3; i++)
		gcs_xdecref(part[i]);
	return range;
}

static struct gcs_object *range_get_item(struct sim *sim, struct gcs_object *self, struct gcs_object *key)
{
	int64_t nr = range_length(sim, self);
	size_t index;

	if (nr < 0)
		return NULL;
	if (sim_kind(key) == SIM_SLICE)
		return range_slice(sim, self, key);
	if (!sim_is_int(key) && sim_kind(key) != SIM_INSTANCE)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "range indices must be integers or slices, not %T", key);
	if (sim_sequence_index(sim, key, nr, "range object index", &index))
		return NULL;
	return range_item(sim, self, index);
}

/* The index of a number in the range; -1: it is not there; -2: exception. */
static int64_t range_find(struct sim *sim, struct gcs_object *self, struct gcs_object *item)
{
	struct gcs_object *offset, *rest, *quotient;
	int64_t index = -1, length = range_length(sim, self);

	if (length < 0)
		return -2;
	if (!sim_is_int(item))
		return -1;
	offset = sim_int_binary(sim, item, as_range(self)->start, SIM_SUB);
	rest = offset ? sim_int_binary(sim, offset, as_range(self)->step, SIM_MOD) : NULL;
	quotient = rest ? sim_int_binary(sim, offset, as_range(self)->step, SIM_FLOOR_DIVIDE) : NULL;
	if (!quotient)
		index = -2;
	else if (sim_int_sign(rest) != 0 || !sim_int_fits(quotient, &index) || index < 0 || index >= length)
		index = -1;
	gcs_xdecref(offset);
	gcs_xdecref(rest);
	gcs_xdecref(quotient);
	return index;
}

static int range_contains(struct sim *sim, struct gcs_object *self, struct gcs_object *item)
{
	int64_t index = range_find(sim, self, item);

	return index == -2 ? -1 : index >= 0;
}

static struct gcs_object *range_repr(struct sim *sim, struct gcs_object *self)
{
	struct sim_range *range = as_range(self);
	int64_t step;

	if (sim_int_fits(range->step, &step) && step == 1)
		return sim_str_format(sim, "range(%R, %R)", range->start, range->stop);
	return sim_str_format(sim, "range(%R, %R, %R)", range->start, range->stop, range->step);
}

/* What makes two ranges equal: length, and the first number and step where they matter. */
static struct gcs_object *identity_of(struct sim *sim, struct sim_range *range)
{
	bool empty = sim_int_sign(range->length) == 0;
	int64_t nr;
	bool one = sim_int_fits(range->length, &nr) && nr == 1;

	return sim_tuple_pack(sim, 3, sim_incref(range->length), sim_incref(empty ? sim->none : range->start),
			sim_incref(empty || one ? sim->none : range->step));
}

static struct gcs_object *range_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b,
		enum sim_compare op)
{
	struct gcs_object *x, *y, *result;

	if (sim_kind(b) != SIM_RANGE || (op != SIM_EQ && op != SIM_NE))
		return sim_not_implemented(sim);
	x = identity_of(sim, as_range(a));
	y = x ? identity_of(sim, as_range(b)) : NULL;
	result = y ? sim_compare(sim, x, y, op) : NULL;
	gcs_xdecref(x);
	gcs_xdecref(y);
	return result;
}

static int64_t range_hash(struct sim *sim, struct gcs_object *self)
{
	struct gcs_object *identity = identity_of(sim, as_range(self));
	int64_t hash = identity ? sim_hash(sim, identity) : -1;

	gcs_xdecref(identity);
	return hash;
}

static struct gcs_object *range_index(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t index = range_find(sim, self, call->args[0]);

	if (index == -1)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "%R is not in range", call->args[0]);
	return index < 0 ? NULL : sim_int_new(sim, index);
}

static struct gcs_object *range_count_method(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t index = range_find(sim, self, call->args[0]);

	return index == -2 ? NULL : sim_int_new(sim, index >= 0);
}

static struct gcs_object *range_reversed(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return sim_range_reversed(sim, self);
}

#define RANGE_PART(part)                                                                   \
	static struct gcs_object *range_##part(struct sim *sim, struct gcs_object *self)   \
	{                                                                                  \
		(void)sim;                                                                 \
		return sim_incref(as_range(self)->part);                                   \
	}
RANGE_PART(start)
RANGE_PART(stop)
RANGE_PART(step)

static const struct sim_method range_methods[] = {
	{"__reversed__", range_reversed, 0, 0, 0},
	{"count", range_count_method, 1, 1, 0},
	{"index", range_index, 1, 1, 0},
	{0},
};

static const struct sim_getset range_getsets[] = {
	{"start", range_start, NULL},
	{"step", range_step, NULL},
	{"stop", range_stop, NULL},
	{0},
};

const struct sim_type sim_range_type = {
	.gc = {.name = "range", .size = sizeof(struct sim_range), .dealloc = range_dealloc, .size_of = sim_size_basic},
	.kind = SIM_RANGE,
	.basic_size = 48,
	.methods = range_methods,
	.getsets = range_getsets,
	.repr = range_repr,
	.hash = range_hash,
	.compare = range_compare,
	.truth = range_truth,
	.length = range_length,
	.get_item = range_get_item,
	.contains = range_contains,
	.iter = sim_range_iter,
	.construct = range_construct,
};
