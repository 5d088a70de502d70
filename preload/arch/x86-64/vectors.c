/* SPDX-License-Identifier: MIT */
/*
 * Saving with XSAVE what the processor has, or with FXSAVE (x87, MMX and SSE) where the kernel or valgrind
 * has no XSAVE.
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 13.
 */
#include "vectors.h"

#include <cpuid.h>
#include <stdint.h>

/*
 * Components of the state: x87 and MMX, SSE, AVX, the three of AVX-512, the general registers of APX.  Not
 * AMX: its 8 KiB are asked of the kernel, and only by who calculates with matrices; and not PKRU, which
 * is a right of the thread.
 */
#define COMPONENTS (1u << 0 | 1u << 1 | 1u << 2 | 7u << 5 | 1u << 19)
#define FIRST_EXTENDED 2u		/* those before it have their places in what FXSAVE stores */
#define LAST 19u

#define FXSAVE_BYTES 512u
#define HEADER_BYTES 64u

/* The second is stored last: not 0, the first is valid.  Whoever comes twice finds the same. */
static uint32_t components;
static size_t area_bytes;

static uint32_t enabled_components(void)
{
	uint32_t a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return 0;
	__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return a & COMPONENTS;
}

static size_t find_out(void)
{
	uint32_t mask = enabled_components(), size, offset, c, d;
	size_t bytes = mask ? FXSAVE_BYTES + HEADER_BYTES : FXSAVE_BYTES;

	for (uint32_t i = FIRST_EXTENDED; i <= LAST; i++) {
		if (!(mask >> i & 1))
			continue;
		__cpuid_count(0xd, i, size, offset, c, d);
		if (bytes < (size_t)offset + size)
			bytes = (size_t)offset + size;
	}
	__atomic_store_n(&components, mask, __ATOMIC_RELAXED);
	__atomic_store_n(&area_bytes, bytes, __ATOMIC_RELEASE);
	return bytes;
}

size_t hl_vectors_bytes(void)
{
	size_t bytes = __atomic_load_n(&area_bytes, __ATOMIC_ACQUIRE);

	return bytes ? bytes : find_out();
}

void hl_vectors_save(void *area)
{
	uint64_t *header = (uint64_t *)((char *)area + FXSAVE_BYTES);

	hl_vectors_bytes();
	if (!components) {
		__asm__ volatile("fxsave64 %0" : "=m"(*(char(*)[FXSAVE_BYTES])area));
		return;
	}
	/* XSAVE writes the first word of the header only, and XRSTOR wants zeros in the others. */
	for (size_t i = 0; i < HEADER_BYTES / sizeof(*header); i++)
		header[i] = 0;
	__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(components), "d"(0) : "memory");
}

void hl_vectors_restore(const void *area)
{
	if (components)
		__asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(components), "d"(0) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}
