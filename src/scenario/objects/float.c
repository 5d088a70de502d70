/* SPDX-License-Identifier: MIT */
/* float: arithmetic, the shortest text, float(). */
#include <ctype.h>
#include <errno.h>
#include <math.h>

#include "internal.h"

bool sim_is_float(const struct gcs_object *object)
{
	return sim_kind(object) == SIM_FLOAT;
}

double sim_float_value(const struct gcs_object *object)
{
	return ((const struct sim_float *)object)->value;
}

struct gcs_object *sim_float_new(struct sim *sim, double value)
{
	struct gcs_object *object = gcs_freelist_new(sim->float_free, sim->heap, &sim_float_type.gc, sim->site, 0,
			sizeof(double) + SIM_OBJECT_HEAD);

	if (!object)
		return sim_no_memory_null(sim);
	((struct sim_float *)object)->value = value;
	return object;
}

/* --- text -------------------------------------------------------------------------------------------- */

/* The fewest digits that read back the same, as "d.ddde+xx".  15 digits or fewer that do are unique for normal numbers,
 * so the search starts there; denormal ones have less precision and are tried from one digit on. */
static void shortest(double value, char *out, size_t room)
{
	int digits = fabs(value) < 2.3e-308 ? 1 : 15;

	for (; digits <= 17; digits++) {
		snprintf(out, room, "%.*e", digits - 1, value);
		if (strtod(out, NULL) == value)
			return;
	}
}

/* Takes "d.ddde+xx" apart: the digits without trailing zeros, and the position of the point. */
static int take_digits(const char *text, char digits[SIM_FLOAT_TEXT], size_t *nr)
{
	const char *e = strchr(text, 'e');

	*nr = 0;
	for (; text < e; text++)
		if (isdigit((unsigned char)*text))
			digits[(*nr)++] = *text;
	while (*nr > 1 && digits[*nr - 1] == '0')
		--*nr;
	return atoi(e + 1) + 1;
}

static size_t write_fixed(const char *digits, int nr, int point, char *out)
{
	char *at = out;

	if (point <= 0) {
		*at++ = '0';
		*at++ = '.';
		for (int i = point; i < 0; i++)
			*at++ = '0';
		memcpy(at, digits, nr);
		return at + nr - out;
	}
	for (int i = 0; i < point; i++)
		*at++ = i < nr ? digits[i] : '0';
	*at++ = '.';
	if (nr <= point)
		*at++ = '0';
	for (int i = point; i < nr; i++)
		*at++ = digits[i];
	return at - out;
}

static size_t write_exponent(const char *digits, int nr, int point, char *out)
{
	char *at = out;

	*at++ = digits[0];
	if (nr > 1) {
		*at++ = '.';
		memcpy(at, digits + 1, nr - 1);
		at += nr - 1;
	}
	return at - out + sprintf(at, "e%c%02d", point - 1 < 0 ? '-' : '+', abs(point - 1));
}

size_t sim_float_text(double value, char out[SIM_FLOAT_TEXT])
{
	char text[SIM_FLOAT_TEXT], digits[SIM_FLOAT_TEXT];
	size_t nr, length = 0;
	int point;

	if (isnan(value))
		return sprintf(out, "nan");
	if (signbit(value))
		out[length++] = '-';
	if (isinf(value))
		return length + sprintf(out + length, "inf");
	shortest(fabs(value), text, sizeof(text));
	point = take_digits(text, digits, &nr);
	if (point > -4 && point <= 16)
		length += write_fixed(digits, nr, point, out + length);
	else
		length += write_exponent(digits, nr, point, out + length);
	out[length] = 0;
	return length;
}

static struct gcs_object *float_repr(struct sim *sim, struct gcs_object *self)
{
	char out[SIM_FLOAT_TEXT];
	size_t nr = sim_float_text(sim_float_value(self), out);

	return sim_str_new(sim, out, nr);
}

/* --- arithmetic -------------------------------------------------------------------------------------- */

/* 1: *value is set; 0: not a number; -1. */
static int as_double(struct sim *sim, struct gcs_object *object, double *value)
{
	if (sim_is_float(object)) {
		*value = sim_float_value(object);
		return 1;
	}
	if (!sim_is_int(object))
		return 0;
	return sim_int_to_double(sim, object, value) ? -1 : 1;
}

/* The remainder has the sign of the divisor; the quotient is rounded to what division would give. */
static double floor_divide(double a, double b, double *rest)
{
	double mod = fmod(a, b), div = (a - mod) / b, floored;

	if (mod != 0) {
		if ((b < 0) != (mod < 0)) {
			mod += b;
			div -= 1;
		}
	} else {
		mod = copysign(0.0, b);
	}
	if (div == 0) {
		*rest = mod;
		return copysign(0.0, a / b);
	}
	floored = floor(div);
	*rest = mod;
	return div - floored > 0.5 ? floored + 1 : floored;
}

