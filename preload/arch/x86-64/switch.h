/* SPDX-License-Identifier: MIT */
/*
 * Another stack, and the registers that a callee keeps.  Part of the seam: another processor has a folder of its own
 * with these names.
 */
#ifndef HL_ARCH_SWITCH_H
#define HL_ARCH_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/**
 * hl_switch_stack() - call @function(@argument) on the stack that ends at @top (16 bytes aligned), and come back
 * Unwinders and debuggers find the way across: the frame is found by the frame pointer.
 */
void hl_switch_stack(void *argument, void (*function)(void *), void *top);

/* What an unwinder begins with; HL_REGISTERS() are those of the function that it stands in. */
struct hl_registers {
	uintptr_t ip;
	uintptr_t sp;
	uintptr_t bp;
	uintptr_t bx;
	uintptr_t r12;
	uintptr_t r13;
	uintptr_t r14;
	uintptr_t r15;
};
#define HL_REGISTERS(r)                                                                            \
	__asm__ volatile("leaq 0f(%%rip), %%rax\n\tmovq %%rax, 0(%0)\n\tmovq %%rsp, 8(%0)\n\t"     \
			 "movq %%rbp, 16(%0)\n\tmovq %%rbx, 24(%0)\n\tmovq %%r12, 32(%0)\n\t"      \
			 "movq %%r13, 40(%0)\n\tmovq %%r14, 48(%0)\n\tmovq %%r15, 56(%0)\n0:"      \
			 : : "r"(r) : "rax", "memory")

/** hl_register() - one of them, by libunwind's (and DWARF's) number; false: it is not among them */
static inline bool hl_register(const struct hl_registers *r, int number, uint64_t *value)
{
	switch (number) {
	case 3: *value = r->bx; return true;
	case 6: *value = r->bp; return true;
	case 7: *value = r->sp; return true;
	case 12: *value = r->r12; return true;
	case 13: *value = r->r13; return true;
	case 14: *value = r->r14; return true;
	case 15: *value = r->r15; return true;
	case 16: *value = r->ip; return true;
	default: *value = 0; return number >= 0 && number < 16;
	}
}

#pragma GCC visibility pop
#endif
