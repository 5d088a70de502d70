/* SPDX-License-Identifier: MIT */
/* Arithmetic on constants, within the limits that CPython 3.11 has for it. */
#include "scenario/compile/fold.h"

#include <math.h>
#include <string.h>

#include "scenario/compile/constant.h"

#define MAX_INT_BITS 128
#define MAX_STRING 4096
#define MAX_ITEMS 256
#define MAX_JOINED 20000	/* ours: what grows longer is left to the run */

typedef __int128 wide;

static bool is_bool(const struct constant *k)
{
	return k->kind == CONSTANT_TRUE || k->kind == CONSTANT_FALSE;
}

static bool is_int(const struct constant *k)
{
	return k->kind == CONSTANT_INT || k->kind == CONSTANT_BIG_INT || is_bool(k);
}

/* The value of an int that has fewer than 127 bits. */
static bool get_int(const struct constant *k, wide *value)
{
	bool negative;

	*value = k->kind == CONSTANT_TRUE;
	if (k->kind == CONSTANT_INT)
		*value = k->integer;
	if (k->kind != CONSTANT_BIG_INT)
		return is_int(k);
	negative = *k->text.data == '-';
	if (k->text.length - negative > 37)
		return false;
	for (size_t i = negative; i < k->text.length; i++)
		*value = *value * 10 + (k->text.data[i] - '0');
	if (negative)
		*value = -*value;
	return true;
}

static const struct constant *new_int(struct compilation *c, wide value)
{
	char text[48], *at = text + sizeof(text);
	unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;

	if (value >= INT64_MIN && value <= INT64_MAX)
		return constant_int(c, (int64_t)value);
	for (; rest; rest /= 10)
		*--at = (char)('0' + (int)(rest % 10));
	if (value < 0)
		*--at = '-';
	return constant_text(c, CONSTANT_BIG_INT, at, (size_t)(text + sizeof(text) - at));
}

static unsigned int bits_of(wide value)
{
	unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
	unsigned int bits = 0;

	for (; rest; rest >>= 1)
		bits++;
	return bits;
}

static bool get_real(const struct constant *k, double *value)
{
	wide integer;

	if (k->kind == CONSTANT_FLOAT) {
		*value = k->real;
		return true;
	}
	if (!get_int(k, &integer) || bits_of(integer) > 64)
		return false;
	*value = (double)integer;
	return true;
}

static const struct constant *fold_power(struct compilation *c, wide a, wide b)
{
	wide result = 1;

	if (b < 0) {
		double real = a ? pow((double)a, (double)b) : HUGE_VAL;

		return isfinite(real) && bits_of(a) <= 53 ? constant_float(c, real) : NULL;
	}
	if (a && b > MAX_INT_BITS / (wide)bits_of(a))
		return NULL;
	if (!a || a == 1)
		return new_int(c, !b || a == 1);
	for (wide i = 0; i < b; i++) {
		if (__builtin_mul_overflow(result, a, &result))
			return NULL;
	}
	return new_int(c, result);
}

static wide floor_divide(wide a, wide b)
{
	wide quotient = a / b;

	return quotient - (a % b && (a % b < 0) != (b < 0));
}

static const struct constant *fold_divide(struct compilation *c, enum binary_op op, wide a, wide b)
{
	if (!b)
		return NULL;
	if (op == BINARY_FLOOR_DIVIDE)
		return new_int(c, floor_divide(a, b));
	if (op == BINARY_REMAINDER)
		return new_int(c, a - floor_divide(a, b) * b);
	if (bits_of(a) > 53 || bits_of(b) > 53)
		return NULL;
	return constant_float(c, (double)a / (double)b);
}

static const struct constant *fold_shift(struct compilation *c, enum binary_op op, wide a, wide b)
{
	if (b < 0)
		return NULL;
	if (op == BINARY_RSHIFT)
		return new_int(c, b > 126 ? (a < 0 ? -1 : 0) : a >> b);
	if (a && (b > MAX_INT_BITS || bits_of(a) > MAX_INT_BITS - b))
		return NULL;
	if (bits_of(a) + b > 126)
		return a ? NULL : new_int(c, 0);
	return new_int(c, a * ((wide)1 << b));
}

static const struct constant *fold_ints(struct compilation *c, enum binary_op op, wide a, wide b)
{
	wide result;

	switch (op) {
	case BINARY_ADD:
		return __builtin_add_overflow(a, b, &result) ? NULL : new_int(c, result);
	case BINARY_SUBTRACT:
		return __builtin_sub_overflow(a, b, &result) ? NULL : new_int(c, result);
	case BINARY_MULTIPLY:
		if (bits_of(a) + bits_of(b) > MAX_INT_BITS || __builtin_mul_overflow(a, b, &result))
			return NULL;
		return new_int(c, result);
	case BINARY_POWER:
		return fold_power(c, a, b);
	case BINARY_LSHIFT: case BINARY_RSHIFT:
		return fold_shift(c, op, a, b);
	case BINARY_AND:
		return new_int(c, a & b);
	case BINARY_OR:
		return new_int(c, a | b);
	case BINARY_XOR:
		return new_int(c, a ^ b);
	default:
		return fold_divide(c, op, a, b);
	}
}

