/* SPDX-License-Identifier: MIT */
/* str: searching, splitting, joining, replacing. */
#include "chars.h"

/* Counts what it looks at: text and part can be such that each place is compared nearly to its end. */
static bool matches_at(struct sim *sim, const struct sim_str *str, const struct sim_str *part, size_t at)
{
	size_t i = 0;

	while (i < part->length && sim_str_at(str, at + i) == sim_str_at(part, i))
		i++;
	sim_charge_places(sim, i);
	return i == part->length;
}

int64_t sim_str_find(struct sim *sim, const struct gcs_object *object, const struct gcs_object *wanted, size_t from,
		size_t to)
{
	const struct sim_str *str = sim_as_str(object), *part = sim_as_str(wanted);
	const char *found;

	if (from > to || part->length > to - from)
		return -1;
	if (str->kind == 1 && part->kind == 1) {
		found = memmem(str->data + from, to - from, part->data, part->length);
		/* One at least: who counts the occurrences asks for each. */
		sim_charge(sim, 1 + (found ? (size_t)(found - str->data) - from + part->length : to - from) /
				SIM_PLACES_PER_STEP);
		return found ? found - str->data : -1;
	}
	if (sim_charge_places(sim, to - from))
		return -1;
	for (size_t at = from; at + part->length <= to && !sim->stop; at++)
		if (matches_at(sim, str, part, at))
			return at;
	return -1;
}

int64_t sim_str_rfind(struct sim *sim, const struct gcs_object *object, const struct gcs_object *wanted, size_t from,
		size_t to)
{
	const struct sim_str *str = sim_as_str(object), *part = sim_as_str(wanted);

	if (from > to || part->length > to - from)
		return -1;
	for (size_t at = to - part->length + 1; at > from && !sim->stop; at--) {
		if (matches_at(sim, str, part, at - 1)) {
			sim_charge_places(sim, to - at);
			return at - 1;
		}
	}
	sim_charge_places(sim, to - from);
	return -1;
}

static int append_slice(struct sim *sim, struct gcs_object *list, struct gcs_object *str, size_t from, size_t to)
{
	struct gcs_object *part = sim_str_slice(sim, str, from, to - from);

	return part ? sim_list_append_steal(sim, list, part) : -1;
}

static int split_at_spaces(struct sim *sim, struct gcs_object *list, struct gcs_object *self, int64_t most)
{
	const struct sim_str *str = sim_as_str(self);
	size_t at = 0;

	for (;;) {
		size_t from;

		while (at < str->length && sim_point_is(sim_str_at(str, at), SIM_POINT_SPACE))
			at++;
		if (at == str->length)
			return 0;
		from = at;
		/* What is left stays as it is, with the blanks at its end. */
		if (most-- == 0)
			return append_slice(sim, list, self, from, str->length);
		while (at < str->length && !sim_point_is(sim_str_at(str, at), SIM_POINT_SPACE))
			at++;
		if (append_slice(sim, list, self, from, at))
			return -1;
	}
}

static int split_at(struct sim *sim, struct gcs_object *list, struct gcs_object *self, struct gcs_object *separator,
		int64_t most)
{
	size_t length = sim_as_str(self)->length, from = 0;
	int64_t at;

	while (most-- != 0 && (at = sim_str_find(sim, self, separator, from, length)) >= 0) {
		if (append_slice(sim, list, self, from, at))
			return -1;
		from = at + sim_as_str(separator)->length;
	}
	return append_slice(sim, list, self, from, length);
}

/* From the end: the list is made backwards and reversed. */
static int rsplit_at(struct sim *sim, struct gcs_object *list, struct gcs_object *self, struct gcs_object *separator,
		int64_t most)
{
	size_t to = sim_as_str(self)->length;
	int64_t at;

	while (most-- != 0 && (at = sim_str_rfind(sim, self, separator, 0, to)) >= 0) {
		if (append_slice(sim, list, self, at + sim_as_str(separator)->length, to))
			return -1;
		to = at;
	}
	return append_slice(sim, list, self, 0, to) ? -1 : sim_list_reverse(sim, list);
}

