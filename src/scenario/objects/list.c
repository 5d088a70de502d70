/* SPDX-License-Identifier: MIT */
/* list: growth, items, slices. */
#include "internal.h"

#define LIST_BYTES (40 + SIM_GC_HEAD)

static struct sim_list *as_list(struct gcs_object *object)
{
	return (struct sim_list *)object;
}

static int list_traverse(struct gcs_object *self, gcs_visit_fn visit, void *arg)
{
	struct sim_list *list = as_list(self);

	for (size_t i = list->nr; i-- > 0;)
		GCS_VISIT(list->items[i]);
	return 0;
}

static void free_items(struct sim *sim, struct gcs_object **items, size_t allocated)
{
	gcs_mem_free(sim->heap, items, allocated * sizeof(*items));
}

/* The list is empty before the first reference goes: what runs then sees no item. */
static void list_clear(struct gcs_object *self)
{
	struct sim_list *list = as_list(self);
	struct gcs_object **items = list->items;
	size_t nr = list->nr, allocated = list->allocated;
	struct sim *sim = sim_of(self);

	list->has_been_full = false;
	if (!items)
		return;
	list->items = NULL;
	list->nr = list->allocated = 0;
	while (nr-- > 0)
		gcs_xdecref(items[nr]);
	/* The account moves to nobody only when the memory is given back, unless a new array is there already. */
	if (!list->items)
		gcs_block_set(sim->heap, &list->block, sim->site, 0);
	free_items(sim, items, allocated);
}

static void list_dealloc(struct gcs_object *self)
{
	struct sim_list *list = as_list(self);
	struct sim *sim = sim_of(self);

	gcs_untrack(self);
	if (list->items) {
		for (size_t i = list->nr; i-- > 0;)
			gcs_xdecref(list->items[i]);
		gcs_block_set(sim->heap, &list->block, sim->site, 0);
		free_items(sim, list->items, list->allocated);
	}
	gcs_object_free(self);
}

static size_t list_size(const struct gcs_object *self)
{
	return 40 + 8 * ((const struct sim_list *)self)->allocated;
}

/* What needs no look at the limits: the heap has them itself. */
#define SMALL_ARRAY 64
/* Sums of a few lengths below this do not overflow. */
#define LONGEST_LIST (SIZE_MAX / 64)

static inline int set_allocated(struct sim *sim, struct sim_list *list, size_t allocated)
{
	struct gcs_object **items = NULL;

	if (allocated > SMALL_ARRAY && sim_check_array(sim, allocated, sizeof(*items)))
		return -1;
	if (allocated) {
		items = gcs_mem_resize(sim->heap, list->items, list->allocated * sizeof(*items),
				allocated * sizeof(*items));
		if (!items)
			return sim_no_memory(sim);
	} else if (list->items) {
		free_items(sim, list->items, list->allocated);
	}
	list->items = items;
	list->allocated = allocated;
	gcs_block_set(sim->heap, &list->block, sim->site, allocated * sizeof(*items));
	return 0;
}

int sim_list_resize(struct sim *sim, struct gcs_object *self, size_t nr)
{
	struct sim_list *list = as_list(self);
	size_t allocated;

	if (list->allocated >= nr && nr >= list->allocated >> 1) {
		list->nr = nr;
		return 0;
	}
	if (nr > LONGEST_LIST)
		return sim_check_array(sim, nr, sizeof(*list->items)) ? -1 : sim_no_memory(sim);
	allocated = (nr + (nr >> 3) + 6) & ~(size_t)3;
	/* A jump by more than the reserve: no reserve. */
	if (nr > list->nr && nr - list->nr > allocated - nr)
		allocated = (nr + 3) & ~(size_t)3;
	if (nr == 0)
		allocated = 0;
	if (set_allocated(sim, list, allocated))
		return -1;
	list->has_been_full = true;
	list->nr = nr;
	return 0;
}

static struct gcs_object *make(struct sim *sim)
{
	struct gcs_object *list = gcs_freelist_new(sim->list_free, sim->heap, &sim_list_type.gc, sim->site, 0,
			LIST_BYTES);

	return list ? list : sim_no_memory_null(sim);
}

