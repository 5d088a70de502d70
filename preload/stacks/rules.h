/* SPDX-License-Identifier: MIT */
/*
 * Unwind rules: how to get from a frame to its caller, learned (learn.h) once per address.
 *
 * Safety: lookups are lock-free and fit for signal handlers; growth takes a lock with signals blocked.
 */
#ifndef HL_PRELOAD_RULES_H
#define HL_PRELOAD_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/os.h"
#include "rule.h"

#pragma GCC visibility push(hidden)

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
