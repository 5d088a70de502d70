/* SPDX-License-Identifier: MIT */
/*
 * Unwind rules are learned from libunwind, once per address.
 *
 * One step of unwinding restores three things: the CFA (the caller's stack pointer), the return
 * address, which lies below it, and the frame pointer.  libunwind is asked for one step of a made-up
 * process whose registers have values that no real address has, and whose memory answers with a tag
 * of the address; what comes out *is* the rule.  Whatever does not fit is marked HL_RULE_FULL.
 */
#ifndef HL_PRELOAD_LEARN_H
#define HL_PRELOAD_LEARN_H

#include <stdbool.h>
#include <stdint.h>

#include "rule.h"

#pragma GCC visibility push(hidden)

/** hl_learn_open() - after hl_libunwind_open(); 0 or -errno */
int hl_learn_open(void);

/**
 * hl_learn() - the rule of one address
 * @ip:    return address; with @exact the very instruction that was interrupted
 * @known: false when the answer must not be kept: no object has the address, or nobody to ask
 *
 * Safety: takes no lock but libunwind's own, with signals blocked and on a private stack.
 */
struct hl_rule hl_learn(uintptr_t ip, bool exact, bool *known);

extern uint32_t hl_learn_has_bare;	/* hl_learn_take_bare() has something */

/** hl_learn_take_bare() - an address of an object that has no unwind information for it; 0: no further one */
uintptr_t hl_learn_take_bare(void);

#pragma GCC visibility pop
#endif
