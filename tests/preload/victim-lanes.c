/* SPDX-License-Identifier: MIT */
/*
 * Threads and handlers that could leave the shim's lanes in a state of their own.
 *
 * Usage: victim-lanes MODE [NUMBER]
 *   raw NUMBER      so many threads, ten at a time, that end by the raw system call
 *   step STACK      a handler that allocates, at each instruction of some events; its stack is the "same",
 *                   an "alternate" one, or that with SS_AUTODISARM: "autodisarm"
 *   race NUMBER     so many threads begin at once, and the program's first event is the loader's in pthread_create()
 *   silent NUMBER   so many threads, and no event but the loader's
 *   stacks NUMBER   so many threads at once allocate through 8,192 stacks each
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

void *end_raw(void *arg)
{
	free(malloc(10));
	syscall(SYS_exit, 0);
	return arg;
}

static int do_raw(long nr)
{
	for (long i = 0; i < nr; i += 10) {
		pthread_t thread[10];

		for (int k = 0; k < 10; k++)
			if (pthread_create(&thread[k], NULL, end_raw, NULL) != 0)
				return 77;
		for (int k = 0; k < 10; k++)
			pthread_join(thread[k], NULL);
	}
	return 0;
}

static volatile long nr_handlers;
void in_handler(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)info;
	for (size_t i = 0; i < 3; i++)
		free(malloc(100 + i));
	nr_handlers++;
	/* No step further before a system call: with signals blocked it would be the end of the program. */
	if (signal == SIGTRAP && memcmp((void *)registers[REG_RIP], "\x0f\x05", 2) == 0)
		registers[REG_EFL] &= ~0x100;
}

void allocate_stepwise(int step)
{
	for (int i = 0; i < 20; i++) {
		void *block;

		if (step && i >= 10)
			__asm__ volatile("pushf; orl $0x100, (%%rsp); popf" ::: "memory", "cc");
		block = malloc(32);
		block = realloc(block, 64);
		free(block);
	}
	__asm__ volatile("pushf; andl $~0x100, (%%rsp); popf" ::: "memory", "cc");
}

/*
 * The processor's trap flag brings a handler between any two instructions of our events.  On a stack of its own it
 * may also be that the kernel says there is none meanwhile (SS_AUTODISARM), and that it lies in a frame of ours.
 */
static int do_step(const char *how)
{
	char stack[64 << 10];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = in_handler, .sa_flags = SA_RESTART | SA_SIGINFO };

	if (strcmp(how, "same") != 0)
		action.sa_flags |= SA_ONSTACK;
	if (strcmp(how, "autodisarm") == 0)
		alternate.ss_flags = (int)SS_AUTODISARM;
	if (sigaltstack(&alternate, NULL) != 0)
		return 77;
	sigaction(SIGTRAP, &action, NULL);
	raise(SIGTRAP);
	allocate_stepwise(0);
	allocate_stepwise(1);
	printf("%ld\n", nr_handlers);
	return 0;
}

static void *volatile sink;
void *left(unsigned int path, int depth);

void *right(unsigned int path, int depth)
{
	void *block = depth == 0 ? malloc(16) : path & 1 ? left(path >> 1, depth - 1) : right(path >> 1, depth - 1);

	sink = block;
	return block;
}

void *left(unsigned int path, int depth)
{
	void *block = depth == 0 ? malloc(17) : path & 1 ? left(path >> 1, depth - 1) : right(path >> 1, depth - 1);

	sink = block;
	return block;
}

/* All are there until the last one is done: no lane is used again. */
static pthread_barrier_t barrier;
static void *walk_stacks(void *arg)
{
	for (unsigned int path = 0; path < 8192; path++)
		free(left(path, 13));
	pthread_barrier_wait(&barrier);
	return arg;
}

static int do_stacks(long nr)
{
	pthread_t *thread = mmap(NULL, (size_t)nr * sizeof(*thread), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 << 10);
	pthread_barrier_init(&barrier, NULL, (unsigned int)nr);
	for (long i = 0; i < nr; i++)
		if (pthread_create(&thread[i], &attr, walk_stacks, NULL) != 0)
			_exit(77);
	for (long i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
	return 0;
}

void *race_make(void)
{
	return malloc(100);
}

void *race_thread(void *arg)
{
	for (int i = 0; i < 3000; i++)
		free(race_make());
	return arg;
}

static void *silent_thread(void *arg)
{
	return arg;
}

static int do_threads(long nr, void *(*run)(void *), long at_once)
{
	pthread_t thread[32];

	for (long i = 0; i < nr; i += at_once) {
		for (long k = 0; k < at_once; k++)
			if (pthread_create(&thread[k], NULL, run, NULL) != 0)
				return 77;
		for (long k = 0; k < at_once; k++)
			pthread_join(thread[k], NULL);
	}
	return 0;
}

int main(int argc, char **argv)
{
	long nr = argc > 2 ? atol(argv[2]) : 0;

	if (argc > 1 && strcmp(argv[1], "raw") == 0)
		return do_raw(nr);
	if (argc > 2 && strcmp(argv[1], "step") == 0)
		return do_step(argv[2]);
	if (argc > 1 && strcmp(argv[1], "race") == 0)
		return do_threads(nr, race_thread, nr > 32 ? 32 : nr);
	if (argc > 1 && strcmp(argv[1], "silent") == 0)
		return do_threads(nr, silent_thread, nr > 32 ? 32 : nr);
	return argc > 1 && strcmp(argv[1], "stacks") == 0 ? do_stacks(nr) : 2;
}