struct gcs_object *sim_float_pow(struct sim *sim, double a, double b)
{
	double result;

	if (a == 0 && b < 0)
		return sim_raise_null(sim, SIM_ZERO_DIVISION_ERROR, "0.0 cannot be raised to a negative power");
	if (a < 0 && isfinite(a) && isfinite(b) && b != floor(b))
		return sim_raise_null(sim, SIM_VALUE_ERROR, "complex numbers are not supported");
	result = pow(a, b);
	if (isinf(result) && isfinite(a) && isfinite(b)) {
		struct gcs_object *args = sim_tuple_pack(sim, 2, sim_int_new(sim, ERANGE),
				sim_str_from(sim, "Numerical result out of range")), *exception;

		exception = args ? sim_exception_new(sim, sim->classes[SIM_OVERFLOW_ERROR], args) : NULL;
		gcs_xdecref(args);
		if (exception)
			sim_raise_object(sim, exception);
		return NULL;
	}
	return sim_float_new(sim, result);
}

static struct gcs_object *divide(struct sim *sim, double a, double b, enum sim_binary op)
{
	double rest, quotient;

	if (b == 0)
		return sim_raise_null(sim, SIM_ZERO_DIVISION_ERROR, op == SIM_TRUE_DIVIDE ? "float division by zero" :
				op == SIM_MOD ? "float modulo" : "float floor division by zero");
	if (op == SIM_TRUE_DIVIDE)
		return sim_float_new(sim, a / b);
	quotient = floor_divide(a, b, &rest);
	return sim_float_new(sim, op == SIM_MOD ? rest : quotient);
}

static struct gcs_object *float_binary(struct sim *sim, struct gcs_object *a, struct gcs_object *b, enum sim_binary op)
{
	int have_x, have_y = 0;
	double x, y;

	have_x = as_double(sim, a, &x);
	if (have_x > 0)
		have_y = as_double(sim, b, &y);
	if (have_x < 0 || have_y < 0)
		return NULL;
	if (!have_x || !have_y)
		return sim_not_implemented(sim);
	switch (op) {
	case SIM_ADD:
		return sim_float_new(sim, x + y);
	case SIM_SUB:
		return sim_float_new(sim, x - y);
	case SIM_MUL:
		return sim_float_new(sim, x * y);
	case SIM_TRUE_DIVIDE:
	case SIM_FLOOR_DIVIDE:
	case SIM_MOD:
		return divide(sim, x, y, op);
	case SIM_POW:
		return sim_float_pow(sim, x, y);
	default:
		return sim_not_implemented(sim);
	}
}

static struct gcs_object *float_unary(struct sim *sim, struct gcs_object *self, enum sim_unary op)
{
	double value = sim_float_value(self);

	if (op == SIM_POSITIVE)
		return sim_incref(self);
	if (op == SIM_INVERT)
		return sim_not_implemented(sim);
	return sim_float_new(sim, op == SIM_NEGATIVE ? -value : fabs(value));
}

static struct gcs_object *float_compare(struct sim *sim, struct gcs_object *a, struct gcs_object *b,
		enum sim_compare op)
{
	double x = sim_float_value(a), y;

	if (sim_is_int(b)) {
		if (!isnan(x))
			return sim_compare_result(sim, -sim_int_order_double(b, x), op);
		y = 0;
	} else if (sim_is_float(b)) {
		y = sim_float_value(b);
	} else {
		return sim_not_implemented(sim);
	}
	if (isnan(x) || isnan(y))
		return sim_bool(sim, op == SIM_NE);
	return sim_compare_result(sim, (x > y) - (x < y), op);
}

/* The number is m * 2^e with an integer m; modulo 2^61 - 1 a power of two is a rotation. */
int64_t sim_hash_double(const struct gcs_object *self, double value)
{
	const uint64_t modulus = ((uint64_t)1 << 61) - 1;
	int exponent, turn;
	uint64_t hash;
	int64_t result;

	if (isnan(value))
		return sim_hash_pointer(self);
	if (isinf(value))
		return value > 0 ? 314159 : -314159;
	hash = (uint64_t)ldexp(fabs(frexp(value, &exponent)), 53) % modulus;
	turn = ((exponent - 53) % 61 + 61) % 61;
	if (turn)
		hash = ((hash << turn) & modulus) | hash >> (61 - turn);
	result = value < 0 ? -(int64_t)hash : (int64_t)hash;
	return result == -1 ? -2 : result;
}

static int64_t float_hash(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_hash_double(self, sim_float_value(self));
}

