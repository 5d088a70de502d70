/* SPDX-License-Identifier: MIT */
/* The pool of constants of a program. */
#include "scenario/compile/constant.h"

#include <string.h>

#define MAX_DIGITS 4300

static bool has_text(enum constant_kind kind)
{
	return kind == CONSTANT_STR || kind == CONSTANT_BYTES || kind == CONSTANT_BIG_INT;
}

static bool has_items(enum constant_kind kind)
{
	return kind == CONSTANT_TUPLE || kind == CONSTANT_FROZENSET;
}

static uint64_t hash_constant(const void *item)
{
	const struct constant *k = item;

	if (has_text(k->kind))
		return hash_bytes(k->text.data, k->text.length, k->kind);
	if (has_items(k->kind))
		return hash_bytes(k->items.data, k->items.nr * sizeof(*k->items.data), k->kind);
	if (k->kind == CONSTANT_INT)
		return hash_bytes(&k->integer, sizeof(k->integer), k->kind);
	if (k->kind == CONSTANT_FLOAT)
		return hash_bytes(&k->real, sizeof(k->real), k->kind);
	return hash_bytes(NULL, 0, k->kind);
}

static bool equal_constants(const void *item, const void *key)
{
	const struct constant *a = item, *b = key;

	if (a->kind != b->kind)
		return false;
	if (has_text(a->kind))
		return a->text.length == b->text.length &&
			!memcmp(a->text.data, b->text.data, a->text.length);
	if (has_items(a->kind))
		return a->items.nr == b->items.nr && (!a->items.nr ||
			!memcmp(a->items.data, b->items.data, a->items.nr * sizeof(*a->items.data)));
	if (a->kind == CONSTANT_INT)
		return a->integer == b->integer;
	if (a->kind == CONSTANT_FLOAT)	/* by bits: -0.0 is another constant than 0.0 */
		return !memcmp(&a->real, &b->real, sizeof(a->real));
	return true;
}

static const struct constant *pooled(struct compilation *c, const struct constant *key)
{
	const void **slot = table_find(c, &c->constants, hash_constant(key), equal_constants, key,
			hash_constant);
	struct constant *made;

	if (*slot)
		return *slot;
	made = NEW(c, struct constant);
	*made = *key;
	made->id = UINT32_MAX;
	if (has_text(key->kind))
		made->text.data = compilation_text(c, key->text.data, key->text.length);
	*slot = made;
	c->constants.nr++;
	return made;
}

const struct constant *constant_simple(struct compilation *c, enum constant_kind kind)
{
	return pooled(c, &(struct constant){.kind = kind});
}

const struct constant *constant_bool(struct compilation *c, bool value)
{
	return constant_simple(c, value ? CONSTANT_TRUE : CONSTANT_FALSE);
}

const struct constant *constant_int(struct compilation *c, int64_t value)
{
	return pooled(c, &(struct constant){.kind = CONSTANT_INT, .integer = value});
}

const struct constant *constant_float(struct compilation *c, double value)
{
	return pooled(c, &(struct constant){.kind = CONSTANT_FLOAT, .real = value});
}

static bool is_name_text(const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char ch = data[i];

		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
					ch == '_'))
			return false;
	}
	return true;
}

const struct constant *constant_text(struct compilation *c, enum constant_kind kind,
		const char *data, size_t length)
{
	struct constant key = {.kind = kind, .text = {data ? data : "", length}};

	key.is_name = kind == CONSTANT_STR && is_name_text(data, length);
	return pooled(c, &key);
}

const struct constant *constant_name(struct compilation *c, const char *name)
{
	return constant_text(c, CONSTANT_STR, name, strlen(name));
}

const struct constant *constant_items(struct compilation *c, enum constant_kind kind,
		const struct constant *const *items, uint32_t nr)
{
	return pooled(c, &(struct constant){.kind = kind, .items = {items, nr}});
}

const struct constant *constant_code(struct compilation *c, struct code *code)
{
	struct constant *made = NEW(c, struct constant);

	made->kind = CONSTANT_CODE;
	made->id = UINT32_MAX;
	made->code = code;
	return made;
}

