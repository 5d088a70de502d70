/* SPDX-License-Identifier: MIT */
/*
 * Where an event came from: the registers right after the hook's return, read from the hook's own frame.
 * Part of the seam: another processor has a folder of its own with these names.
 */
#ifndef HL_ARCH_FRAME_H
#define HL_ARCH_FRAME_H

#include <stdint.h>

struct hl_caller {
	uintptr_t ip;			/* the hook's return address */
	uintptr_t sp;
	uintptr_t bp;
};

/* The frame of an exported hook (built with a frame pointer) begins with these. */
struct hl_hook_frame {
	uintptr_t bp;
	uintptr_t ip;
};
#define HL_HOOK_FRAME() ((const struct hl_hook_frame *)__builtin_frame_address(0))

static inline struct hl_caller hl_caller_of(const struct hl_hook_frame *frame)
{
	return (struct hl_caller){ frame->ip, (uintptr_t)(frame + 1), frame->bp };
}
#define HL_CALLER() hl_caller_of(HL_HOOK_FRAME())

#endif
