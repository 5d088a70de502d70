/* SPDX-License-Identifier: MIT */
/* Format specifications: [[fill]align][sign][#][0][width][,_][.precision][type] */
#include <ctype.h>
#include <math.h>

#include "internal.h"

struct spec {
	uint32_t fill, align, sign, thousands, type;	/* 0: not given */
	bool alternate, zero;
	int64_t width, precision;			/* -1: not given */
};

static bool is_align(uint32_t point)
{
	return point == '<' || point == '>' || point == '=' || point == '^';
}

static int read_number(struct sim *sim, const struct sim_str *text, size_t *at, int64_t *value)
{
	*value = -1;
	for (; *at < text->length && sim_str_at(text, *at) >= '0' && sim_str_at(text, *at) <= '9'; ++*at) {
		*value = (*value < 0 ? 0 : *value) * 10 + (sim_str_at(text, *at) - '0');
		if (*value > INT32_MAX)
			return sim_raise(sim, SIM_VALUE_ERROR, "Too many decimal digits in format string");
	}
	return 0;
}

static uint32_t point_at(const struct sim_str *text, size_t at)
{
	return at < text->length ? sim_str_at(text, at) : 0;
}

static int parse(struct sim *sim, struct gcs_object *str, const char *type_name, struct spec *spec)
{
	const struct sim_str *text = sim_as_str(str);
	size_t at = 0;

	memset(spec, 0, sizeof(*spec));
	if (is_align(point_at(text, 1))) {
		spec->fill = point_at(text, 0);
		spec->align = point_at(text, 1);
		at = 2;
	} else if (is_align(point_at(text, 0))) {
		spec->align = point_at(text, at++);
	}
	if (point_at(text, at) == '+' || point_at(text, at) == '-' || point_at(text, at) == ' ')
		spec->sign = point_at(text, at++);
	if (point_at(text, at) == '#') {
		spec->alternate = true;
		at++;
	}
	if (point_at(text, at) == '0') {
		spec->zero = true;
		at++;
	}
	if (read_number(sim, text, &at, &spec->width))
		return -1;
	if (point_at(text, at) == ',' || point_at(text, at) == '_')
		spec->thousands = point_at(text, at++);
	spec->precision = -1;
	if (point_at(text, at) == '.') {
		at++;
		if (read_number(sim, text, &at, &spec->precision))
			return -1;
		if (spec->precision < 0)
			return sim_raise(sim, SIM_VALUE_ERROR, "Format specifier missing precision");
	}
	if (text->length - at > 1)
		return sim_raise(sim, SIM_VALUE_ERROR, "Invalid format specifier '%U' for object of type '%s'", str,
				type_name);
	spec->type = point_at(text, at);
	if (spec->zero && !spec->fill)
		spec->fill = '0';
	return 0;
}

static struct gcs_object *unknown_code(struct sim *sim, const struct spec *spec, const char *type_name)
{
	if (spec->type > 32 && spec->type < 128)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "Unknown format code '%c' for object of type '%s'",
				(int)spec->type, type_name);
	return sim_raise_null(sim, SIM_VALUE_ERROR, "Unknown format code '\\x%x' for object of type '%s'", spec->type,
			type_name);
}

static void add_fill(struct sim_text *out, uint32_t fill, int64_t nr)
{
	sim_text_fill(out, fill ? fill : ' ', nr);
}

/* --- str --------------------------------------------------------------------------------------------- */

struct gcs_object *sim_format_str(struct sim *sim, struct gcs_object *self, struct gcs_object *text)
{
	struct gcs_object *cut, *result;
	struct sim_text out;
	struct spec spec;
	int64_t missing, left;

	if (!sim_as_str(text)->length)
		return sim_incref(self);
	if (parse(sim, text, "str", &spec))
		return NULL;
	if (spec.sign)
		return sim_raise_null(sim, SIM_VALUE_ERROR, spec.sign == ' ' ?
				"Space not allowed in string format specifier" :
						"Sign not allowed in string format specifier");
	if (spec.alternate)
		return sim_raise_null(sim, SIM_VALUE_ERROR,
				"Alternate form (#) not allowed in string format specifier");
	if (spec.align == '=')
		return sim_raise_null(sim, SIM_VALUE_ERROR, "'=' alignment not allowed in string format specifier");
	if (spec.thousands)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "Cannot specify '%c' with 's'.", (int)spec.thousands);
	if (spec.type && spec.type != 's')
		return unknown_code(sim, &spec, "str");
	cut = spec.precision >= 0 && (size_t)spec.precision < sim_as_str(self)->length ?
		sim_str_slice(sim, self, 0, spec.precision) : sim_incref(self);
	if (!cut)
		return NULL;
	missing = spec.width - (int64_t)sim_as_str(cut)->length;
	if (missing <= 0)
		return cut;
	left = spec.align == '>' ? missing : spec.align == '^' ? missing / 2 : 0;
	sim_text_init(&out, sim);
	add_fill(&out, spec.fill, left);
	sim_text_object(&out, cut);
	add_fill(&out, spec.fill, missing - left);
	result = sim_text_finish(&out);
	gcs_decref(cut);
	return result;
}

