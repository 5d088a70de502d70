/* SPDX-License-Identifier: MIT */
/* 'text' % arguments and 'text'.format(). */
#include "internal.h"

/* The arguments of %: a tuple's items, a dict's values by name, or one object. */
struct arguments {
	struct gcs_object *all;
	size_t next, nr;
	bool used_dict;
};

static struct gcs_object *next_argument(struct sim *sim, struct arguments *arguments)
{
	if (arguments->next >= arguments->nr)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "not enough arguments for format string");
	arguments->next++;
	return sim_kind(arguments->all) == SIM_TUPLE ? sim_tuple_item(arguments->all, arguments->next - 1) :
		arguments->all;
}

/* %(name)s: the position behind it; NULL: exception. */
static struct gcs_object *named_argument(struct sim *sim, struct arguments *arguments, struct gcs_object *format,
		size_t from, size_t to)
{
	struct gcs_object *name, *value;

	if (sim_kind(arguments->all) != SIM_DICT)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "format requires a mapping");
	name = sim_str_slice(sim, format, from, to - from);
	value = name ? sim_dict_get(sim, arguments->all, name) : NULL;
	if (!value && name && !sim->pending)
		sim_raise_value(sim, SIM_KEY_ERROR, name);
	gcs_xdecref(name);
	arguments->used_dict = true;
	return value;
}

/* The conversion in the words of a format specification: -5 is <5, 05 is =0... */
static struct gcs_object *make_spec(struct sim *sim, const char *flags, int64_t width, int64_t precision, int type)
{
	struct sim_text text;
	char out[32];

	sim_text_init(&text, sim);
	sim_text_put(&text, strchr(flags, '-') ? "<" : ">");
	if (strchr(flags, '0') && !strchr(flags, '-') && type != 's') {
		text.nr = 0;
		sim_text_put(&text, "0=");
	}
	if (type != 's' && strpbrk(flags, "+ "))
		sim_text_put(&text, strchr(flags, '+') ? "+" : " ");
	if (type != 's' && strchr(flags, '#'))
		sim_text_put(&text, "#");
	if (width >= 0) {
		snprintf(out, sizeof(out), "%lld", (long long)width);
		sim_text_put(&text, out);
	}
	if (precision >= 0 && (type == 's' || strchr("eEfFgG", type))) {
		snprintf(out, sizeof(out), ".%lld", (long long)precision);
		sim_text_put(&text, out);
	}
	out[0] = type;
	sim_text_add(&text, out, 1);
	return sim_text_finish(&text);
}

/* The number that a conversion needs; new reference. */
static struct gcs_object *as_number(struct sim *sim, struct gcs_object *value, int type)
{
	bool whole = strchr("diouxX", type) != NULL;
	double number;

	if (sim_is_int(value) && whole)
		return sim_unary(sim, value, SIM_POSITIVE);
	if (sim_is_float(value) && whole && strchr("diu", type))
		return sim_int_from_double(sim, sim_float_value(value));
	if (sim_is_float(value) && !whole)
		return sim_incref(value);
	if (sim_is_int(value) && !whole)
		return sim_int_to_double(sim, value, &number) ? NULL : sim_float_new(sim, number);
	if (!whole)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "must be real number, not %T", value);
	return sim_raise_null(sim, SIM_TYPE_ERROR, strchr("diu", type) ?
			"%%%c format: a real number is required, not %T" :
			"%%%c format: an integer is required, not %T", type, value);
}

static struct gcs_object *char_of(struct sim *sim, struct gcs_object *value)
{
	int64_t code;
	uint32_t point;

	if (sim_is_str(value) && sim_as_str(value)->length == 1)
		return sim_incref(value);
	if (!sim_is_int(value))
		return sim_raise_null(sim, SIM_TYPE_ERROR, "%%c requires int or char");
	if (!sim_int_fits(value, &code) || code < 0 || code > 0x10ffff)
		return sim_raise_null(sim, SIM_OVERFLOW_ERROR, "%%c arg not in range(0x110000)");
	point = code;
	return sim_str_from_points(sim, &point, 1);
}

static struct gcs_object *convert(struct sim *sim, struct gcs_object *value, const char *flags, int64_t width,
		int64_t precision, int type)
{
	bool text = strchr("srac", type) != NULL;
	struct gcs_object *operand, *spec, *result = NULL;

	operand = type == 'r' ? sim_repr(sim, value) : type == 'a' ? sim_ascii(sim, value) : type == 'c' ?
		char_of(sim, value) : type == 's' ? sim_str_of(sim, value) : as_number(sim, value, type);
	if (!operand)
		return NULL;
	spec = make_spec(sim, flags, width, precision, text ? 's' : strchr("iu", type) ? 'd' : type);
	if (spec)
		result = sim_format(sim, operand, spec);
	gcs_decref(operand);
	gcs_xdecref(spec);
	return result;
}

