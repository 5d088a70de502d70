/* SPDX-License-Identifier: MIT */
/*
 * When the loader's list is looked at (modules.h).
 *
 * dlopen and dlclose are not wrapped.  Both allocate and free in the loader itself, so an event
 * whose caller is ld.so is a hint, and the next event of each thread from elsewhere looks whether
 * dlpi_adds or dlpi_subs have moved, unless another thread has after all hints so far.  Costs two
 * comparisons per event.
 */
#ifndef HL_PRELOAD_HINTS_H
#define HL_PRELOAD_HINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/os.h"
#include "stacks/modules.h"

#pragma GCC visibility push(hidden)

extern uint32_t hl_hints;		/* events whose caller was ld.so, so far */

/** hl_hints_open() - in the constructor, after hl_modules_open(): looks for the first time */
void hl_hints_open(void);

/**
 * hl_hints_restart() - in a forked child
 * @threads: the parent had other threads, one of which may have held the loader's lock
 */
void hl_hints_restart(bool threads);

/** hl_hints_count() - the loader itself allocates or frees: its list may have changed */
void hl_hints_count(void);

/** hl_hints_note() - an event of a caller at @ip; true when it is the loader, and counted */
static inline bool hl_hints_note(uint64_t ip)
{
	if (hl_likely(ip - hl_loader_start >= hl_loader_bytes))
		return false;
	hl_hints_count();
	return true;
}

/** hl_hints_note_nested() - the same for an event that may not ask the loader; returns as hl_hints_follow() */
bool hl_hints_note_nested(uint64_t ip);

bool hl_hints_follow_slow(uint64_t ip, uint32_t *seen);

/**
 * hl_hints_follow() - before the stack of an event of a caller at @ip is walked
 * @seen: how many hints this thread has followed
 *
 * One that looks while another is half way through dlopen sees what was before, and does not make that one believe
 * that nothing has changed: only what was seen between two changes is seen for all.  In an event of the loader
 * it is looked at as well, if no change is under way: a constructor that calls dlopen() is on the stack before it
 * has had an event of its own.  Takes the loader's lock, which is tried (loader.h): never with a lock of ours held, or
 * from a nested event.
 *
 * Returns: false: the loader cannot be asked now, and has hinted at something: what lies where has to be seen from the
 * stack itself (hl_modules_see())
 */
static inline bool hl_hints_follow(uint64_t ip, uint32_t *seen)
{
	uint32_t hints = __atomic_load_n(&hl_hints, __ATOMIC_RELAXED);

	if (hl_unlikely(hints != *seen || ip - hl_loader_start < hl_loader_bytes))
		return hl_hints_follow_slow(ip, seen);
	return true;
}

#pragma GCC visibility pop
#endif
