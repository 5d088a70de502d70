/* SPDX-License-Identifier: MIT */
/* The walk over the tree; fold-value.c has the arithmetic. */
#include "scenario/compile/fold.h"

#include <string.h>

#include "scenario/compile/constant.h"

static void fold_expr(struct compilation *c, struct expr *e);
static void fold_stmts(struct compilation *c, const struct stmt_list *list);

static void fold_list(struct compilation *c, const struct expr_list *list)
{
	for (uint32_t i = 0; i < list->nr; i++)
		fold_expr(c, list->data[i]);
}

static bool is_constant(const struct expr *e)
{
	return e->kind == EXPR_CONSTANT;
}

static void become(struct expr *e, const struct constant *constant)
{
	if (!constant)
		return;
	e->kind = EXPR_CONSTANT;
	e->constant = constant;
}

/* A tuple of the items, if all are constants; else NULL. */
static const struct constant *constant_of(struct compilation *c, const struct expr_list *list,
		enum constant_kind kind)
{
	const struct constant **items;

	for (uint32_t i = 0; i < list->nr; i++) {
		if (!is_constant(list->data[i]))
			return NULL;
	}
	items = NEW_ARRAY(c, const struct constant *, list->nr);
	for (uint32_t i = 0; i < list->nr; i++)
		items[i] = list->data[i]->constant;
	return constant_items(c, kind, items, list->nr);
}

/* What is only iterated over or searched: a list may be a tuple, a constant set a frozenset. */
static void fold_iterable(struct compilation *c, struct expr *e)
{
	if (e->kind == EXPR_LIST) {
		e->kind = EXPR_TUPLE;
		become(e, constant_of(c, &e->items, CONSTANT_TUPLE));
	} else if (e->kind == EXPR_SET) {
		become(e, constant_of(c, &e->items, CONSTANT_FROZENSET));
	}
}

static void fold_not(struct expr *e)
{
	static const uint8_t inverse[] = {
		[COMPARISON_IS] = COMPARISON_IS_NOT, [COMPARISON_IS_NOT] = COMPARISON_IS,
		[COMPARISON_IN] = COMPARISON_NOT_IN, [COMPARISON_NOT_IN] = COMPARISON_IN,
	};
	struct expr *inner = e->unary.operand;

	if (inner->kind != EXPR_COMPARE || inner->compare.comparators.nr != 1 ||
			inner->compare.ops[0] < COMPARISON_IS)
		return;
	inner->compare.ops[0] = inverse[inner->compare.ops[0]];
	*e = *inner;
}

static void fold_operation(struct compilation *c, struct expr *e)
{
	if (e->kind == EXPR_UNARY) {
		if (is_constant(e->unary.operand))
			become(e, fold_unary(c, e->unary.op, e->unary.operand->constant));
		else if (e->unary.op == UNARY_OP_NOT)
			fold_not(e);
	} else if (e->binary.op == BINARY_REMAINDER && e->binary.right->kind == EXPR_TUPLE &&
			is_constant(e->binary.left) &&
			e->binary.left->constant->kind == CONSTANT_STR) {
		fold_format(c, e);
	} else if (is_constant(e->binary.left) && is_constant(e->binary.right)) {
		become(e, fold_binary(c, e->binary.op, e->binary.left->constant,
				e->binary.right->constant));
	}
}

static void fold_compare(struct compilation *c, struct expr *e)
{
	uint32_t last = e->compare.comparators.nr - 1;

	fold_expr(c, e->compare.left);
	fold_list(c, &e->compare.comparators);
	if (e->compare.ops[last] == COMPARISON_IN || e->compare.ops[last] == COMPARISON_NOT_IN)
		fold_iterable(c, e->compare.comparators.data[last]);
}

