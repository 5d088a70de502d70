/* SPDX-License-Identifier: MIT */
/* with: the managers' __enter__ before the body, their __exit__ behind it and in a handler. */
#include "scenario/compile/compile.h"

void emit_exit_call(struct unit *u)
{
	for (int i = 0; i < 3; i++)
		emit_none(u);
	emit(u, OP_CALL, 2);
}

/* The handler: what __exit__ returns says whether the exception goes on.  Behind it: it does not. */
static void compile_exceptional_exit(struct unit *u)
{
	struct block *suppress = unit_new_block(u), *cleanup = unit_new_block(u);

	emit_jump(u, OP_SETUP_CLEANUP, cleanup);
	emit(u, OP_PUSH_EXC_INFO, 0);
	emit(u, OP_WITH_EXCEPT_START, 0);
	u->line = 0;
	emit_jump(u, OP_POP_JUMP_IF_TRUE, suppress);
	emit(u, OP_RERAISE, 2);
	unit_use_block(u, cleanup);
	emit_reraise(u);
	unit_use_block(u, suppress);
	emit(u, OP_POP_TOP, 0);
	emit(u, OP_POP_BLOCK, 0);
	emit(u, OP_POP_EXCEPT, 0);
	emit(u, OP_POP_TOP, 0);
	emit(u, OP_POP_TOP, 0);
}

/* The manager at @index, and within it those behind it and the body. */
static void compile_item(struct unit *u, const struct stmt *s, uint32_t index)
{
	const struct with_item *item = &s->with.items[index];
	struct block *body = unit_new_block(u), *handler = unit_new_block(u), *end = unit_new_block(u);

	compile_expr(u, item->context);
	emit(u, OP_BEFORE_WITH, 0);
	emit_jump(u, OP_SETUP_WITH, handler);
	unit_use_block(u, body);
	unit_push(u, (struct frame_block){.kind = FRAME_WITH, .start = body, .exit = handler, .line = s->line});
	if (item->target)
		compile_expr(u, item->target);
	else
		emit(u, OP_POP_TOP, 0);
	if (index + 1 < s->with.nr_items)
		compile_item(u, s, index + 1);
	else
		compile_stmts(u, &s->with.body);
	u->line = 0;
	emit(u, OP_POP_BLOCK, 0);
	unit_pop(u);
	u->line = s->line;
	emit_exit_call(u);
	emit(u, OP_POP_TOP, 0);
	emit_jump(u, OP_JUMP, end);
	unit_use_block(u, handler);
	compile_exceptional_exit(u);
	unit_use_block(u, end);
}

void compile_with(struct unit *u, const struct stmt *s)
{
	compile_item(u, s, 0);
}