/* An empty one with an array for @nr items, not tracked yet. */
static inline struct gcs_object *make_with_room(struct sim *sim, size_t nr)
{
	struct gcs_object *self = make(sim);

	if (self && nr && set_allocated(sim, as_list(self), nr)) {
		gcs_decref(self);
		return NULL;
	}
	return self;
}

struct gcs_object *sim_list_new(struct sim *sim, size_t nr)
{
	struct gcs_object *self = make_with_room(sim, nr);

	if (!self)
		return NULL;
	if (nr)
		memset(as_list(self)->items, 0, nr * sizeof(void *));
	as_list(self)->nr = nr;
	gcs_track(self);
	return self;
}

struct gcs_object *sim_list_from(struct sim *sim, struct gcs_object *const *items, size_t nr)
{
	struct gcs_object *self = make_with_room(sim, nr);

	if (!self) {
		for (size_t i = 0; i < nr; i++)
			gcs_decref(items[i]);
		return NULL;
	}
	for (size_t i = 0; i < nr; i++)
		as_list(self)->items[i] = items[i];
	as_list(self)->nr = nr;
	gcs_track(self);
	return self;
}

static inline int append(struct sim *sim, struct gcs_object *self, struct gcs_object *item)
{
	struct sim_list *list = as_list(self);
	size_t nr = list->nr;

	if (list->allocated > nr) {
		list->nr++;
	} else if (sim_list_resize(sim, self, nr + 1)) {
		gcs_decref(item);
		return -1;
	}
	list->items[nr] = item;
	return 0;
}

int sim_list_append_steal(struct sim *sim, struct gcs_object *self, struct gcs_object *item)
{
	return append(sim, self, item);
}

int sim_list_append(struct sim *sim, struct gcs_object *list, struct gcs_object *item)
{
	return append(sim, list, sim_incref(item));
}

int sim_list_clear(struct sim *sim, struct gcs_object *list)
{
	(void)sim;
	list_clear(list);
	return 0;
}

/* --- extend ------------------------------------------------------------------------------------------ */

/* The first array of a list that will hold @nr items: the next even number. */
static int preallocate(struct sim *sim, struct sim_list *list, size_t nr)
{
	return set_allocated(sim, list, (nr + 1) & ~(size_t)1);
}

static bool has_no_array(const struct sim_list *list)
{
	return !list->items && !list->has_been_full;
}

static int extend_by_array(struct sim *sim, struct gcs_object *self, struct gcs_object *other)
{
	struct sim_list *list = as_list(self);
	bool is_list = sim_kind(other) == SIM_LIST;
	size_t nr = list->nr, more = is_list ? sim_list_size(other) : sim_tuple_size(other);
	struct gcs_object *const *items;

	if (!more)
		return 0;
	if (has_no_array(list)) {
		if (preallocate(sim, list, more))
			return -1;
		list->nr = more;
	} else if (sim_list_resize(sim, self, nr + more)) {
		return -1;
	}
	/* The other one may be the list itself, whose array has just moved. */
	items = is_list ? as_list(other)->items : ((struct sim_tuple *)other)->items;
	for (size_t i = 0; i < more; i++)
		list->items[nr + i] = sim_incref(items[i]);
	return 0;
}

static int extend_by_iterator(struct sim *sim, struct gcs_object *self, struct gcs_object *iterator, int64_t hint)
{
	struct sim_list *list = as_list(self);
	struct gcs_object *item;
	size_t nr = list->nr;

	if (has_no_array(list)) {
		if (hint && preallocate(sim, list, hint))
			return -1;
	} else {
		if (sim_list_resize(sim, self, nr + hint))
			return -1;
		list->nr = nr;
	}
	while ((item = sim_next(sim, iterator)))
		if (sim_list_append_steal(sim, self, item))
			return -1;
	if (sim->pending)
		return -1;
	return list->nr < list->allocated ? sim_list_resize(sim, self, list->nr) : 0;
}

