/* SPDX-License-Identifier: MIT */
/*
 * The loader's lock, asked for and never waited for.
 *
 * Who calls malloc may have it: a callback of dl_iterate_phdr(), a constructor.  Who has it may wait for another
 * thread, and that one may be in an event.  So an event that wants the loader's list must not wait for the lock as
 * dl_iterate_phdr() does: the circle would be closed.  glibc has no call that tries; but the lock is a recursive
 * mutex in the loader's data, and while we have it our thread stands in it, so that it can be found.
 */
#ifndef HL_PRELOAD_LOADER_H
#define HL_PRELOAD_LOADER_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/** hl_loader_open() - in the constructor, when there is one thread: find the lock */
void hl_loader_open(void);

/**
 * hl_loader_try() - before dl_iterate_phdr() in an event, with signals blocked
 * Returns: false: somebody else has the lock: try again at a later event.  True: it is this thread's until
 * hl_loader_release().
 */
bool hl_loader_try(void);
void hl_loader_release(void);

/** hl_loader_is_known() - false: the lock was not found (another C library): it has to be waited for */
bool hl_loader_is_known(void);

#pragma GCC visibility pop
#endif
