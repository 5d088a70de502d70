/* SPDX-License-Identifier: MIT */
/*
 * Threads and signal handlers that allocate; the victim's own tally is its output.
 *
 * Usage: victim-threads MODE [SECONDS]; prints "blocks bytes freed-blocks freed-bytes".
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define UNIT 48

struct tally {
	uint64_t alloc_count;
	uint64_t alloc_bytes;
	uint64_t free_count;
	uint64_t free_bytes;
};
static struct tally total;

static void made(struct tally *tally, size_t size)
{
	tally->alloc_count++;
	tally->alloc_bytes += size;
}

static void gone(struct tally *tally, size_t size)
{
	tally->free_count++;
	tally->free_bytes += size;
}

static void add(const struct tally *tally)
{
	__atomic_fetch_add(&total.alloc_count, tally->alloc_count, __ATOMIC_RELAXED);
	__atomic_fetch_add(&total.alloc_bytes, tally->alloc_bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&total.free_count, tally->free_count, __ATOMIC_RELAXED);
	__atomic_fetch_add(&total.free_bytes, tally->free_bytes, __ATOMIC_RELAXED);
}

static double seconds = 2;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A block starts with its size, so that whoever takes it can count. */
#define NR_SHARED 4096
static size_t *shared[NR_SHARED];

/* One step: take whatever lies there, free or resize it, put a block there. */
static void exchange_one(struct tally *tally, unsigned int *seed)
{
	size_t size = UNIT * (1 + (size_t)rand_r(seed) % 16), old;
	size_t **place = &shared[(unsigned int)rand_r(seed) % NR_SHARED];
	size_t *block = __atomic_exchange_n(place, NULL, __ATOMIC_ACQ_REL);

	if (block && rand_r(seed) % 3 == 0) {
		old = *block;
		block = realloc(block, size);
		gone(tally, old);
	} else {
		if (block) {
			gone(tally, *block);
			free(block);
		}
		block = malloc(size);
	}
	made(tally, size);
	*block = size;
	block = __atomic_exchange_n(place, block, __ATOMIC_ACQ_REL);
	if (block) {
		gone(tally, *block);
		free(block);
	}
}

static void *exchange(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;
	double end = now() + seconds;
	struct tally tally = { 0 };

	while (now() < end)
		for (int i = 0; i < 100; i++)
			exchange_one(&tally, &seed);
	add(&tally);
	return NULL;
}

static int do_exchange(void)
{
	pthread_t threads[8];
	struct tally tally = { 0 };

	for (uintptr_t i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, exchange, (void *)(i + 1));
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	/* Half of what is left stays. */
	for (int i = 0; i < NR_SHARED; i += 2)
		if (shared[i]) {
			gone(&tally, *shared[i]);
			free(shared[i]);
		}
	add(&tally);
	return 0;
}

/* Destructors of thread-specific data that allocate and free, in several rounds. */
static pthread_key_t key;
static void at_thread_end(void *arg)
{
	struct tally tally = { 0 };
	uintptr_t round = (uintptr_t)arg;

	free(malloc(UNIT * round));
	made(&tally, UNIT * round);
	gone(&tally, UNIT * round);
	made(&tally, UNIT);
	if (!malloc(UNIT))
		abort();
	if (round < 3)
		pthread_setspecific(key, (void *)(round + 1));
	add(&tally);
}

static void *short_life(void *arg)
{
	struct tally tally = { 0 };

	(void)arg;
	pthread_setspecific(key, (void *)1);
	free(malloc(2 * UNIT));
	made(&tally, 2 * UNIT);
	gone(&tally, 2 * UNIT);
	add(&tally);
	return NULL;
}

static int do_short(void)
{
	pthread_t threads[10];

	pthread_key_create(&key, at_thread_end);
	for (int i = 0; i < 1000; i++) {
		for (int k = 0; k < 10; k++)
			if (pthread_create(&threads[k], NULL, short_life, NULL) != 0)
				return 1;
		for (int k = 0; k < 10; k++)
			pthread_join(threads[k], NULL);
	}
	return 0;
}