bool constant_is_true(const struct constant *constant)
{
	switch (constant->kind) {
	case CONSTANT_NONE:
	case CONSTANT_FALSE:
		return false;
	case CONSTANT_INT:
		return constant->integer != 0;
	case CONSTANT_FLOAT:
		return constant->real != 0;
	case CONSTANT_STR:
	case CONSTANT_BYTES:
		return constant->text.length > 0;
	case CONSTANT_TUPLE:
	case CONSTANT_FROZENSET:
		return constant->items.nr > 0;
	default:
		return true;
	}
}

/* limbs = limbs * base + digit; limbs of 9 decimal digits, lowest first. */
static uint32_t add_digit(uint32_t *limbs, uint32_t nr, unsigned int base, unsigned int digit)
{
	uint64_t carry = digit;

	for (uint32_t i = 0; i < nr; i++) {
		carry += (uint64_t)limbs[i] * base;
		limbs[i] = (uint32_t)(carry % 1000000000);
		carry /= 1000000000;
	}
	if (carry)
		limbs[nr++] = (uint32_t)carry;
	return nr;
}

static unsigned int digit_value(char ch)
{
	if (ch >= '0' && ch <= '9')
		return (unsigned int)(ch - '0');
	return (unsigned int)((ch | 0x20) - 'a' + 10);
}

static const struct constant *parse_big(struct compilation *c, const char *digits, size_t length,
		unsigned int base)
{
	uint32_t limbs[MAX_DIGITS / 9 + 2];
	char text[MAX_DIGITS + 20];
	uint32_t nr = 0;
	int used;

	for (size_t i = 0; i < length; i++) {
		if (digits[i] != '_')
			nr = add_digit(limbs, nr, base, digit_value(digits[i]));
		if (nr > MAX_DIGITS / 9)
			return NULL;
	}
	used = snprintf(text, sizeof(text), "%u", limbs[nr - 1]);
	while (--nr)
		used += snprintf(text + used, sizeof(text) - (size_t)used, "%09u", limbs[nr - 1]);
	return constant_text(c, CONSTANT_BIG_INT, text, (size_t)used);
}

const struct constant *constant_parse_int(struct compilation *c, const char *digits, size_t length,
		unsigned int base)
{
	int64_t value = 0;

	for (size_t i = 0; i < length; i++) {
		if (digits[i] == '_')
			continue;
		if (__builtin_mul_overflow(value, (int64_t)base, &value) ||
				__builtin_add_overflow(value, (int64_t)digit_value(digits[i]), &value))
			return parse_big(c, digits, length, base);
	}
	return constant_int(c, value);
}

static void number(struct compilation *c, const struct constant ***all, uint32_t *nr,
		const struct constant *k);

/* Recursion is as deep as functions or tuples are nested in the source. */
static void number_code(struct compilation *c, const struct constant ***all, uint32_t *nr,
		const struct code *code)
{
	for (uint32_t i = 0; i < code->nr_constants; i++)
		number(c, all, nr, code->constants[i]);
}

static void number(struct compilation *c, const struct constant ***all, uint32_t *nr,
		const struct constant *k)
{
	if (k->id != UINT32_MAX)
		return;
	if (has_items(k->kind)) {
		for (uint32_t i = 0; i < k->items.nr; i++)
			number(c, all, nr, k->items.data[i]);
	} else if (k->kind == CONSTANT_CODE) {
		number_code(c, all, nr, k->code);
	}
	((struct constant *)k)->id = *nr;	/* all of them were made here, and not as const */
	PUSH(c, *all, *nr, k);
}

void constant_number_all(struct compilation *c, struct program *program)
{
	const struct constant **all = NULL;
	uint32_t nr = 0;

	for (uint32_t i = 0; i < program->nr_units; i++)
		number_code(c, &all, &nr, program->units[i]);
	program->constants = all;
	program->nr_constants = nr;
}