int sim_list_extend(struct sim *sim, struct gcs_object *self, struct gcs_object *iterable)
{
	struct gcs_object *iterator;
	int64_t hint;
	int result;

	if (sim_kind(iterable) == SIM_LIST || sim_kind(iterable) == SIM_TUPLE)
		return extend_by_array(sim, self, iterable);
	iterator = sim_iter(sim, iterable);
	if (!iterator)
		return -1;
	hint = sim_length_hint(sim, iterable, 8);
	result = hint < 0 ? -1 : extend_by_iterator(sim, self, iterator, hint);
	gcs_decref(iterator);
	return result;
}

/* --- slices ------------------------------------------------------------------------------------------ */

/* Replaces the items from @from to before @to by @nr others, whose references are taken. */
int sim_list_set_range(struct sim *sim, struct gcs_object *self, size_t from, size_t to,
		struct gcs_object *const *items, size_t nr)
{
	struct sim_list *list = as_list(self);
	size_t gone = to - from, old_nr = list->nr, tail = old_nr - to;
	struct gcs_object *few[1], **old;

	if (old_nr - gone + nr == 0) {
		list_clear(self);
		return 0;
	}
	/* One item goes without memory of its own. */
	old = gone > 1 ? sim_scratch(sim, NULL, gone, sizeof(*old)) : few;
	if (!old)
		return -1;
	if (sim_charge_places(sim, nr + (nr == gone ? 0 : tail))) {
		sim_scratch_free(gone > 1 ? old : NULL);
		return -1;
	}
	memcpy(old, list->items + from, gone * sizeof(*old));
	if (nr < gone) {
		memmove(list->items + from + nr, list->items + to, tail * sizeof(*old));
		/* A smaller array can only fail to move: the old one stays. */
		if (sim_list_resize(sim, self, old_nr - gone + nr))
			list->nr = old_nr - gone + nr;
	} else if (nr > gone) {
		if (sim_list_resize(sim, self, old_nr - gone + nr)) {
			sim_scratch_free(gone > 1 ? old : NULL);
			return -1;
		}
		memmove(list->items + from + nr, list->items + to, tail * sizeof(*old));
	}
	for (size_t i = 0; i < nr; i++)
		list->items[from + i] = sim_incref(items[i]);
	for (size_t i = gone; i-- > 0;)
		gcs_decref(old[i]);
	sim_scratch_free(gone > 1 ? old : NULL);
	return 0;
}

/* del l[a:b:step]: moves what stays together, then drops the others, first to last. */
static int delete_steps(struct sim *sim, struct gcs_object *self, int64_t start, int64_t step, int64_t nr)
{
	struct sim_list *list = as_list(self);
	struct gcs_object **gone;
	size_t to, next = 0;

	if (step < 0) {
		start += step * (nr - 1);
		step = -step;
	}
	if (nr <= 0)
		return 0;
	gone = sim_charge_places(sim, list->nr - start) ? NULL : sim_scratch(sim, NULL, nr, sizeof(*gone));
	if (!gone)
		return -1;
	to = start;
	for (size_t from = start; from < list->nr; from++) {
		if ((int64_t)next < nr && from == (size_t)(start + (int64_t)next * step))
			gone[next++] = list->items[from];
		else
			list->items[to++] = list->items[from];
	}
	if (sim_list_resize(sim, self, to))
		list->nr = to;
	for (size_t i = 0; i < next; i++)
		gcs_decref(gone[i]);
	sim_scratch_free(gone);
	return 0;
}

static int assign_steps(struct sim *sim, struct gcs_object *self, int64_t start, int64_t step, int64_t nr,
		struct gcs_object *values)
{
	struct sim_list *list = as_list(self);
	struct gcs_object **gone;

	if ((int64_t)sim_list_size(values) != nr)
		return sim_raise(sim, SIM_VALUE_ERROR,
				"attempt to assign sequence of size %zu to extended slice of size %lld",
				sim_list_size(values), (long long)nr);
	gone = sim_scratch(sim, NULL, nr, sizeof(*gone));
	if (!gone)
		return -1;
	for (int64_t i = 0; i < nr; i++) {
		gone[i] = list->items[start + i * step];
		list->items[start + i * step] = sim_incref(sim_list_item(values, i));
	}
	for (int64_t i = 0; i < nr; i++)
		gcs_decref(gone[i]);
	sim_scratch_free(gone);
	return 0;
}

