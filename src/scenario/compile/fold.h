/* SPDX-License-Identifier: MIT */
/*
 * Changes to the tree that CPython 3.11 makes before it compiles, because they decide which objects
 * a program makes: constant expressions and tuples become constants, "not a in b" becomes
 * "a not in b", and a list that is only iterated over or searched becomes a tuple.
 */
#ifndef HL_SCENARIO_FOLD_H
#define HL_SCENARIO_FOLD_H

#include "scenario/syntax/ast.h"
#include "scenario/compile/compilation.h"

void fold_module(struct compilation *c, struct module *module);

/* The value of an operation on constants; NULL: it raises, or CPython leaves it to the run. */
const struct constant *fold_binary(struct compilation *c, enum binary_op op,
		const struct constant *left, const struct constant *right);
/* '%s is %r' % (a, b) becomes an f-string, where its letters are s, r, a; in fold-format.c. */
void fold_format(struct compilation *c, struct expr *e);

const struct constant *fold_unary(struct compilation *c, enum unary_op op,
		const struct constant *operand);
const struct constant *fold_subscript(struct compilation *c, const struct constant *value,
		const struct constant *index);

#endif
