/* SPDX-License-Identifier: MIT */
/*
 * Walking a stack by rules, and the verified last stack of a lane.
 *
 * Unwinding is a function of (IP, SP, BP) and of the stack slots that the rules read.  A lane
 * remembers its last stack with these slots and what was in them.  At the next event the slots are
 * read again, from the outermost frame inwards; then the walk starts at the innermost frame, and as
 * soon as it comes to a remembered frame (same IP, SP and, where it matters, BP) with only unchanged
 * slots above it, the rest of the walk would give what it gave before.
 *
 * Only stacks that end at the root of the thread's own stack are remembered: that memory stays
 * mapped as long as the thread lives, so its slots can be read again whatever stack it is on then
 * (sigaltstack, makecontext, fibres).
 */
#ifndef HL_PRELOAD_WALK_H
#define HL_PRELOAD_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os.h"

#pragma GCC visibility push(hidden)

/* Where an event came from: the registers right after the hook's return. */
struct hl_caller {
	uintptr_t ip;			/* the hook's return address */
	uintptr_t sp;
	uintptr_t bp;
};

/* In an exported hook (built with a frame pointer). */
#define HL_CALLER()                                                                                \
	((struct hl_caller){ (uintptr_t)__builtin_return_address(0),                               \
		(uintptr_t)__builtin_frame_address(0) + 16,                                        \
		*(uintptr_t *)__builtin_frame_address(0) })

enum hl_walk_end {
	HL_WALK_ROOT,			/* the outermost frame was reached */
	HL_WALK_TRUNCATED,		/* no room for more frames */
	HL_WALK_PARTIAL,		/* no way to go on: no unwind information, no frame pointer */
	HL_WALK_UNFIT,			/* a rule that only libunwind understands */
};

/* The verified last stack. */
struct hl_stack_cache;

/** hl_walk_is_own() - is @address surely on the thread's own stack, and not on a fibre's? */
bool hl_walk_is_own(const struct hl_stack_cache *cache, uintptr_t address);

/** hl_walk_open() - in the constructor: remembers the first thread */
void hl_walk_open(void);

/**
 * hl_walk() - a whole stack
 * @cache:   of the thread, or NULL; tells what of the stack is known to be readable
 * @fp_only: by frame pointers alone
 * @ips:     receives return addresses, innermost first; at most @room
 */
enum hl_walk_end hl_walk(struct hl_stack_cache *cache, const struct hl_caller *caller, bool fp_only,
	uintptr_t *ips, size_t room, size_t *nr_ips);

/** hl_stack_cache_bytes() - memory for one, zeroed, for stacks up to @depth */
size_t hl_stack_cache_bytes(uint32_t depth);

/** hl_stack_cache_clear() - another thread: the stack is forgotten */
void hl_stack_cache_clear(struct hl_stack_cache *cache);

/** hl_stack_cache_reset() - forked child: nodes start anew as well */
void hl_stack_cache_reset(struct hl_stack_cache *cache);

/**
 * hl_walk_cached() - the node of a stack, through the last one
 * @node: receives the node in the tree of stacks; hl_stacks_node() of the same stack
 *
 * Returns: HL_WALK_ROOT; everything else: nothing was done, take hl_walk().
 */
enum hl_walk_end hl_walk_cached(struct hl_stack_cache *cache, uint32_t depth,
	const struct hl_caller *caller, uint32_t *node);

#pragma GCC visibility pop
#endif
