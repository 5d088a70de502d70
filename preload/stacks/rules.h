/* SPDX-License-Identifier: MIT */
/*
 * Unwind rules: how to get from a frame to its caller, learned from libunwind once per address.
 *
 * One step of unwinding restores three things: the CFA (the caller's stack pointer), the return
 * address, which lies below it, and the frame pointer.  libunwind is asked for one step of a made-up
 * process whose registers have values that no real address has, and whose memory answers with a tag
 * of the address; what comes out *is* the rule.  Whatever does not fit is marked HL_RULE_FULL.
 *
 * Safety: lookups are lock-free and fit for signal handlers; learning takes a spin lock with signals
 * blocked.
 */
#ifndef HL_PRELOAD_RULES_H
#define HL_PRELOAD_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/os.h"

#pragma GCC visibility push(hidden)

enum hl_rule_kind {
	HL_RULE_NONE = 0,		/* not known yet */
	HL_RULE_SP,			/* CFA = SP + cfa_offset */
	HL_RULE_BP,			/* CFA = BP + cfa_offset */
	HL_RULE_BP_DEREF,		/* CFA = *(BP + cfa_offset): realigned stacks */
	HL_RULE_CHAIN,			/* no unwind information: by frame pointer, if it looks like one */
	HL_RULE_SIGNAL,			/* the kernel's frame below a signal handler */
	HL_RULE_END,			/* outermost frame */
	HL_RULE_FULL,			/* none of these: libunwind must walk the whole stack */
};

enum hl_rule_bp {
	HL_BP_SAME = 0,			/* BP is not changed */
	HL_BP_AT_CFA,			/* saved at CFA + bp_offset */
	HL_BP_AT_BP,			/* saved at BP + bp_offset */
};

/* A larger frame than this is taken for a switch to another stack. */
#define HL_RULE_MAX_FRAME (1 << 20)

/* HL_RULE_SP rules are checked when they are learned: all that they read lies in the frame. */
struct hl_rule {
	uint8_t kind;			/* enum hl_rule_kind */
	uint8_t bp;			/* enum hl_rule_bp */
	int16_t bp_offset;
	int32_t cfa_offset;
};

/**
 * hl_rules_open() - take the functions from libunwind's generic library
 * @library: handle of dlopen(); calls dlsym()
 * Returns: 0; -ENOSYS when one is missing.
 */
int hl_rules_open(void *library);

/*
 * The table: a slot is claimed by its key; its rule follows, and is taken away again by
 * hl_rules_forget().
 */
#define HL_RULE_EXACT (1ull << 63)	/* in a key: an interrupted instruction, not a return address */

struct hl_rule_slot {
	uint64_t key;			/* ip, perhaps with HL_RULE_EXACT */
	uint64_t rule;			/* the bytes of a struct hl_rule; 0: not known */
};

struct hl_rule_table {
	uint64_t mask;
	uint64_t used;
	struct hl_rule_slot slots[];
};
extern struct hl_rule_table *hl_rules;

static inline uint64_t hl_rule_hash(uint64_t key)
{
	return key * 0x9e3779b97f4a7c15ull >> 32;
}

struct hl_rule hl_rule_find_slow(uint64_t key);

/*
 * libunwind has locks of its own, which a child would find taken for ever if another thread was
 * inside at the fork.  So whoever enters is counted, and fork() waits for a moment when nobody is in
 * there; entering waits while a fork is under way.  Both waits are bounded: what else holds whom up
 * is not known here.  A child that is not sure does without libunwind.
 */
enum hl_forking {
	HL_FORKING_NOT = 0,
	HL_FORKING_QUIET,		/* nobody is inside libunwind */
	HL_FORKING_NOISY,		/* somebody is */
};

/** hl_libunwind_enter() - before any call of it; false: do without */
bool hl_libunwind_enter(void);
void hl_libunwind_leave(void);
bool hl_libunwind_is_usable(void);

/** hl_rules_fork_begin(), hl_rules_fork_end() - around fork(), the latter in the parent only */
void hl_rules_fork_begin(void);
void hl_rules_fork_end(void);

/**
 * hl_rule_find() - the rule of a frame
 * @key: return address, or with HL_RULE_EXACT the very instruction that was interrupted
 */
static inline struct hl_rule hl_rule_find(uint64_t key)
{
	const struct hl_rule_table *table = __atomic_load_n(&hl_rules, __ATOMIC_ACQUIRE);
	const struct hl_rule_slot *slot;
	struct hl_rule rule;
	uint64_t word = 0;

	if (hl_likely(table != NULL)) {
		slot = &table->slots[hl_rule_hash(key) & table->mask];
		if (hl_likely(__atomic_load_n(&slot->key, __ATOMIC_RELAXED) == key))
			word = __atomic_load_n(&slot->rule, __ATOMIC_ACQUIRE);
	}
	if (hl_unlikely(word == 0))
		return hl_rule_find_slow(key);
	__builtin_memcpy(&rule, &word, sizeof(rule));
	return rule;
}

/** hl_rules_forget() - the object in [@start, @end) is gone */
void hl_rules_forget(uintptr_t start, uintptr_t end);

/** hl_rules_restart() - forked child: no other thread is in here */
void hl_rules_restart(void);

#pragma GCC visibility pop
#endif
