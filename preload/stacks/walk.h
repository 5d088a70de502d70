/* SPDX-License-Identifier: MIT */
/*
 * Walking a stack by rules, frame by frame from the innermost outwards.
 *
 * Nothing outside of the stack is read: a step stays within HL_RULE_MAX_FRAME of its frame and within
 * what is known of the stack (struct hl_extent), also after a step that was guessed by a frame pointer.
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

/* How a walk ended, or a step. */
enum hl_walk_end {
	HL_WALK_ROOT,			/* the outermost frame was reached; of a step: there is a caller */
	HL_WALK_TRUNCATED,		/* no room for more frames */
	HL_WALK_PARTIAL,		/* the stack's words led nowhere */
	HL_WALK_NO_INFO,		/* the object has no unwind information there, and no frame pointer helps */
	HL_WALK_CODE,			/* the same in code that is in no object */
	HL_WALK_NO_UNWINDER,		/* libunwind is not there, or cannot be asked */
	HL_WALK_NO_ROOM,		/* no stack for a slow step */
	HL_WALK_UNFIT,			/* a rule that only libunwind understands */
	HL_WALK_STOP,			/* of a step: by its rule the return address is 0, the end */
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

/*
 * What of the stack at hand may be read.  Of the thread's own stack all is known.  Of another one (a fibre's, a
 * handler's) the page of the stack pointer is there; for each page further out the kernel is asked.
 */
struct hl_extent {
	uintptr_t start;		/* [start, end) is readable */
	uintptr_t end;
	bool is_own;			/* nothing from end on is stack */
};

void hl_extent_begin(struct hl_extent *extent, const struct hl_own_stack *own, uintptr_t sp);

/** hl_extent_reach() - hl_extent_reaches() beyond what is known */
bool hl_extent_reach(struct hl_extent *extent, uintptr_t end);

/** hl_extent_reaches() - is all up to @end readable, and stack? */
static inline bool hl_extent_reaches(struct hl_extent *extent, uintptr_t end)
{
	return hl_likely(end <= extent->end) || hl_extent_reach(extent, end);
}

/** hl_extent_has_word() - is the word at @address known to be there? */
static inline bool hl_extent_has_word(const struct hl_extent *extent, uintptr_t address)
{
	return address >= extent->start && address <= extent->end - sizeof(uintptr_t);
}

/** hl_walk_is_own() - is @address surely on the thread's own stack, and not on a fibre's? @own may be NULL */
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

/** hl_walk_why() - why code without unwind information has none: HL_WALK_NO_INFO or HL_WALK_CODE */
enum hl_walk_end hl_walk_why(const struct hl_walk_state *last);

/**
 * hl_walk_misses() - does the stack go past what lies at @inner and below, which is further in than @caller?
 *
 * A signal handler's stack may lie in a frame of the thread's own stack (SS_AUTODISARM), so that what the
 * handler interrupted is below it in memory: only a walk through the signal's frame tells.
 *
 * Returns: HL_WALK_ROOT: it was walked to the thread's root and never led there; HL_WALK_TRUNCATED: it leads
 *          there; HL_WALK_PARTIAL: not known.
 */
enum hl_walk_end hl_walk_misses(const struct hl_own_stack *own, const struct hl_caller *caller, uintptr_t inner);

/* One step; hl_step() says which. */
enum hl_walk_end hl_step_bp(const struct hl_walk_state *from, struct hl_walk_state *to,
	struct hl_rule rule, struct hl_extent *extent);
enum hl_walk_end hl_step_signal(const struct hl_walk_state *from, struct hl_walk_state *to,
	const struct hl_own_stack *own, struct hl_extent *extent);
enum hl_walk_end hl_step_chain(const struct hl_walk_state *from, struct hl_walk_state *to,
	struct hl_extent *extent);

/* The most frequent rule; all that it reads lies in the frame, as was made sure when it was learned. */
static inline enum hl_walk_end hl_step_sp(const struct hl_walk_state *from, struct hl_walk_state *to,
	struct hl_rule rule, struct hl_extent *extent)
{
	uintptr_t cfa = from->sp + (uintptr_t)(intptr_t)rule.cfa_offset, bp = from->bp, slot = 0;

	if (hl_unlikely(!hl_extent_reaches(extent, cfa)))
		return HL_WALK_UNFIT;
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
	return hl_likely(to->ip != 0) ? HL_WALK_ROOT : HL_WALK_STOP;
}

/**
 * hl_step() - one frame outwards
 * @own:    what of the thread's own stack is known, or NULL
 * @extent: what of the stack at hand may be read; grows, and begins anew where the stack is another
 *
 * Returns: HL_WALK_ROOT: @to is the caller's frame; everything else: @from is the last one.
 */
static inline enum hl_walk_end hl_step(const struct hl_walk_state *from, struct hl_walk_state *to,
	struct hl_rule rule, const struct hl_own_stack *own, struct hl_extent *extent)
{
	if (hl_likely(rule.kind == HL_RULE_SP))
		return hl_step_sp(from, to, rule, extent);
	if (rule.kind < HL_RULE_CHAIN)
		return hl_step_bp(from, to, rule, extent);
	if (rule.kind == HL_RULE_SIGNAL)
		return hl_step_signal(from, to, own, extent);
	return rule.kind == HL_RULE_CHAIN ? hl_step_chain(from, to, extent) : HL_WALK_UNFIT;
}

#pragma GCC visibility pop
#endif
