/* SPDX-License-Identifier: MIT */
/*
 * Loops that do nothing but allocate, for the benchmarks: micro LOOP NUMBER
 *
 * Prints "events E seconds S": calls of malloc and free (a realloc is both), and the wall time
 * of the loop alone.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Keeps a call from becoming a jump: each level of a recursion must have a frame of its own. */
#define AFTER_CALL() __asm__ volatile("" ::: "memory")

static void die(const char *text)
{
	fprintf(stderr, "micro: %s\n", text);
	exit(2);
}

static void *need(size_t size)
{
	void *block = malloc(size);

	if (!block)
		die("out of memory");
	return block;
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* One block, again and again: the allocator's and the tracer's shortest path. */
static uint64_t hot(uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n; i++)
		free(need(64));
	return n * 2;
}

__attribute__((noinline)) static uint64_t descend(unsigned int depth, uint64_t n)
{
	uint64_t events = depth > 0 ? descend(depth - 1, n) : hot(n);

	AFTER_CALL();
	return events;
}

/* The hot loop below 20 and below 200 frames, which stay as they are. */
static uint64_t deep20(uint64_t n)
{
	return descend(20, n);
}

static uint64_t deep200(uint64_t n)
{
	return descend(200, n);
}

/* The same recursion made anew for each pair: the whole stack is written between two events. */
static uint64_t dive200(uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n; i++)
		descend(200, 1);
	return n * 2;
}

#define NR_STACKS 100000u
#define STACK_BITS 17u
static void left(uint32_t path, unsigned int bits);

/* Which of the two functions a level is in gives one bit of the stack; the labels keep them two. */
__attribute__((noinline)) static void right(uint32_t path, unsigned int bits)
{
	if (bits == 0)
		free(need(32));
	else if (path & 1)
		right(path >> 1, bits - 1);
	else
		left(path >> 1, bits - 1);
	__asm__ volatile("# right" ::: "memory");
}

__attribute__((noinline)) static void left(uint32_t path, unsigned int bits)
{
	if (bits == 0)
		free(need(32));
	else if (path & 1)
		right(path >> 1, bits - 1);
	else
		left(path >> 1, bits - 1);
	__asm__ volatile("# left" ::: "memory");
}

/* 100,000 stacks in an order in which the outermost frames change from event to event. */
static uint64_t stacks(uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n; i++)
		left((uint32_t)(i * 38501 % NR_STACKS), STACK_BITS);
	return n * 2;
}

/* n live blocks of 16 to 256 bytes, in a list through themselves, then all freed. */
static uint64_t blocks(uint64_t n)
{
	void **list = NULL, **block;
	uint32_t state = 1;
	uint64_t i;

	for (i = 0; i < n; i++) {
		block = need(16 + next_random(&state) % 241);
		*block = list;
		list = block;
	}
	while (list) {
		block = *list;
		free(list);
		list = block;
	}
	return n * 2;
}

/* n buffers that grow by half from 16 bytes to 4 KiB, four of them in turn. */
static uint64_t grow(uint64_t n)
{
	char *buffers[4];
	uint64_t events = 0, i;
	size_t size, k;

	for (i = 0; i < n; i += 4) {
		memset(buffers, 0, sizeof(buffers));
		for (size = 16; size < 4096; size += size / 2) {
			for (k = 0; k < 4; k++) {
				buffers[k] = realloc(buffers[k], size);
				if (!buffers[k])
					die("out of memory");
				buffers[k][size - 1] = 1;
			}
			events += 8;
		}
		for (k = 0; k < 4; k++)
			free(buffers[k]);
	}
	return events;
}

static const struct loop {
	const char *name;
	uint64_t (*run)(uint64_t n);
} loops[] = {
	{"hot", hot},
	{"deep20", deep20},
	{"deep200", deep200},
	{"dive200", dive200},
	{"stacks", stacks},
	{"blocks", blocks},
	{"grow", grow},
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	size_t i;
	uint64_t events;
	double began;

	if (argc != 3)
		die("usage: micro LOOP NUMBER");
	for (i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		if (strcmp(loops[i].name, argv[1]) != 0)
			continue;
		began = now();
		events = loops[i].run(strtoull(argv[2], NULL, 10));
		printf("events %llu seconds %.6f\n", (unsigned long long)events, now() - began);
		return 0;
	}
	die("no such loop");
}
