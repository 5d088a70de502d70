/* SPDX-License-Identifier: MIT */
/* Built-in functions on numbers and characters. */
#include "scenario/modules/modules.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "scenario/objects/internal.h"

static struct gcs_object *number_abs(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return sim_unary(sim, call->args[0], SIM_ABS);
}

static struct gcs_object *number_chr(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	uint32_t point;
	int value;

	(void)self;
	if (sim_argument_int(sim, call->args[0], &value))
		return NULL;
	if (value < 0 || value > 0x10ffff)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "chr() arg not in range(0x110000)");
	if (value < 256)
		return sim_incref(sim->latin1[value]);
	point = (uint32_t)value;
	return sim_str_from_points(sim, &point, 1);
}

static struct gcs_object *number_ord(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *text = call->args[0];
	bool is_str = sim_is_str(text);
	const char *data = NULL;
	size_t length;

	(void)self;
	if (is_str)
		length = sim_as_str(text)->length;
	else if (sim_kind(text) == SIM_BYTES)
		data = sim_bytes_data(text, &length);
	else
		return sim_raise_null(sim, SIM_TYPE_ERROR, "ord() expected string of length 1, but %T found", text);
	if (length != 1)
		return sim_raise_null(sim, SIM_TYPE_ERROR,
				"ord() expected a character, but string of length %zu found", length);
	return sim_int_new(sim, is_str ? (int64_t)sim_str_point(text, 0) : (unsigned char)data[0]);
}

static struct gcs_object *in_base(struct sim *sim, struct gcs_object *object, int base, const char *prefix)
{
	struct gcs_object *result;
	int64_t value;
	char *text;

	if (!sim_is_int(object)) {
		if (sim_index(sim, object, false, &value))
			return NULL;
		object = sim_int_new(sim, value);
	} else {
		sim_incref(object);
	}
	text = object ? sim_int_text(sim, object, base) : NULL;
	result = text ? sim_str_format(sim, "%s%s%s", *text == '-' ? "-" : "", prefix, text + (*text == '-')) : NULL;
	sim_scratch_free(text);
	gcs_xdecref(object);
	return result;
}

static struct gcs_object *number_bin(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return in_base(sim, call->args[0], 2, "0b");
}

static struct gcs_object *number_oct(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return in_base(sim, call->args[0], 8, "0o");
}

static struct gcs_object *number_hex(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	(void)self;
	return in_base(sim, call->args[0], 16, "0x");
}

static bool is_number(const struct gcs_object *object)
{
	return sim_is_int(object) || sim_is_float(object);
}

static struct gcs_object *number_divmod(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *a = call->args[0];
	struct gcs_object *b = call->args[1];
	struct gcs_object *quotient;

	(void)self;
	if (!is_number(a) || !is_number(b))
		return sim_raise_null(sim, SIM_TYPE_ERROR,
				"unsupported operand type(s) for divmod(): '%T' and '%T'", a, b);
	if (sim_is_float(a) || sim_is_float(b)) {
		double divisor;

		if (sim_is_float(b))
			divisor = sim_float_value(b);
		else if (sim_int_to_double(sim, b, &divisor))
			return NULL;
		if (divisor == 0)
			return sim_raise_null(sim, SIM_ZERO_DIVISION_ERROR, "float divmod()");
	}
	quotient = sim_binary(sim, a, b, SIM_FLOOR_DIVIDE);
	return quotient ? sim_tuple_pack(sim, 2, quotient, sim_binary(sim, a, b, SIM_MOD)) : NULL;
}

/* Steals both; NULL passes through. */
static struct gcs_object *combine(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	struct gcs_object *result = a && b ? sim_binary(sim, a, b, op) : NULL;

	gcs_xdecref(a);
	gcs_xdecref(b);
	return result;
}

static struct gcs_object *times_modulo(struct sim *sim, struct gcs_object *a, struct gcs_object *b,
		struct gcs_object *modulus)
{
	return combine(sim, sim_binary(sim, a, b, SIM_MUL), sim_incref(modulus), SIM_MOD);
}

/* base ** exponent % modulus, for an exponent that fits 64 bits. */
static struct gcs_object *power_modulo(struct sim *sim, struct gcs_object *base, uint64_t exponent,
		struct gcs_object *modulus)
{
	struct gcs_object *result = combine(sim, sim_int_new(sim, 1), sim_incref(modulus), SIM_MOD);
	struct gcs_object *square = sim_binary(sim, base, modulus, SIM_MOD);

