/* SPDX-License-Identifier: MIT */
/*
 * Walking a stack by rules, frame by frame from the innermost outwards.
 *
 * Nothing outside of the stack is read: a step stays within HL_RULE_MAX_FRAME of its frame and below
 * what is known to be the stack's end.
 */
#ifndef HL_PRELOAD_WALK_H
#define HL_PRELOAD_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/os.h"
#include "frame.h"
#include "stacks/rules.h"

#pragma GCC visibility push(hidden)

enum hl_walk_end {
	HL_WALK_ROOT,			/* the outermost frame was reached */
	HL_WALK_TRUNCATED,		/* no room for more frames */
	HL_WALK_PARTIAL,		/* no way to go on: no unwind information, no frame pointer */
	HL_WALK_UNFIT,			/* a rule that only libunwind understands */
};

/*
 * A frame of a walk, and how it was found from the one before.  Written field by field and never
 * copied whole: a vector load of fields that were just stored one by one stalls.
 */
struct hl_walk_state {
	uintptr_t ip;
	uintptr_t sp;
	uintptr_t bp;
	uintptr_t bp_slot;		/* where the step here read BP, or 0: BP stayed */
	uintptr_t cfa_slot;		/* where it read the CFA, or 0 */
	uint32_t used_bp;		/* the step depended on BP */
	uint32_t signal;		/* it crossed a signal frame: ip is an interrupted instruction */
};

static inline uintptr_t hl_read_word(uintptr_t address)
{
	return *(const volatile uintptr_t *)address;
}

/*
 * The part of the thread's own stack that has been walked to its root: all of it is mapped as long as
 * the thread lives.
 */
struct hl_own_stack {
	uintptr_t low;
	uintptr_t high;
};

/** hl_walk_is_own() - is @address surely on the thread's own stack, and not on a fibre's? */
bool hl_walk_is_own(const struct hl_own_stack *own, uintptr_t address);

/**
 * hl_walk_is_root() - is this the outermost frame of the thread's own stack?
 *
 * The program's start has its stack pointer at __libc_stack_end, that of a thread lies right below
 * the thread pointer.
 */
bool hl_walk_is_root(const struct hl_walk_state *s);

/** hl_own_stack_widen() - a walk from @sp has come to the root at @root_sp */
void hl_own_stack_widen(struct hl_own_stack *own, uintptr_t sp, uintptr_t root_sp);

/** hl_walk_open() - in the constructor: remembers the first thread */
void hl_walk_open(void);

/**
 * hl_walk_rule() - how the caller of a frame is found
 * As hl_rule_find(), but that of code without unwind information ends the stack where the program was entered:
 * the loader's first lines, which call the constructors, are such.
 */
struct hl_rule hl_walk_rule(const struct hl_walk_state *s);

/**
 * hl_walk() - a whole stack
 * @own:     what of the stack is known to be readable, or NULL
 * @fp_only: by frame pointers alone
 * @ips:     receives return addresses, innermost first; at most @room
 */
enum hl_walk_end hl_walk(struct hl_own_stack *own, const struct hl_caller *caller, bool fp_only,
	uintptr_t *ips, size_t room, size_t *nr_ips);

/* One step; hl_step() says which. */
enum hl_walk_end hl_step_bp(const struct hl_walk_state *from, struct hl_walk_state *to,
	struct hl_rule rule);
enum hl_walk_end hl_step_signal(const struct hl_walk_state *from, struct hl_walk_state *to);
enum hl_walk_end hl_step_chain(const struct hl_walk_state *from, struct hl_walk_state *to,
	const struct hl_own_stack *own);

/* The most frequent rule; hl_rule_find() has made sure that it reads nothing outside of the frame. */
static inline enum hl_walk_end hl_step_sp(const struct hl_walk_state *from, struct hl_walk_state *to,
	struct hl_rule rule)
{
	uintptr_t cfa = from->sp + (uintptr_t)(intptr_t)rule.cfa_offset, bp = from->bp, slot = 0;

	if (rule.bp != HL_BP_SAME) {
		slot = cfa + (uintptr_t)(intptr_t)rule.bp_offset;
		bp = hl_read_word(slot);
	}
	to->ip = hl_read_word(cfa - 8);
	to->sp = cfa;
	to->bp = bp;
	to->bp_slot = slot;
	to->cfa_slot = 0;
	to->used_bp = 0;
	to->signal = 0;
	return hl_likely(to->ip != 0) ? HL_WALK_ROOT : HL_WALK_PARTIAL;
}

/**
 * hl_step() - one frame outwards
 * @own: NULL when nothing is known of it
 *
 * Returns: HL_WALK_ROOT: @to is the caller's frame; everything else: @from is the last one.
 */
static inline enum hl_walk_end hl_step(const struct hl_walk_state *from, struct hl_walk_state *to,
	struct hl_rule rule, const struct hl_own_stack *own)
{
	if (hl_likely(rule.kind == HL_RULE_SP))
		return hl_step_sp(from, to, rule);
	if (rule.kind < HL_RULE_CHAIN)
		return hl_step_bp(from, to, rule);
	if (rule.kind == HL_RULE_SIGNAL)
		return hl_step_signal(from, to);
	return rule.kind == HL_RULE_CHAIN ? hl_step_chain(from, to, own) : HL_WALK_UNFIT;
}

#pragma GCC visibility pop
#endif
