/* SPDX-License-Identifier: MIT */
/*
 * The tree of call stacks.
 *
 * A node is (caller's node, return address).  Nodes get dense numbers and live in the ledger; a hash
 * table in private memory finds the node of a pair.  The table is a
 * cache: if two threads add the same pair at once there are two nodes for one stack, which readers
 * add up.  That is why nothing here needs a lock, and why a signal handler may come in anywhere.
 */
#ifndef HL_PRELOAD_NODES_H
#define HL_PRELOAD_NODES_H

#include <stddef.h>
#include <stdint.h>

#include "base/store.h"
#include "common/ledger.h"

#pragma GCC visibility push(hidden)

extern struct hl_table hl_nodes;	/* struct hl_node */

/** hl_nodes_open() - the reserved nodes in a new ledger; 0 or -errno */
int hl_nodes_open(void);
void hl_nodes_abandon(void);

/**
 * hl_nodes_of() - the node of a stack
 * @outer: HL_NODE_ROOT, HL_NODE_TRUNCATED or HL_NODE_PARTIAL: what is above the outermost frame
 * @ips:   return addresses, innermost first
 *
 * When there is no room the deepest known part of the stack is returned, and the refusal counted;
 * with none of it known, HL_NODE_UNATTRIBUTED.
 */
uint32_t hl_nodes_of(uint32_t outer, const uintptr_t *ips, size_t nr_ips);

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

/** hl_nodes_prefetch() - a path of this @hash is going to be looked up */
void hl_nodes_prefetch(uint32_t hash);

/** hl_nodes_child() - one frame of that: the node of (@parent, @ip), or 0 when there is no room */
uint32_t hl_nodes_child(uint32_t parent, uintptr_t ip, uint32_t hash);

/** hl_nodes_refused() - count a stack that was kept under a shorter one */
void hl_nodes_refused(void);

/**
 * hl_nodes_frames() - the other way: return addresses of a node as they are in memory now, innermost first
 * Returns how many there are, with those beyond @room.
 */
size_t hl_nodes_frames(uint32_t node, uintptr_t *ips, size_t room);

/** hl_nodes_outermost() - the last of them; 0: there is none */
uintptr_t hl_nodes_outermost(uint32_t node);

/** hl_nodes_forget() - every stack gets new nodes from now on; the old ones stay in the ledger */
void hl_nodes_forget(void);

/** hl_nodes_nr() - node numbers given out so far */
uint64_t hl_nodes_nr(void);

#pragma GCC visibility pop
#endif