int sim_list_assign_slice(struct sim *sim, struct gcs_object *self, struct gcs_object *slice, struct gcs_object *value)
{
	struct gcs_object *values = NULL;
	int64_t start, step, nr;
	int result;

	if (value) {
		/* A copy: the value may be the list itself, or an iterator over it. */
		values = sim_list_from_iterable(sim, value);
		if (!values && sim_pending_is(sim, SIM_TYPE_ERROR) && !sim_type(value)->iter)
			sim_raise(sim, SIM_TYPE_ERROR, ((struct sim_slice *)slice)->step == sim->none ?
					"can only assign an iterable" : "must assign iterable to extended slice");
		if (!values)
			return -1;
	}
	if (sim_slice_indices(sim, slice, as_list(self)->nr, &start, &step, &nr))
		result = -1;
	else if (step == 1)
		result = sim_list_set_range(sim, self, start, start + nr, values ? as_list(values)->items : NULL,
				values ? sim_list_size(values) : 0);
	else
		result = values ? assign_steps(sim, self, start, step, nr, values) :
			delete_steps(sim, self, start, step, nr);
	gcs_xdecref(values);
	return result;
}

/* --- items ------------------------------------------------------------------------------------------- */

static int64_t list_length(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return as_list(self)->nr;
}

static struct gcs_object *get_slice(struct sim *sim, struct gcs_object *self, struct gcs_object *slice)
{
	struct gcs_object *result;
	int64_t start, step, nr;

	if (sim_slice_indices(sim, slice, as_list(self)->nr, &start, &step, &nr))
		return NULL;
	result = sim_list_new(sim, nr);
	for (int64_t i = 0; result && i < nr; i++)
		as_list(result)->items[i] = sim_incref(as_list(self)->items[start + i * step]);
	return result;
}

static int check_index(struct sim *sim, struct gcs_object *key)
{
	if (sim_is_int(key) || sim_kind(key) == SIM_INSTANCE)
		return 0;
	return sim_raise(sim, SIM_TYPE_ERROR, "list indices must be integers or slices, not %T", key);
}

static struct gcs_object *list_get_item(struct sim *sim, struct gcs_object *self, struct gcs_object *key)
{
	size_t index;

	if (sim_kind(key) == SIM_SLICE)
		return get_slice(sim, self, key);
	if (check_index(sim, key) || sim_sequence_index(sim, key, as_list(self)->nr, "list index", &index))
		return NULL;
	return sim_incref(as_list(self)->items[index]);
}

static int list_set_item(struct sim *sim, struct gcs_object *self, struct gcs_object *key, struct gcs_object *value)
{
	struct sim_list *list = as_list(self);
	size_t index;

	if (sim_kind(key) == SIM_SLICE)
		return sim_list_assign_slice(sim, self, key, value);
	if (check_index(sim, key) || sim_sequence_index(sim, key, list->nr, "list assignment index", &index))
		return -1;
	if (!value)
		return sim_list_set_range(sim, self, index, index + 1, NULL, 0);
	gcs_incref(value);
	GCS_SET(&list->items[index], value);
	return 0;
}

static int list_contains(struct sim *sim, struct gcs_object *self, struct gcs_object *item)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < as_list(self)->nr; i++) {
		struct gcs_object *mine = sim_incref(as_list(self)->items[i]);

		result = sim_compare_bool(sim, mine, item, SIM_EQ);
		gcs_decref(mine);
	}
	return result;
}

static struct gcs_object *list_concat(struct sim *sim, struct gcs_object *a, struct gcs_object *b)
{
	size_t nr_a = sim_list_size(a), nr_b = sim_list_size(b);
	struct gcs_object *result = sim_list_new(sim, nr_a + nr_b);

	if (!result)
		return NULL;
	for (size_t i = 0; i < nr_a; i++)
		as_list(result)->items[i] = sim_incref(sim_list_item(a, i));
	for (size_t i = 0; i < nr_b; i++)
		as_list(result)->items[nr_a + i] = sim_incref(sim_list_item(b, i));
	return result;
}

