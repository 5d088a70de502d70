/* SPDX-License-Identifier: MIT */
/* What the files of the compiler share: from the tree to instructions. */
#ifndef HL_SCENARIO_COMPILE_H
#define HL_SCENARIO_COMPILE_H

#include "scenario/compile/unit.h"

/* Displays and calls with more parts than this are built piece by piece, as CPython does. */
#define STACK_USE_GUIDELINE 30

void compile_expr(struct unit *u, const struct expr *e);
void compile_exprs(struct unit *u, const struct expr_list *list);

/* Jumps to @target if the truth of @e is @when, else goes on. */
void compile_jump_if(struct unit *u, const struct expr *e, struct block *target, bool when);

/*
 * compile_sequence() - the items of a list, tuple or set, or the arguments of a call
 * @pushed: how many of its items are on the stack already
 */
enum sequence_kind {
	SEQUENCE_LIST,
	SEQUENCE_TUPLE,
	SEQUENCE_SET,
};
void compile_sequence(struct unit *u, const struct expr_list *items, uint32_t pushed,
		enum sequence_kind kind);

void compile_display(struct unit *u, const struct expr *e);	/* list, tuple, set, dict, f-string */
void compile_call(struct unit *u, const struct expr *e);
/* The end of a call whose callable and @pushed arguments are on the stack. */
void compile_arguments(struct unit *u, uint32_t pushed, const struct expr_list *arguments,
		const struct keyword *keywords, uint32_t nr_keywords);
/* The line of ".name" at the end of an attribute, for an expression that goes over lines. */
void compile_move_to_name(struct unit *u, const struct expr *attribute);

void compile_stmt(struct unit *u, const struct stmt *s);
void compile_stmts(struct unit *u, const struct stmt_list *list);
void compile_try(struct unit *u, const struct stmt *s);
void compile_with(struct unit *u, const struct stmt *s);
void emit_exit_call(struct unit *u);	/* __exit__(None, None, None): what is left is its result */
/* After a handler failed itself: restores the outer exception, and raises on. */
void emit_reraise(struct unit *u);
void compile_return(struct unit *u, const struct stmt *s);
void compile_break(struct unit *u, const struct stmt *s);
void compile_continue(struct unit *u, const struct stmt *s);

void compile_annotated(struct unit *u, const struct stmt *s);
/* The annotations of a function: whether there are any; a tuple of names and values is on the stack then. */
bool compile_annotations(struct unit *u, const struct parameters *parameters);
bool has_annotated(const struct stmt_list *list);	/* in it, or in the blocks of its statements */

void compile_function(struct unit *u, const struct stmt *s);
void compile_class(struct unit *u, const struct stmt *s);
void compile_lambda(struct unit *u, const struct expr *e);
void compile_comprehension(struct unit *u, const struct expr *e);

struct code *compile_module(struct compilation *c, struct scope_table *scopes,
		struct scope *scope, const struct module *module, bool echoes);

#endif
