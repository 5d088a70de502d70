/* SPDX-License-Identifier: MIT */
/* str: repr, ascii, the properties of characters, str(). */
#include <locale.h>
#include <wchar.h>
#include <wctype.h>

#include "chars.h"

/* Python's tables of characters do not depend on the locale; glibc's C.UTF-8 has nearly the same.  One for the process,
 * made at the first need and kept: tables without state. */
static locale_t tables(void)
{
	static locale_t made;
	locale_t mine = __atomic_load_n(&made, __ATOMIC_ACQUIRE), none = (locale_t)0;

	if (mine)
		return mine;
	mine = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!mine)
		return (locale_t)0;
	if (__atomic_compare_exchange_n(&made, &none, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return mine;
	freelocale(mine);
	return none;
}

bool sim_point_is(uint32_t point, enum sim_point_class what)
{
	locale_t locale = tables();

	switch (what) {
	case SIM_POINT_ALPHA:
		return locale ? iswalpha_l(point, locale) && !sim_point_is(point, SIM_POINT_DIGIT) : point < 128 &&
				iswalpha(point);
	case SIM_POINT_DIGIT:
		return point < 128 ? point >= '0' && point <= '9' : point == 0xb2 || point == 0xb3 || point == 0xb9;
	case SIM_POINT_SPACE:
		return (point >= 9 && point <= 13) || (point >= 0x1c && point <= 0x20) || point == 0x85 ||
				point == 0xa0 ||
			(point > 0xff && locale && iswspace_l(point, locale));
	case SIM_POINT_UPPER:
		return locale ? iswupper_l(point, locale) : point >= 'A' && point <= 'Z';
	case SIM_POINT_LOWER:
		return locale ? iswlower_l(point, locale) : point >= 'a' && point <= 'z';
	default:
		return locale ? iswprint_l(point, locale) : true;
	}
}

uint32_t sim_point_upper(uint32_t point)
{
	locale_t locale = tables();

	return locale ? towupper_l(point, locale) : towupper(point);
}

uint32_t sim_point_lower(uint32_t point)
{
	locale_t locale = tables();

	return locale ? towlower_l(point, locale) : towlower(point);
}

bool sim_point_is_printable(uint32_t point)
{
	if (point < 0x7f)
		return point >= 0x20;
	if (point <= 0xa0 || point == 0xad || (point >= 0xd800 && point < 0xe000))
		return false;
	/* Formats, separators and private use are printable for C. */
	if ((point >= 0x2000 && point <= 0x200f) || (point >= 0x2028 && point <= 0x202f) ||
			(point >= 0x205f && point <= 0x206f) || point == 0x3000 || point == 0xfeff)
		return false;
	return (point < 0xe000 || point > 0xf8ff) && sim_point_is(point, SIM_POINT_PRINT);
}

static bool contains_point(const struct sim_str *str, uint32_t point)
{
	for (size_t i = 0; i < str->length; i++)
		if (sim_str_at(str, i) == point)
			return true;
	return false;
}

static void add_escaped(struct sim_text *text, uint32_t point, bool ascii)
{
	char out[12];

	if (point == '\n')
		sim_text_put(text, "\\n");
	else if (point == '\t')
		sim_text_put(text, "\\t");
	else if (point == '\r')
		sim_text_put(text, "\\r");
	else if (sim_point_is_printable(point) && (!ascii || point < 0x80))
		sim_text_point(text, point);
	else {
		snprintf(out, sizeof(out), point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x", point);
		sim_text_put(text, out);
	}
}

static struct gcs_object *quote(struct sim *sim, struct gcs_object *self, bool ascii)
{
	const struct sim_str *str = sim_as_str(self);
	bool has_quote = !sim_charge_places(sim, str->length) && contains_point(str, '\'');
	char mark = has_quote && !contains_point(str, '"') ? '"' : '\'';
	struct sim_text text;

	sim_text_init(&text, sim);
	sim_text_add(&text, &mark, 1);
	sim_charge(sim, str->length);
	for (size_t i = 0; i < str->length && !text.failed; i++) {
		uint32_t point = sim_str_at(str, i);

		if (point == '\\' || point == (uint32_t)mark)
			sim_text_put(&text, "\\");
		add_escaped(&text, point, ascii);
	}
	sim_text_add(&text, &mark, 1);
	return sim_text_finish(&text);
}

struct gcs_object *sim_str_repr(struct sim *sim, struct gcs_object *self)
{
	return quote(sim, self, false);
}

/* repr() with everything beyond ASCII escaped. */
struct gcs_object *sim_ascii(struct sim *sim, struct gcs_object *object)
{
	struct gcs_object *repr = sim_repr(sim, object), *result;
	const struct sim_str *str = sim_as_str(repr);
	struct sim_text text;

	if (!repr || str->ascii)
		return repr;
	sim_text_init(&text, sim);
	sim_charge(sim, str->length);
	for (size_t i = 0; i < str->length && !text.failed; i++)
		add_escaped(&text, sim_str_at(str, i), true);
	result = sim_text_finish(&text);
	gcs_decref(repr);
	return result;
}

struct gcs_object *sim_str_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	struct gcs_object *given[3];

	(void)cls;
	if (sim_call_parse(sim, "str", call, "| object encoding errors", given))
		return NULL;
	if (given[1] || given[2]) {
		const char *data;
		size_t length;

		if (!given[0] || sim_kind(given[0]) != SIM_BYTES)
			return sim_raise_null(sim, SIM_TYPE_ERROR, given[0] && sim_is_str(given[0]) ?
					"decoding str is not supported" :
					"decoding to str: need a bytes-like object, %T found", given[0]);
		data = sim_bytes_data(given[0], &length);
		return sim_str_new(sim, data, length);
	}
	return given[0] ? sim_str_of(sim, given[0]) : sim_incref(sim->empty_str);
}
