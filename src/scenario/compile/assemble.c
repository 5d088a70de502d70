/* SPDX-License-Identifier: MIT */
/* From the blocks of a unit to its code: depth of the stack, handlers, lines, order. */
#include "scenario/compile/unit.h"

#include <string.h>

#include "scenario/compile/constant.h"

/* A handler that is set up, and those around it. */
struct active_handler {
	struct block *target;
	const struct active_handler *outer;
};

/* Blocks that are still to be looked at. */
struct work {
	struct compilation *c;
	struct block **items;
	uint32_t nr, size;
};

static void work_add(struct work *w, struct block *b)
{
	if (w->nr == w->size) {
		uint32_t size = w->size ? 2 * w->size : 16;
		struct block **items = NEW_ARRAY(w->c, struct block *, size);

		if (w->nr)
			memcpy(items, w->items, w->nr * sizeof(*items));
		w->items = items;
		w->size = size;
	}
	w->items[w->nr++] = b;
}

static void visit_depth(struct work *w, struct block *b, int32_t depth)
{
	if (b->depth >= depth)
		return;
	b->depth = depth;
	b->is_reached = true;
	work_add(w, b);
}

/* Follows a block; returns the deepest stack in it. */
static int32_t block_depth(struct work *w, struct block *b)
{
	int32_t depth = b->depth, deepest = depth, jumped;

	for (uint32_t i = 0; i < b->nr; i++) {
		const struct ins *ins = &b->ins[i];

		if (ins->target) {
			jumped = depth + op_effect(ins->op, ins->arg, true);
			deepest = jumped > deepest ? jumped : deepest;
			visit_depth(w, ins->target, jumped);
			if (op_is_setup(ins->op))
				ins->target->has_placeholder = ins->op != OP_SETUP_FINALLY;
		}
		depth += op_effect(ins->op, ins->arg, false);
		deepest = depth > deepest ? depth : deepest;
		if (ins->op == OP_JUMP || op_leaves(ins->op))
			return deepest;
	}
	if (b->next)
		visit_depth(w, b->next, depth);
	return deepest;
}

/* Marks what can be reached, on the way. */
static uint32_t stack_size(struct unit *u)
{
	struct work w = {.c = u->c};
	int32_t deepest = 0, depth;

	visit_depth(&w, u->first, 0);
	while (w.nr) {
		depth = block_depth(&w, w.items[--w.nr]);
		deepest = depth > deepest ? depth : deepest;
	}
	return (uint32_t)deepest;
}

static void visit_handlers(struct work *w, struct block *b, const struct active_handler *handlers)
{
	if (b->is_labelled)
		return;
	b->is_labelled = true;
	b->handlers = handlers;
	work_add(w, b);
}

static void label_block(struct work *w, struct block *b)
{
	const struct active_handler *handlers = b->handlers;

	for (uint32_t i = 0; i < b->nr; i++) {
		struct ins *ins = &b->ins[i];

		if (op_is_setup(ins->op)) {
			struct active_handler *inner = NEW(w->c, struct active_handler);

			visit_handlers(w, ins->target, handlers);
			*inner = (struct active_handler){ins->target, handlers};
			handlers = inner;
		} else if (ins->op == OP_POP_BLOCK) {
			handlers = handlers ? handlers->outer : NULL;
		} else {
			ins->handler = handlers ? handlers->target : NULL;
			if (ins->target)
				visit_handlers(w, ins->target, handlers);
		}
		if (ins->op == OP_JUMP || op_leaves(ins->op))
			return;
	}
	if (b->next)
		visit_handlers(w, b->next, handlers);
}

static void label_handlers(struct unit *u)
{
	struct work w = {.c = u->c};

	visit_handlers(&w, u->first, NULL);
	while (w.nr)
		label_block(&w, w.items[--w.nr]);
}

/* What the layout leaves out. */
static bool is_nothing(const struct ins *ins)
{
	return ins->op == OP_NOP || ins->op == OP_POP_BLOCK || op_is_setup(ins->op);
}

/* The first block from here on that has something in it. */
static struct block *skip_empty(struct block *b)
{
	for (; b->next; b = b->next) {
		for (uint32_t i = 0; i < b->nr; i++) {
			if (b->ins[i].op != OP_NOP || b->ins[i].line)
				return b;
		}
	}
	return b;
}

