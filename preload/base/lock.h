/* SPDX-License-Identifier: MIT */
/*
 * The lock of the shim, with all signals of the thread blocked while it is held, so that no handler can find it taken
 * by its own thread.  For growth only: it costs three system calls.
 *
 * Who finds it taken spins for some microseconds and then sleeps, so that a holder of any priority gets on.  A
 * real-time thread lends the holder its priority meanwhile (FUTEX_LOCK_PI): else the holder would have to wait
 * for its turn among all that the machine does, with the real-time thread behind it.  The others are woken one by
 * one and try again: the kernel would hand the lock over to the first of them, and nobody could have it until that
 * one has its turn.
 */
#ifndef HL_PRELOAD_LOCK_H
#define HL_PRELOAD_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ranks.h"

#pragma GCC visibility push(hidden)

struct hl_lock {
	uint32_t word;			/* of a futex with priorities: the holder's thread id; 0: open */
	enum hl_rank rank;
	uint32_t nr_waiting;		/* of those that are woken */
	uint32_t turns;			/* what they sleep on: changes when it is opened and somebody waits */
};
void hl_lock_take(struct hl_lock *lock, uint64_t *saved);
void hl_lock_drop(struct hl_lock *lock, const uint64_t *saved);

/** hl_lock_try() - hl_lock_take() that never waits; false: somebody has it */
bool hl_lock_try(struct hl_lock *lock, uint64_t *saved);

/* hl_lock_take() and hl_lock_drop() where signals are blocked already. */
void hl_lock_close(struct hl_lock *lock);
void hl_lock_open(struct hl_lock *lock);

/** hl_lock_reset() - forked child: whoever held it was a thread of the parent */
static inline void hl_lock_reset(struct hl_lock *lock)
{
	lock->word = 0;
	lock->nr_waiting = 0;
}

#pragma GCC visibility pop
#endif