static int rsplit_at_spaces(struct sim *sim, struct gcs_object *list, struct gcs_object *self, int64_t most)
{
	const struct sim_str *str = sim_as_str(self);
	size_t to = str->length;

	for (;;) {
		size_t end;

		while (to > 0 && sim_point_is(sim_str_at(str, to - 1), SIM_POINT_SPACE))
			to--;
		if (to == 0)
			return sim_list_reverse(sim, list);
		end = to;
		if (most-- == 0)
			return append_slice(sim, list, self, 0, end) ? -1 : sim_list_reverse(sim, list);
		while (to > 0 && !sim_point_is(sim_str_at(str, to - 1), SIM_POINT_SPACE))
			to--;
		if (append_slice(sim, list, self, to, end))
			return -1;
	}
}

static struct gcs_object *split(struct sim *sim, struct gcs_object *self, const struct sim_call *call, bool right)
{
	struct gcs_object *given[2], *list;
	int64_t most = -1;
	int result;

	if (sim_call_parse(sim, right ? "rsplit" : "split", call, "| sep maxsplit", given))
		return NULL;
	if (given[1] && sim_index(sim, given[1], false, &most))
		return NULL;
	if (given[0] && given[0] != sim->none && !sim_is_str(given[0]))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "must be str or None, not %T", given[0]);
	if (given[0] && given[0] != sim->none && !sim_as_str(given[0])->length)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "empty separator");
	list = sim_charge_places(sim, sim_as_str(self)->length) ? NULL : sim_list_new(sim, 0);
	if (!list)
		return NULL;
	if (!given[0] || given[0] == sim->none)
		result = right ? rsplit_at_spaces(sim, list, self, most) : split_at_spaces(sim, list, self, most);
	else
		result = right ? rsplit_at(sim, list, self, given[0], most) : split_at(sim, list, self, given[0], most);
	if (result)
		GCS_CLEAR(&list);
	return list;
}

struct gcs_object *sim_str_split(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return split(sim, self, call, false);
}

struct gcs_object *sim_str_rsplit(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return split(sim, self, call, true);
}

static bool is_line_end(uint32_t point)
{
	return (point >= 10 && point <= 13) || (point >= 0x1c && point <= 0x1e) || point == 0x85 || point == 0x2028 ||
		point == 0x2029;
}

struct gcs_object *sim_str_splitlines(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	const struct sim_str *str = sim_as_str(self);
	struct gcs_object *given[1], *list;
	size_t from = 0, at = 0;
	int keep = 0;

	if (sim_call_parse(sim, "splitlines", call, "| keepends", given))
		return NULL;
	if (given[0] && (keep = sim_truth(sim, given[0])) < 0)
		return NULL;
	list = sim_charge_places(sim, str->length) ? NULL : sim_list_new(sim, 0);
	while (list && at < str->length) {
		size_t end;

		while (at < str->length && !is_line_end(sim_str_at(str, at)))
			at++;
		end = at;
		if (at < str->length) {
			bool pair = sim_str_at(str, at) == '\r' && at + 1 < str->length &&
				sim_str_at(str, at + 1) == '\n';

			at += pair ? 2 : 1;
		}
		if (append_slice(sim, list, self, from, keep ? at : end))
			GCS_CLEAR(&list);
		from = at;
	}
	return list;
}

static struct gcs_object *partition(struct sim *sim, struct gcs_object *self, struct gcs_object *separator, bool right)
{
	size_t length = sim_as_str(self)->length;
	int64_t at;

