/* SPDX-License-Identifier: MIT */
/* str: the table of methods. */
#include "chars.h"

static struct gcs_object *str_join(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return sim_str_join(sim, self, call->args[0]);
}

/* --- case -------------------------------------------------------------------------------------------- */

typedef uint32_t (*map_fn)(uint32_t point, bool first);

static uint32_t to_upper(uint32_t point, bool first)
{
	(void)first;
	return sim_point_upper(point);
}

static uint32_t to_lower(uint32_t point, bool first)
{
	(void)first;
	return sim_point_lower(point);
}

static uint32_t to_title(uint32_t point, bool first)
{
	return first ? sim_point_upper(point) : sim_point_lower(point);
}

static uint32_t swap_case(uint32_t point, bool first)
{
	(void)first;
	return sim_point_is(point, SIM_POINT_UPPER) ? sim_point_lower(point) : sim_point_upper(point);
}

/* @words: first is true at the start of each word; else at the start of the text only. */
static struct gcs_object *map_points(struct sim *sim, struct gcs_object *self, map_fn map, bool words)
{
	const struct sim_str *str = sim_as_str(self);
	struct sim_text text;
	bool first = true;

	sim_text_init(&text, sim);
	sim_charge_places(sim, str->length);
	for (size_t i = 0; i < str->length && !text.failed; i++) {
		uint32_t point = sim_str_at(str, i);

		if (point == 0xdf && (map == to_upper || (map == to_title && first)))
			sim_text_put(&text, map == to_upper ? "SS" : "Ss");
		else
			sim_text_point(&text, map(point, first));
		first = words && !sim_point_is(point, SIM_POINT_ALPHA);
	}
	return sim_text_finish(&text);
}

#define CASE_METHOD(name, map, words)                                                                              \
	static struct gcs_object *str_##name(struct sim *sim, struct gcs_object *self, const struct sim_call *call) \
	{                                                                                                          \
		(void)call;                                                                                        \
		return map_points(sim, self, map, words);                                                          \
	}

CASE_METHOD(upper, to_upper, false)
CASE_METHOD(lower, to_lower, false)
CASE_METHOD(casefold, to_lower, false)
CASE_METHOD(capitalize, to_title, false)
CASE_METHOD(title, to_title, true)
CASE_METHOD(swapcase, swap_case, false)

/* --- strip ------------------------------------------------------------------------------------------- */

static bool is_stripped(struct sim *sim, uint32_t point, struct gcs_object *chars)
{
	size_t i = 0;

	if (!chars)
		return sim_point_is(point, SIM_POINT_SPACE);
	while (i < sim_as_str(chars)->length && sim_str_at(sim_as_str(chars), i) != point)
		i++;
	return !sim_charge_places(sim, i) && i < sim_as_str(chars)->length;
}

static struct gcs_object *strip(struct sim *sim, struct gcs_object *self, const struct sim_call *call, bool left,
		bool right, const char *name)
{
	const struct sim_str *str = sim_as_str(self);
	struct gcs_object *chars = call->nr && call->args[0] != sim->none ? call->args[0] : NULL;
	size_t from = 0, to = str->length;

	if (chars && !sim_is_str(chars))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "%s arg must be None or str", name);
	while (left && from < to && is_stripped(sim, sim_str_at(str, from), chars))
		from++;
	while (right && to > from && is_stripped(sim, sim_str_at(str, to - 1), chars))
		to--;
	if (sim_charge_places(sim, str->length - (to - from)))
		return NULL;
	return sim_str_slice(sim, self, from, to - from);
}

static struct gcs_object *str_strip(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return strip(sim, self, call, true, true, "strip");
}

static struct gcs_object *str_lstrip(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return strip(sim, self, call, true, false, "lstrip");
}

static struct gcs_object *str_rstrip(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return strip(sim, self, call, false, true, "rstrip");
}

/* --- search ------------------------------------------------------------------------------------------ */

/* The optional start and end arguments from call->args[1] on, cut to the string as a slice does. */
static int take_bounds(struct sim *sim, const struct sim_call *call, size_t length, size_t *from, size_t *to)
{
	size_t *const out[] = {from, to};

	*from = 0;
	*to = length;
	for (size_t i = 1; i < call->nr && i < 3; i++) {
		int64_t value;

		if (call->args[i] == sim->none)
			continue;
		if (sim_index(sim, call->args[i], true, &value))
			return -1;
		if (value < 0)
			value = value + (int64_t)length < 0 ? 0 : value + (int64_t)length;
		/* A start behind the end finds nothing, not even the empty string. */
		*out[i - 1] = value > (int64_t)length ? length + (i == 1) : (size_t)value;
	}
	return 0;
}

