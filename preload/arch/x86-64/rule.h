/* SPDX-License-Identifier: MIT */
/*
 * How a rule is written: what unwinding one frame does to the stack pointer, the return address and the frame
 * pointer of this processor.  Part of the seam: another processor has a folder of its own with these names.
 */
#ifndef HL_ARCH_RULE_H
#define HL_ARCH_RULE_H

#include <stdint.h>

enum hl_rule_kind {
	HL_RULE_NONE = 0,		/* not known yet */
	HL_RULE_SP,			/* CFA = SP + cfa_offset */
	HL_RULE_BP,			/* CFA = BP + cfa_offset */
	HL_RULE_BP_DEREF,		/* CFA = *(BP + cfa_offset): realigned stacks */
	HL_RULE_CHAIN,			/* no unwind information: by frame pointer, if it looks like one */
	HL_RULE_SIGNAL,			/* the kernel's frame below a signal handler */
	HL_RULE_END,			/* outermost frame */
	HL_RULE_FULL,			/* none of these: libunwind must walk the whole stack */
};

enum hl_rule_bp {
	HL_BP_SAME = 0,			/* BP is not changed */
	HL_BP_AT_CFA,			/* saved at CFA + bp_offset */
	HL_BP_AT_BP,			/* saved at BP + bp_offset */
};

/* A larger frame than this is taken for a switch to another stack. */
#define HL_RULE_MAX_FRAME (1 << 20)

/* HL_RULE_SP rules are checked when they are learned: all that they read lies in the frame. */
struct hl_rule {
	uint8_t kind;			/* enum hl_rule_kind */
	uint8_t bp;			/* enum hl_rule_bp */
	int16_t bp_offset;
	int32_t cfa_offset;
};

/* libunwind's names of the registers and of its functions for this processor. */
#define HL_UNW(name) "_Ux86_64_" name
#define HL_UNW_IP UNW_X86_64_RIP
#define HL_UNW_SP UNW_X86_64_RSP
#define HL_UNW_BP UNW_X86_64_RBP

/* Where the kernel's signal frame keeps registers, from SP in the trampoline (struct ucontext). */
enum { HL_SIGNAL_BP = 120, HL_SIGNAL_SP = 160, HL_SIGNAL_IP = 168 };

/* mov $15, %rax; syscall: what the kernel returns to after a signal handler. */
#define HL_SIGRETURN_CODE { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 }

#endif