	if (!sim_is_str(separator))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "must be str, not %T", separator);
	if (!sim_as_str(separator)->length)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "empty separator");
	at = right ? sim_str_rfind(sim, self, separator, 0, length) : sim_str_find(sim, self, separator, 0, length);
	if (at < 0 && right)
		return sim_tuple_pack(sim, 3, sim_incref(sim->empty_str), sim_incref(sim->empty_str), sim_incref(self));
	if (at < 0)
		return sim_tuple_pack(sim, 3, sim_incref(self), sim_incref(sim->empty_str), sim_incref(sim->empty_str));
	return sim_tuple_pack(sim, 3, sim_str_slice(sim, self, 0, at), sim_incref(separator),
			sim_str_slice(sim, self, at + sim_as_str(separator)->length,
				length - at - sim_as_str(separator)->length));
}

struct gcs_object *sim_str_partition(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return partition(sim, self, call->args[0], false);
}

struct gcs_object *sim_str_rpartition(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return partition(sim, self, call->args[0], true);
}

/* --- join, replace ----------------------------------------------------------------------------------- */

/* The strings of a list with separators between them, in one. */
static struct gcs_object *join_items(struct sim *sim, struct gcs_object *separator, struct gcs_object *list)
{
	size_t nr = sim_list_size(list), out = 0;
	struct gcs_object **parts, *result;

	for (size_t i = 0; i < nr; i++)
		if (!sim_is_str(sim_list_item(list, i)))
			return sim_raise_null(sim, SIM_TYPE_ERROR,
					"sequence item %zu: expected str instance, %T found", i,
					sim_list_item(list, i));
	if (!nr)
		return sim_incref(sim->empty_str);
	parts = sim_scratch(sim, NULL, 2 * nr, sizeof(*parts));
	if (!parts)
		return NULL;
	for (size_t i = 0; i < nr; i++) {
		if (i)
			parts[out++] = separator;
		parts[out++] = sim_list_item(list, i);
	}
	result = sim_str_build(sim, parts, out);
	sim_scratch_free(parts);
	return result;
}

struct gcs_object *sim_str_join(struct sim *sim, struct gcs_object *separator, struct gcs_object *items)
{
	struct gcs_object *list, *result;

	if (sim_kind(items) == SIM_LIST) {
		list = sim_incref(items);
	} else {
		list = sim_list_from_iterable(sim, items);
		if (!list && !sim_type(items)->iter && !sim_type(items)->next && sim_pending_is(sim, SIM_TYPE_ERROR))
			sim_raise(sim, SIM_TYPE_ERROR, "can only join an iterable");
	}
	if (!list)
		return NULL;
	result = join_items(sim, separator, list);
	gcs_decref(list);
	return result;
}

/* An empty part is found before each character and at the end. */
static struct gcs_object *replace_between(struct sim *sim, struct gcs_object *self, struct gcs_object *by, int64_t most)
{
	const struct sim_str *str = sim_as_str(self);
	struct sim_text text;

	sim_text_init(&text, sim);
	sim_charge_places(sim, str->length);
	for (size_t i = 0; i <= str->length && !text.failed; i++) {
		if (most-- != 0)
			sim_text_object(&text, by);
		else
			most = 0;
		if (i < str->length)
			sim_text_point(&text, sim_str_at(str, i));
	}
	return sim_text_finish(&text);
}

struct gcs_object *sim_str_replace(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *list, *result;
	int64_t most = -1;

	for (size_t i = 0; i < 2; i++)
		if (!sim_is_str(call->args[i]))
			return sim_raise_null(sim, SIM_TYPE_ERROR, "replace() argument %zu must be str, not %T", i + 1,
					call->args[i]);
	if (call->nr > 2 && sim_index(sim, call->args[2], false, &most))
		return NULL;
	if (!sim_as_str(call->args[0])->length)
		return replace_between(sim, self, call->args[1], most);
	list = sim_list_new(sim, 0);
	if (!list)
		return NULL;
	result = split_at(sim, list, self, call->args[0], most) ? NULL : join_items(sim, call->args[1], list);
	gcs_decref(list);
	return result;
}
