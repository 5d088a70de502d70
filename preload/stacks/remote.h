/* SPDX-License-Identifier: MIT */
/*
 * A stack walked by libunwind, frame by frame: what no rule describes, and --unwind=cfi.
 */
#ifndef HL_PRELOAD_REMOTE_H
#define HL_PRELOAD_REMOTE_H

#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "stacks/walk.h"

#pragma GCC visibility push(hidden)

/** hl_remote_open() - after hl_libunwind_open(); 0 or -errno */
int hl_remote_open(void);

/**
 * hl_remote_walk() - the stack of @caller, from the frames of our own inside of it outwards
 * @own:  as in hl_walk()
 * @ips:  receives return addresses, innermost first; at most @room
 *
 * It has to begin in here, because rules of such stacks may want registers that only unwinding our own frames
 * brings back.  Only the stack and unwind information are read, and each word outside of what is known to be
 * readable is asked for.
 *
 * Returns: how the walk ended, HL_WALK_UNFIT never; with HL_WALK_NO_UNWINDER and HL_WALK_NO_ROOM *nr_ips is 0.
 * Safety:  takes no lock but libunwind's own, with signals blocked and on a private stack.
 */
enum hl_walk_end hl_remote_walk(const struct hl_own_stack *own, const struct hl_caller *caller, uintptr_t *ips,
	size_t room, size_t *nr_ips);

#pragma GCC visibility pop
#endif