/* A number of digits, or *: the next argument. */
static int take_number(struct sim *sim, const struct sim_str *text, size_t *at, struct arguments *arguments,
		int64_t *value)
{
	struct gcs_object *given;

	*value = -1;
	if (*at < text->length && sim_str_at(text, *at) == '*') {
		++*at;
		given = next_argument(sim, arguments);
		return !given ? -1 : sim_is_int(given) ? sim_index(sim, given, false, value) :
			sim_raise(sim, SIM_TYPE_ERROR, "* wants int");
	}
	for (; *at < text->length && sim_str_at(text, *at) >= '0' && sim_str_at(text, *at) <= '9'; ++*at) {
		*value = (*value < 0 ? 0 : *value) * 10 + sim_str_at(text, *at) - '0';
		if (*value > INT32_MAX)
			return sim_raise(sim, SIM_VALUE_ERROR, "width too big");
	}
	return 0;
}

/* One conversion, from behind the percent sign; the position behind it, or 0 and an exception. */
static size_t convert_at(struct sim *sim, struct gcs_object *format, size_t at, struct arguments *arguments,
		struct sim_text *out)
{
	const struct sim_str *text = sim_as_str(format);
	struct gcs_object *value = NULL, *result;
	int64_t width, precision = -1;
	char flags[8] = "";
	size_t nr = 0, close;
	int type;

	if (at < text->length && sim_str_at(text, at) == '(') {
		for (close = at; close < text->length && sim_str_at(text, close) != ')';)
			close++;
		if (close == text->length)
			return sim_raise(sim, SIM_VALUE_ERROR, "incomplete format key") + 1;
		value = named_argument(sim, arguments, format, at + 1, close);
		if (!value)
			return 0;
		at = close + 1;
	}
	for (; at < text->length && sim_str_at(text, at) < 128 && strchr("-+ #0", sim_str_at(text, at)); at++)
		if (nr < sizeof(flags) - 1)
			flags[nr++] = sim_str_at(text, at);
	if (take_number(sim, text, &at, arguments, &width))
		return 0;
	if (at < text->length && sim_str_at(text, at) == '.') {
		at++;
		if (take_number(sim, text, &at, arguments, &precision))
			return 0;
		precision = precision < 0 ? 0 : precision;
	}
	if (at >= text->length)
		return sim_raise(sim, SIM_VALUE_ERROR, "incomplete format") + 1;
	type = sim_str_at(text, at++);
	if (type == '%') {
		sim_text_put(out, "%");
		return at;
	}
	if (type > 127 || !strchr("sracdiouxXeEfFgG", type))
		return sim_raise(sim, SIM_VALUE_ERROR, "unsupported format character '%c' (0x%x) at index %zu",
				type, type,
				at - 1) + 1;
	if (!value)
		value = next_argument(sim, arguments);
	result = value ? convert(sim, value, flags, width, precision, type) : NULL;
	if (!result)
		return 0;
	sim_text_object(out, result);
	gcs_decref(result);
	return at;
}

struct gcs_object *sim_str_percent(struct sim *sim, struct gcs_object *format, struct gcs_object *given)
{
	struct arguments arguments = {given, 0, sim_kind(given) == SIM_TUPLE ? sim_tuple_size(given) : 1, false};
	const struct sim_str *text = sim_as_str(format);
	struct sim_text out;

	sim_text_init(&out, sim);
	sim_charge_places(sim, text->length);
	for (size_t at = 0; at < text->length && !out.failed;) {
		uint32_t point = sim_str_at(text, at++);

		if (point != '%')
			sim_text_point(&out, point);
		else if (!(at = convert_at(sim, format, at, &arguments, &out)))
			out.failed = true;
		if (!at)
			break;
	}
	if (!out.failed && arguments.next < arguments.nr && !arguments.used_dict && sim_kind(given) != SIM_DICT &&
			(sim_kind(given) == SIM_TUPLE || sim_kind(given) != SIM_LIST)) {
		out.failed = true;
		sim_raise(sim, SIM_TYPE_ERROR, "not all arguments converted during string formatting");
	}
	return sim_text_finish(&out);
}

/* --- format() ---------------------------------------------------------------------------------------- */

struct fields {
	const struct sim_call *call;
	size_t next;		/* of {} */
};

static struct gcs_object *look_up(struct sim *sim, struct fields *fields, struct gcs_object *name)
{
	const struct sim_str *text = sim_as_str(name);
	size_t index = 0;

	if (!text->length) {
		index = fields->next++;
	} else if (sim_str_at(text, 0) >= '0' && sim_str_at(text, 0) <= '9') {
		for (size_t i = 0; i < text->length && index < 100000; i++)
			index = index * 10 + sim_str_at(text, i) - '0';
	} else {
		struct gcs_object *value = text->ascii ? sim_call_keyword(fields->call, text->data) : NULL;

		if (!value)
			sim_raise_value(sim, SIM_KEY_ERROR, name);
		return value ? sim_incref(value) : NULL;
	}
	if (index >= fields->call->nr)
		return sim_raise_null(sim, SIM_INDEX_ERROR,
				"Replacement index %zu out of range for positional args tuple",
				index);
	return sim_incref(fields->call->args[index]);
}

