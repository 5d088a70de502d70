/* SPDX-License-Identifier: MIT */
/* Statements. try and what leaves it are in compile-try.c. */
#include "scenario/compile/compile.h"

#include "scenario/compile/constant.h"

static void compile_expr_stmt(struct unit *u, const struct stmt *s)
{
	if (u->echoes) {
		compile_expr(u, s->value);
		emit(u, OP_PRINT_EXPR, 0);
	} else if (s->value->kind == EXPR_CONSTANT) {
		emit(u, OP_NOP, 0);
	} else {
		compile_expr(u, s->value);
		u->line = 0;
		emit(u, OP_POP_TOP, 0);
	}
}

static void compile_assign(struct unit *u, const struct stmt *s)
{
	const struct expr_list *targets = &s->assign.targets;

	compile_expr(u, s->assign.value);
	for (uint32_t i = 0; i < targets->nr; i++) {
		if (i + 1 < targets->nr)
			emit(u, OP_COPY, 1);
		compile_expr(u, targets->data[i]);
	}
}

/* The target's old value on top of what is needed to store the new one. */
static void load_augmented(struct unit *u, const struct expr *target)
{
	switch (target->kind) {
	case EXPR_ATTRIBUTE:
		compile_expr(u, target->attribute.value);
		emit(u, OP_COPY, 1);
		compile_move_to_name(u, target);
		emit_attribute(u, OP_LOAD_ATTR, target->attribute.name);
		break;
	case EXPR_SUBSCRIPT:
		compile_expr(u, target->subscript.value);
		compile_expr(u, target->subscript.index);
		emit(u, OP_COPY, 2);
		emit(u, OP_COPY, 2);
		emit(u, OP_BINARY_SUBSCR, 0);
		break;
	default:
		emit_variable(u, target->name, CONTEXT_LOAD);
	}
}

static void store_augmented(struct unit *u, const struct expr *target)
{
	switch (target->kind) {
	case EXPR_ATTRIBUTE:
		compile_move_to_name(u, target);
		emit(u, OP_SWAP, 2);
		emit_attribute(u, OP_STORE_ATTR, target->attribute.name);
		break;
	case EXPR_SUBSCRIPT:
		emit(u, OP_SWAP, 3);
		emit(u, OP_SWAP, 2);
		emit(u, OP_STORE_SUBSCR, 0);
		break;
	default:
		emit_variable(u, target->name, CONTEXT_STORE);
	}
}

static void compile_augmented(struct unit *u, const struct stmt *s)
{
	u->line = s->aug_assign.target->line;
	load_augmented(u, s->aug_assign.target);
	u->line = s->line;
	compile_expr(u, s->aug_assign.value);
	emit(u, OP_BINARY_OP, s->aug_assign.op + BINARY_INPLACE);
	u->line = s->aug_assign.target->line;
	store_augmented(u, s->aug_assign.target);
}

static void compile_if(struct unit *u, const struct stmt *s)
{
	struct block *end = unit_new_block(u);
	struct block *next = s->branch.orelse.nr ? unit_new_block(u) : end;

	compile_jump_if(u, s->branch.test, next, false);
	compile_stmts(u, &s->branch.body);
	if (next != end) {
		emit_artificial_jump(u, OP_JUMP, end);
		unit_use_block(u, next);
		compile_stmts(u, &s->branch.orelse);
	}
	unit_use_block(u, end);
}

static void compile_while(struct unit *u, const struct stmt *s)
{
	struct block *loop = unit_new_block(u), *body = unit_new_block(u);
	struct block *anchor = unit_new_block(u), *end = unit_new_block(u);

	unit_use_block(u, loop);
	unit_push(u, (struct frame_block){.kind = FRAME_WHILE, .start = loop, .exit = end});
	compile_jump_if(u, s->branch.test, anchor, false);
	unit_use_block(u, body);
	compile_stmts(u, &s->branch.body);
	u->line = s->line;
	compile_jump_if(u, s->branch.test, body, true);
	unit_pop(u);
	unit_use_block(u, anchor);
	compile_stmts(u, &s->branch.orelse);
	unit_use_block(u, end);
}

