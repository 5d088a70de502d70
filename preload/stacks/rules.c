/* SPDX-License-Identifier: MIT */
/* Unwind rules: the table. */
#include "stacks/rules.h"

#include "base/lock.h"
#include "stacks/learn.h"

#define FIRST_SLOTS 1024u

struct hl_rule_table *hl_rules;
static struct hl_lock grow_lock = { .rank = HL_RANK_RULES };

static size_t table_bytes(uint64_t nr_slots)
{
	return sizeof(struct hl_rule_table) + nr_slots * sizeof(struct hl_rule_slot);
}

static struct hl_rule_table *make_table(uint64_t nr_slots)
{
	struct hl_rule_table *table = hl_os_map(table_bytes(nr_slots));

	if (table)
		table->mask = nr_slots - 1;
	return table;
}

static void put(struct hl_rule_table *table, uint64_t key, uint64_t rule)
{
	for (uint64_t i = hl_rule_hash(key);; i++) {
		struct hl_rule_slot *slot = &table->slots[i & table->mask];
		uint64_t found = __atomic_load_n(&slot->key, __ATOMIC_RELAXED);

		if (found == 0 && __atomic_compare_exchange_n(&slot->key, &found, key, false,
					  __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			__atomic_fetch_add(&table->used, 1, __ATOMIC_RELAXED);
			found = key;
		}
		if (found == key) {
			__atomic_store_n(&slot->rule, rule, __ATOMIC_RELEASE);
			return;
		}
	}
}

/* Doubles the table; what others put into the old one meanwhile is learned again. */
static void grow(struct hl_rule_table *old)
{
	struct hl_rule_table *table;
	uint64_t saved;

	hl_lock_take(&grow_lock, &saved);
	table = hl_rules == old ? make_table(old ? 2 * (old->mask + 1) : FIRST_SLOTS) : NULL;
	if (table) {
		for (uint64_t i = 0; old && i <= old->mask; i++)
			if (old->slots[i].key && old->slots[i].rule)
				put(table, old->slots[i].key, old->slots[i].rule);
		__atomic_store_n(&hl_rules, table, __ATOMIC_RELEASE);
		/* Readers may still be in the old one: its range stays, not its pages. */
		if (old && old->mask >= FIRST_SLOTS)
			hl_os_forget((char *)old + 4096, table_bytes(old->mask + 1) - 4096);
	}
	hl_lock_drop(&grow_lock, &saved);
}

static void remember(uint64_t key, struct hl_rule rule)
{
	struct hl_rule_table *table = __atomic_load_n(&hl_rules, __ATOMIC_ACQUIRE);
	uint64_t word;

	if (!table || table->used > table->mask / 2) {
		grow(table);
		table = __atomic_load_n(&hl_rules, __ATOMIC_ACQUIRE);
	}
	/* Without memory to grow the table serves as it is, and the rest is learned each time. */
	if (!table || table->used > table->mask / 4 * 3)
		return;
	__builtin_memcpy(&word, &rule, sizeof(word));
	put(table, key, word);
}

static struct hl_rule learn_and_remember(uint64_t key)
{
	bool known;
	struct hl_rule rule = hl_learn(key & ~HL_RULE_EXACT, key & HL_RULE_EXACT, &known);

	if (known)
		remember(key, rule);
	return rule;
}

struct hl_rule hl_rule_find_slow(uint64_t key)
{
	const struct hl_rule_table *table = __atomic_load_n(&hl_rules, __ATOMIC_ACQUIRE);
	struct hl_rule rule;
	uint64_t found = 0;

	for (uint64_t i = hl_rule_hash(key); table; i++) {
		const struct hl_rule_slot *slot = &table->slots[i & table->mask];

		found = __atomic_load_n(&slot->key, __ATOMIC_RELAXED);
		if (found == key) {
			uint64_t word = __atomic_load_n(&slot->rule, __ATOMIC_ACQUIRE);

			if (word == 0)
				break;
			__builtin_memcpy(&rule, &word, sizeof(rule));
			return rule;
		}
		if (found == 0)
			break;
	}
	return learn_and_remember(key);
}

void hl_rules_forget(uintptr_t start, uintptr_t end)
{
	struct hl_rule_table *table;
	uint64_t saved;

	hl_lock_take(&grow_lock, &saved);
	table = hl_rules;
	for (uint64_t i = 0; table && i <= table->mask; i++) {
		uint64_t ip = table->slots[i].key & ~HL_RULE_EXACT;

		if (ip > start && ip <= end)
			__atomic_store_n(&table->slots[i].rule, 0, __ATOMIC_RELAXED);
	}
	hl_lock_drop(&grow_lock, &saved);
}

void hl_rules_restart(void)
{
	hl_lock_reset(&grow_lock);
}