/* --- numbers ----------------------------------------------------------------------------------------- */

/* A number in parts: sign, prefix, digits before the point (to be grouped), the rest. */
struct number {
	bool negative;
	const char *prefix, *digits, *rest;
	size_t nr_digits;
	int group;
};

static size_t grouped_length(size_t digits, int group)
{
	return digits + (digits ? (digits - 1) / group : 0);
}

static void add_grouped(struct sim_text *out, const struct number *n, uint32_t separator, size_t zeros)
{
	size_t total = n->nr_digits + zeros;

	if (sim_check_array(out->sim, total, 1) || sim_charge_places(out->sim, total))
		out->failed = true;
	for (size_t i = 0; i < total && !out->failed; i++) {
		if (separator && i && (total - i) % n->group == 0)
			sim_text_point(out, separator);
		sim_text_point(out, i < zeros ? '0' : (uint32_t)n->digits[i - zeros]);
	}
}

/* Zeros that fill the width are grouped with the digits. */
static size_t zeros_for(const struct number *n, const struct spec *spec, int64_t room)
{
	size_t digits = n->nr_digits;

	if (spec->fill != '0' || (spec->align && spec->align != '=') || !n->nr_digits)
		return 0;
	if (!spec->thousands)
		return room > (int64_t)digits ? room - digits : 0;
	/* At first as many as surely fit. */
	if (room / (n->group + 1) > (int64_t)digits / n->group)
		digits = room / (n->group + 1) * n->group;
	while ((int64_t)grouped_length(digits, n->group) < room)
		digits++;
	return digits - n->nr_digits;
}

static struct gcs_object *finish(struct sim *sim, const struct number *n, const struct spec *spec)
{
	char sign = n->negative ? '-' : spec->sign == '+' || spec->sign == ' ' ? (char)spec->sign : 0;
	size_t fixed = (sign != 0) + strlen(n->prefix) + strlen(n->rest), zeros, body;
	uint32_t align = spec->align ? spec->align : spec->zero ? '=' : '>';
	int64_t missing, left;
	struct sim_text out;

	zeros = zeros_for(n, spec, spec->width - (int64_t)fixed);
	body = spec->thousands ? grouped_length(n->nr_digits + zeros, n->group) : n->nr_digits + zeros;
	missing = spec->width - (int64_t)(fixed + body);
	if (missing < 0)
		missing = 0;
	left = align == '>' ? missing : align == '^' ? missing / 2 : 0;
	sim_text_init(&out, sim);
	add_fill(&out, spec->fill, left);
	if (sign)
		sim_text_point(&out, sign);
	sim_text_put(&out, n->prefix);
	add_fill(&out, spec->fill, align == '=' ? missing : 0);
	add_grouped(&out, n, spec->thousands, zeros);
	sim_text_put(&out, n->rest);
	add_fill(&out, spec->fill, align == '<' || align == '^' ? missing - left : 0);
	return sim_text_finish(&out);
}

static struct gcs_object *format_int_digits(struct sim *sim, struct gcs_object *self, const struct spec *spec)
{
	int base = spec->type == 'b' ? 2 : spec->type == 'o' ? 8 : spec->type == 'x' || spec->type == 'X' ? 16 : 10;
	char *text = sim_int_text(sim, self, base);
	struct number n = {.prefix = "", .rest = "", .group = base == 10 ? 3 : 4};
	struct gcs_object *result;

	if (!text)
		return NULL;
	for (char *c = text; spec->type == 'X' && *c; c++)
		*c = toupper((unsigned char)*c);
	n.negative = *text == '-';
	n.digits = text + n.negative;
	n.nr_digits = strlen(n.digits);
	if (spec->alternate && base != 10)
		n.prefix = base == 2 ? "0b" : base == 8 ? "0o" : spec->type == 'X' ? "0X" : "0x";
	result = finish(sim, &n, spec);
	sim_scratch_free(text);
	return result;
}

static struct gcs_object *format_double(struct sim *sim, double value, struct spec *spec, const char *type_name);

struct gcs_object *sim_format_int(struct sim *sim, struct gcs_object *self, struct gcs_object *text)
{
	struct spec spec;
	double value;
	int64_t point;