static void compile_for(struct unit *u, const struct stmt *s)
{
	struct block *start = unit_new_block(u), *body = unit_new_block(u);
	struct block *cleanup = unit_new_block(u), *end = unit_new_block(u);

	unit_push(u, (struct frame_block){.kind = FRAME_FOR, .start = start, .exit = end});
	compile_expr(u, s->loop.iter);
	emit(u, OP_GET_ITER, 0);
	unit_use_block(u, start);
	emit_jump(u, OP_FOR_ITER, cleanup);
	unit_use_block(u, body);
	compile_expr(u, s->loop.target);
	compile_stmts(u, &s->loop.body);
	u->line = 0;
	emit_jump(u, OP_JUMP, start);
	unit_use_block(u, cleanup);
	unit_pop(u);
	compile_stmts(u, &s->loop.orelse);
	unit_use_block(u, end);
}

static void compile_raise(struct unit *u, const struct stmt *s)
{
	if (s->raise.exception)
		compile_expr(u, s->raise.exception);
	if (s->raise.cause)
		compile_expr(u, s->raise.cause);
	emit(u, OP_RAISE_VARARGS, !!s->raise.exception + !!s->raise.cause);
}

static void compile_assert(struct unit *u, const struct stmt *s)
{
	struct block *end = unit_new_block(u);

	compile_jump_if(u, s->assertion.test, end, true);
	emit(u, OP_LOAD_ASSERTION_ERROR, 0);
	if (s->assertion.message) {
		compile_expr(u, s->assertion.message);
		emit(u, OP_CALL, 0);
	}
	emit(u, OP_RAISE_VARARGS, 1);
	unit_use_block(u, end);
}

static void compile_import(struct unit *u, const struct stmt *s)
{
	for (uint32_t i = 0; i < s->import.nr; i++) {
		const struct import_alias *alias = &s->import.aliases[i];

		emit_constant(u, constant_int(u->c, 0));
		emit_none(u);
		emit(u, OP_IMPORT_NAME, unit_name(u, alias->name));
		emit_variable(u, alias->as_name ? alias->as_name : alias->name, CONTEXT_STORE);
	}
}

static void compile_import_from(struct unit *u, const struct stmt *s)
{
	const struct constant **names = NEW_ARRAY(u->c, const struct constant *, s->import.nr);

	for (uint32_t i = 0; i < s->import.nr; i++)
		names[i] = constant_name(u->c, s->import.aliases[i].name);
	emit_constant(u, constant_int(u->c, 0));
	emit_constant(u, constant_items(u->c, CONSTANT_TUPLE, names, s->import.nr));
	emit(u, OP_IMPORT_NAME, unit_name(u, s->import.module));
	for (uint32_t i = 0; i < s->import.nr; i++) {
		const struct import_alias *alias = &s->import.aliases[i];

		emit(u, OP_IMPORT_FROM, unit_name(u, alias->name));
		emit_variable(u, alias->as_name ? alias->as_name : alias->name, CONTEXT_STORE);
	}
	emit(u, OP_POP_TOP, 0);
}

void compile_stmt(struct unit *u, const struct stmt *s)
{
	u->line = s->line;
	switch (s->kind) {
	case STMT_EXPR:
		compile_expr_stmt(u, s);
		break;
	case STMT_ASSIGN:
		compile_assign(u, s);
		break;
	case STMT_AUG_ASSIGN:
		compile_augmented(u, s);
		break;
	case STMT_ANN_ASSIGN:
		compile_annotated(u, s);
		break;
	case STMT_DELETE:
		compile_exprs(u, &s->targets);
		break;
	case STMT_RETURN:
		compile_return(u, s);
		break;
	case STMT_RAISE:
		compile_raise(u, s);
		break;
	case STMT_ASSERT:
		compile_assert(u, s);
		break;
	case STMT_PASS:
		emit(u, OP_NOP, 0);
		break;
	case STMT_BREAK:
		compile_break(u, s);
		break;
	case STMT_CONTINUE:
		compile_continue(u, s);
		break;
	case STMT_GLOBAL: case STMT_NONLOCAL:
		break;
	case STMT_IMPORT:
		compile_import(u, s);
		break;
	case STMT_IMPORT_FROM:
		compile_import_from(u, s);
		break;
	case STMT_IF:
		compile_if(u, s);
		break;
	case STMT_WHILE:
		compile_while(u, s);
		break;
	case STMT_FOR:
		compile_for(u, s);
		break;
	case STMT_TRY:
		compile_try(u, s);
		break;
	case STMT_WITH:
		compile_with(u, s);
		break;
	case STMT_FUNCTION:
		compile_function(u, s);
		break;
	case STMT_CLASS:
		compile_class(u, s);
		break;
	}
}

void compile_stmts(struct unit *u, const struct stmt_list *list)
{
	for (uint32_t i = 0; i < list->nr; i++)
		compile_stmt(u, list->data[i]);
}
