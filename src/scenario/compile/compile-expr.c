/* SPDX-License-Identifier: MIT */
/* Expressions: operators, conditions, attributes and subscripts. */
#include "scenario/compile/compile.h"

#include "scenario/compile/constant.h"

void compile_exprs(struct unit *u, const struct expr_list *list)
{
	for (uint32_t i = 0; i < list->nr; i++)
		compile_expr(u, list->data[i]);
}

static void emit_comparison(struct unit *u, uint8_t op)
{
	switch ((int)op) {
	case COMPARISON_IS: case COMPARISON_IS_NOT:
		emit(u, OP_IS_OP, op == COMPARISON_IS_NOT);
		break;
	case COMPARISON_IN: case COMPARISON_NOT_IN:
		emit(u, OP_CONTAINS_OP, op == COMPARISON_NOT_IN);
		break;
	default:
		emit(u, OP_COMPARE_OP, op);
	}
}

/* a < b < c: up to the last operand, jumping to @cleanup with one value too many. */
static void compile_chain(struct unit *u, const struct expr *e, unsigned int jump,
		struct block *cleanup)
{
	uint32_t last = e->compare.comparators.nr - 1;

	for (uint32_t i = 0; i < last; i++) {
		compile_expr(u, e->compare.comparators.data[i]);
		emit(u, OP_SWAP, 2);
		emit(u, OP_COPY, 2);
		emit_comparison(u, e->compare.ops[i]);
		emit_jump(u, jump, cleanup);
	}
	compile_expr(u, e->compare.comparators.data[last]);
	emit_comparison(u, e->compare.ops[last]);
}

static void compile_compare(struct unit *u, const struct expr *e)
{
	struct block *cleanup, *end;

	compile_expr(u, e->compare.left);
	if (e->compare.comparators.nr == 1) {
		compile_expr(u, e->compare.comparators.data[0]);
		emit_comparison(u, e->compare.ops[0]);
		return;
	}
	cleanup = unit_new_block(u);
	end = unit_new_block(u);
	compile_chain(u, e, OP_JUMP_IF_FALSE_OR_POP, cleanup);
	emit_artificial_jump(u, OP_JUMP, end);
	unit_use_block(u, cleanup);
	emit(u, OP_SWAP, 2);
	emit(u, OP_POP_TOP, 0);
	unit_use_block(u, end);
}

static void compile_bool(struct unit *u, const struct expr *e)
{
	unsigned int op = e->boolean.is_or ? OP_JUMP_IF_TRUE_OR_POP : OP_JUMP_IF_FALSE_OR_POP;
	struct block *end = unit_new_block(u);

	for (uint32_t i = 0; i < e->boolean.values.nr; i++) {
		compile_expr(u, e->boolean.values.data[i]);
		if (i + 1 < e->boolean.values.nr)
			emit_jump(u, op, end);
	}
	unit_use_block(u, end);
}

static void compile_conditional(struct unit *u, const struct expr *e)
{
	struct block *end = unit_new_block(u), *next = unit_new_block(u);

	compile_jump_if(u, e->conditional.test, next, false);
	compile_expr(u, e->conditional.body);
	emit_artificial_jump(u, OP_JUMP, end);
	unit_use_block(u, next);
	compile_expr(u, e->conditional.orelse);
	unit_use_block(u, end);
}

static void jump_if_bool(struct unit *u, const struct expr *e, struct block *target, bool when)
{
	bool is_or = e->boolean.is_or;
	struct block *inner = is_or != when ? unit_new_block(u) : target;
	uint32_t last = e->boolean.values.nr - 1;

	for (uint32_t i = 0; i < last; i++)
		compile_jump_if(u, e->boolean.values.data[i], inner, is_or);
	compile_jump_if(u, e->boolean.values.data[last], target, when);
	if (inner != target)
		unit_use_block(u, inner);
}

static void jump_if_conditional(struct unit *u, const struct expr *e, struct block *target, bool when)
{
	struct block *end = unit_new_block(u), *next = unit_new_block(u);

	compile_jump_if(u, e->conditional.test, next, false);
	compile_jump_if(u, e->conditional.body, target, when);
	emit_artificial_jump(u, OP_JUMP, end);
	unit_use_block(u, next);
	compile_jump_if(u, e->conditional.orelse, target, when);
	unit_use_block(u, end);
}

static void jump_if_chain(struct unit *u, const struct expr *e, struct block *target, bool when)
{
	struct block *cleanup = unit_new_block(u), *end = unit_new_block(u);

	compile_expr(u, e->compare.left);
	compile_chain(u, e, OP_POP_JUMP_IF_FALSE, cleanup);
	emit_jump(u, when ? OP_POP_JUMP_IF_TRUE : OP_POP_JUMP_IF_FALSE, target);
	emit_artificial_jump(u, OP_JUMP, end);
	unit_use_block(u, cleanup);
	emit(u, OP_POP_TOP, 0);
	if (!when)
		emit_artificial_jump(u, OP_JUMP, target);
	unit_use_block(u, end);
}