	for (; exponent && result && square; exponent >>= 1) {
		struct gcs_object *next;

		if (exponent & 1) {
			next = times_modulo(sim, result, square, modulus);
			gcs_decref(result);
			result = next;
		}
		next = exponent > 1 ? times_modulo(sim, square, square, modulus) : sim_incref(square);
		gcs_decref(square);
		square = next;
	}
	if (!square)
		GCS_CLEAR(&result);
	gcs_xdecref(square);
	return result;
}

static struct gcs_object *number_pow(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *v[3];
	int64_t exponent;

	(void)self;
	if (sim_call_parse(sim, "pow", call, "base exp | mod", v))
		return NULL;
	if (!v[2] || v[2] == sim->none)
		return sim_binary(sim, v[0], v[1], SIM_POW);
	if (!sim_is_int(v[0]) || !sim_is_int(v[1]) || !sim_is_int(v[2]))
		return sim_raise_null(sim, SIM_TYPE_ERROR,
				"pow() 3rd argument not allowed unless all arguments are integers");
	if (!sim_int_sign(v[2]))
		return sim_raise_null(sim, SIM_VALUE_ERROR, "pow() 3rd argument cannot be 0");
	if (!sim_int_fits(v[1], &exponent) || exponent < 0)
		return sim_raise_null(sim, SIM_NOT_IMPLEMENTED_ERROR,
				"pow() with this exponent and a modulus is not supported");
	return power_modulo(sim, v[0], (uint64_t)exponent, v[2]);
}

/* To the nearest multiple of 10 ** digits, ties to the even one. */
static struct gcs_object *round_int(struct sim *sim, struct gcs_object *value, int64_t digits)
{
	struct gcs_object *unit = combine(sim, sim_int_new(sim, 10), sim_int_new(sim, digits), SIM_POW);
	struct gcs_object *quotient = unit ? sim_binary(sim, value, unit, SIM_FLOOR_DIVIDE) : NULL;
	struct gcs_object *rest = quotient ? sim_binary(sim, value, unit, SIM_MOD) : NULL;
	struct gcs_object *twice = rest ? sim_binary(sim, rest, rest, SIM_ADD) : NULL;
	struct gcs_object *odd = twice ? combine(sim, sim_incref(quotient), sim_int_new(sim, 2), SIM_MOD) : NULL;
	struct gcs_object *result = NULL;

	if (odd) {
		int order = sim_int_order(twice, unit);

		if (order > 0 || (!order && sim_int_sign(odd)))
			quotient = combine(sim, quotient, sim_int_new(sim, 1), SIM_ADD);
		result = quotient ? sim_binary(sim, quotient, unit, SIM_MUL) : NULL;
	}
	gcs_xdecref(odd);
	gcs_xdecref(twice);
	gcs_xdecref(rest);
	gcs_xdecref(quotient);
	gcs_xdecref(unit);
	return result;
}

/* printf() rounds the exact value, ties to even: what CPython asks its dtoa for. */
static struct gcs_object *round_float(struct sim *sim, double value, int64_t digits)
{
	char text[700];

	if (!isfinite(value) || digits > 323)
		return sim_float_new(sim, value);
	if (digits < -308)
		return sim_float_new(sim, copysign(0, value));
	if (digits < 0) {
		struct gcs_object *whole = sim_int_from_double(sim, rint(value));
		struct gcs_object *rounded = whole ? round_int(sim, whole, -digits) : NULL;
		double result = 0;
		int rc = rounded ? sim_int_to_double(sim, rounded, &result) : -1;

		gcs_xdecref(whole);
		gcs_xdecref(rounded);
		return rc ? NULL : sim_float_new(sim, copysign(result, value));
	}
	snprintf(text, sizeof(text), "%.*f", (int)digits, value);
	value = strtod(text, NULL);
	if (isinf(value))
		return sim_raise_null(sim, SIM_OVERFLOW_ERROR, "rounded value too large to represent");
	return sim_float_new(sim, value);
}

static struct gcs_object *round_other(struct sim *sim, struct gcs_object *number, struct gcs_object *digits)
{
	struct gcs_object *name = sim_name(sim, "__round__");
	struct gcs_object *method = name ? sim_find_special(sim, number, name) : NULL;
	struct gcs_object *result;

