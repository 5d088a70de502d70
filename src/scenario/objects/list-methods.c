/* SPDX-License-Identifier: MIT */
/* list: methods, sorting. */
#include "internal.h"

struct gcs_object *sim_list_from_iterable(struct sim *sim, struct gcs_object *iterable)
{
	struct gcs_object *list = sim_list_new(sim, 0);

	if (list && sim_list_extend(sim, list, iterable))
		GCS_CLEAR(&list);
	return list;
}

static struct sim_list *as_list(struct gcs_object *object)
{
	return (struct sim_list *)object;
}

static struct gcs_object *list_append(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return sim_list_append(sim, self, call->args[0]) ? NULL : sim_none(sim);
}

static struct gcs_object *list_extend(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return sim_list_extend(sim, self, call->args[0]) ? NULL : sim_none(sim);
}

int sim_list_insert(struct sim *sim, struct gcs_object *self, int64_t index, struct gcs_object *item)
{
	struct sim_list *list = as_list(self);
	size_t nr = list->nr;

	if (index < 0)
		index = index + (int64_t)nr < 0 ? 0 : index + (int64_t)nr;
	if (index > (int64_t)nr)
		index = nr;
	if (sim_charge_places(sim, nr - index) || sim_list_resize(sim, self, nr + 1))
		return -1;
	memmove(list->items + index + 1, list->items + index, (nr - index) * sizeof(*list->items));
	list->items[index] = sim_incref(item);
	return 0;
}

static struct gcs_object *list_insert(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t index;

	if (sim_index(sim, call->args[0], true, &index))
		return NULL;
	return sim_list_insert(sim, self, index, call->args[1]) ? NULL : sim_none(sim);
}

static struct gcs_object *list_clear(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return sim_list_clear(sim, self) ? NULL : sim_none(sim);
}

static struct gcs_object *list_copy(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct sim_list *list = as_list(self);
	struct gcs_object *copy = sim_list_new(sim, list->nr);

	(void)call;
	for (size_t i = 0; copy && i < list->nr; i++)
		as_list(copy)->items[i] = sim_incref(list->items[i]);
	return copy;
}

static struct gcs_object *list_pop(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct sim_list *list = as_list(self);
	int64_t index = -1;
	struct gcs_object *item;

	if (call->nr && sim_index(sim, call->args[0], false, &index))
		return NULL;
	if (!list->nr)
		return sim_raise_null(sim, SIM_INDEX_ERROR, "pop from empty list");
	if (index < 0)
		index += list->nr;
	if (index < 0 || index >= (int64_t)list->nr)
		return sim_raise_null(sim, SIM_INDEX_ERROR, "pop index out of range");
	if (sim_charge_places(sim, list->nr - index))
		return NULL;
	item = list->items[index];
	memmove(list->items + index, list->items + index + 1, (list->nr - index - 1) * sizeof(*list->items));
	/* Shrinking may fail to find memory; the item is out all the same. */
	if (sim_list_resize(sim, self, list->nr - 1))
		list->nr--;
	return item;
}

/* The place of the first equal item from @from to before @to; -1: none; -2: exception. */
static int64_t find(struct sim *sim, struct gcs_object *self, struct gcs_object *item, int64_t from, int64_t to)
{
	struct sim_list *list = as_list(self);

	for (int64_t i = from; i < to && i < (int64_t)list->nr; i++) {
		struct gcs_object *mine = sim_incref(list->items[i]);
		int equal = sim_compare_bool(sim, mine, item, SIM_EQ);

		gcs_decref(mine);
		if (equal)
			return equal < 0 ? -2 : i;
	}
	return -1;
}

static struct gcs_object *list_remove(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t at = find(sim, self, call->args[0], 0, INT64_MAX);

	if (at == -1)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "list.remove(x): x not in list");
	if (at < 0 || sim_list_set_range(sim, self, at, at + 1, NULL, 0))
		return NULL;
	return sim_none(sim);
}

