/* SPDX-License-Identifier: MIT */
/*
 * Small and empty blocks, as close together as the allocator puts them: under an allocator that is
 * not glibc's two of them must never be taken for one.  Prints "blocks bytes freed-blocks";
 * whether realloc(p, 0) makes a block depends on the allocator.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N 2000

static unsigned long blocks, bytes, freed_blocks;
static void *kept[4 * N];

static void *made(void *block, size_t size)
{
	blocks++;
	bytes += size;
	return block;
}

int main(void)
{
	static char line[200];
	size_t n = 0;

	for (size_t i = 0; i < N; i++) {
		void *volatile p = made(malloc(i % 40), i % 40);
		void *now;

		freed_blocks++;
		now = realloc(p, 0);
		if (now)
			kept[n++] = made(now, 0);
		kept[n++] = made(malloc(i % 9), i % 9);
		kept[n++] = made(calloc(1, 1), 1);
		if (posix_memalign(&kept[n], 8, 4) == 0)
			made(kept[n++], 4);
	}
	for (size_t i = 0; i < n; i += 2)
		free(kept[i]);
	freed_blocks += (n + 1) / 2;
	snprintf(line, sizeof(line), "%lu %lu %lu\n", blocks, bytes, freed_blocks);
	(void)!write(1, line, strlen(line));
	_exit(0);
}