static int float_truth(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_float_value(self) != 0;
}

/* --- float(x) ---------------------------------------------------------------------------------------- */

/* What strtod() reads and Python does not: hexadecimal numbers, nan(...). */
static bool is_float_text(const char *text)
{
	const char *at = text + (*text == '+' || *text == '-');

	if (isdigit((unsigned char)*at) || *at == '.')
		return !strpbrk(at, "xXpP");
	return !strcasecmp(at, "inf") || !strcasecmp(at, "infinity") || !strcasecmp(at, "nan");
}

/* Blanks around and underscores between digits are allowed. */
static bool parse(char *text, double *value)
{
	char *to = text, *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = 0;
	to = text;
	for (char *from = text; *from; from++) {
		if (*from != '_')
			*to++ = *from;
		else if (from == text || !isdigit((unsigned char)from[-1]) || !isdigit((unsigned char)from[1]))
			return false;
	}
	*to = 0;
	if (!is_float_text(text))
		return false;
	*value = strtod(text, &end);
	return end != text && !*end;
}

struct gcs_object *sim_float_from_text(struct sim *sim, struct gcs_object *str)
{
	char *keep, *copy;
	size_t length;
	const char *text = sim_str_utf8(sim, str, &length, &keep);
	double value;
	bool good;

	if (!text)
		return NULL;
	/* strtod() looks at each digit, however many there are. */
	copy = sim_charge_places(sim, length) ? NULL : sim_scratch_text(sim, text, length);
	sim_scratch_free(keep);
	if (!copy)
		return NULL;
	good = strlen(copy) == length && parse(copy, &value);
	sim_scratch_free(copy);
	if (!good)
		return sim_raise_null(sim, SIM_VALUE_ERROR, "could not convert string to float: %R", str);
	return sim_float_new(sim, value);
}

static struct gcs_object *from_object(struct sim *sim, struct gcs_object *object)
{
	struct gcs_object *method = sim_find_special(sim, object, sim->names.d_float), *result;

	if (!method) {
		if (!sim->pending)
			sim_raise(sim, SIM_TYPE_ERROR, "float() argument must be a string or a real number, not '%T'",
					object);
		return NULL;
	}
	result = sim_call_args(sim, method, 0, NULL);
	gcs_decref(method);
	if (result && !sim_is_float(result)) {
		sim_raise(sim, SIM_TYPE_ERROR, "%T.__float__ returned non-float (type %T)", object, result);
		GCS_CLEAR(&result);
	}
	return result;
}

static struct gcs_object *float_construct(struct sim *sim, struct sim_class *cls, const struct sim_call *call)
{
	double value;

	(void)cls;
	if (sim_no_keywords(sim, "float", call))
		return NULL;
	if (call->nr > 1)
		return sim_raise_null(sim, SIM_TYPE_ERROR, "float expected at most 1 argument, got %zu", call->nr);
	if (!call->nr)
		return sim_float_new(sim, 0.0);
	if (sim_is_str(call->args[0]))
		return sim_float_from_text(sim, call->args[0]);
	if (sim_is_float(call->args[0]))
		return sim_incref(call->args[0]);
	if (!sim_is_int(call->args[0]))
		return from_object(sim, call->args[0]);
	return sim_int_to_double(sim, call->args[0], &value) ? NULL : sim_float_new(sim, value);
}

static struct gcs_object *float_is_integer(struct sim *sim, struct gcs_object *self, const struct sim_call *call)
{
	double value = sim_float_value(self);

	(void)call;
	return sim_bool(sim, isfinite(value) && value == floor(value));
}

static struct gcs_object *float_real(struct sim *sim, struct gcs_object *self)
{
	(void)sim;
	return sim_incref(self);
}

static struct gcs_object *float_imag(struct sim *sim, struct gcs_object *self)
{
	(void)self;
	return sim_float_new(sim, 0.0);
}

static const struct sim_method float_methods[] = {
	{"is_integer", float_is_integer, 0, 0, 0},
	{0},
};

static const struct sim_getset float_getsets[] = {
	{"imag", float_imag, NULL},
	{"real", float_real, NULL},
	{0},
};

const struct sim_type sim_float_type = {
	.gc = {.name = "float", .size = sizeof(struct sim_float), .size_of = sim_size_basic},
	.kind = SIM_FLOAT,
	.basic_size = sizeof(double) + SIM_OBJECT_HEAD,
	.methods = float_methods,
	.getsets = float_getsets,
	.repr = float_repr,
	.hash = float_hash,
	.compare = float_compare,
	.truth = float_truth,
	.binary = float_binary,
	.unary = float_unary,
	.format = sim_format_float,
	.construct = float_construct,
};