static struct gcs_object *list_index(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t bounds[2] = {0, INT64_MAX}, at;

	for (size_t i = 1; i < call->nr; i++) {
		if (sim_index(sim, call->args[i], true, &bounds[i - 1]))
			return NULL;
		if (bounds[i - 1] < 0)
			bounds[i - 1] += as_list(self)->nr;
		if (bounds[i - 1] < 0)
			bounds[i - 1] = 0;
	}
	at = find(sim, self, call->args[0], bounds[0], bounds[1]);
	if (at == -1)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "%R is not in list", call->args[0]);
	return at < 0 ? NULL : sim_int_new(sim, at);
}

static struct gcs_object *list_count(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t nr = 0, at = -1;

	while ((at = find(sim, self, call->args[0], at + 1, INT64_MAX)) >= 0)
		nr++;
	return at == -2 ? NULL : sim_int_new(sim, nr);
}

int sim_list_reverse(struct sim *sim, struct gcs_object *self)
{
	struct sim_list *list = as_list(self);

	if (sim_charge_places(sim, list->nr))
		return -1;
	for (size_t i = 0; i < list->nr / 2; i++) {
		struct gcs_object *item = list->items[i];

		list->items[i] = list->items[list->nr - 1 - i];
		list->items[list->nr - 1 - i] = item;
	}
	return 0;
}

static struct gcs_object *list_reverse(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return sim_list_reverse(sim, self) ? NULL : sim_none(sim);
}

static struct gcs_object *list_reversed(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return sim_list_reverse_iter(sim, self);
}

/* --- sort -------------------------------------------------------------------------------------------- */

/* An item beside the key that it is sorted by (the same object if there is no key function). */
struct pair {
	struct gcs_object *key, *item;
};

#define SHORT_RUN 8

/* Stable: an item goes before another only if it is less. */
static int insertion_sort(struct sim *sim, struct pair *pairs, size_t nr)
{
	for (size_t i = 1; i < nr; i++) {
		struct pair pair = pairs[i];
		size_t at = i;

		while (at > 0) {
			int less = sim_compare_bool(sim, pair.key, pairs[at - 1].key, SIM_LT);

			if (less < 0) {
				pairs[at] = pair;
				return -1;
			}
			if (!less)
				break;
			pairs[at] = pairs[at - 1];
			at--;
		}
		pairs[at] = pair;
	}
	return 0;
}

/* Merges pairs[0..middle) and pairs[middle..nr); @spare has room for the first.  After an exception all pairs are still
 * there, in some order. */
static int merge(struct sim *sim, struct pair *pairs, size_t middle, size_t nr, struct pair *spare)
{
	size_t left = 0, right = middle, out = 0;
	int less = 0;

	memcpy(spare, pairs, middle * sizeof(*pairs));
	while (left < middle && right < nr) {
		less = sim_compare_bool(sim, pairs[right].key, spare[left].key, SIM_LT);
		if (less < 0)
			break;
		pairs[out++] = less ? pairs[right++] : spare[left++];
	}
	memcpy(pairs + out, spare + left, (middle - left) * sizeof(*pairs));
	return less < 0 ? -1 : 0;
}

/* From runs upwards, so that the depth of calls does not depend on the length. */
static int merge_sort(struct sim *sim, struct pair *pairs, size_t nr, struct pair *spare)
{
	for (size_t at = 0; at < nr; at += SHORT_RUN)
		if (insertion_sort(sim, pairs + at, nr - at < SHORT_RUN ? nr - at : SHORT_RUN))
			return -1;
	for (size_t run = SHORT_RUN; run < nr; run *= 2) {
		for (size_t at = 0; at + run < nr; at += 2 * run) {
			size_t length = nr - at < 2 * run ? nr - at : 2 * run;
			int less = sim_compare_bool(sim, pairs[at + run].key, pairs[at + run - 1].key, SIM_LT);

			/* Runs that are in order already are the usual case. */
			if (less < 0 || (less && merge(sim, pairs + at, run, length, spare)))
				return -1;
		}
		if (sim_charge(sim, nr / 4))
			return -1;
	}
	return 0;
}

