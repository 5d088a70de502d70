/* SPDX-License-Identifier: MIT */
/*
 * Single instructions.  Part of the seam: another processor has a folder of its own with these names.
 */
#ifndef HL_ARCH_CPU_H
#define HL_ARCH_CPU_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#define HL_ARCH_MACHINE EM_X86_64

/* In a loop that waits for another processor. */
static inline void hl_cpu_relax(void)
{
	__builtin_ia32_pause();
}

/*
 * Adds to a 64-bit word that only this thread writes and others read.  The compiler makes a load, an
 * addition and a store of relaxed atomics; this is one instruction, and its store is as whole.
 */
#define HL_OWNED_ADD(word, n)                                                                      \
	__asm__("addq %1, %0" : "+m"(word) : "er"((uint64_t)(n)) : "cc")

/* Upwards, word for word, from and to any addresses. */
static inline void hl_cpu_copy_words(void *to, const void *from, size_t nr_words)
{
	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(nr_words) : : "memory");
}

static inline void hl_cpu_set_words(void *to, uint64_t word, size_t nr_words)
{
	__asm__ volatile("rep stosq" : "+D"(to), "+c"(nr_words) : "a"(word) : "memory");
}

#endif