/* Times of a repetition: -1 and the exception, else the number of items of the result. */
static int64_t repeated_size(struct sim *sim, size_t nr, struct gcs_object *times)
{
	int64_t count;

	if (sim_index(sim, times, true, &count))
		return -1;
	if (count == INT64_MAX)
		return sim_raise(sim, SIM_OVERFLOW_ERROR, "cannot fit 'int' into an index-sized integer");
	if (count <= 0 || nr == 0)
		return 0;
	return sim_check_array(sim, count, nr * sizeof(void *)) ? -1 : count * (int64_t)nr;
}

static struct gcs_object *list_repeat(struct sim *sim, struct gcs_object *self, struct gcs_object *times)
{
	size_t nr = sim_list_size(self);
	int64_t total = repeated_size(sim, nr, times);
	struct gcs_object *result = total < 0 ? NULL : sim_list_new(sim, total);

	for (int64_t i = 0; result && i < total; i++)
		as_list(result)->items[i] = sim_incref(sim_list_item(self, i % nr));
	return result;
}

static struct gcs_object *list_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	if (op == SIM_ADD && sim_kind(a) == SIM_LIST) {
		if (sim_kind(b) != SIM_LIST)
			return sim_raise_null(sim, SIM_TYPE_ERROR, "can only concatenate list (not \"%T\") to list", b);
		return list_concat(sim, a, b);
	}
	if (op == SIM_MUL && sim_kind(a) == SIM_LIST && sim_is_int(b))
		return list_repeat(sim, a, b);
	if (op == SIM_MUL && sim_is_int(a))
		return list_repeat(sim, b, a);
	return sim_not_implemented(sim);
}

/* l += x extends; l *= n repeats in the same object. */
static struct gcs_object *list_in_place(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	size_t nr = sim_list_size(a);
	int64_t total;

	if (op == SIM_ADD)
		return sim_list_extend(sim, a, b) ? NULL : sim_incref(a);
	if (op != SIM_MUL || !sim_is_int(b))
		return sim_not_implemented(sim);
	total = repeated_size(sim, nr, b);
	if (total < 0)
		return NULL;
	if (total == 0) {
		list_clear(a);
		return sim_incref(a);
	}
	if (sim_list_resize(sim, a, total))
		return NULL;
	for (int64_t i = nr; i < total; i++)
		as_list(a)->items[i] = sim_incref(as_list(a)->items[i % nr]);
	return sim_incref(a);
}

static struct gcs_object *list_repr(struct sim *sim, struct gcs_object *self)
{
	return sim_repr_items(sim, self, "[", "]", false);
}

static struct gcs_object *list_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_compare op)
{
	return sim_kind(b) == SIM_LIST ? sim_compare_items(sim, a, b, op) : sim_not_implemented(sim);
}

/* list() of CPython 3.11 goes past the free list, which displays and methods ask. */
static struct gcs_object *list_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	struct gcs_object *list;

	(void)cls;
	if (sim_no_keywords(sim, "list", call))
		return NULL;
	if (call->nr > 1)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "list expected at most 1 argument, got %zu", call->nr);
	list = gcs_freelist_new_object(sim->list_free, sim->heap, &sim_list_type.gc, sim->site, 0, LIST_BYTES);
	if (!list)
		return sim_no_memory_null(sim);
	gcs_track(list);
	if (call->nr && sim_list_extend(sim, list, call->args[0]))
		GCS_CLEAR(&list);
	return list;
}

const struct sim_type sim_list_type = {
	.gc = {.name = "list", .size = sizeof(struct sim_list), .flags = GCS_TYPE_GC | GCS_TYPE_TRASHCAN,
		.traverse = list_traverse, .clear = list_clear, .dealloc = list_dealloc, .size_of = list_size},
	.kind = SIM_LIST,
	.basic_size = 40,
	.methods = sim_list_methods,
	.repr = list_repr,
	.compare = list_compare,
	.length = list_length,
	.get_item = list_get_item,
	.set_item = list_set_item,
	.contains = list_contains,
	.iter = sim_list_iter,
	.binary = list_binary,
	.in_place = list_in_place,
	.construct = list_construct,
};