/* A block of at most so many instructions that leaves, without jumps. */
static bool is_exit(const struct block *b, uint32_t max)
{
	if (!b->nr || b->nr > max || !op_leaves(b->ins[b->nr - 1].op))
		return false;
	for (uint32_t i = 0; i < b->nr; i++) {
		if (b->ins[i].target)
			return false;
	}
	return true;
}

/* One without lines: the end of a function, which many jumps may go to. */
static bool is_bare_exit(const struct block *b)
{
	if (!is_exit(b, 12))
		return false;
	for (uint32_t i = 0; i < b->nr; i++) {
		if (b->ins[i].line)
			return false;
	}
	return true;
}

/* The jump at the end of a block, or NULL. */
static struct ins *last_jump(const struct block *b)
{
	return b->is_reached && b->nr && op_jumps(b->ins[b->nr - 1].op) ? &b->ins[b->nr - 1] : NULL;
}

static bool falls_through(const struct block *b)
{
	return !b->nr || !(b->ins[b->nr - 1].op == OP_JUMP || op_leaves(b->ins[b->nr - 1].op));
}

static void count_predecessors(struct unit *u)
{
	for (struct block *b = u->first; b; b = b->next) {
		struct ins *jump = last_jump(b);

		if (!b->is_reached)
			continue;
		if (jump)
			jump->target = skip_empty(jump->target);
		for (uint32_t i = 0; i < b->nr; i++) {
			if (b->ins[i].target)
				b->ins[i].target->nr_predecessors++;
		}
		if (b->next && falls_through(b))
			b->next->nr_predecessors++;
	}
}

/* A jump to an end of four instructions or less is replaced by them. */
static void inline_exits(struct unit *u)
{
	for (struct block *b = u->first; b; b = b->next) {
		struct ins *jump = last_jump(b);
		const struct block *exit = jump ? skip_empty(jump->target) : NULL;

		if (!exit || exit == b || jump->op != OP_JUMP || !is_exit(exit, 4))
			continue;
		compilation_spend(u->c, 0, exit->nr);
		jump->op = OP_NOP;
		jump->target = NULL;
		for (uint32_t i = 0; i < exit->nr; i++)
			PUSH(u->c, b->ins, b->nr, exit->ins[i]);
	}
}

/*
 * The end of a function that several jumps go to is copied for each of them, so that it has the
 * jump's line.
 */
static void copy_exits(struct unit *u)
{
	for (struct block *b = u->first; b; b = b->next) {
		struct ins *jump = last_jump(b);
		struct block *exit = jump ? jump->target : NULL, *copy;

		if (!exit || exit->nr_predecessors < 2 || !is_bare_exit(exit))
			continue;
		exit->nr_predecessors--;
		compilation_spend(u->c, 0, exit->nr);
		copy = unit_new_block(u);
		*copy = *exit;
		copy->ins = NEW_ARRAY(u->c, struct ins, exit->nr);
		memcpy(copy->ins, exit->ins, exit->nr * sizeof(*exit->ins));
		copy->nr_predecessors = 1;
		exit->next = copy;
		jump->target = copy;
	}
}

static void give_line(struct block *b, uint32_t line)
{
	if (b->nr && !b->ins[0].line && b->nr_predecessors == 1)
		b->ins[0].line = line;
}

/* What has no line takes that of what runs before it, if that is one place. */
static void propagate_lines(struct unit *u)
{
	uint32_t line = 0;

	for (struct block *b = u->first; b; b = b->next) {
		if (!b->is_reached)
			continue;
		if (b->nr_predecessors != 1)
			line = 0;
		if (b == u->first->next && u->kind != UNIT_MODULE)
			line = u->first_line;	/* what goes before has CPython's RESUME */
		for (uint32_t i = 0; i < b->nr; i++) {
			if (b->ins[i].line)
				line = b->ins[i].line;
			else
				b->ins[i].line = line;
		}
		if (last_jump(b))
			give_line(last_jump(b)->target, line);
		if (!falls_through(b))
			line = 0;
	}
}

/* The first instruction that is done in a block or behind it; NULL: none. */
static const struct ins *first_done(const struct block *b)
{
	for (; b; b = b->next) {
		for (uint32_t i = 0; i < b->nr; i++) {
			if (b->ins[i].op != OP_NOP)
				return &b->ins[i];
		}
	}
	return NULL;
}