/* More threads at once than the shim has lanes. */
static pthread_barrier_t barrier;
static void *crowd_member(void *arg)
{
	struct tally tally = { 0 };
	void *blocks[20];

	for (int i = 0; i < 20; i++) {
		blocks[i] = malloc(UNIT);
		made(&tally, UNIT);
		if (i == 0)
			pthread_barrier_wait(&barrier);
	}
	for (int i = 0; i < 10; i++) {
		free(blocks[i]);
		gone(&tally, UNIT);
	}
	pthread_barrier_wait(&barrier);
	add(&tally);
	return arg;
}
#define CROWD 1500
static int do_crowd(void)
{
	static pthread_t threads[CROWD];
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	pthread_barrier_init(&barrier, NULL, CROWD);
	for (int i = 0; i < CROWD; i++)
		if (pthread_create(&threads[i], &attr, crowd_member, NULL) != 0) {
			puts("only");
			_exit(77);
		}
	for (int i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* A handler on an alternate stack, again and again, while the program allocates. */
static struct tally in_handler;
static void *kept[256];
static unsigned int nr_signals;
static void on_alarm(int signal)
{
	int saved_errno = errno;
	unsigned int i = nr_signals++ % 256;

	(void)signal;
	if (kept[i]) {
		free(kept[i]);
		gone(&in_handler, 3 * UNIT);
	}
	kept[i] = realloc(malloc(UNIT), 3 * UNIT);
	made(&in_handler, UNIT);
	gone(&in_handler, UNIT);
	made(&in_handler, 3 * UNIT);
	errno = saved_errno;
}

static int do_signals(void)
{
	static char stack[64 << 10];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_ONSTACK | SA_RESTART };
	struct itimerval every = { { 0, 100 }, { 0, 100 } }, never = { { 0, 0 }, { 0, 0 } };
	struct tally tally = { 0 };
	double end = now() + seconds;
	unsigned int seed = 1;

	sigaltstack(&alternate, NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	while (now() < end) {
		exchange_one(&tally, &seed);
		errno = 4711;
		exchange_one(&tally, &seed);
		if (errno != 4711)
			return 3;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	add(&tally);
	add(&in_handler);
	return nr_signals < 100;
}

/* Coroutines on stacks from malloc, which are freed and used again. */
static ucontext_t back, there;
static struct tally in_coroutine;
static void coroutine(void)
{
	for (int i = 0; i < 3; i++) {
		void *p = malloc(UNIT);

		made(&in_coroutine, UNIT);
		swapcontext(&there, &back);
		free(p);
		gone(&in_coroutine, UNIT);
	}
}

static int do_contexts(void)
{
	size_t size = UNIT * 4096;

	/* volatile: getcontext() counts as a function that returns twice */
	for (volatile int i = 0; i < 2000; i++) {
		char *stack = malloc(size);

		made(&in_coroutine, size);
		getcontext(&there);
		there.uc_stack.ss_sp = stack;
		there.uc_stack.ss_size = size;
		there.uc_link = &back;
		makecontext(&there, coroutine, 0);
		for (int k = 0; k < 4; k++) {
			swapcontext(&back, &there);
			free(malloc(UNIT));
			made(&in_coroutine, UNIT);
			gone(&in_coroutine, UNIT);
		}
		/* What was remembered of this stack must never be looked at again. */
		memset(stack, 0xee, size);
		free(stack);
		gone(&in_coroutine, size);
	}
	add(&in_coroutine);
	return 0;
}

/* Deeper than the limit, and to depths around it. */
static struct tally in_recursion;
static void recurse(int depth)
{
	if (depth == 0) {
		free(malloc(UNIT));
		made(&in_recursion, UNIT);
		gone(&in_recursion, UNIT);
		return;
	}
	recurse(depth - 1);
	__asm__ volatile("" ::: "memory");
}
static int do_recursion(void)
{
	for (int depth = 0; depth < 600; depth++)
		recurse(depth);
	recurse(50000);
	for (int depth = 600; depth-- > 0;)
		recurse(depth);
	add(&in_recursion);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} modes[] = { { "exchange", do_exchange }, { "short", do_short }, { "crowd", do_crowd },
		{ "signals", do_signals }, { "contexts", do_contexts }, { "recursion", do_recursion } };
	static char line[200];
	int status = 96;

	if (argc > 2)
		seconds = atof(argv[2]);
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(modes[i].name, argv[1]) == 0)
			status = modes[i].run();
	snprintf(line, sizeof(line), "%llu %llu %llu %llu\n", (unsigned long long)total.alloc_count,
		(unsigned long long)total.alloc_bytes, (unsigned long long)total.free_count,
		(unsigned long long)total.free_bytes);
	(void)!write(1, line, strlen(line));
	_exit(status);
}