static void reverse_pairs(struct pair *pairs, size_t nr)
{
	for (size_t i = 0; i < nr / 2; i++) {
		struct pair pair = pairs[i];

		pairs[i] = pairs[nr - 1 - i];
		pairs[nr - 1 - i] = pair;
	}
}

/* The keys of all items, each a reference; on error none is left. */
static int make_keys(struct sim *sim, struct pair *pairs, size_t nr, struct gcs_object *key)
{
	for (size_t i = 0; i < nr; i++) {
		pairs[i].key = key ? sim_call_args(sim, key, 1, &pairs[i].item) : sim_incref(pairs[i].item);
		if (pairs[i].key)
			continue;
		while (i-- > 0)
			gcs_decref(pairs[i].key);
		return -1;
	}
	return 0;
}

/* A reversed sort keeps equal items in order: sort the reversed list, and reverse it again. */
static int sort_pairs(struct sim *sim, struct pair *pairs, size_t nr, struct gcs_object *key, bool reverse)
{
	int result;

	if (make_keys(sim, pairs, nr, key))
		return -1;
	if (reverse)
		reverse_pairs(pairs, nr);
	result = merge_sort(sim, pairs, nr, pairs + nr);
	if (reverse)
		reverse_pairs(pairs, nr);
	for (size_t i = 0; i < nr; i++)
		gcs_decref(pairs[i].key);
	return result;
}

/* The list is empty while the scenario's functions compare its items. */
int sim_list_sort(struct sim *sim, struct gcs_object *self, struct gcs_object *key, bool reverse)
{
	struct sim_list *list = as_list(self), taken = *list;
	struct pair *pairs = sim_scratch(sim, NULL, 2 * list->nr, sizeof(*pairs));
	bool changed;
	int result;

	if (!pairs)
		return -1;
	for (size_t i = 0; i < taken.nr; i++)
		pairs[i].item = taken.items[i];
	list->items = NULL;
	list->nr = list->allocated = 0;
	memset(&list->block, 0, sizeof(list->block));
	result = sort_pairs(sim, pairs, taken.nr, key, reverse);
	changed = list->items != NULL;
	if (changed)
		sim_list_clear(sim, self);
	list->items = taken.items;
	list->nr = taken.nr;
	list->allocated = taken.allocated;
	list->block = taken.block;
	for (size_t i = 0; i < taken.nr; i++)
		list->items[i] = pairs[i].item;
	sim_scratch_free(pairs);
	if (changed && !result)
		return sim_raise(sim, SIM_VALUE_ERROR, "list modified during sort");
	return result;
}

static struct gcs_object *list_sort(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *given[2];
	int reverse = 0;

	if (sim_call_parse(sim, "sort", call, "| $ key reverse", given))
		return NULL;
	if (given[1] && (reverse = sim_truth(sim, given[1])) < 0)
		return NULL;
	if (given[0] == sim->none)
		given[0] = NULL;
	return sim_list_sort(sim, self, given[0], reverse) ? NULL : sim_none(sim);
}

const struct sim_method sim_list_methods[] = {
	{"__reversed__", list_reversed, 0, 0, 0},
	{"append", list_append, 1, 1, 0},
	{"clear", list_clear, 0, 0, 0},
	{"copy", list_copy, 0, 0, 0},
	{"count", list_count, 1, 1, 0},
	{"extend", list_extend, 1, 1, 0},
	{"index", list_index, 1, 3, 0},
	{"insert", list_insert, 2, 2, 0},
	{"pop", list_pop, 0, 1, 0},
	{"remove", list_remove, 1, 1, 0},
	{"reverse", list_reverse, 0, 0, 0},
	{"sort", list_sort, 0, -1, SIM_METHOD_KEYWORDS},
	{0},
};
