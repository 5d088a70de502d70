/* SPDX-License-Identifier: MIT */
/*
 * A program that has functions of the allocator of its own, which come before the shim's.
 *
 * Built with -DWRAP=1: malloc and free that count and call the next ones; 2: free only; 3: malloc and free that
 * have memory of their own.  Prints "calls of malloc, calls of free".
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void *malloc(size_t bytes);
void free(void *block);
void *calloc(size_t nr, size_t bytes);
void *realloc(void *block, size_t bytes);

static unsigned int nr_mallocs, nr_frees;

#if WRAP == 3
static char memory[1 << 20] __attribute__((aligned(16)));
static size_t used;

void *malloc(size_t bytes)
{
	char *block = memory + used;

	nr_mallocs++;
	used += (bytes + 31) / 16 * 16;
	return used < sizeof(memory) ? block : NULL;
}

void free(void *block)
{
	nr_frees += block != NULL;
}
#endif

#if WRAP == 1
void *malloc(size_t bytes)
{
	static void *(*next)(size_t);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "malloc");
	nr_mallocs++;
	return next(bytes);
}
#endif

#if WRAP == 1 || WRAP == 2
void free(void *block)
{
	static void (*next)(void *);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "free");
	nr_frees += block != NULL;
	next(block);
}
#endif

/* 100 blocks of 70 bytes by malloc, 50 freed; 50 made 90. */
void use_malloc(void)
{
	for (int i = 0; i < 100; i++) {
		void *block = malloc(70);

		if (i % 2 == 0)
			free(block);
	}
}

/* 10 blocks of 30 bytes by calloc, 10 of 60 by realloc, which frees the 10; and all freed. */
void use_others(void)
{
	for (int i = 0; i < 10; i++)
		free(realloc(calloc(3, 10), 60));
}

int main(void)
{
	char line[64];

	/* What the loader allocates at the first event is not counted. */
	free(malloc(1));
	nr_mallocs = nr_frees = 0;
	use_malloc();
	if (WRAP != 3)
		use_others();
	snprintf(line, sizeof(line), "%u %u\n", nr_mallocs, nr_frees);
	return write(1, line, strlen(line)) < 0;
}
