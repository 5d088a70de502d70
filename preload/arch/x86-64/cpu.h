/* SPDX-License-Identifier: MIT */
/*
 * Single instructions.  Part of the seam: another processor has a folder of its own with these names.
 */
#ifndef HL_ARCH_CPU_H
#define HL_ARCH_CPU_H

#include <elf.h>
#include <stdbool.h>
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

/*
 * Replaces 16 aligned bytes at @place, if they are still those at @old; false: they are not.  Each x86-64
 * processor since 2006 has the instruction, but the compiler makes a call of libatomic of it.
 */
static inline bool hl_cpu_swap_pair(void *place, const void *old, const void *next)
{
	uint64_t was[2], now[2];
	bool done;

	__builtin_memcpy(was, old, sizeof(was));
	__builtin_memcpy(now, next, sizeof(now));
	__asm__ volatile("lock cmpxchg16b (%3)"
		: "=@ccz"(done), "+a"(was[0]), "+d"(was[1])
		: "r"(place), "b"(now[0]), "c"(now[1])
		: "memory");
	return done;
}

#endif
