/* SPDX-License-Identifier: MIT */
/*
 * The gate between fork() and libunwind.
 *
 * libunwind has locks of its own, which a child would find taken for ever if another thread was
 * inside at the fork.  So whoever enters is counted, and fork() waits for a moment when nobody is in
 * there; entering waits while a fork is under way.  Both waits are bounded: what else holds whom up
 * is not known here.  A child that is not sure does without libunwind.
 */
#ifndef HL_PRELOAD_GATE_H
#define HL_PRELOAD_GATE_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/** hl_gate_enter() - before any call of libunwind, with signals blocked until hl_gate_leave(); false: do without */
bool hl_gate_enter(void);
void hl_gate_leave(void);
bool hl_gate_is_usable(void);

/** hl_gate_fork_begin(), hl_gate_fork_end() - around fork(), the latter in the parent only */
void hl_gate_fork_begin(void);
void hl_gate_fork_end(void);

/** hl_gate_restart() - forked child: no other thread is in here */
void hl_gate_restart(void);

#pragma GCC visibility pop
#endif