/* name, then .attribute and [item] */
static struct gcs_object *follow(struct sim *sim, struct fields *fields, struct gcs_object *path)
{
	const struct sim_str *text = sim_as_str(path);
	struct gcs_object *value = NULL, *part, *next;
	size_t at = 0, from = 0;
	uint32_t kind = 0;

	do {
		while (at < text->length && sim_str_at(text, at) != '.' && sim_str_at(text, at) != '[' &&
				sim_str_at(text, at) != ']')
			at++;
		part = sim_str_slice(sim, path, from, at - from);
		if (!part || !kind) {
			next = part ? look_up(sim, fields, part) : NULL;
		} else if (kind == '.') {
			next = sim_get_attribute(sim, value, part);
		} else {
			bool digits = sim_as_str(part)->length && sim_str_at(sim_as_str(part), 0) >= '0' &&
				sim_str_at(sim_as_str(part), 0) <= '9';
			struct gcs_object *key = digits && sim_as_str(part)->ascii ? sim_int_parse(sim,
					sim_as_str(part)->data, sim_as_str(part)->length, 10) : sim_incref(part);

			next = key ? sim_get_item(sim, value, key) : NULL;
			gcs_xdecref(key);
			at++;
		}
		gcs_xdecref(part);
		gcs_xdecref(value);
		value = next;
		kind = at < text->length ? sim_str_at(text, at) : 0;
		from = ++at;
	} while (value && kind);
	return value;
}

static int add_field(struct sim *sim, struct fields *fields, struct gcs_object *field, struct sim_text *out)
{
	const struct sim_str *text = sim_as_str(field);
	size_t end = 0, colon;
	int conversion = 0;
	struct gcs_object *path, *value, *spec, *inner, *result = NULL;
	struct sim_call empty = {NULL, 0, NULL};

	while (end < text->length && sim_str_at(text, end) != '!' && sim_str_at(text, end) != ':')
		end++;
	colon = end;
	if (end + 1 < text->length && sim_str_at(text, end) == '!') {
		conversion = sim_str_at(text, end + 1);
		colon = end + 2;
	}
	path = sim_str_slice(sim, field, 0, end);
	value = path ? follow(sim, fields, path) : NULL;
	gcs_xdecref(path);
	inner = value ? sim_str_slice(sim, field, colon < text->length ? colon + 1 : text->length,
			colon < text->length ? text->length - colon - 1 : 0) : NULL;
	(void)empty;
	/* A specification may have fields of its own, which take the same arguments. */
	spec = inner;
	if (inner && sim_as_str(inner)->length && memchr(sim_as_str(inner)->data, '{', sim_as_str(inner)->length *
			sim_as_str(inner)->kind)) {
		spec = sim_enter(sim, "") ? NULL : sim_format_fields(sim, inner, fields);
		if (spec)
			sim_leave(sim);
		gcs_decref(inner);
	}
	if (spec)
		result = sim_format_value(sim, value, conversion, spec);
	gcs_xdecref(value);
	gcs_xdecref(spec);
	if (result)
		sim_text_object(out, result);
	gcs_xdecref(result);
	return result ? 0 : -1;
}

/* The end of a field that begins at @at: its closing brace. */
static size_t field_end(const struct sim_str *text, size_t at)
{
	int depth = 1;

	for (; at < text->length; at++) {
		if (sim_str_at(text, at) == '{')
			depth++;
		else if (sim_str_at(text, at) == '}' && --depth == 0)
			return at;
	}
	return at;
}

struct gcs_object *sim_format_fields(struct sim *sim, struct gcs_object *self, void *fields)
{
	const struct sim_str *text = sim_as_str(self);
	struct gcs_object *field;
	struct sim_text out;

	sim_text_init(&out, sim);
	sim_charge_places(sim, text->length);
	for (size_t at = 0, end; at < text->length && !out.failed; at++) {
		uint32_t point = sim_str_at(text, at), next = at + 1 < text->length ? sim_str_at(text, at + 1) : 0;

		if ((point == '{' || point == '}') && next == point) {
			sim_text_point(&out, point);
			at++;
		} else if (point == '}') {
			sim_raise(sim, SIM_VALUE_ERROR, "Single '}' encountered in format string");
			out.failed = true;
		} else if (point != '{') {
			sim_text_point(&out, point);
		} else {
			end = field_end(text, at + 1);
			if (end == text->length) {
				sim_raise(sim, SIM_VALUE_ERROR, next ? "expected '}' before end of string" :
						"Single '{' encountered in format string");
				out.failed = true;
				break;
			}
			field = sim_str_slice(sim, self, at + 1, end - at - 1);
			out.failed |= !field || add_field(sim, fields, field, &out);
			gcs_xdecref(field);
			at = end;
		}
	}
	return sim_text_finish(&out);
}

struct gcs_object *sim_str_method_format(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct fields fields = {call, 0};

	return sim_format_fields(sim, self, &fields);
}
