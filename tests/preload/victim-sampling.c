/* SPDX-License-Identifier: MIT */
/*
 * Blocks of known sizes from known functions, some of which stay.  Prints, for each function, its
 * name, blocks and bytes allocated, and live.
 */
#include <stdio.h>
#include <stdlib.h>

#define NR 200000

static void *kept[NR];

static __attribute__((noinline)) void *small(void)
{
	return malloc(24);
}

static __attribute__((noinline)) void *middle(void)
{
	return calloc(1, 700);
}

static __attribute__((noinline)) void *large(void *block)
{
	return realloc(block, 9000);
}

int main(void)
{
	for (int i = 0; i < NR; i++)
		kept[i] = small();
	for (int i = 0; i < NR; i += 2) {
		free(kept[i]);
		kept[i] = middle();
	}
	for (int i = 0; i < NR; i += 20)
		kept[i] = large(kept[i]);
	for (int i = 1; i < NR; i += 2)
		free(kept[i]);
	printf("small %d %d 0 0\n", NR, NR * 24);
	printf("middle %d %d %d %d\n", NR / 2, NR / 2 * 700, NR / 2 - NR / 20,
		(NR / 2 - NR / 20) * 700);
	printf("large %d %d %d %d\n", NR / 20, NR / 20 * 9000, NR / 20, NR / 20 * 9000);
	return 0;
}
