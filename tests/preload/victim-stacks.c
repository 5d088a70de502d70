/* SPDX-License-Identifier: MIT */
/*
 * Call stacks of many shapes, for the comparison with unw_backtrace(): recursion, frames of very
 * different sizes, alloca, realigned frames, indirect calls, blocks passed between depths, threads,
 * signal handlers on the stack.  Built three times, with different frame layouts.
 */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int seed = 1;

static unsigned int next(void)
{
	seed = seed * 1103515245 + 12345;
	return seed >> 16;
}

static void *kept[64];

static void churn(void)
{
	unsigned int i = next() % 64;

	free(kept[i]);
	kept[i] = malloc(next() % 200);
}

typedef void function(unsigned int depth);
static function small, large, dynamic, aligned, many;
static function *const functions[] = { small, large, dynamic, aligned, many };

static void deeper(unsigned int depth)
{
	churn();
	if (depth > 0)
		functions[next() % 5](depth - 1);
	churn();
}

static void small(unsigned int depth)
{
	deeper(depth);
}

static void large(unsigned int depth)
{
	volatile char space[2000];

	space[0] = (char)depth;
	deeper(depth);
	space[1] = space[0];
}

static void dynamic(unsigned int depth)
{
	size_t bytes = 16 + next() % 500;
	char *space = alloca(bytes);

	memset(space, (int)depth, bytes);
	deeper(depth);
	kept[0] = realloc(kept[0], (size_t)space[0] + 100);
}

static void aligned(unsigned int depth)
{
	volatile char space[64] __attribute__((aligned(64)));

	space[0] = (char)depth;
	deeper(depth);
	if ((uintptr_t)space % 64 != 0)
		abort();
}

/* Seven arguments: some go through the stack. */
static __attribute__((noinline)) int seven(int a, int b, int c, int d, int e, int f, int g)
{
	churn();
	return a + b + c + d + e + f + g;
}

static void many(unsigned int depth)
{
	volatile int sum = seven(1, 2, 3, 4, 5, 6, (int)depth);

	(void)sum;
	deeper(depth);
}

static void recursion(unsigned int depth)
{
	volatile char space[24];

	space[0] = (char)depth;
	if (depth % 8 == 0)
		churn();
	if (depth > 0)
		recursion(depth - 1);
	space[1] = space[0];
}

/*
 * Two functions with equal frames: stacks that differ in one word, far out or far in, and come back
 * again and again.  What follows the call makes it none that is jumped to, and the two different.
 */
static void left(unsigned int path, unsigned int depth);

__attribute__((noinline)) static void right(unsigned int path, unsigned int depth)
{
	if (depth == 0)
		churn();
	else if (path & 1)
		right(path >> 1, depth - 1);
	else
		left(path >> 1, depth - 1);
	__asm__ volatile("# right" ::: "memory");
}

__attribute__((noinline)) static void left(unsigned int path, unsigned int depth)
{
	if (depth == 0)
		churn();
	else if (path & 1)
		right(path >> 1, depth - 1);
	else
		left(path >> 1, depth - 1);
	__asm__ volatile("# left" ::: "memory");
}

static void on_signal(int number)
{
	(void)number;
	deeper(3);
}

static void *thread(void *arg)
{
	for (int i = 0; i < 500; i++)
		deeper(12);
	return arg;
}

int main(void)
{
	pthread_t other;

	signal(SIGUSR1, on_signal);
	for (int i = 0; i < 3000; i++) {
		deeper(20);
		if (i % 10 == 0)
			raise(SIGUSR1);
	}
	for (unsigned int depth = 0; depth < 240; depth += 7)
		recursion(depth);
	for (int i = 0; i < 40000; i++)
		left(1u << next() % 32, 10 + next() % 3 * 10);
	pthread_create(&other, NULL, thread, NULL);
	pthread_join(other, NULL);
	puts("done");
	return 0;
}