/* Remainder and floor division as Python rounds them: the remainder has the divisor's sign. */
static double real_modulo(double a, double b, double *quotient)
{
	double modulo = fmod(a, b), div = (a - modulo) / b, down;

	if (modulo) {
		if ((b < 0) != (modulo < 0)) {
			modulo += b;
			div -= 1;
		}
	} else {
		modulo = copysign(0.0, b);
	}
	down = floor(div);
	*quotient = div ? down + (div - down > 0.5) : copysign(0.0, a / b);
	return modulo;
}

static const struct constant *fold_reals(struct compilation *c, enum binary_op op, double a, double b)
{
	double quotient, result;

	switch (op) {
	case BINARY_ADD:
		return constant_float(c, a + b);
	case BINARY_SUBTRACT:
		return constant_float(c, a - b);
	case BINARY_MULTIPLY:
		return constant_float(c, a * b);
	case BINARY_TRUE_DIVIDE:
		return b ? constant_float(c, a / b) : NULL;
	case BINARY_FLOOR_DIVIDE: case BINARY_REMAINDER:
		if (!b)
			return NULL;
		result = real_modulo(a, b, &quotient);
		return constant_float(c, op == BINARY_REMAINDER ? result : quotient);
	case BINARY_POWER:
		if ((a < 0 && b != floor(b)) || (!a && b < 0) || !isfinite(a) || !isfinite(b))
			return NULL;
		result = pow(a, b);
		return isfinite(result) ? constant_float(c, result) : NULL;
	default:
		return NULL;
	}
}

static bool is_text(const struct constant *k)
{
	return k->kind == CONSTANT_STR || k->kind == CONSTANT_BYTES;
}

/* Pays for memory that a short source asks for; false: the budget would not last. */
static bool can_pay(struct compilation *c, size_t bytes)
{
	if (c->budget < bytes / 16)
		return false;
	c->budget -= bytes / 16;
	return true;
}

static size_t code_points(const struct constant *k)
{
	size_t nr = 0;

	for (size_t i = 0; i < k->text.length; i++)
		nr += k->kind == CONSTANT_BYTES || ((unsigned char)k->text.data[i] & 0xc0) != 0x80;
	return nr;
}

static const struct constant *repeat_text(struct compilation *c, const struct constant *text, wide n)
{
	size_t length = text->text.length;
	char *data;

	if (length && (n < 0 || n > (wide)(MAX_STRING / code_points(text))))
		return NULL;
	if (!length || !n)
		return constant_text(c, text->kind, "", 0);
	if (!can_pay(c, length * (size_t)n))
		return NULL;
	data = compilation_alloc(c, length * (size_t)n);
	for (size_t i = 0; i < (size_t)n; i++)
		memcpy(data + i * length, text->text.data, length);
	return constant_text(c, text->kind, data, length * (size_t)n);
}

/* How many items a tuple has with all in it; more than @limit counts as that. */
static int64_t count_items(const struct constant *k, int64_t limit)
{
	for (uint32_t i = 0; k->kind == CONSTANT_TUPLE && i < k->items.nr && limit >= 0; i++) {
		limit--;
		limit = count_items(k->items.data[i], limit);
	}
	return limit;
}

static const struct constant *repeat_tuple(struct compilation *c, const struct constant *tuple, wide n)
{
	uint32_t nr = tuple->items.nr;
	const struct constant **items;

	if (nr && (n < 0 || n > MAX_ITEMS / nr))
		return NULL;
	if (n && count_items(tuple, 1024 / (int64_t)(n ? n : 1)) < 0)
		return NULL;
	if (!can_pay(c, nr * (size_t)n * sizeof(*items)))
		return NULL;
	items = NEW_ARRAY(c, const struct constant *, nr * (size_t)n);
	for (uint32_t i = 0; i < nr * (uint32_t)n; i++)
		items[i] = tuple->items.data[i % nr];
	return constant_items(c, CONSTANT_TUPLE, items, nr * (uint32_t)n);
}

static const struct constant *repeat(struct compilation *c, const struct constant *sequence,
		const struct constant *count)
{
	wide n;

	if (!get_int(count, &n))
		return NULL;
	if (is_text(sequence))
		return repeat_text(c, sequence, n);
	return sequence->kind == CONSTANT_TUPLE ? repeat_tuple(c, sequence, n) : NULL;
}

