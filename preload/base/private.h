/* SPDX-License-Identifier: MIT */
/*
 * Slow steps run on a stack of our own: the program's may be a coroutine's with 2 KiB, or a signal stack of the
 * least size, and libunwind, the loader and our own growth take more than that.
 */
#ifndef HL_PRELOAD_PRIVATE_H
#define HL_PRELOAD_PRIVATE_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/**
 * hl_private_run() - @function(@argument) on a private stack, with all signals blocked
 *
 * errno is kept.  On such a stack already, it is just called.  Signals stay blocked, because a handler would run on
 * that stack, too, and may want more of it than it has.
 *
 * Returns: false: there is no stack to be had, and nothing was called.
 */
bool hl_private_run(void (*function)(void *), void *argument);

/**
 * hl_private_call() - the same for what is not built as we are: libunwind, the loader
 * What it allocates is the shim's own (hl_tls.own), and the program finds its vector registers as they were.
 */
bool hl_private_call(void (*function)(void *), void *argument);

/** hl_private_restart() - forked child: the stacks of its parent's other threads are free again */
void hl_private_restart(void);

#pragma GCC visibility pop
#endif
