/* SPDX-License-Identifier: MIT */
/* try, and leaving statements: return, break, continue run what their surroundings ask for. */
#include "scenario/compile/compile.h"

/* An exception name goes away with its clause: name = None; del name. */
static void emit_forget(struct unit *u, const char *name)
{
	emit_none(u);
	emit_variable(u, name, CONTEXT_STORE);
	emit_variable(u, name, CONTEXT_DELETE);
}

static void emit_swap_if(struct unit *u, bool keeps_top)
{
	if (keeps_top)
		emit(u, OP_SWAP, 2);
}

static void unwind_finally(struct unit *u, const struct frame_block *block, bool keeps_top)
{
	emit(u, OP_POP_BLOCK, 0);
	if (keeps_top)
		unit_push(u, (struct frame_block){.kind = FRAME_POP_VALUE});
	compile_stmts(u, block->finally);
	if (keeps_top)
		unit_pop(u);
	u->line = 0;
}

static void unwind_with(struct unit *u, const struct frame_block *block, bool keeps_top)
{
	u->line = block->line;
	emit(u, OP_POP_BLOCK, 0);
	emit_swap_if(u, keeps_top);
	emit_exit_call(u);
	emit(u, OP_POP_TOP, 0);
	u->line = 0;
}

/* Clears away one surrounding statement; @keeps_top: a value to return is on the stack. */
static void unwind(struct unit *u, const struct frame_block *block, bool keeps_top)
{
	switch (block->kind) {
	case FRAME_WHILE: case FRAME_HANDLER:
		break;
	case FRAME_FOR: case FRAME_POP_VALUE:
		emit_swap_if(u, keeps_top);
		emit(u, OP_POP_TOP, 0);
		break;
	case FRAME_TRY_EXCEPT:
		emit(u, OP_POP_BLOCK, 0);
		break;
	case FRAME_FINALLY_TRY:
		unwind_finally(u, block, keeps_top);
		break;
	case FRAME_FINALLY_END:
		emit_swap_if(u, keeps_top);
		emit(u, OP_POP_TOP, 0);
		emit_swap_if(u, keeps_top);
		emit(u, OP_POP_BLOCK, 0);
		emit(u, OP_POP_EXCEPT, 0);
		break;
	case FRAME_WITH:
		unwind_with(u, block, keeps_top);
		break;
	case FRAME_HANDLER_CLEANUP:
		if (block->name)
			emit(u, OP_POP_BLOCK, 0);
		emit_swap_if(u, keeps_top);
		emit(u, OP_POP_BLOCK, 0);
		emit(u, OP_POP_EXCEPT, 0);
		if (block->name)
			emit_forget(u, block->name);
		break;
	}
}

/*
 * Clears away all surrounding statements, or those up to a loop, which is returned. A finally block
 * is compiled outside of its own try, hence each is taken off before it is cleared away.
 */
static const struct frame_block *unwind_all(struct unit *u, bool keeps_top, bool to_loop)
{
	struct frame_block saved[UNIT_MAX_FRAME_BLOCKS];
	const struct frame_block *loop = NULL;
	uint32_t nr = u->nr_frame_blocks;

	for (uint32_t i = 0; i < nr; i++)
		saved[i] = u->frame_blocks[i];
	while (u->nr_frame_blocks) {
		struct frame_block *top = &u->frame_blocks[u->nr_frame_blocks - 1];

		if (to_loop && (top->kind == FRAME_WHILE || top->kind == FRAME_FOR)) {
			loop = top;
			break;
		}
		u->nr_frame_blocks--;
		unwind(u, &saved[u->nr_frame_blocks], keeps_top);
	}
	for (uint32_t i = u->nr_frame_blocks; i < nr; i++)
		u->frame_blocks[i] = saved[i];
	u->nr_frame_blocks = nr;
	return loop;
}

void compile_return(struct unit *u, const struct stmt *s)
{
	bool keeps_top = s->value && s->value->kind != EXPR_CONSTANT;

	if (u->kind != UNIT_FUNCTION)
		fail_syntax(u->c, s->line, "'return' outside function");
	if (keeps_top) {
		compile_expr(u, s->value);
	} else if (s->value) {
		u->line = s->value->line;
		emit(u, OP_NOP, 0);
	}
	if (!s->value || s->value->line != s->line) {
		u->line = s->line;
		emit(u, OP_NOP, 0);
	}
	unwind_all(u, keeps_top, false);
	if (!s->value)
		emit_none(u);
	else if (!keeps_top)
		emit_constant(u, s->value->constant);
	emit(u, OP_RETURN_VALUE, 0);
}

void compile_break(struct unit *u, const struct stmt *s)
{
	const struct frame_block *loop;

	emit(u, OP_NOP, 0);
	loop = unwind_all(u, false, true);
	if (!loop)
		fail_syntax(u->c, s->line, "'break' outside loop");
	if (loop->kind == FRAME_FOR)
		emit(u, OP_POP_TOP, 0);
	emit_jump(u, OP_JUMP, loop->exit);
}

void compile_continue(struct unit *u, const struct stmt *s)
{
	const struct frame_block *loop;

	emit(u, OP_NOP, 0);
	loop = unwind_all(u, false, true);
	if (!loop)
		fail_syntax(u->c, s->line, "'continue' not properly in loop");
	emit_jump(u, OP_JUMP, loop->start);
}