void compile_jump_if(struct unit *u, const struct expr *e, struct block *target, bool when)
{
	if (e->kind == EXPR_UNARY && e->unary.op == UNARY_OP_NOT) {
		compile_jump_if(u, e->unary.operand, target, !when);
	} else if (e->kind == EXPR_BOOL) {
		jump_if_bool(u, e, target, when);
	} else if (e->kind == EXPR_CONDITIONAL) {
		jump_if_conditional(u, e, target, when);
	} else if (e->kind == EXPR_COMPARE && e->compare.comparators.nr > 1) {
		u->line = e->line;
		jump_if_chain(u, e, target, when);
	} else {
		if (e->kind == EXPR_COMPARE)	/* and CPython does not go back to the line before */
			u->line = e->line;
		compile_expr(u, e);
		emit_jump(u, when ? OP_POP_JUMP_IF_TRUE : OP_POP_JUMP_IF_FALSE, target);
	}
}

void compile_move_to_name(struct unit *u, const struct expr *attribute)
{
	if (attribute->line != attribute->end_line)
		u->line = attribute->end_line;
}

static void compile_attribute(struct unit *u, const struct expr *e)
{
	static const uint8_t ops[] = {OP_LOAD_ATTR, OP_STORE_ATTR, OP_DELETE_ATTR};

	compile_expr(u, e->attribute.value);
	compile_move_to_name(u, e);
	emit_attribute(u, ops[e->context], e->attribute.name);
}

static void compile_subscript(struct unit *u, const struct expr *e)
{
	static const uint8_t ops[] = {OP_BINARY_SUBSCR, OP_STORE_SUBSCR, OP_DELETE_SUBSCR};

	compile_expr(u, e->subscript.value);
	compile_expr(u, e->subscript.index);
	emit(u, ops[e->context], 0);
}

static void compile_slice_part(struct unit *u, const struct expr *e)
{
	if (e)
		compile_expr(u, e);
	else
		emit_none(u);
}

static void compile_slice(struct unit *u, const struct expr *e)
{
	compile_slice_part(u, e->slice.lower);
	compile_slice_part(u, e->slice.upper);
	if (e->slice.step)
		compile_expr(u, e->slice.step);
	emit(u, OP_BUILD_SLICE, e->slice.step ? 3 : 2);
}

static void compile_unary(struct unit *u, const struct expr *e)
{
	static const uint8_t ops[] = {
		[UNARY_OP_POSITIVE] = OP_UNARY_POSITIVE, [UNARY_OP_NEGATIVE] = OP_UNARY_NEGATIVE,
		[UNARY_OP_NOT] = OP_UNARY_NOT, [UNARY_OP_INVERT] = OP_UNARY_INVERT,
	};

	compile_expr(u, e->unary.operand);
	emit(u, ops[e->unary.op], 0);
}

static void compile_yield(struct unit *u, const struct expr *e)
{
	if (e->value)
		compile_expr(u, e->value);
	else
		emit_none(u);
	emit(u, OP_YIELD_VALUE, 0);
}

static void compile_formatted(struct unit *u, const struct expr *e)
{
	compile_expr(u, e->formatted.value);
	if (e->formatted.spec)
		compile_expr(u, e->formatted.spec);
	emit(u, OP_FORMAT_VALUE, e->formatted.conversion | (e->formatted.spec ? 4u : 0));
}

static void compile_here(struct unit *u, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_CONSTANT:
		emit_constant(u, e->constant);
		break;
	case EXPR_NAME:
		emit_variable(u, e->name, e->context);
		break;
	case EXPR_ATTRIBUTE:
		compile_attribute(u, e);
		break;
	case EXPR_SUBSCRIPT:
		compile_subscript(u, e);
		break;
	case EXPR_SLICE:
		compile_slice(u, e);
		break;
	case EXPR_UNARY:
		compile_unary(u, e);
		break;
	case EXPR_BINARY:
		compile_expr(u, e->binary.left);
		compile_expr(u, e->binary.right);
		emit(u, OP_BINARY_OP, e->binary.op);
		break;
	case EXPR_BOOL:
		compile_bool(u, e);
		break;
	case EXPR_COMPARE:
		compile_compare(u, e);
		break;
	case EXPR_CONDITIONAL:
		compile_conditional(u, e);
		break;
	case EXPR_LAMBDA:
		compile_lambda(u, e);
		break;
	case EXPR_CALL:
		compile_call(u, e);
		break;
	case EXPR_TUPLE: case EXPR_LIST: case EXPR_SET: case EXPR_DICT: case EXPR_JOINED:
		compile_display(u, e);
		break;
	case EXPR_LIST_COMP: case EXPR_SET_COMP: case EXPR_DICT_COMP: case EXPR_GENERATOR:
		compile_comprehension(u, e);
		break;
	case EXPR_YIELD:
		compile_yield(u, e);
		break;
	case EXPR_FORMATTED:
		compile_formatted(u, e);
		break;
	case EXPR_STARRED:	/* the parser lets it through in calls only, which do not come here */
		fail_unsupported(u->c, e->line, "starred expression");
	}
}

void compile_expr(struct unit *u, const struct expr *e)
{
	uint32_t line = u->line;

	u->line = e->line;
	compile_here(u, e);
	u->line = line;
}
