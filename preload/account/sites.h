/* SPDX-License-Identifier: MIT */
/*
 * Call sites: a site is (node of the tree of stacks, kind of call, domain, thread).  Sites get dense numbers and
 * live in the ledger; those of a node are a chain, which begins in the node's record.
 *
 * If two threads add the same site at once there are two, which readers add up.  That is why nothing here needs a
 * lock, and why a signal handler may come in anywhere.
 */
#ifndef HL_PRELOAD_SITES_H
#define HL_PRELOAD_SITES_H

#include <stdint.h>

#include "base/store.h"
#include "common/ledger.h"

#pragma GCC visibility push(hidden)

extern struct hl_table hl_sites;	/* struct hl_site */
/* Sites count from here on: those below are of before hl_sites_clear(), or of a parent. */
extern uint32_t hl_site_first;
/* The first site of this generation, for what finds no room for one of its own. */
extern uint32_t hl_site_unattributed;
extern uint32_t hl_site_inherited;	/* sites below are the parent's, but for the reserved ones */

/** hl_sites_open() - reserved sites in a new ledger; 0 or -errno */
int hl_sites_open(uint32_t first_site);
void hl_sites_abandon(void);

/**
 * hl_sites_clear() - sites begin anew, above all that there are; nodes stay
 * With the lanes paused: their memos must go as well.  Returns: 0; -ENOSPC: nothing was done.
 */
int hl_sites_clear(void);

/**
 * hl_sites_mark() - a new generation: what is allocated from now on gets new sites; those that there are still count
 * With the lanes paused, as above.  Returns: 0; -ENOSPC: nothing was done.
 */
int hl_sites_mark(void);

/** hl_sites_find() - the site of a node (and of a thread, if not 0); hl_site_unattributed: no room */
uint32_t hl_sites_find(uint32_t node, enum hl_kind kind, enum hl_domain domain, uint16_t thread);

#pragma GCC visibility pop
#endif
