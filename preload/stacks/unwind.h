/* SPDX-License-Identifier: MIT */
/*
 * From an event to its call stack, in the tree of stacks.
 *
 * Three ways: through the lane's verified stacks and rules (cache.c), by rules alone (walk.c: nested
 * events, foreign stacks), by libunwind (what no rule describes, or --unwind=cfi).
 */
#ifndef HL_PRELOAD_UNWIND_H
#define HL_PRELOAD_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"
#include "common/ledger.h"
#include "stacks/cache.h"
#include "stacks/walk.h"

#pragma GCC visibility push(hidden)

/* libunwind is there, and stacks are walked by rules: the verified last stack can be used. */
extern uint32_t hl_unwind_by_rules;

/** hl_unwind_slow() - as hl_unwind_node(), without the verified last stack */
uint32_t hl_unwind_slow(struct hl_stack_cache *cache, const struct hl_caller *caller, uint32_t *outer);

#ifdef HL_VERIFY_UNWIND
void hl_unwind_verify(struct hl_stack_cache *cache, const struct hl_caller *caller, uint32_t node,
	uint32_t outer);
#define HL_UNWIND_VERIFY(...) hl_unwind_verify(__VA_ARGS__)
#else
#define HL_UNWIND_VERIFY(...) (void)0
#endif

/**
 * hl_unwind_node() - the node of @caller's stack, where hl_unwind_recent() finds none
 * @cache: of the lane; NULL for nested events
 * @outer: receives HL_NODE_ROOT, _TRUNCATED or _PARTIAL: how complete the stack is
 */
static inline uint32_t hl_unwind_node(struct hl_stack_cache *cache, const struct hl_caller *caller,
	uint32_t *outer)
{
	uint32_t node;

	*outer = HL_NODE_ROOT;
	if (hl_unlikely(!cache || !__atomic_load_n(&hl_unwind_by_rules, __ATOMIC_ACQUIRE) ||
		    hl_stack_cache_walk(cache, hl_options.depth, caller, &node) !=
			    HL_WALK_ROOT))
		node = hl_unwind_slow(cache, caller, outer);
	HL_UNWIND_VERIFY(cache, caller, node, *outer);
	return node;
}

/** hl_unwind_recent() - the stack, if it is one of the lane's recent ones; else NULL */
static inline __attribute__((always_inline)) struct hl_recent *hl_unwind_recent(
	struct hl_stack_cache *cache, const struct hl_caller *caller)
{
	struct hl_recent *recent = hl_stack_cache_find(cache, caller->ip, caller->sp, caller->bp);

	if (hl_likely(recent != NULL))
		HL_UNWIND_VERIFY(cache, caller, recent->node, HL_NODE_ROOT);
	return recent;
}

/** hl_unwind_allocates() - is the request from @ip what the loader needs for libunwind's own TLS? */
bool hl_unwind_allocates(uintptr_t ip);

/*
 * libunwind probes addresses by writing a byte from them into a pipe, which it opens at its first use
 * under the two lowest free numbers.  The program would notice; and when it closes these numbers and
 * uses them again, libunwind reads and writes the program's files.
 */
enum hl_pipe {
	HL_PIPE_OF_PROGRAM,		/* not libunwind's */
	HL_PIPE_REFUSED,		/* for the made-up process of learn.c: never used */
	HL_PIPE_MOVED,			/* for a whole stack: to high numbers, looked at before each use */
};

/** hl_unwind_pipe() - whose is the pipe2() from @ip? */
enum hl_pipe hl_unwind_pipe(uintptr_t ip);
void hl_unwind_move_pipe(int fds[2]);

/** hl_unwind_restart() - forked child: the buffers of its parent's other threads are free again */
void hl_unwind_restart(void);

#pragma GCC visibility pop
#endif
