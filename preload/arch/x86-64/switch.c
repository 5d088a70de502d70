/* SPDX-License-Identifier: MIT */
/* Another stack. */
#include "switch.h"

#define IN_REGISTER __attribute__((unused))

__attribute__((naked, noinline)) void hl_switch_stack(IN_REGISTER void *argument,
	IN_REGISTER void (*function)(void *), IN_REGISTER void *top)
{
	__asm__("pushq %rbp\n\t"
		".cfi_def_cfa_offset 16\n\t"
		".cfi_offset %rbp, -16\n\t"
		"movq %rsp, %rbp\n\t"
		".cfi_def_cfa_register %rbp\n\t"
		"movq %rdx, %rsp\n\t"
		"callq *%rsi\n\t"
		"movq %rbp, %rsp\n\t"
		"popq %rbp\n\t"
		".cfi_def_cfa %rsp, 8\n\t"
		"retq");
}
