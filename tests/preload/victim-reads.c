/* SPDX-License-Identifier: MIT */
/*
 * What is hard to read while it runs.
 *
 * victim-reads lanes DEPTH THREADS: one thread after another allocates a block on each of 2^DEPTH stacks, and stays;
 *     the first frees them.  Each brings counters of its own into the ledger, for stacks that others have had.
 * victim-reads steady THREADS BLOCKS BYTES SECONDS: threads that replace each other's blocks; there are always
 *     THREADS * BLOCKS of them, made by four lines.  Writes "ready" when all are there.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_SLOTS (1u << 20)
#define MAX_THREADS 64

static _Atomic(void *) slots[MAX_SLOTS];
static unsigned int nr_slots, nr_threads, depth;
static size_t block_bytes;
static atomic_int is_over;
static atomic_uint nr_ready;

static void *left(unsigned int path, unsigned int rest);

/* The way from the root to a leaf is the stack. */
static void *right(unsigned int path, unsigned int rest)
{
	void *p = !rest ? malloc(24) : path & 1 ? left(path >> 1, rest - 1) : right(path >> 1, rest - 1);

	atomic_signal_fence(memory_order_seq_cst);
	return p;
}

static void *left(unsigned int path, unsigned int rest)
{
	void *p = !rest ? malloc(40) : path & 1 ? left(path >> 1, rest - 1) : right(path >> 1, rest - 1);

	atomic_signal_fence(memory_order_seq_cst);
	return p;
}

static void *produce(void *arg)
{
	for (unsigned int i = 0; i < nr_slots; i++) {
		void *p = left(i, depth);

		while (atomic_load(&slots[i]))
			sched_yield();
		atomic_store(&slots[i], p);
	}
	for (;;)
		pause();
	return arg;
}

static void take_all(void)
{
	for (unsigned int i = 0; i < nr_slots; i++) {
		void *p;

		while (!(p = atomic_exchange(&slots[i], NULL)))
			sched_yield();
		free(p);
	}
}

static int run_lanes(int nr)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	nr_slots = 1u << depth;
	for (int i = 0; i < nr; i++) {
		if (pthread_create(&thread, &attr, produce, NULL))
			return 77;
		take_all();
	}
	return 0;
}

static void *line_0(void) { return malloc(block_bytes); }
static void *line_1(void) { return malloc(block_bytes); }
static void *line_2(void) { return malloc(block_bytes); }
static void *line_3(void) { return malloc(block_bytes); }
static void *(*const lines[])(void) = {line_0, line_1, line_2, line_3};

static void *replace(void *arg)
{
	unsigned int own = (unsigned int)(uintptr_t)arg;
	uint64_t random = own * 2654435761u + 1;

	for (unsigned int i = 0; i < nr_slots / nr_threads; i++)
		slots[own * (nr_slots / nr_threads) + i] = lines[i & 3]();
	atomic_fetch_add(&nr_ready, 1);
	/* Nobody else's slots are touched before they are full. */
	while (nr_ready < nr_threads)
		usleep(1000);
	while (!is_over) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		free(atomic_exchange(&slots[(random >> 40) % nr_slots], lines[random >> 33 & 3]()));
	}
	return NULL;
}

static int run_steady(unsigned int nr_blocks, unsigned int seconds)
{
	pthread_t threads[MAX_THREADS];

	if (nr_threads > MAX_THREADS || nr_threads * nr_blocks > MAX_SLOTS)
		return 2;
	nr_slots = nr_threads * nr_blocks;
	for (unsigned int i = 0; i < nr_threads; i++)
		if (pthread_create(&threads[i], NULL, replace, (void *)(uintptr_t)i))
			return 77;
	while (nr_ready < nr_threads)
		usleep(1000);
	puts("ready");
	fflush(stdout);
	sleep(seconds);
	is_over = 1;
	for (unsigned int i = 0; i < nr_threads; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "lanes")) {
		depth = (unsigned int)atoi(argv[2]);
		_exit(depth > 20 ? 2 : run_lanes(atoi(argv[3])));
	}
	if (argc == 6 && !strcmp(argv[1], "steady")) {
		block_bytes = (size_t)atol(argv[4]);
		nr_threads = (unsigned int)atoi(argv[2]);
		return run_steady((unsigned int)atoi(argv[3]), (unsigned int)atoi(argv[5]));
	}
	return 2;
}