	gcs_xdecref(name);
	if (!method)
		return sim->pending ? NULL :
			sim_raise_null(sim, SIM_TYPE_ERROR, "type %T doesn't define __round__ method", number);
	result = sim_call_args(sim, method, digits ? 1 : 0, &digits);
	gcs_decref(method);
	return result;
}

static struct gcs_object *number_round(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *v[2];
	int64_t digits = 0;
	bool is_float;

	(void)self;
	if (sim_call_parse(sim, "round", call, "number | ndigits", v))
		return NULL;
	if (v[1] == sim->none)
		v[1] = NULL;
	if (!is_number(v[0]))
		return round_other(sim, v[0], v[1]);
	if (v[1] && sim_index(sim, v[1], true, &digits))
		return NULL;
	is_float = sim_is_float(v[0]);
	if (is_float && !v[1])
		return sim_int_from_double(sim, rint(sim_float_value(v[0])));
	if (is_float)
		return round_float(sim, sim_float_value(v[0]), digits);
	if (digits < 0)
		return round_int(sim, v[0], digits == INT64_MIN ? INT64_MAX : -digits);
	return sim_unary(sim, v[0], SIM_POSITIVE);
}

/* int + int of 64 bits without an object for each sum; the rest is the general way. */
static struct gcs_object *add_up(struct sim *sim, struct gcs_object *iterator, struct gcs_object *sum)
{
	struct gcs_object *item;
	int64_t total;
	bool is_small = !sim_is_float(sum) && sim_kind(sum) == SIM_INT && sim_int_fits(sum, &total);

	while (sum && (item = sim_next(sim, iterator))) {
		int64_t value;

		if (is_small && sim_is_int(item) && sim_int_fits(item, &value) &&
				!__builtin_add_overflow(total, value, &total)) {
			gcs_decref(item);
			continue;
		}
		if (is_small) {
			/* an overflow has left the wrapped sum: take it back */
			if (sim_is_int(item) && sim_int_fits(item, &value))
				total = (int64_t)((uint64_t)total - (uint64_t)value);
			gcs_decref(sum);
			sum = sim_int_new(sim, total);
			is_small = false;
		}
		sum = combine(sim, sum, item, SIM_ADD);
	}
	if (sim->pending)
		GCS_CLEAR(&sum);
	if (is_small && sum) {
		gcs_decref(sum);
		sum = sim_int_new(sim, total);
	}
	return sum;
}

static struct gcs_object *number_sum(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	struct gcs_object *v[2];
	struct gcs_object *iterator;
	struct gcs_object *sum;

	(void)self;
	if (!call->nr)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "sum() takes at least 1 positional argument (0 given)");
	if (sim_call_parse(sim, "sum", call, "iterable / | start", v))
		return NULL;
	iterator = sim_iter(sim, v[0]);
	if (!iterator)
		return NULL;
	if (v[1] && sim_is_str(v[1]))
		sum = sim_raise_null(sim, SIM_TYPE_ERROR, "sum() can't sum strings [use ''.join(seq) instead]");
	else if (v[1] && sim_kind(v[1]) == SIM_BYTES)
		sum = sim_raise_null(sim, SIM_TYPE_ERROR, "sum() can't sum bytes [use b''.join(seq) instead]");
	else
		sum = add_up(sim, iterator, v[1] ? sim_incref(v[1]) : sim_int_new(sim, 0));
	gcs_decref(iterator);
	return sum;
}

const struct sim_method sim_number_methods[] = {
	{"abs", number_abs, 1, 1, 0},
	{"bin", number_bin, 1, 1, 0},
	{"chr", number_chr, 1, 1, 0},
	{"divmod", number_divmod, 2, 2, 0},
	{"hex", number_hex, 1, 1, 0},
	{"oct", number_oct, 1, 1, 0},
	{"ord", number_ord, 1, 1, 0},
	{"pow", number_pow, 0, -1, SIM_METHOD_KEYWORDS},
	{"round", number_round, 0, -1, SIM_METHOD_KEYWORDS},
	{"sum", number_sum, 0, -1, SIM_METHOD_KEYWORDS},
	{NULL, NULL, 0, 0, 0},
};
