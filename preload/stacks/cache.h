/* SPDX-License-Identifier: MIT */
/*
 * The verified last stacks of a lane.
 *
 * Unwinding is a function of (IP, SP, BP) and of the stack slots that the rules read.  A lane
 * remembers its last stack with these slots and what was in them.  At the next event the slots are
 * read again, from the outermost frame inwards; then the walk starts at the innermost frame, and as
 * soon as it comes to a remembered frame (same IP, SP and, where it matters, BP) with only unchanged
 * slots above it, the rest of the walk would give what it gave before.
 *
 * Programs come back to the same few stacks, so several are kept, by their innermost frame: one whose
 * slots are all as they were is the current stack, without a walk.  Of a deep one only the innermost
 * slots are kept, down to a frame that must be in the last stack, too.
 *
 * Only stacks that end at the root of the thread's own stack are remembered: that memory stays
 * mapped as long as the thread lives, so its slots can be read again whatever stack it is on then
 * (sigaltstack, makecontext, fibres).
 */
#ifndef HL_PRELOAD_CACHE_H
#define HL_PRELOAD_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stacks/walk.h"

#pragma GCC visibility push(hidden)

/* A frame of the last stack. */
struct hl_known_frame {
	uintptr_t ip;
	uintptr_t sp;
	uintptr_t bp;
	uint32_t node;
	/* What must hold for the way from here to the root: checks[0..checks). 32 bytes in all. */
	uint32_t checks : 31;
	uint32_t needs_bp : 1;		/* the way depends on bp */
};

/* A slot that was read on the way, and what was in it. */
struct hl_check {
	const uintptr_t *slot;
	uintptr_t value;
};

/* What was last known of an address; and of an address below a node. */
struct hl_rule_memo {
	uintptr_t ip;
	struct hl_rule rule;
};
struct hl_node_memo {
	uintptr_t ip;
	uint32_t parent;
	uint32_t node;			/* 0: empty */
};
#define HL_NR_RULE_MEMOS 512u
#define HL_NR_NODE_MEMOS 1024u

/*
 * A recent stack: the checks from its innermost frame to the root, or to a frame that the last stack
 * must have as well, if there are more.
 */
#define HL_RECENT_CHECKS 12u
#define HL_CHECK_GROUP 4u		/* the last check is repeated to fill its group */
#define HL_RECENT_WAYS 2u
#define HL_RECENT_SET_BITS 6u
#define HL_NR_RECENT (HL_RECENT_WAYS << HL_RECENT_SET_BITS)

/* Four lines of the cache. */
struct hl_recent {
	uintptr_t ip;			/* 0: empty */
	uintptr_t sp;
	uintptr_t bp;
	uint32_t node;
	uint16_t nr_join;		/* frames of the last stack that are wanted; 0: none */
	uint8_t nr_checks;
	uint8_t kind : 7;		/* the caller's: of site and counters; 0: nothing yet */
	uint8_t needs_bp : 1;
	uintptr_t join_sp;		/* the innermost of those frames */
	uintptr_t join_bp;
	uint32_t join_node;
	uint32_t site;			/* the caller's: what it counted last for this stack */
	void *counters;
	struct hl_check checks[HL_RECENT_CHECKS];
};

struct hl_stack_cache {
	uint32_t nr_frames;
	uint32_t generation;
	uint32_t turn;
	struct hl_recent *newest;	/* what the latest walk left, or NULL */
	struct hl_own_stack own;
	struct hl_known_frame *frames;	/* [0] is the outermost */
	struct hl_check *checks;
	struct hl_walk_state *fresh;	/* frames of the walk that were not met, innermost first */
	uint32_t *hashes;		/* of the paths to the frames */
	uintptr_t *ips;			/* room for a stack that is walked otherwise: hl_stack_room() words */
	struct hl_rule_memo passing;	/* of an address whose rule must not be kept */
	struct hl_node_memo nodes[HL_NR_NODE_MEMOS];
	struct hl_rule_memo memos[HL_NR_RULE_MEMOS];
	struct hl_recent recent[HL_NR_RECENT] __attribute__((aligned(64)));
};

/**
 * hl_stack_cache_find() - a stack among the recent ones, by its innermost frame
 * Returns: NULL: it is not there; take hl_stack_cache_walk().
 */
struct hl_recent *hl_stack_cache_find(struct hl_stack_cache *cache, uintptr_t ip, uintptr_t sp,
	uintptr_t bp);

/** hl_stack_cache_bytes() - memory for one, zeroed, for stacks up to @depth */
size_t hl_stack_cache_bytes(uint32_t depth);

/** hl_stack_cache_open() - its parts find their places in that memory */
void hl_stack_cache_open(struct hl_stack_cache *cache, uint32_t depth);

/** hl_stack_room() - words for a stack up to @depth and the frames of our own inside of it */
#define HL_OWN_FRAMES 16u
static inline size_t hl_stack_room(uint32_t depth)
{
	return depth + HL_OWN_FRAMES + 1;
}

/** hl_stack_cache_clear() - another thread: the stack is forgotten */
void hl_stack_cache_clear(struct hl_stack_cache *cache);

/** hl_stack_cache_reset() - forked child: nodes start anew as well */
void hl_stack_cache_reset(struct hl_stack_cache *cache);

/**
 * hl_stack_cache_walk() - the node of a stack, through the last one; it becomes the last one
 * @node: receives the node in the tree of stacks; hl_nodes_of() of the same stack
 *
 * Returns: HL_WALK_ROOT; everything else: nothing was done, take hl_walk().
 */
enum hl_walk_end hl_stack_cache_walk(struct hl_stack_cache *cache, uint32_t depth,
	const struct hl_caller *caller, uint32_t *node);

#pragma GCC visibility pop
#endif
