/* SPDX-License-Identifier: MIT */
/*
 * The tree of call stacks and the call sites on it.
 *
 * A node is (caller's node, return address); a site is (node, kind).  Both get dense numbers and
 * live in the ledger; a hash table in private memory finds the node of a pair.  The table is a
 * cache: if two threads add the same pair at once there are two nodes for one stack, which readers
 * add up.  That is why nothing here needs a lock, and why a signal handler may come in anywhere.
 */
#ifndef HL_PRELOAD_STACKS_H
#define HL_PRELOAD_STACKS_H

#include <stddef.h>
#include <stdint.h>

#include "common/ledger.h"
#include "base/store.h"

#pragma GCC visibility push(hidden)

extern struct hl_table hl_sites;	/* struct hl_site */
/* Sites count from here on: those below are of before hl_stacks_clear(), or of a parent. */
extern uint32_t hl_site_unattributed;
extern uint32_t hl_site_inherited;	/* sites below are the parent's, but for the reserved ones */

/** hl_stacks_open() - reserved nodes and sites in a new ledger; 0 or -errno */
int hl_stacks_open(uint32_t first_site);
void hl_stacks_abandon(void);

/**
 * hl_stacks_clear() - sites begin anew, above all that there are; nodes stay
 * With the lanes paused: their memos must go as well.  Returns: 0; -ENOSPC: nothing was done.
 */
int hl_stacks_clear(void);

/**
 * hl_stacks_node() - the node of a stack
 * @outer: HL_NODE_ROOT, HL_NODE_TRUNCATED or HL_NODE_PARTIAL: what is above the outermost frame
 * @ips:   return addresses, innermost first
 *
 * When there is no room the deepest known part of the stack is returned, and the refusal counted;
 * with none of it known, HL_NODE_UNATTRIBUTED.
 */
uint32_t hl_stacks_node(uint32_t outer, const uintptr_t *ips, size_t nr_ips);

/**
 * hl_path_hash() - the hash of a path of the tree; that of the empty path is @outer above
 *
 * Where a path's node is looked up depends on the path's addresses alone and not on its parent's number,
 * so that for all new frames of a stack the table's lines can be on their way before the first is needed.
 */
static inline uint32_t hl_path_hash(uint32_t hash, uintptr_t ip)
{
	return (uint32_t)(((uint64_t)hash * 0xd6e8feb86659fd93ull ^ ip) * 0x9e3779b97f4a7c15ull >> 32);
}

/** hl_stacks_prefetch() - a path of this @hash is going to be looked up */
void hl_stacks_prefetch(uint32_t hash);

/** hl_stacks_child() - one frame of that: the node of (@parent, @ip), or 0 when there is no room */
uint32_t hl_stacks_child(uint32_t parent, uintptr_t ip, uint32_t hash);

/** hl_stacks_refused() - count a stack that was kept under a shorter one */
void hl_stacks_refused(void);

/**
 * hl_stacks_frames() - the other way: return addresses of a node as they are in memory now, innermost first
 * Returns how many there are, with those beyond @room.
 */
size_t hl_stacks_frames(uint32_t node, uintptr_t *ips, size_t room);

/** hl_stacks_site() - the site of a node (and of a thread, if not 0); hl_site_unattributed: no room */
uint32_t hl_stacks_site(uint32_t node, enum hl_kind kind, enum hl_domain domain, uint16_t thread);

/** hl_stacks_forget() - every stack gets new nodes from now on; the old ones stay in the ledger */
void hl_stacks_forget(void);

/** hl_stacks_nr_nodes() - node numbers given out so far */
uint64_t hl_stacks_nr_nodes(void);

#pragma GCC visibility pop
#endif
