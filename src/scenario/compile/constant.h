/* SPDX-License-Identifier: MIT */
/* Making constants: equal ones of one type are made once per program. */
#ifndef HL_SCENARIO_CONSTANT_H
#define HL_SCENARIO_CONSTANT_H

#include "scenario/compile/compilation.h"

const struct constant *constant_simple(struct compilation *c, enum constant_kind kind);
const struct constant *constant_bool(struct compilation *c, bool value);
const struct constant *constant_int(struct compilation *c, int64_t value);
const struct constant *constant_float(struct compilation *c, double value);

/* Of CONSTANT_STR, CONSTANT_BYTES, CONSTANT_BIG_INT. The bytes are copied. */
const struct constant *constant_text(struct compilation *c, enum constant_kind kind,
		const char *data, size_t length);

/* Of a name: its string. */
const struct constant *constant_name(struct compilation *c, const char *name);

/* Of CONSTANT_TUPLE, CONSTANT_FROZENSET. @items is kept, not copied. */
const struct constant *constant_items(struct compilation *c, enum constant_kind kind,
		const struct constant *const *items, uint32_t nr);

/* Never equal to another. */
const struct constant *constant_code(struct compilation *c, struct code *code);

bool constant_is_true(const struct constant *constant);

/*
 * An int from its literal: digits in base 2, 8, 10 or 16, without prefix, with underscores.
 * NULL: more digits than CPython converts (4300 decimal ones).
 */
const struct constant *constant_parse_int(struct compilation *c, const char *digits, size_t length,
		unsigned int base);

/* Numbers every constant that the units reach, parts first, into program->constants. */
void constant_number_all(struct compilation *c, struct program *program);

#endif
