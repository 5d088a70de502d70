/* SPDX-License-Identifier: MIT */
/*
 * The optimizer of instructions, as far as CPython 3.11's is visible: constant tuples, swaps
 * in place of tuples, the order in which a pair of variables is stored, conditions that are known.
 */
#include "scenario/compile/unit.h"

#include "scenario/compile/constant.h"

static const struct constant *constant_at(const struct unit *u, const struct ins *ins)
{
	return u->constants.items[ins->arg];
}

static void clear(struct ins *ins)
{
	ins->op = OP_NOP;
	ins->arg = 0;
	ins->target = NULL;
}

/* n constants and BUILD_TUPLE n. */
static void fold_tuple(struct unit *u, struct block *b, uint32_t at)
{
	uint32_t nr = b->ins[at].arg;
	const struct constant **items;

	if (nr > at)
		return;
	for (uint32_t i = at - nr; i < at; i++) {
		if (b->ins[i].op != OP_LOAD_CONST)
			return;
	}
	items = NEW_ARRAY(u->c, const struct constant *, nr);
	for (uint32_t i = 0; i < nr; i++) {
		items[i] = constant_at(u, &b->ins[at - nr + i]);
		clear(&b->ins[at - nr + i]);
	}
	b->ins[at].op = OP_LOAD_CONST;
	b->ins[at].arg = unit_constant(u, constant_items(u->c, CONSTANT_TUPLE, items, nr));
}

/* A tuple that is unpacked at once is not made. */
static bool fold_unpacking(struct block *b, uint32_t at)
{
	struct ins *ins = &b->ins[at];

	if (at + 1 >= b->nr || ins[1].op != OP_UNPACK_SEQUENCE || ins[1].arg != ins->arg ||
			ins->arg < 1 || ins->arg > 3)
		return false;
	if (ins->arg == 1)
		clear(&ins[1]);
	else
		ins[1].op = OP_SWAP;
	clear(ins);
	return true;
}

/* The next store or pop behind @at, of that line unless 0; -1: something else comes first. */
static int64_t next_swappable(const struct block *b, int64_t at, uint32_t line, bool has_line)
{
	for (at++; at < b->nr; at++) {
		const struct ins *ins = &b->ins[at];

		if (has_line && line && ins->line != line)
			return -1;
		if (ins->op == OP_NOP)
			continue;
		return ins->op == OP_STORE_FAST || ins->op == OP_POP_TOP ? at : -1;
	}
	return -1;
}

static bool stores_to(const struct ins *ins, const struct ins *other)
{
	return ins->op == OP_STORE_FAST && other->op == OP_STORE_FAST && ins->arg == other->arg;
}

/* Whether exchanging the instructions at @j and @k leaves each variable its last value. */
static bool can_exchange(const struct block *b, int64_t j, int64_t k)
{
	if (stores_to(&b->ins[j], &b->ins[k]))
		return false;
	for (int64_t i = j + 1; i < k; i++) {
		if (stores_to(&b->ins[i], &b->ins[j]) || stores_to(&b->ins[i], &b->ins[k]))
			return false;
	}
	return true;
}

/* SWAP and the stores behind it: exchanges the stores, so that no SWAP is needed. */
static void apply_swaps(struct block *b, int64_t at)
{
	for (; at >= 0; at--) {
		struct ins *swap = &b->ins[at], saved;
		int64_t j, k;

		if (swap->op == OP_NOP || swap->op == OP_STORE_FAST || swap->op == OP_POP_TOP)
			continue;
		if (swap->op != OP_SWAP)
			return;
		j = k = next_swappable(b, at, 0, false);
		for (uint32_t count = swap->arg - 1; count && k >= 0; count--)
			k = next_swappable(b, k, b->ins[j].line, true);
		if (k < 0 || !can_exchange(b, j, k))
			return;
		clear(swap);
		saved = b->ins[j];
		b->ins[j] = b->ins[k];
		b->ins[k] = saved;
	}
}

static void fold_known_jump(struct ins *load, bool is_true)
{
	struct ins *jump = load + 1;
	bool when = jump->op == OP_POP_JUMP_IF_TRUE || jump->op == OP_JUMP_IF_TRUE_OR_POP;
	bool pops = jump->op == OP_POP_JUMP_IF_TRUE || jump->op == OP_POP_JUMP_IF_FALSE;

	if (is_true == when)
		jump->op = OP_JUMP;
	else
		clear(jump);
	if (pops || is_true != when)
		clear(load);
}

