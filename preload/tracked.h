/* SPDX-License-Identifier: MIT */
/*
 * Blocks of the program's own allocators, as hl_track() and hl_untrack() tell them.
 *
 * Their addresses are any numbers, so they are in a hash table instead of the map of shadow.c.  It
 * lies in the shim's own memory, doubles, and has a bound.
 */
#ifndef HL_PRELOAD_TRACKED_H
#define HL_PRELOAD_TRACKED_H

#include <stddef.h>
#include <stdint.h>

#include "common/ledger.h"
#include "stacks/unwind.h"

#pragma GCC visibility push(hidden)

/**
 * hl_tracked_add() - book a block of @caller; one of this address is freed before
 * Returns: 0; -ENOMEM: the table has no room, the block is not booked.
 */
int hl_tracked_add(enum hl_domain domain, uintptr_t address, size_t size,
	const struct hl_caller *caller);

/** hl_tracked_remove() - book a block as freed; one that is not known is ignored */
void hl_tracked_remove(enum hl_domain domain, uintptr_t address);

/** hl_tracked_clear() - forget all blocks; the lanes are paused */
void hl_tracked_clear(void);

/** hl_tracked_abandon() - forked child: they are the parent's */
void hl_tracked_abandon(void);

#pragma GCC visibility pop
#endif