static int search(struct sim *sim, struct gcs_object *self, const struct sim_call *call, bool right, int64_t *found)
{
	size_t from, to;

	if (!sim_is_str(call->args[0]))
		return sim_raise(sim, SIM_TYPE_ERROR, "must be str, not %T", call->args[0]);
	if (take_bounds(sim, call, sim_as_str(self)->length, &from, &to))
		return -1;
	*found = right ? sim_str_rfind(sim, self, call->args[0], from, to) :
		sim_str_find(sim, self, call->args[0], from, to);
	return 0;
}

static struct gcs_object *str_find(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t at;

	return search(sim, self, call, false, &at) ? NULL : sim_int_new(sim, at);
}

static struct gcs_object *str_rfind(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t at;

	return search(sim, self, call, true, &at) ? NULL : sim_int_new(sim, at);
}

static struct gcs_object *str_index(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t at;

	if (search(sim, self, call, false, &at))
		return NULL;
	return at < 0 ? sim_raise_null(sim, SIM_VALUE_ERROR, "substring not found") : sim_int_new(sim, at);
}

static struct gcs_object *str_rindex(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t at;

	if (search(sim, self, call, true, &at))
		return NULL;
	return at < 0 ? sim_raise_null(sim, SIM_VALUE_ERROR, "substring not found") : sim_int_new(sim, at);
}

static struct gcs_object *str_count(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	size_t from, to, length;
	int64_t at, nr = 0;

	if (!sim_is_str(call->args[0]))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "must be str, not %T", call->args[0]);
	if (take_bounds(sim, call, sim_as_str(self)->length, &from, &to))
		return NULL;
	length = sim_as_str(call->args[0])->length;
	if (!length)
		return sim_int_new(sim, from <= to ? (int64_t)(to - from + 1) : 0);
	for (; (at = sim_str_find(sim, self, call->args[0], from, to)) >= 0; nr++)
		from = at + length;
	return sim_int_new(sim, nr);
}

/* 1, 0, or -1 and TypeError. */
static int has_end(struct sim *sim, struct gcs_object *self, struct gcs_object *part, size_t from, size_t to, bool tail)
{
	size_t length;

	if (!sim_is_str(part))
		return -1;
	length = sim_as_str(part)->length;
	if (from > to || length > to - from)
		return 0;
	(void)sim;
	return tail ? sim_str_find(sim, self, part, to - length, to) >= 0 : sim_str_find(sim, self, part, from,
			from + length) >= 0;
}

static struct gcs_object *ends(struct sim *sim, struct gcs_object *self, const struct sim_call *call, bool tail)
{
	struct gcs_object *parts = call->args[0];
	size_t from, to, nr = sim_kind(parts) == SIM_TUPLE ? sim_tuple_size(parts) : 1;

	if (take_bounds(sim, call, sim_as_str(self)->length, &from, &to))
		return NULL;
	for (size_t i = 0; i < nr; i++) {
		struct gcs_object *part = sim_kind(parts) == SIM_TUPLE ? sim_tuple_item(parts, i) : parts;
		int found = has_end(sim, self, part, from, to, tail);

		if (found < 0 && part == parts)
			return sim_raise_null(sim, SIM_TYPE_ERROR, "%s first arg must be str or a tuple of str, not %T",
					tail ? "endswith" : "startswith", part);
		if (found < 0)
			return sim_raise_null(sim, SIM_TYPE_ERROR, "tuple for %s must only contain str, not %T",
					tail ? "endswith" : "startswith", part);
		if (found)
			return sim_bool(sim, true);
	}
	return sim_bool(sim, false);
}

static struct gcs_object *str_startswith(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return ends(sim, self, call, false);
}

static struct gcs_object *str_endswith(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return ends(sim, self, call, true);
}

static struct gcs_object *remove_end(struct sim *sim, struct gcs_object *self, struct gcs_object *part, bool tail)
{
	size_t length = sim_as_str(self)->length, cut;
	int found = has_end(sim, self, part, 0, length, tail);

	if (found < 0)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "%s() argument must be str, not %T",
				tail ? "removesuffix" : "removeprefix", part);
	cut = found ? sim_as_str(part)->length : 0;
	return sim_str_slice(sim, self, tail ? 0 : cut, length - cut);
}