/*
 * Once all lines are known, jumps to a JUMP go to its target, whatever its line was: that saves
 * the machine a step.
 */
static void skip_jumps(struct unit *u)
{
	for (struct block *b = u->first; b; b = b->next) {
		struct ins *jump = last_jump(b);

		for (int links = 0; jump && links < 32; links++) {
			const struct ins *to = first_done(jump->target);

			if (!to || to->op != OP_JUMP || to->target == jump->target)
				break;
			jump->target = to->target;
		}
	}
}

/* Depths and what is reached, anew: ends that were copied may have lost their last jump. */
static void find_reached(struct unit *u)
{
	for (struct block *b = u->first; b; b = b->next) {
		b->is_reached = false;
		b->depth = -1;
	}
	stack_size(u);
}

/* A jump to what follows anyway. */
static bool is_needless(const struct block *b, uint32_t i)
{
	const struct block *next = b->next;

	if (b->ins[i].op != OP_JUMP)
		return false;
	for (; next && next != b->ins[i].target; next = next->next) {
		for (uint32_t k = 0; next->is_reached && k < next->nr; k++) {
			if (!is_nothing(&next->ins[k]))
				return false;
		}
	}
	return next != NULL;
}

/* Sets where each block starts; @place: also writes the instructions. */
static uint32_t lay_out(struct unit *u)
{
	uint32_t nr = 0;

	for (struct block *b = u->first; b; b = b->next) {
		b->start = nr;
		for (uint32_t i = 0; b->is_reached && i < b->nr; i++) {
			if (is_needless(b, i))
				b->ins[i].op = OP_NOP;
			nr += !is_nothing(&b->ins[i]);
		}
	}
	return nr;
}

static void add_handler(struct unit *u, struct code *code, uint32_t at, const struct block *target)
{
	struct handler *last = code->nr_handlers ?
		(struct handler *)&code->handlers[code->nr_handlers - 1] : NULL;
	struct handler h = {.start = at, .end = at + 1, .target = target->start};
	struct handler *all = (struct handler *)code->handlers;

	h.lasti = target->has_placeholder;
	h.depth = (uint32_t)target->depth - 1 - h.lasti;
	if (last && last->end == at && last->target == h.target && last->depth == h.depth &&
			last->lasti == h.lasti) {
		last->end++;
		return;
	}
	PUSH(u->c, all, code->nr_handlers, h);
	code->handlers = all;
}

/* The slot of a cell: an argument's own, or one behind the locals. */
static uint32_t *cell_slots(struct unit *u, uint32_t *nr_slots)
{
	uint32_t *slots = NEW_ARRAY(u->c, uint32_t, u->nr_cells + u->nr_frees);
	uint32_t next = u->locals.nr;

	for (uint32_t i = 0; i < u->nr_cells; i++)
		slots[i] = u->cells[i]->flags & SYMBOL_PARAMETER ?
			index_of(u->c, &u->locals, u->cells[i]->name) : next++;
	for (uint32_t i = 0; i < u->nr_frees; i++)
		slots[u->nr_cells + i] = next++;
	*nr_slots = next;
	return slots;
}

static bool uses_cell(unsigned int op)
{
	return op == OP_LOAD_DEREF || op == OP_STORE_DEREF || op == OP_DELETE_DEREF ||
		op == OP_LOAD_CLASSDEREF || op == OP_LOAD_CLOSURE || op == OP_MAKE_CELL;
}

static void write_instructions(struct unit *u, struct code *code, const uint32_t *slots)
{
	uint32_t *lines = NEW_ARRAY(u->c, uint32_t, code->nr_instrs);
	uint32_t at = 0;

	code->instrs = NEW_ARRAY(u->c, struct instr, code->nr_instrs);
	for (struct block *b = u->first; b; b = b->next) {
		for (uint32_t i = 0; b->is_reached && i < b->nr; i++) {
			const struct ins *ins = &b->ins[i];

			if (is_nothing(ins))
				continue;
			lines[at] = ins->line;
			code->instrs[at].op = ins->op;
			code->instrs[at].arg = ins->target ? ins->target->start :
				uses_cell(ins->op) ? slots[ins->arg] : ins->arg;
			if (ins->handler)
				add_handler(u, code, at, ins->handler);
			at++;
		}
	}
	code->lines = lines;
}