void emit_reraise(struct unit *u)
{
	emit(u, OP_COPY, 3);
	emit(u, OP_POP_EXCEPT, 0);
	emit(u, OP_RERAISE, 1);
}

static void compile_named_body(struct unit *u, const struct except_clause *clause,
		struct block *end)
{
	struct block *cleanup = unit_new_block(u), *body = unit_new_block(u);

	emit_variable(u, clause->name, CONTEXT_STORE);
	emit_jump(u, OP_SETUP_CLEANUP, cleanup);
	unit_use_block(u, body);
	unit_push(u, (struct frame_block){.kind = FRAME_HANDLER_CLEANUP, .start = body,
			.name = clause->name});
	compile_stmts(u, &clause->body);
	unit_pop(u);
	u->line = 0;
	emit(u, OP_POP_BLOCK, 0);
	emit(u, OP_POP_BLOCK, 0);
	emit(u, OP_POP_EXCEPT, 0);
	emit_forget(u, clause->name);
	emit_jump(u, OP_JUMP, end);
	unit_use_block(u, cleanup);
	emit_forget(u, clause->name);
	emit(u, OP_RERAISE, 1);
}

static void compile_plain_body(struct unit *u, const struct except_clause *clause,
		struct block *end)
{
	struct block *body = unit_new_block(u);

	emit(u, OP_POP_TOP, 0);
	unit_use_block(u, body);
	unit_push(u, (struct frame_block){.kind = FRAME_HANDLER_CLEANUP, .start = body});
	compile_stmts(u, &clause->body);
	unit_pop(u);
	u->line = 0;
	emit(u, OP_POP_BLOCK, 0);
	emit(u, OP_POP_EXCEPT, 0);
	emit_jump(u, OP_JUMP, end);
}

static void compile_clauses(struct unit *u, const struct stmt *s, struct block *end)
{
	for (uint32_t i = 0; i < s->try.nr_clauses; i++) {
		const struct except_clause *clause = &s->try.clauses[i];
		struct block *next = unit_new_block(u);

		u->line = clause->line;
		if (clause->type) {
			compile_expr(u, clause->type);
			emit(u, OP_CHECK_EXC_MATCH, 0);
			emit_jump(u, OP_POP_JUMP_IF_FALSE, next);
		}
		if (clause->name)
			compile_named_body(u, clause, end);
		else
			compile_plain_body(u, clause, end);
		unit_use_block(u, next);
	}
}

static void compile_try_except(struct unit *u, const struct stmt *s)
{
	struct block *body = unit_new_block(u), *except = unit_new_block(u);
	struct block *end = unit_new_block(u), *cleanup = unit_new_block(u);

	emit_jump(u, OP_SETUP_FINALLY, except);
	unit_use_block(u, body);
	unit_push(u, (struct frame_block){.kind = FRAME_TRY_EXCEPT, .start = body});
	compile_stmts(u, &s->try.body);
	unit_pop(u);
	u->line = 0;
	emit(u, OP_POP_BLOCK, 0);
	compile_stmts(u, &s->try.orelse);
	emit_artificial_jump(u, OP_JUMP, end);
	unit_use_block(u, except);
	u->line = 0;
	emit_jump(u, OP_SETUP_CLEANUP, cleanup);
	emit(u, OP_PUSH_EXC_INFO, 0);
	unit_push(u, (struct frame_block){.kind = FRAME_HANDLER});
	compile_clauses(u, s, end);
	u->line = 0;
	unit_pop(u);
	emit(u, OP_RERAISE, 0);
	unit_use_block(u, cleanup);
	emit_reraise(u);
	unit_use_block(u, end);
}

static void compile_try_finally(struct unit *u, const struct stmt *s)
{
	struct block *body = unit_new_block(u), *end = unit_new_block(u);
	struct block *cleanup = unit_new_block(u), *exit = unit_new_block(u);

	emit_jump(u, OP_SETUP_FINALLY, end);
	unit_use_block(u, body);
	unit_push(u, (struct frame_block){.kind = FRAME_FINALLY_TRY, .start = body, .exit = end,
			.finally = &s->try.finally});
	if (s->try.nr_clauses)
		compile_try_except(u, s);
	else
		compile_stmts(u, &s->try.body);
	u->line = 0;
	emit(u, OP_POP_BLOCK, 0);
	unit_pop(u);
	compile_stmts(u, &s->try.finally);
	emit_artificial_jump(u, OP_JUMP, exit);
	unit_use_block(u, end);
	unit_push(u, (struct frame_block){.kind = FRAME_FINALLY_END, .start = end});
	u->line = 0;
	emit_jump(u, OP_SETUP_CLEANUP, cleanup);
	emit(u, OP_PUSH_EXC_INFO, 0);
	compile_stmts(u, &s->try.finally);
	emit(u, OP_RERAISE, 0);
	unit_pop(u);
	unit_use_block(u, cleanup);
	emit_reraise(u);
	unit_use_block(u, exit);
}

void compile_try(struct unit *u, const struct stmt *s)
{
	if (s->try.finally.nr)
		compile_try_finally(u, s);
	else
		compile_try_except(u, s);
}
