/* SPDX-License-Identifier: MIT */
/*
 * A unit: one code while it is compiled, as blocks of instructions between jumps.
 *
 * Blocks are in a list in the order of the code; the last instruction of a block may jump, the end of
 * a block goes on with the next one. unit_assemble() (assemble.c) makes the code of it.
 */
#ifndef HL_SCENARIO_UNIT_H
#define HL_SCENARIO_UNIT_H

#include "scenario/syntax/ast.h"
#include "scenario/compile/compilation.h"
#include "scenario/compile/scope.h"

/* CPython's limit of blocks around a statement. */
#define UNIT_MAX_FRAME_BLOCKS 20

/* Only until the exception table is made. */
enum pseudo_opcode {
	OP_SETUP_FINALLY = OP_NR,	/* pushes a handler: at its target is one value, the exception */
	OP_SETUP_CLEANUP,		/* the same with a placeholder below it */
	OP_SETUP_WITH,			/* the same, and what __enter__ returned goes first */
	OP_POP_BLOCK,
};

struct active_handler;
struct block;

struct ins {
	uint16_t op;
	uint32_t arg;
	uint32_t line;			/* 0: takes that of the instruction before */
	struct block *target;		/* of a jump or set-up */
	struct block *handler;		/* where it goes when it raises; by assemble.c */
};

struct block {
	struct block *next;
	struct ins *ins;
	uint32_t nr;
	int32_t depth;			/* of the stack at its start, -1 not known */
	uint32_t nr_predecessors;
	uint32_t start;			/* index of its first instruction in the code */
	bool is_reached;
	bool has_placeholder;		/* as the target of SETUP_CLEANUP */
	bool is_labelled;
	const struct active_handler *handlers;	/* at its start, innermost first; by assemble.c */
};

enum frame_block_kind {
	FRAME_WHILE,
	FRAME_FOR,
	FRAME_TRY_EXCEPT,
	FRAME_FINALLY_TRY,
	FRAME_FINALLY_END,
	FRAME_HANDLER,			/* an except clause before its type matched */
	FRAME_HANDLER_CLEANUP,		/* its body */
	FRAME_WITH,
	FRAME_POP_VALUE,
};

/* A statement around the current one that leaving has to clear away. */
struct frame_block {
	enum frame_block_kind kind;
	struct block *start, *exit;
	const struct stmt_list *finally;	/* of FRAME_FINALLY_TRY */
	const char *name;			/* of FRAME_HANDLER_CLEANUP, may be NULL */
	uint32_t line;				/* of FRAME_WITH */
};

enum unit_kind {
	UNIT_MODULE,
	UNIT_CLASS,
	UNIT_FUNCTION,
	UNIT_LAMBDA,
	UNIT_COMPREHENSION,
};

/* Pointers with the order of their first appearance. */
struct index_table {
	const void **items;
	uint32_t nr;
	uint32_t *slots;		/* index + 1, or 0 */
	uint32_t size;
};

struct unit {
	struct compilation *c;
	struct scope_table *scopes;
	struct unit *parent;
	struct scope *scope;
	enum unit_kind kind;
	const char *name;
	const char *qualname;
	uint32_t flags;			/* enum code_flag */
	uint32_t first_line;
	uint32_t line;			/* of what is compiled now; 0 artificial */
	bool echoes;			/* the next expression statement ends in PRINT_EXPR */
	uint32_t nr_args;
	struct block *first, *current;
	struct frame_block frame_blocks[UNIT_MAX_FRAME_BLOCKS];
	uint32_t nr_frame_blocks;
	struct index_table locals;	/* names */
	struct index_table names;
	struct index_table constants;
	struct symbol **cells;		/* sorted by name; of a class also that of __class__ */
	uint32_t nr_cells;
	struct symbol **frees;
	uint32_t nr_frees;
};

/* Begins the code of a scope within @parent's. */
void unit_init(struct unit *u, struct unit *parent, struct scope *scope, enum unit_kind kind,
		const char *name, uint32_t line);

struct block *unit_new_block(struct unit *u);
void unit_use_block(struct unit *u, struct block *block);

void emit(struct unit *u, unsigned int op, uint32_t arg);
void emit_jump(struct unit *u, unsigned int op, struct block *target);
void emit_artificial_jump(struct unit *u, unsigned int op, struct block *target);
void emit_constant(struct unit *u, const struct constant *constant);
void emit_none(struct unit *u);
void emit_attribute(struct unit *u, unsigned int op, const char *name);	/* mangles */
void emit_variable(struct unit *u, const char *name, enum expr_context context);

/* Index of a constant or name in the unit, where it is new to it. */
uint32_t unit_constant(struct unit *u, const struct constant *constant);
uint32_t unit_name(struct unit *u, const char *name);

void unit_push(struct unit *u, struct frame_block block);
void unit_pop(struct unit *u);

/* Changes instructions to better ones that mean the same, as CPython 3.11 does; in flow.c. */
void unit_optimise(struct unit *u);

/* @adds_none: falls off the end with None. */
struct code *unit_assemble(struct unit *u, bool adds_none);

/* Index of a cell of this unit, for LOAD_CLOSURE. */
uint32_t unit_cell(struct unit *u, const char *name);

bool op_jumps(unsigned int op);			/* has a target and is no set-up */
bool op_is_setup(unsigned int op);
bool op_leaves(unsigned int op);		/* does not go on with the next instruction, nor jump */
int op_effect(unsigned int op, uint32_t arg, bool jumps);

uint32_t index_of(struct compilation *c, struct index_table *table, const void *item);

#endif
