/* SPDX-License-Identifier: MIT */
/*
 * A forked child that cannot make a ledger of its own is counted in that of the nearest of its parents that
 * has one: nobody else would know of it.  The page with the parent's totals stays mapped until the child
 * has a ledger; a child that has none keeps it, for the children that it forks.
 *
 * Safety: for who makes the child's ledger (hl_start_child()), which is one thread with signals blocked.
 */
#ifndef HL_PRELOAD_PARENT_H
#define HL_PRELOAD_PARENT_H

#pragma GCC visibility push(hidden)

/** hl_parent_keep() - map the totals a second time, while the parent's ledger is still mapped */
void hl_parent_keep(void);

/** hl_parent_leave() - the child has a ledger of its own, or is not to have one */
void hl_parent_leave(void);

/**
 * hl_parent_count_lost() - this process has no ledger: say so in that of its parent
 * @error: why: -errno; 0: for what its parent was lost
 */
void hl_parent_count_lost(int error);

#pragma GCC visibility pop
#endif
