/* SPDX-License-Identifier: MIT */
/*
 * Which ELF objects were loaded where, and when that changed.
 *
 * Each object has one record, with the addresses at which it lay first.  One that comes back elsewhere
 * has its record again, if a build-id says that it is the same: so a server that loads and unloads its
 * plugins for months has as many records and stacks as it has plugins.  Nodes have addresses as records
 * have them (moved.h).
 *
 * dlopen and dlclose are not wrapped.  Both allocate and free in the loader itself, so an event
 * whose caller is ld.so is a hint, and the next event of each thread from elsewhere looks whether
 * dlpi_adds or dlpi_subs have moved.  Costs two comparisons per event.
 */
#ifndef HL_PRELOAD_MODULES_H
#define HL_PRELOAD_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/os.h"

#pragma GCC visibility push(hidden)

extern uint64_t hl_loader_start;	/* the mapped range of ld.so */
extern uint64_t hl_loader_bytes;
extern uint32_t hl_modules_hints;	/* events whose caller was ld.so, so far */
extern uint32_t hl_modules_generation;	/* changes when an object was unloaded, or nodes have other addresses */

/** hl_modules_open() - record what is loaded now (constructor) */
void hl_modules_open(void);

/**
 * hl_modules_restart() - write what is known into a forked child's new ledger
 * @threads: the parent had other threads, one of which may have held the loader's lock
 */
void hl_modules_restart(bool threads);

/**
 * hl_modules_refresh() - record what came and went, unless another thread has after all hints so far
 * Asks the loader (dl_iterate_phdr), with a lock that is tried (loader.h): never call it with a lock of ours held or
 * from a nested event.  Returns: false: the loader could not be asked now.
 */
bool hl_modules_refresh(void);

/**
 * hl_modules_note_calls() - what objects have been bound to since the last look, at the end
 * Does not ask the loader, whose lock another thread may keep for ever.
 */
void hl_modules_note_calls(void);

/** hl_modules_count_hint() - the loader itself allocates or frees: its list may have changed */
void hl_modules_count_hint(void);

/**
 * hl_modules_refresh_between() - hl_modules_refresh() in an event of the loader, if it is not in the middle of a
 * change: a constructor that calls dlopen() is on the stack before it has had an event of its own
 */
void hl_modules_refresh_between(void);

/** hl_modules_note_no_info() - the object of @ip has no unwind information for that; flags it in the ledger */
void hl_modules_note_no_info(uintptr_t ip);

/** hl_modules_hint() - an event of a caller at @ip; true when it is the loader, and counted */
static inline bool hl_modules_hint(uint64_t ip)
{
	if (hl_likely(ip - hl_loader_start >= hl_loader_bytes))
		return false;
	hl_modules_count_hint();
	return true;
}

/**
 * hl_modules_follow() - before the stack of an event of a caller at @ip is walked
 * @seen: how many hints this thread has followed
 *
 * One that looks while another is half way through dlopen sees what was before, and does not make that one believe
 * that nothing has changed: only what was seen between two changes is seen for all.
 */
static inline void hl_modules_follow(uint64_t ip, uint32_t *seen)
{
	uint32_t hints = __atomic_load_n(&hl_modules_hints, __ATOMIC_RELAXED);

	if (hl_likely(hints == *seen && ip - hl_loader_start >= hl_loader_bytes))
		return;
	if (!hl_modules_hint(ip)) {
		if (hl_modules_refresh())
			*seen = hints;
	} else {
		hl_modules_refresh_between();
	}
}

#pragma GCC visibility pop
#endif