	if (!sim_as_str(text)->length)
		return sim_str_of(sim, self);
	if (parse(sim, text, sim_type_name(self), &spec))
		return NULL;
	if (spec.type && strchr("eEfFgG%", spec.type))
		return sim_int_to_double(sim, self, &value) ? NULL : format_double(sim, value, &spec,
				sim_type_name(self));
	if (spec.type && !strchr("bcdnoxX", spec.type))
		return unknown_code(sim, &spec, sim_type_name(self));
	if (spec.precision >= 0)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "Precision not allowed in integer format specifier");
	if (spec.thousands == ',' && spec.type && spec.type != 'd')
		return sim_raise_null(sim, SIM_VALUE_ERROR, "Cannot specify ',' with '%c'.", (int)spec.type);
	if (spec.type == 'c') {
		uint32_t c;
		struct gcs_object *str, *result, *empty;

		if (sim_int_fits(self, &point) == false || point < 0 || point > 0x10ffff)
			return sim_raise_null(sim, SIM_OVERFLOW_ERROR, "%%c arg not in range(0x110000)");
		c = point;
		str = sim_str_from_points(sim, &c, 1);
		empty = spec.width > 0 ? sim_str_format(sim, "%lld", (long long)spec.width) :
				sim_incref(sim->empty_str);
		result = str && empty ? sim_format_str(sim, str, empty) : NULL;
		gcs_xdecref(str);
		gcs_xdecref(empty);
		return result;
	}
	return format_int_digits(sim, self, &spec);
}

/* The text of the absolute value, malloc()ed; NULL: exception. */
static char *double_text(struct sim *sim, double value, const struct spec *spec)
{
	char *text = NULL, type = spec->type ? spec->type : 'g';
	int precision = spec->precision < 0 ? 6 : spec->precision, status;

	if (spec->precision > 100000)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "precision too big");
	/* printf() makes its digits by multiplying, one place after the other. */
	if (sim_charge(sim, 10 + (uint64_t)precision / 4))
		return NULL;
	if (!isfinite(value))
		return strdup(isnan(value) ? (isupper(type) ? "NAN" : "nan") : (isupper(type) ? "INF" : "inf"));
	if (type == '%')
		status = asprintf(&text, "%.*f%%", precision, value * 100);
	else if (!spec->type && spec->precision < 0) {
		char out[SIM_FLOAT_TEXT];

		sim_float_text(value, out);
		return strdup(out);
	} else if (type == 'e' || type == 'E')
		status = asprintf(&text, type == 'e' ? "%.*e" : "%.*E", precision, value);
	else if (type == 'f' || type == 'F')
		status = asprintf(&text, "%.*f", precision, value);
	else if (spec->alternate)
		status = asprintf(&text, type == 'G' ? "%#.*G" : "%#.*g", precision ? precision : 1, value);
	else
		status = asprintf(&text, type == 'G' ? "%.*G" : "%.*g", precision ? precision : 1, value);
	return status < 0 ? sim_no_memory_null(sim) : text;
}

/* Without a type but with a precision: as g, but the exponent comes one digit earlier, and what looks like an integer
 * gets ".0".  Takes and gives a malloc()ed text. */
static char *as_float(struct sim *sim, char *text, double value, const struct spec *spec)
{
	int precision = spec->precision > 0 ? spec->precision : 1, status = 0;
	char *longer = NULL;

	if (!text || spec->type || spec->precision < 0 || !isfinite(value) || strpbrk(text, ".e"))
		return text;
	if ((int)strlen(text) >= precision) {
		size_t digits = strlen(text);

		/* The digits are those of the text; zeros at their end are not shown. */
		while (digits > 1 && text[digits - 1] == '0')
			digits--;
		status = asprintf(&longer, "%.*e", (int)digits - 1, value);
	} else {
		status = asprintf(&longer, "%s.0", text);
	}
	free(text);
	return status < 0 ? sim_no_memory_null(sim) : longer;
}

static struct gcs_object *format_double(struct sim *sim, double value, struct spec *spec, const char *type_name)
{
	struct number n = {.prefix = "", .group = 3};
	struct gcs_object *result;
	char *text;

	if (spec->type && !strchr("eEfFgGn%", spec->type))
		return unknown_code(sim, spec, type_name);
	if (spec->type == 'n')
		spec->type = 'g';
	text = as_float(sim, double_text(sim, fabs(value), spec), fabs(value), spec);
	if (!text)
		return NULL;
	n.negative = signbit(value) && !isnan(value);
	n.digits = text;
	n.nr_digits = strspn(text, "0123456789");
	n.rest = text + n.nr_digits;
	result = finish(sim, &n, spec);
	free(text);
	return result;
}

struct gcs_object *sim_format_float(struct sim *sim, struct gcs_object *self, struct gcs_object *text)
{
	struct spec spec;

	if (!sim_as_str(text)->length)
		return sim_str_of(sim, self);
	if (parse(sim, text, "float", &spec))
		return NULL;
	return format_double(sim, sim_float_value(self), &spec, "float");
}
