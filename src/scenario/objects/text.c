/* SPDX-License-Identifier: MIT */
/* Text being built, and printf's formats with objects. */
#include "internal.h"

void sim_text_init(struct sim_text *text, struct sim *sim)
{
	*text = (struct sim_text){.sim = sim};
}

void sim_text_release(struct sim_text *text)
{
	sim_scratch_free(text->data);
	text->data = NULL;
}

static bool make_room(struct sim_text *text, size_t more)
{
	size_t room = text->nr + more + 1;
	char *data;

	if (text->failed)
		return false;
	if (room <= text->room)
		return true;
	room += room / 2 + 32;
	data = sim_scratch(text->sim, text->data, room, 1);
	if (!data) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->room = room;
	return true;
}

void sim_text_add(struct sim_text *text, const char *utf8, size_t length)
{
	if (!make_room(text, length))
		return;
	memcpy(text->data + text->nr, utf8, length);
	text->nr += length;
}

void sim_text_put(struct sim_text *text, const char *utf8)
{
	sim_text_add(text, utf8, strlen(utf8));
}

void sim_text_point(struct sim_text *text, uint32_t point)
{
	char out[4];
	size_t nr = 0;

	if (point < 0x80) {
		out[nr++] = point;
	} else if (point < 0x800) {
		out[nr++] = 0xc0 | point >> 6;
		out[nr++] = 0x80 | (point & 63);
	} else if (point < 0x10000) {
		out[nr++] = 0xe0 | point >> 12;
		out[nr++] = 0x80 | (point >> 6 & 63);
		out[nr++] = 0x80 | (point & 63);
	} else {
		out[nr++] = 0xf0 | point >> 18;
		out[nr++] = 0x80 | (point >> 12 & 63);
		out[nr++] = 0x80 | (point >> 6 & 63);
		out[nr++] = 0x80 | (point & 63);
	}
	sim_text_add(text, out, nr);
}

void sim_text_fill(struct sim_text *text, uint32_t point, int64_t nr)
{
	if (nr <= 0)
		return;
	/* Asked for at once: what is too long is refused before it is written. */
	if (sim_charge_places(text->sim, nr) || !make_room(text, nr))
		text->failed = true;
	while (nr-- > 0 && !text->failed)
		sim_text_point(text, point);
}

void sim_text_object(struct sim_text *text, const struct gcs_object *object)
{
	const struct sim_str *str = sim_as_str(object);

	if (str->ascii) {
		sim_text_add(text, str->data, str->length);
		return;
	}
	sim_charge_places(text->sim, str->length);
	for (size_t i = 0; i < str->length && !text->failed; i++)
		sim_text_point(text, sim_str_at(str, i));
}

void sim_text_repr(struct sim_text *text, struct gcs_object *object)
{
	struct gcs_object *repr;

	if (text->failed)
		return;
	repr = sim_repr(text->sim, object);
	if (!repr) {
		text->failed = true;
		return;
	}
	sim_text_object(text, repr);
	gcs_decref(repr);
}

static void add_str_of(struct sim_text *text, struct gcs_object *object)
{
	struct gcs_object *str = text->failed ? NULL : sim_str_of(text->sim, object);

	if (!str) {
		text->failed = true;
		return;
	}
	sim_text_object(text, str);
	gcs_decref(str);
}

struct gcs_object *sim_text_finish(struct sim_text *text)
{
	struct gcs_object *str = NULL;

	if (!text->failed)
		str = sim_str_new(text->sim, text->data ? text->data : "", text->nr);
	sim_text_release(text);
	return str;
}

/* One conversion of an object: %R %S %U %T. */
static void add_object(struct sim_text *text, int what, struct gcs_object *object)
{
	if (what == 'R')
		sim_text_repr(text, object);
	else if (what == 'S')
		add_str_of(text, object);
	else if (what == 'U')
		sim_text_object(text, object);
	else
		sim_text_put(text, sim_type_name(object));
}

/* Passed by address so that what is taken from the list stays taken. */
struct arguments {
	va_list list;
};

#define LONGEST_NUMBER 64

/* Adds a number; @spec is its conversion, '%' included, @size the number of l (or z). */
static void add_number(struct sim_text *text, const char *spec, int size, struct arguments *arguments)
{
	char out[LONGEST_NUMBER];
	int nr;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (size == 2)
		nr = snprintf(out, sizeof(out), spec, va_arg(arguments->list, long long));
	else if (size == 1)
		nr = snprintf(out, sizeof(out), spec, va_arg(arguments->list, long));
	else
		nr = snprintf(out, sizeof(out), spec, va_arg(arguments->list, int));
#pragma GCC diagnostic pop
	if (nr > 0)
		sim_text_add(text, out, nr < LONGEST_NUMBER ? nr : LONGEST_NUMBER - 1);
}

/* %s, with an optional precision as %.200s */
static void add_string(struct sim_text *text, const char *spec, const char *string)
{
	const char *dot = strchr(spec, '.');

	sim_text_add(text, string, dot ? strnlen(string, strtoul(dot + 1, NULL, 10)) : strlen(string));
}

static const char *add_conversion(struct sim_text *text, const char *at, struct arguments *arguments)
{
	char spec[16] = "%";
	size_t nr = 1;
	int size = 0;

	for (at++; *at && strchr("0123456789.-+ #lz", *at); at++) {
		size += *at == 'l' || *at == 'z';
		if (nr < sizeof(spec) - 2)
			spec[nr++] = *at;
	}
	spec[nr] = *at;
	if (strchr("RSUT", *at)) {
		add_object(text, *at, va_arg(arguments->list, struct gcs_object *));
	} else if (*at == 's') {
		add_string(text, spec, va_arg(arguments->list, const char *));
	} else if (*at == 'c') {
		sim_text_point(text, va_arg(arguments->list, int));
	} else if (*at == '%') {
		sim_text_put(text, "%");
	} else {
		add_number(text, spec, size, arguments);
	}
	return at + 1;
}

void sim_text_format(struct sim_text *text, const char *format, va_list list)
{
	struct arguments arguments;

	va_copy(arguments.list, list);
	while (*format) {
		size_t plain = strcspn(format, "%");

		sim_text_add(text, format, plain);
		format += plain;
		if (*format)
			format = add_conversion(text, format, &arguments);
	}
	va_end(arguments.list);
}

struct gcs_object *sim_str_format_v(struct sim *sim, const char *format, va_list list)
{
	struct sim_text text;

	sim_text_init(&text, sim);
	sim_text_format(&text, format, list);
	return sim_text_finish(&text);
}

struct gcs_object *sim_str_format(struct sim *sim, const char *format, ...)
{
	struct gcs_object *str;
	va_list list;

	va_start(list, format);
	str = sim_str_format_v(sim, format, list);
	va_end(list);
	return str;
}
