/* SPDX-License-Identifier: MIT */
/* Units: emitting instructions, and the tables of names, constants and variables. */
#include "scenario/compile/unit.h"

#include <stdlib.h>
#include <string.h>

#include "scenario/compile/constant.h"

static uint32_t slot_of(const struct index_table *table, const void *item)
{
	uint32_t i = (uint32_t)hash_bytes(&item, sizeof(item), 0) & (table->size - 1);

	while (table->slots[i] && table->items[table->slots[i] - 1] != item)
		i = (i + 1) & (table->size - 1);
	return i;
}

uint32_t index_of(struct compilation *c, struct index_table *table, const void *item)
{
	uint32_t slot;

	if (2 * (table->nr + 1) > table->size) {
		table->size = table->size ? 2 * table->size : 8;
		table->slots = NEW_ARRAY(c, uint32_t, table->size);
		for (uint32_t i = 0; i < table->nr; i++)
			table->slots[slot_of(table, table->items[i])] = i + 1;
	}
	slot = slot_of(table, item);
	if (!table->slots[slot]) {
		PUSH(c, table->items, table->nr, item);
		table->slots[slot] = table->nr;
	}
	return table->slots[slot] - 1;
}

static int compare_names(const void *a, const void *b)
{
	const struct symbol *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void add_cells(struct unit *u)
{
	struct symbol *s;

	for (s = u->scope->first; s; s = s->next) {
		if (s->place == PLACE_CELL)
			PUSH(u->c, u->cells, u->nr_cells, s);
		else if (s->place == PLACE_FREE || (s->flags & SYMBOL_CLASS_FREE))
			PUSH(u->c, u->frees, u->nr_frees, s);
	}
	if (u->scope->needs_class_cell) {
		s = NEW(u->c, struct symbol);
		s->name = u->scopes->class_name;
		PUSH(u->c, u->cells, u->nr_cells, s);
	}
	if (u->nr_cells)
		qsort(u->cells, u->nr_cells, sizeof(*u->cells), compare_names);
	if (u->nr_frees)
		qsort(u->frees, u->nr_frees, sizeof(*u->frees), compare_names);
	for (uint32_t i = 0; i < u->nr_cells; i++)
		u->cells[i]->cell = i;
	for (uint32_t i = 0; i < u->nr_frees; i++)
		u->frees[i]->cell = u->nr_cells + i;
}

static bool is_declared_global(const struct unit *u, const char *name)
{
	const struct symbol *s = scope_find(u->scopes, u->scope,
			scope_mangle(u->c, u->scope->private_name, name));

	return s && s->place == PLACE_GLOBAL;
}

static const char *find_qualname(const struct unit *u)
{
	const struct unit *p = u->parent;
	bool has_name = u->kind == UNIT_FUNCTION || u->kind == UNIT_CLASS;

	if (!p || p->kind == UNIT_MODULE || (has_name && is_declared_global(p, u->name)))
		return u->name;
	return compilation_format(u->c, "%s.%s%s", p->qualname,
			p->kind == UNIT_FUNCTION || p->kind == UNIT_LAMBDA ? "<locals>." : "", u->name);
}

void unit_init(struct unit *u, struct unit *parent, struct scope *scope, enum unit_kind kind,
		const char *name, uint32_t line)
{
	struct compilation *c = u->c;
	struct scope_table *scopes = u->scopes;

	memset(u, 0, sizeof(*u));
	u->c = c;
	u->scopes = scopes;
	u->parent = parent;
	u->scope = scope;
	u->kind = kind;
	u->name = name;
	u->first_line = line;
	u->qualname = find_qualname(u);
	u->first = u->current = unit_new_block(u);
	for (struct symbol *s = scope->first; s; s = s->next) {
		if (s->flags & SYMBOL_PARAMETER)
			index_of(c, &u->locals, s->name);
	}
	add_cells(u);
}

struct block *unit_new_block(struct unit *u)
{
	struct block *block = NEW(u->c, struct block);

	block->depth = -1;
	return block;
}

void unit_use_block(struct unit *u, struct block *block)
{
	u->current->next = block;
	u->current = block;
}

bool op_is_setup(unsigned int op)
{
	return op == OP_SETUP_FINALLY || op == OP_SETUP_CLEANUP || op == OP_SETUP_WITH;
}

bool op_jumps(unsigned int op)
{
	switch (op) {
	case OP_JUMP: case OP_FOR_ITER: case OP_POP_JUMP_IF_FALSE: case OP_POP_JUMP_IF_TRUE:
	case OP_POP_JUMP_IF_NONE: case OP_POP_JUMP_IF_NOT_NONE: case OP_JUMP_IF_FALSE_OR_POP:
	case OP_JUMP_IF_TRUE_OR_POP:
		return true;
	default:
		return false;
	}
}

bool op_leaves(unsigned int op)
{
	return op == OP_RETURN_VALUE || op == OP_RAISE_VARARGS || op == OP_RERAISE;
}

int op_effect(unsigned int op, uint32_t arg, bool jumps)
{
	if (op == OP_SETUP_FINALLY || op == OP_SETUP_WITH)
		return jumps;
	if (op == OP_SETUP_CLEANUP)
		return 2 * jumps;
	return op == OP_POP_BLOCK ? 0 : code_stack_effect((enum opcode)op, arg, jumps);
}

static struct ins *add_ins(struct unit *u)
{
	struct block *b = u->current;

	if (b->nr && (op_jumps(b->ins[b->nr - 1].op) || op_leaves(b->ins[b->nr - 1].op))) {
		unit_use_block(u, unit_new_block(u));
		b = u->current;
	}
	compilation_spend(u->c, u->line, 1);
	PUSH(u->c, b->ins, b->nr, (struct ins){.line = u->line});
	return &b->ins[b->nr - 1];
}

void emit(struct unit *u, unsigned int op, uint32_t arg)
{
	struct ins *ins = add_ins(u);

	ins->op = (uint16_t)op;
	ins->arg = arg;
}

void emit_jump(struct unit *u, unsigned int op, struct block *target)
{
	struct ins *ins = add_ins(u);

	ins->op = (uint16_t)op;
	ins->target = target;
}

void emit_artificial_jump(struct unit *u, unsigned int op, struct block *target)
{
	uint32_t line = u->line;

	u->line = 0;
	emit_jump(u, op, target);
	u->line = line;
}

uint32_t unit_constant(struct unit *u, const struct constant *constant)
{
	return index_of(u->c, &u->constants, constant);
}

uint32_t unit_name(struct unit *u, const char *name)
{
	return index_of(u->c, &u->names, name);
}

void emit_constant(struct unit *u, const struct constant *constant)
{
	emit(u, OP_LOAD_CONST, unit_constant(u, constant));
}

void emit_none(struct unit *u)
{
	emit_constant(u, constant_simple(u->c, CONSTANT_NONE));
}

void emit_attribute(struct unit *u, unsigned int op, const char *name)
{
	emit(u, op, unit_name(u, scope_mangle(u->c, u->scope->private_name, name)));
}

uint32_t unit_cell(struct unit *u, const char *name)
{
	if (u->kind == UNIT_CLASS && name == u->scopes->class_name && u->scope->needs_class_cell)
		return 0;
	return scope_find(u->scopes, u->scope, name)->cell;
}

void emit_variable(struct unit *u, const char *name, enum expr_context context)
{
	static const uint8_t ops[][3] = {
		[PLACE_LOCAL] = {OP_LOAD_FAST, OP_STORE_FAST, OP_DELETE_FAST},
		[PLACE_CELL] = {OP_LOAD_DEREF, OP_STORE_DEREF, OP_DELETE_DEREF},
		[PLACE_GLOBAL] = {OP_LOAD_GLOBAL, OP_STORE_GLOBAL, OP_DELETE_GLOBAL},
		[PLACE_UNKNOWN] = {OP_LOAD_NAME, OP_STORE_NAME, OP_DELETE_NAME},
	};
	const struct symbol *s;
	enum symbol_place place;
	unsigned int op;

	name = scope_mangle(u->c, u->scope->private_name, name);
	s = scope_find(u->scopes, u->scope, name);
	place = s ? s->place : PLACE_IMPLICIT_GLOBAL;
	if (place == PLACE_FREE)
		place = PLACE_CELL;
	if (place == PLACE_IMPLICIT_GLOBAL)
		place = u->scope->kind == SCOPE_FUNCTION ? PLACE_GLOBAL : PLACE_UNKNOWN;
	else if (place == PLACE_LOCAL && u->scope->kind != SCOPE_FUNCTION)
		place = PLACE_UNKNOWN;
	op = ops[place][context];
	if (op == OP_LOAD_DEREF && u->kind == UNIT_CLASS)
		op = OP_LOAD_CLASSDEREF;
	if (place == PLACE_LOCAL)
		emit(u, op, index_of(u->c, &u->locals, name));
	else if (place == PLACE_CELL)
		emit(u, op, s->cell);
	else
		emit(u, op, unit_name(u, name) << (op == OP_LOAD_GLOBAL));
}

void unit_push(struct unit *u, struct frame_block block)
{
	if (u->nr_frame_blocks == UNIT_MAX_FRAME_BLOCKS)
		fail_syntax(u->c, u->line, "too many statically nested blocks");
	u->frame_blocks[u->nr_frame_blocks++] = block;
}

void unit_pop(struct unit *u)
{
	u->nr_frame_blocks--;
}