static void fold_comprehension(struct compilation *c, struct expr *e)
{
	fold_expr(c, e->comprehension.element);
	if (e->comprehension.value)
		fold_expr(c, e->comprehension.value);
	for (uint32_t i = 0; i < e->comprehension.nr_clauses; i++) {
		struct for_clause *clause = &e->comprehension.clauses[i];

		fold_expr(c, clause->target);
		fold_expr(c, clause->iter);
		fold_list(c, &clause->ifs);
		fold_iterable(c, clause->iter);
	}
}

static void fold_subscripts(struct compilation *c, struct expr *e)
{
	fold_expr(c, e->subscript.value);
	fold_expr(c, e->subscript.index);
	if (e->context == CONTEXT_LOAD && is_constant(e->subscript.value) &&
			is_constant(e->subscript.index))
		become(e, fold_subscript(c, e->subscript.value->constant,
				e->subscript.index->constant));
}

static void fold_call(struct compilation *c, struct expr *e)
{
	fold_expr(c, e->call.function);
	fold_list(c, &e->call.arguments);
	for (uint32_t i = 0; i < e->call.nr_keywords; i++)
		fold_expr(c, e->call.keywords[i].value);
}

static void fold_optional(struct compilation *c, struct expr *e)
{
	if (e)
		fold_expr(c, e);
}

static void fold_expr(struct compilation *c, struct expr *e)
{
	switch (e->kind) {
	case EXPR_CONSTANT:
		break;
	case EXPR_NAME:
		if (e->context == CONTEXT_LOAD && !strcmp(e->name, "__debug__"))
			become(e, constant_bool(c, true));
		break;
	case EXPR_ATTRIBUTE:
		fold_expr(c, e->attribute.value);
		break;
	case EXPR_SUBSCRIPT:
		fold_subscripts(c, e);
		break;
	case EXPR_SLICE:
		fold_optional(c, e->slice.lower);
		fold_optional(c, e->slice.upper);
		fold_optional(c, e->slice.step);
		break;
	case EXPR_UNARY:
		fold_expr(c, e->unary.operand);
		fold_operation(c, e);
		break;
	case EXPR_BINARY:
		fold_expr(c, e->binary.left);
		fold_expr(c, e->binary.right);
		fold_operation(c, e);
		break;
	case EXPR_BOOL:
		fold_list(c, &e->boolean.values);
		break;
	case EXPR_COMPARE:
		fold_compare(c, e);
		break;
	case EXPR_CONDITIONAL:
		fold_expr(c, e->conditional.test);
		fold_expr(c, e->conditional.body);
		fold_expr(c, e->conditional.orelse);
		break;
	case EXPR_LAMBDA:
		fold_list(c, &e->lambda.parameters.defaults);
		fold_expr(c, e->lambda.body);
		break;
	case EXPR_CALL:
		fold_call(c, e);
		break;
	case EXPR_TUPLE:
		fold_list(c, &e->items);
		if (e->context == CONTEXT_LOAD)
			become(e, constant_of(c, &e->items, CONSTANT_TUPLE));
		break;
	case EXPR_LIST: case EXPR_SET: case EXPR_JOINED:
		fold_list(c, &e->items);
		break;
	case EXPR_DICT:
		fold_list(c, &e->dict.keys);
		fold_list(c, &e->dict.values);
		break;
	case EXPR_LIST_COMP: case EXPR_SET_COMP: case EXPR_DICT_COMP: case EXPR_GENERATOR:
		fold_comprehension(c, e);
		break;
	case EXPR_STARRED: case EXPR_YIELD:
		fold_optional(c, e->value);
		break;
	case EXPR_FORMATTED:
		fold_expr(c, e->formatted.value);
		fold_optional(c, e->formatted.spec);
		break;
	}
}

static void fold_body(struct compilation *c, const struct stmt_list *body);