static struct gcs_object *str_removeprefix(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return remove_end(sim, self, call->args[0], false);
}

static struct gcs_object *str_removesuffix(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	return remove_end(sim, self, call->args[0], true);
}

/* --- tests of characters ----------------------------------------------------------------------------- */

static struct gcs_object *all_points(struct sim *sim, struct gcs_object *self, bool (*test)(uint32_t point))
{
	const struct sim_str *str = sim_as_str(self);

	if (sim_charge_places(sim, str->length))
		return NULL;
	for (size_t i = 0; i < str->length; i++)
		if (!test(sim_str_at(str, i)))
			return sim_bool(sim, false);
	return sim_bool(sim, str->length != 0);
}

static bool is_alpha(uint32_t point)
{
	return sim_point_is(point, SIM_POINT_ALPHA);
}

static bool is_digit(uint32_t point)
{
	return sim_point_is(point, SIM_POINT_DIGIT);
}

static bool is_alnum(uint32_t point)
{
	return is_alpha(point) || is_digit(point);
}

static bool is_space(uint32_t point)
{
	return sim_point_is(point, SIM_POINT_SPACE);
}

#define TEST_METHOD(name, test)                                                                                    \
	static struct gcs_object *str_##name(struct sim *sim, struct gcs_object *self, const struct sim_call *call) \
	{                                                                                                          \
		(void)call;                                                                                        \
		return all_points(sim, self, test);                                                                \
	}

TEST_METHOD(isalpha, is_alpha)
TEST_METHOD(isdigit, is_digit)
TEST_METHOD(isalnum, is_alnum)
TEST_METHOD(isspace, is_space)

/* At least one cased character, and none of the other case. */
static struct gcs_object *is_case(struct sim *sim, struct gcs_object *self, enum sim_point_class wanted,
		enum sim_point_class other)
{
	const struct sim_str *str = sim_as_str(self);
	bool any = false;

	if (sim_charge_places(sim, str->length))
		return NULL;
	for (size_t i = 0; i < str->length; i++) {
		if (sim_point_is(sim_str_at(str, i), other))
			return sim_bool(sim, false);
		any |= sim_point_is(sim_str_at(str, i), wanted);
	}
	return sim_bool(sim, any);
}

static struct gcs_object *str_isupper(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return is_case(sim, self, SIM_POINT_UPPER, SIM_POINT_LOWER);
}

static struct gcs_object *str_islower(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)call;
	return is_case(sim, self, SIM_POINT_LOWER, SIM_POINT_UPPER);
}

/* --- padding ----------------------------------------------------------------------------------------- */

/* @left, @right: how many times the fill character. */
static struct gcs_object *pad(struct sim *sim, struct gcs_object *self, int64_t left, int64_t right, uint32_t fill)
{
	struct sim_text text;

	if (!left && !right)
		return sim_incref(self);
	sim_text_init(&text, sim);
	sim_text_fill(&text, fill, left);
	sim_text_object(&text, self);
	sim_text_fill(&text, fill, right);
	return sim_text_finish(&text);
}

static int take_width(struct sim *sim, struct gcs_object *self, const struct sim_call *call, int64_t *missing,
		uint32_t *fill)
{
	*fill = ' ';
	if (sim_index(sim, call->args[0], false, missing))
		return -1;
	*missing -= (int64_t)sim_as_str(self)->length;
	if (*missing < 0)
		*missing = 0;
	if (call->nr < 2)
		return 0;
	if (!sim_is_str(call->args[1]))
		return sim_raise(sim, SIM_TYPE_ERROR, "The fill character must be a unicode character, not %T",
				call->args[1]);
	if (sim_as_str(call->args[1])->length != 1)
		return sim_raise(sim, SIM_TYPE_ERROR, "The fill character must be exactly one character long");
	*fill = sim_str_at(sim_as_str(call->args[1]), 0);
	return 0;
}

static struct gcs_object *str_ljust(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t missing;
	uint32_t fill;

	return take_width(sim, self, call, &missing, &fill) ? NULL : pad(sim, self, 0, missing, fill);
}

static struct gcs_object *str_rjust(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t missing;
	uint32_t fill;

	return take_width(sim, self, call, &missing, &fill) ? NULL : pad(sim, self, missing, 0, fill);
}

