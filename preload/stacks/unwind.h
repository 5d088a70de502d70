/* SPDX-License-Identifier: MIT */
/*
 * From an event to its call stack, in the tree of stacks.
 *
 * Three ways: through the lane's verified stacks and rules (cache.c), by rules alone (walk.c: nested
 * events, foreign stacks), by libunwind (remote.c: what no rule describes, or --unwind=cfi).
 */
#ifndef HL_PRELOAD_UNWIND_H
#define HL_PRELOAD_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"
#include "common/ledger.h"
#include "stacks/cache.h"
#include "stacks/verify.h"
#include "stacks/walk.h"

#pragma GCC visibility push(hidden)

/* libunwind is there, and stacks are walked by rules: the verified last stack can be used. */
extern uint32_t hl_unwind_by_rules;

/** hl_unwind_slow() - as hl_unwind_node(), without the verified last stack */
uint32_t hl_unwind_slow(struct hl_stack_cache *cache, const struct hl_caller *caller, bool certain,
	enum hl_walk_end *end);

#ifdef HL_VERIFY_UNWIND
#define HL_UNWIND_VERIFY(...) hl_verify_stack(__VA_ARGS__)
#else
#define HL_UNWIND_VERIFY(...) (void)0
#endif

/**
 * hl_unwind_node() - the node of @caller's stack, where hl_unwind_recent() finds none
 * @cache:   of the lane; NULL for nested events
 * @certain: it is known what lies where; else objects of the stack are looked at
 * @end:     receives how the walk ended: HL_WALK_ROOT, that the stack is whole
 */
static inline uint32_t hl_unwind_node(struct hl_stack_cache *cache, const struct hl_caller *caller, bool certain,
	enum hl_walk_end *end)
{
	uint32_t node;

	*end = HL_WALK_ROOT;
	if (hl_unlikely(!cache || !certain || !__atomic_load_n(&hl_unwind_by_rules, __ATOMIC_ACQUIRE) ||
		    hl_stack_cache_walk(cache, hl_options.depth, caller, &node) !=
			    HL_WALK_ROOT))
		node = hl_unwind_slow(cache, caller, certain, end);
	HL_UNWIND_VERIFY(caller, node, *end);
	return node;
}

/** hl_unwind_recent() - the stack, if it is one of the lane's recent ones; else NULL */
static inline __attribute__((always_inline)) struct hl_recent *hl_unwind_recent(
	struct hl_stack_cache *cache, const struct hl_caller *caller)
{
	struct hl_recent *recent = hl_stack_cache_find(cache, caller->ip, caller->sp, caller->bp);

	if (hl_likely(recent != NULL))
		HL_UNWIND_VERIFY(caller, recent->node, HL_WALK_ROOT);
	return recent;
}

/**
 * hl_unwind_load() - load libunwind, where the program is entered: no other thread is there, and the loader is at rest
 * Else the first event that permits it does.
 */
void hl_unwind_load(void);

/** hl_unwind_restart() - forked child: no other thread has a buffer, or goes on loading libunwind */
void hl_unwind_restart(void);

#pragma GCC visibility pop
#endif