static void fold_try(struct compilation *c, struct stmt *s)
{
	fold_stmts(c, &s->try.body);
	for (uint32_t i = 0; i < s->try.nr_clauses; i++) {
		fold_optional(c, s->try.clauses[i].type);
		fold_stmts(c, &s->try.clauses[i].body);
	}
	fold_stmts(c, &s->try.orelse);
	fold_stmts(c, &s->try.finally);
}

static void fold_parameters(struct compilation *c, const struct parameters *parameters)
{
	fold_list(c, &parameters->defaults);
	for (uint32_t i = 0; i < parameters->nr_annotations; i++)
		fold_expr(c, parameters->annotations[i].value);
}

static void fold_with(struct compilation *c, struct stmt *s)
{
	for (uint32_t i = 0; i < s->with.nr_items; i++) {
		fold_expr(c, s->with.items[i].context);
		fold_optional(c, s->with.items[i].target);
	}
	fold_stmts(c, &s->with.body);
}

static void fold_stmt(struct compilation *c, struct stmt *s)
{
	switch (s->kind) {
	case STMT_EXPR: case STMT_RETURN:
		fold_optional(c, s->value);
		break;
	case STMT_ASSIGN:
		fold_list(c, &s->assign.targets);
		fold_expr(c, s->assign.value);
		break;
	case STMT_AUG_ASSIGN:
		fold_expr(c, s->aug_assign.target);
		fold_expr(c, s->aug_assign.value);
		break;
	case STMT_ANN_ASSIGN:
		fold_expr(c, s->ann_assign.target);
		fold_expr(c, s->ann_assign.annotation);
		fold_optional(c, s->ann_assign.value);
		break;
	case STMT_DELETE:
		fold_list(c, &s->targets);
		break;
	case STMT_RAISE:
		fold_optional(c, s->raise.exception);
		fold_optional(c, s->raise.cause);
		break;
	case STMT_ASSERT:
		fold_expr(c, s->assertion.test);
		fold_optional(c, s->assertion.message);
		break;
	case STMT_IF: case STMT_WHILE:
		fold_expr(c, s->branch.test);
		fold_stmts(c, &s->branch.body);
		fold_stmts(c, &s->branch.orelse);
		break;
	case STMT_FOR:
		fold_expr(c, s->loop.target);
		fold_expr(c, s->loop.iter);
		fold_stmts(c, &s->loop.body);
		fold_stmts(c, &s->loop.orelse);
		fold_iterable(c, s->loop.iter);
		break;
	case STMT_TRY:
		fold_try(c, s);
		break;
	case STMT_WITH:
		fold_with(c, s);
		break;
	case STMT_FUNCTION:
		fold_list(c, &s->decorators);
		fold_parameters(c, &s->function.parameters);
		fold_body(c, &s->function.body);
		break;
	case STMT_CLASS:
		fold_list(c, &s->decorators);
		fold_list(c, &s->class.bases);
		fold_body(c, &s->class.body);
		break;
	case STMT_PASS: case STMT_BREAK: case STMT_CONTINUE: case STMT_GLOBAL: case STMT_NONLOCAL:
	case STMT_IMPORT: case STMT_IMPORT_FROM:
		break;
	}
}

static void fold_stmts(struct compilation *c, const struct stmt_list *list)
{
	for (uint32_t i = 0; i < list->nr; i++)
		fold_stmt(c, list->data[i]);
}

static bool is_string(const struct stmt *s)
{
	return s->kind == STMT_EXPR && is_constant(s->value) &&
		s->value->constant->kind == CONSTANT_STR;
}

/* "a" + "b" at the beginning of a body is no docstring, and does not become one by folding. */
static void fold_body(struct compilation *c, const struct stmt_list *body)
{
	bool had_docstring = body->nr && is_string(body->data[0]);

	fold_stmts(c, body);
	if (!had_docstring && body->nr && is_string(body->data[0]))
		body->data[0]->kind = STMT_PASS;
}

void fold_module(struct compilation *c, struct module *module)
{
	fold_body(c, &module->body);
}