/* The odd blank goes left if the width is odd. */
static struct gcs_object *str_center(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	int64_t missing, left;
	uint32_t fill;

	if (take_width(sim, self, call, &missing, &fill))
		return NULL;
	left = missing / 2 + (missing & (missing + (int64_t)sim_as_str(self)->length) & 1);
	return pad(sim, self, left, missing - left, fill);
}

static struct gcs_object *str_zfill(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	const struct sim_str *str = sim_as_str(self);
	struct sim_text text;
	int64_t missing;
	uint32_t fill;
	size_t sign;

	if (take_width(sim, self, call, &missing, &fill))
		return NULL;
	sign = str->length && (sim_str_at(str, 0) == '-' || sim_str_at(str, 0) == '+');
	if (!sign || !missing)
		return pad(sim, self, missing, 0, '0');
	sim_text_init(&text, sim);
	sim_text_point(&text, sim_str_at(str, 0));
	sim_text_fill(&text, '0', missing);
	sim_charge_places(sim, str->length);
	for (size_t i = 1; i < str->length && !text.failed; i++)
		sim_text_point(&text, sim_str_at(str, i));
	return sim_text_finish(&text);
}

static struct gcs_object *str_encode(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *given[2], *result;
	size_t length;
	const char *text;
	char *keep;

	if (sim_call_parse(sim, "encode", call, "| encoding errors", given))
		return NULL;
	if (given[0] && !sim_str_is(given[0], "utf-8") && !sim_str_is(given[0], "utf8") &&
			!(sim_str_is(given[0], "ascii") && sim_as_str(self)->ascii))
		return sim_raise_null(sim, SIM_VALUE_ERROR, "encoding %S is not supported", given[0]);
	text = sim_str_utf8(sim, self, &length, &keep);
	if (!text)
		return NULL;
	result = sim_bytes_new(sim, text, length);
	sim_scratch_free(keep);
	return result;
}

const struct sim_method sim_str_methods[] = {
	{"capitalize", str_capitalize, 0, 0, 0},
	{"casefold", str_casefold, 0, 0, 0},
	{"center", str_center, 1, 2, 0},
	{"count", str_count, 1, 3, 0},
	{"encode", str_encode, 0, 2, SIM_METHOD_KEYWORDS},
	{"endswith", str_endswith, 1, 3, 0},
	{"find", str_find, 1, 3, 0},
	{"format", sim_str_method_format, 0, -1, SIM_METHOD_KEYWORDS},
	{"index", str_index, 1, 3, 0},
	{"isalnum", str_isalnum, 0, 0, 0},
	{"isalpha", str_isalpha, 0, 0, 0},
	{"isdecimal", str_isdigit, 0, 0, 0},
	{"isdigit", str_isdigit, 0, 0, 0},
	{"islower", str_islower, 0, 0, 0},
	{"isnumeric", str_isdigit, 0, 0, 0},
	{"isspace", str_isspace, 0, 0, 0},
	{"isupper", str_isupper, 0, 0, 0},
	{"join", str_join, 1, 1, 0},
	{"ljust", str_ljust, 1, 2, 0},
	{"lower", str_lower, 0, 0, 0},
	{"lstrip", str_lstrip, 0, 1, 0},
	{"partition", sim_str_partition, 1, 1, 0},
	{"removeprefix", str_removeprefix, 1, 1, 0},
	{"removesuffix", str_removesuffix, 1, 1, 0},
	{"replace", sim_str_replace, 2, 3, 0},
	{"rfind", str_rfind, 1, 3, 0},
	{"rindex", str_rindex, 1, 3, 0},
	{"rjust", str_rjust, 1, 2, 0},
	{"rpartition", sim_str_rpartition, 1, 1, 0},
	{"rsplit", sim_str_rsplit, 0, 2, SIM_METHOD_KEYWORDS},
	{"rstrip", str_rstrip, 0, 1, 0},
	{"split", sim_str_split, 0, 2, SIM_METHOD_KEYWORDS},
	{"splitlines", sim_str_splitlines, 0, 1, SIM_METHOD_KEYWORDS},
	{"startswith", str_startswith, 1, 3, 0},
	{"strip", str_strip, 0, 1, 0},
	{"swapcase", str_swapcase, 0, 0, 0},
	{"title", str_title, 0, 0, 0},
	{"upper", str_upper, 0, 0, 0},
	{"zfill", str_zfill, 1, 1, 0},
	{0},
};