/* None, IS_OP and a conditional jump. */
static void fold_none_test(struct block *b, uint32_t at)
{
	struct ins *ins = &b->ins[at];
	bool when;

	if (at + 2 >= b->nr || (ins[2].op != OP_POP_JUMP_IF_TRUE && ins[2].op != OP_POP_JUMP_IF_FALSE))
		return;
	when = (ins[2].op == OP_POP_JUMP_IF_TRUE) != (ins[1].arg == 1);
	ins[2].op = when ? OP_POP_JUMP_IF_NONE : OP_POP_JUMP_IF_NOT_NONE;
	clear(&ins[0]);
	clear(&ins[1]);
}

static void optimise_constant(struct unit *u, struct block *b, uint32_t at)
{
	const struct constant *k = constant_at(u, &b->ins[at]);

	if (at + 1 >= b->nr)
		return;
	switch (b->ins[at + 1].op) {
	case OP_POP_JUMP_IF_TRUE: case OP_POP_JUMP_IF_FALSE:
	case OP_JUMP_IF_TRUE_OR_POP: case OP_JUMP_IF_FALSE_OR_POP:
		fold_known_jump(&b->ins[at], constant_is_true(k));
		break;
	case OP_IS_OP:
		if (k->kind == CONSTANT_NONE)
			fold_none_test(b, at);
		break;
	}
}

/*
 * A jump to a jump goes where that one goes, as @op; but lines are kept: what is in another line is
 * visited.
 */
static bool thread(struct ins *ins, const struct ins *to, unsigned int op)
{
	if (ins->line != to->line || ins->target == to->target)
		return false;
	ins->target = to->target;
	ins->op = (uint16_t)op;
	return true;
}

/* A test that is known to fail when the jump comes to it: goes on behind it. */
static bool pass_by(struct ins *ins, const struct ins *to, unsigned int op)
{
	if (ins->line != to->line || !ins->target->next)
		return false;
	ins->op = (uint16_t)op;
	ins->target = ins->target->next;
	return true;
}

/* One step of a conditional jump that keeps its value; @jumps_if_false: or else if true. */
static bool thread_or_pop(struct ins *ins, const struct ins *to, bool jumps_if_false)
{
	unsigned int pop = jumps_if_false ? OP_POP_JUMP_IF_FALSE : OP_POP_JUMP_IF_TRUE;

	switch (to->op) {
	case OP_JUMP:
		return thread(ins, to, ins->op);
	case OP_POP_JUMP_IF_FALSE: case OP_POP_JUMP_IF_TRUE:
		return to->op == pop ? thread(ins, to, pop) : pass_by(ins, to, pop);
	case OP_JUMP_IF_FALSE_OR_POP: case OP_JUMP_IF_TRUE_OR_POP:
		return to->op == ins->op ? thread(ins, to, ins->op) : pass_by(ins, to, pop);
	default:
		return false;
	}
}

/* Chains of more links than people write are left as they are, so that a ring ends too. */
static void thread_jump(struct ins *ins)
{
	const struct ins *to;
	bool goes_on = true;

	for (int links = 0; goes_on && links < 32; links++) {
		while (!ins->target->nr && ins->target->next)
			ins->target = ins->target->next;
		to = ins->target->nr ? &ins->target->ins[0] : NULL;
		if (!to)
			return;
		if (ins->op == OP_JUMP_IF_FALSE_OR_POP || ins->op == OP_JUMP_IF_TRUE_OR_POP)
			goes_on = thread_or_pop(ins, to, ins->op == OP_JUMP_IF_FALSE_OR_POP);
		else
			goes_on = to->op == OP_JUMP && ins->op != OP_FOR_ITER && thread(ins, to, ins->op);
	}
}

static void optimise_ins(struct unit *u, struct block *b, uint32_t at)
{
	struct ins *ins = &b->ins[at];

	switch (ins->op) {
	case OP_LOAD_CONST:
		optimise_constant(u, b, at);
		break;
	case OP_BUILD_TUPLE:
		if (!fold_unpacking(b, at))
			fold_tuple(u, b, at);
		break;
	case OP_SWAP:
		apply_swaps(b, at);
		break;
	case OP_PUSH_NULL:
		if (at + 1 < b->nr && ins[1].op == OP_LOAD_GLOBAL && !(ins[1].arg & 1)) {
			ins[1].arg |= 1;
			clear(ins);
		}
		break;
	default:
		if (op_jumps(ins->op))
			thread_jump(ins);
	}
}

void unit_optimise(struct unit *u)
{
	struct block *b;

	for (b = u->first; b; b = b->next) {
		for (uint32_t i = 0; i < b->nr; i++)
			optimise_ins(u, b, i);
	}
}