static const struct constant *join(struct compilation *c, const struct constant *a,
		const struct constant *b)
{
	size_t length;
	char *data;

	if (a->kind == CONSTANT_TUPLE) {
		uint32_t nr = a->items.nr + b->items.nr;
		const struct constant **items;

		if (nr > MAX_JOINED / 8 || !can_pay(c, nr * sizeof(*items)))
			return NULL;
		items = NEW_ARRAY(c, const struct constant *, nr);
		for (uint32_t i = 0; i < nr; i++)
			items[i] = i < a->items.nr ? a->items.data[i] : b->items.data[i - a->items.nr];
		return constant_items(c, CONSTANT_TUPLE, items, nr);
	}
	length = a->text.length + b->text.length;
	if (length > MAX_JOINED || !can_pay(c, length))
		return NULL;
	data = compilation_alloc(c, length + 1);
	memcpy(data, a->text.data, a->text.length);
	memcpy(data + a->text.length, b->text.data, b->text.length);
	return constant_text(c, a->kind, data, length);
}

const struct constant *fold_binary(struct compilation *c, enum binary_op op,
		const struct constant *left, const struct constant *right)
{
	double real_a, real_b;
	wide a, b;

	if (is_bool(left) && is_bool(right) && (op == BINARY_AND || op == BINARY_OR || op == BINARY_XOR)) {
		bool x = left->kind == CONSTANT_TRUE, y = right->kind == CONSTANT_TRUE;

		return constant_bool(c, op == BINARY_AND ? x && y : op == BINARY_OR ? x || y : x != y);
	}
	if (get_int(left, &a) && get_int(right, &b))
		return fold_ints(c, op, a, b);
	if ((left->kind == CONSTANT_FLOAT || right->kind == CONSTANT_FLOAT) &&
			get_real(left, &real_a) && get_real(right, &real_b))
		return fold_reals(c, op, real_a, real_b);
	if (op == BINARY_MULTIPLY && is_int(right))
		return repeat(c, left, right);
	if (op == BINARY_MULTIPLY && is_int(left))
		return repeat(c, right, left);
	if (op == BINARY_ADD && left->kind == right->kind &&
			(is_text(left) || left->kind == CONSTANT_TUPLE))
		return join(c, left, right);
	return NULL;
}

static const struct constant *negate(struct compilation *c, const struct constant *k)
{
	char *text;
	wide value;

	if (k->kind == CONSTANT_FLOAT)
		return constant_float(c, -k->real);
	if (get_int(k, &value))
		return new_int(c, -value);
	if (k->kind != CONSTANT_BIG_INT)
		return NULL;
	if (*k->text.data == '-')
		return constant_text(c, CONSTANT_BIG_INT, k->text.data + 1, k->text.length - 1);
	text = compilation_alloc(c, k->text.length + 2);
	text[0] = '-';
	memcpy(text + 1, k->text.data, k->text.length);
	return constant_text(c, CONSTANT_BIG_INT, text, k->text.length + 1);
}

const struct constant *fold_unary(struct compilation *c, enum unary_op op,
		const struct constant *operand)
{
	wide value;

	switch (op) {
	case UNARY_OP_NOT:
		return constant_bool(c, !constant_is_true(operand));
	case UNARY_OP_NEGATIVE:
		return negate(c, operand);
	case UNARY_OP_POSITIVE:
		if (is_bool(operand))
			return constant_int(c, operand->kind == CONSTANT_TRUE);
		return is_int(operand) || operand->kind == CONSTANT_FLOAT ? operand : NULL;
	default:
		return get_int(operand, &value) ? new_int(c, ~value) : NULL;
	}
}

static const struct constant *index_text(struct compilation *c, const struct constant *text,
		wide index)
{
	size_t length = code_points(text), at = 0, end;

	if (index < 0)
		index += (wide)length;
	if (index < 0 || index >= (wide)length)
		return NULL;
	if (text->kind == CONSTANT_BYTES)
		return constant_int(c, (unsigned char)text->text.data[index]);
	for (; index; index--)
		do
			at++;
		while (((unsigned char)text->text.data[at] & 0xc0) == 0x80);
	for (end = at + 1; end < text->text.length &&
			((unsigned char)text->text.data[end] & 0xc0) == 0x80; end++)
		;
	return constant_text(c, CONSTANT_STR, text->text.data + at, end - at);
}

const struct constant *fold_subscript(struct compilation *c, const struct constant *value,
		const struct constant *index)
{
	wide i;

	if (!get_int(index, &i))
		return NULL;
	if (is_text(value))
		return index_text(c, value, i);
	if (value->kind != CONSTANT_TUPLE)
		return NULL;
	if (i < 0)
		i += value->items.nr;
	return i >= 0 && i < value->items.nr ? value->items.data[i] : NULL;
}
