/* SPDX-License-Identifier: MIT */
/*
 * A moment in which no lane is inside of an event: for what the program asks of the account as a
 * whole (control.c).  Threads that want to book wait until it is over, so it must be short.
 */
#ifndef HL_PRELOAD_PAUSE_H
#define HL_PRELOAD_PAUSE_H

#include "base/os.h"

#pragma GCC visibility push(hidden)

/**
 * hl_pause() - wait until all lanes are between two events, and keep them there
 * @saved: for hl_resume(); all signals are blocked until then
 *
 * The totals are brought up to date.  Events without a lane (of handlers that came in before, of
 * more threads than lanes) are not waited for: they change the shared shard by atomic additions.
 * The caller must not be inside of an event, must not hold a lock of ours and must not call malloc.
 *
 * Returns: 0; -EAGAIN: a thread has been inside of an event for a second, which may happen when that
 *          needs something that the caller holds (the loader's lock).
 */
int hl_pause(uint64_t *saved);
void hl_resume(const uint64_t *saved);

/** hl_pause_abandon() - forked child: who paused was a thread of the parent */
void hl_pause_abandon(void);

#pragma GCC visibility pop
#endif