static void describe_slots(struct unit *u, struct code *code, const uint32_t *slots)
{
	const char **names = NEW_ARRAY(u->c, const char *, code->nr_slots);
	uint8_t *kinds = NEW_ARRAY(u->c, uint8_t, code->nr_slots);

	for (uint32_t i = 0; i < u->locals.nr; i++) {
		names[i] = u->locals.items[i];
		kinds[i] = SLOT_LOCAL;
	}
	for (uint32_t i = 0; i < u->nr_cells; i++) {
		names[slots[i]] = u->cells[i]->name;
		kinds[slots[i]] |= SLOT_CELL;
	}
	for (uint32_t i = 0; i < u->nr_frees; i++) {
		names[slots[u->nr_cells + i]] = u->frees[i]->name;
		kinds[slots[u->nr_cells + i]] = SLOT_FREE;
	}
	code->slot_names = names;
	code->slot_kinds = kinds;
}

/* The instructions before the first: cells in the order of their slots, then the generator. */
static void add_prefix(struct unit *u, const uint32_t *slots, uint32_t nr_slots)
{
	struct block *b = NEW(u->c, struct block);
	uint32_t *cells = NEW_ARRAY(u->c, uint32_t, nr_slots + 1);

	b->depth = -1;
	b->next = u->first;
	u->first = b;
	if (u->nr_frees)
		PUSH(u->c, b->ins, b->nr, ((struct ins){.op = OP_COPY_FREE_VARS, .arg = u->nr_frees}));
	for (uint32_t i = 0; i < u->nr_cells; i++)
		cells[slots[i]] = i + 1;
	for (uint32_t i = 0; i < nr_slots; i++) {
		if (cells[i])
			PUSH(u->c, b->ins, b->nr, ((struct ins){.op = OP_MAKE_CELL, .arg = cells[i] - 1}));
	}
	if (u->flags & CODE_GENERATOR) {
		struct ins start = {.op = OP_RETURN_GENERATOR, .line = u->first_line};

		PUSH(u->c, b->ins, b->nr, start);
		start.op = OP_POP_TOP;
		PUSH(u->c, b->ins, b->nr, start);
	}
}

static void describe(const struct unit *u, struct code *code)
{
	code->name = u->name;
	code->qualname = u->qualname;
	code->filename = u->c->filename;
	code->first_line = u->first_line;
	code->flags = u->flags;
	code->nr_args = u->nr_args;
	code->nr_locals = u->locals.nr;
	code->nr_cells = u->nr_cells;
	code->nr_free = u->nr_frees;
	code->names = (const char *const *)u->names.items;
	code->nr_names = u->names.nr;
	code->constants = (const struct constant *const *)u->constants.items;
	code->nr_constants = u->constants.nr;
}

/*
 * unit_assemble() changes unit->flags and its blocks; the unit is of no further use but for what
 * names its free variables.
 */
struct code *unit_assemble(struct unit *u, bool adds_none)
{
	struct code *code = NEW(u->c, struct code);
	const struct block *last = u->current;
	uint32_t *slots;

	if (adds_none && !(last->nr && last->ins[last->nr - 1].op == OP_RETURN_VALUE)) {
		u->line = 0;
		emit_none(u);
		emit(u, OP_RETURN_VALUE, 0);
	}
	if (u->scope->kind == SCOPE_FUNCTION)
		u->flags |= CODE_OPTIMIZED;
	if (u->scope->is_generator)
		u->flags |= CODE_GENERATOR;
	if (u->scope->is_nested && u->scope->kind == SCOPE_FUNCTION)
		u->flags |= CODE_NESTED;
	slots = cell_slots(u, &code->nr_slots);
	add_prefix(u, slots, code->nr_slots);
	unit_optimise(u);
	code->stack_size = stack_size(u);
	inline_exits(u);
	count_predecessors(u);
	copy_exits(u);
	propagate_lines(u);
	skip_jumps(u);
	find_reached(u);
	label_handlers(u);
	code->nr_instrs = lay_out(u);
	write_instructions(u, code, slots);
	describe_slots(u, code, slots);
	describe(u, code);
	return code;
}
