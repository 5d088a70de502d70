/* SPDX-License-Identifier: MIT */
/*
 * The program that the consumers of exports are asked about: few stacks, round numbers, one inlined
 * function, one recursion, and blocks that are live, temporary, gone before the peak or after it.
 */
#include <stdlib.h>
#include <string.h>

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif
#define INLINE static inline __attribute__((always_inline))

static void *kept[400];
static size_t nr_kept;
static void *volatile sink;

/* The inlined leaf: its line and its caller's are one address. */
INLINE void *inner_inlined(size_t bytes)
{
	void *block = malloc(bytes);

	memset(block, 1, bytes);
	return block;
}

NOINLINE void keep_through_inline(void)
{
	kept[nr_kept++] = inner_inlined(1000);
}

NOINLINE void keep_big(void)
{
	kept[nr_kept++] = calloc(1, 250000);
}

NOINLINE void use_and_drop(void)
{
	sink = malloc(48);
	free(sink);
}

NOINLINE void recurse(int depth)
{
	if (depth)
		recurse(depth - 1);
	else
		kept[nr_kept++] = malloc(3000);
	sink = kept;
}

/* 200000 bytes that are there at the peak only. */
NOINLINE void make_peak(void)
{
	sink = malloc(200000);
	memset(sink, 1, 200000);
}

int main(void)
{
	for (int i = 0; i < 100; i++)
		keep_through_inline();
	keep_big();
	for (int i = 0; i < 70; i++)
		use_and_drop();
	recurse(5);
	make_peak();
	free(sink);
	return 0;
}
