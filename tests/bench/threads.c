/* SPDX-License-Identifier: MIT */
/*
 * Threads that allocate for a fixed time: threads MODE THREADS MILLISECONDS
 *
 *   private  each thread keeps 1,000 live blocks of 16 to 1,024 bytes and replaces one at random
 *   cross    the threads share 1,000 live blocks each, so most are freed by another thread
 *   idle     each thread allocates a few blocks and waits until all have (for peak memory)
 *
 * Prints "events E seconds S", calls of malloc and free by all threads.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WINDOW 1000u
#define MAX_THREADS 256u
#define STACK_BYTES (128u << 10)

static _Atomic bool stop;
static pthread_barrier_t barrier;
static unsigned int nr_threads;
static void *_Atomic shared[WINDOW * MAX_THREADS];

struct worker {
	pthread_t thread;
	uint32_t random;
	uint64_t events;
	char pad[64]; /* no line of the cache for two threads */
};
static struct worker workers[MAX_THREADS];

static void die(const char *text)
{
	fprintf(stderr, "threads: %s\n", text);
	exit(2);
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void *new_block(uint32_t random)
{
	char *block = malloc(16 + random % 1009);

	if (!block)
		die("out of memory");
	block[0] = 1;
	return block;
}

static void *run_private(void *argument)
{
	struct worker *self = argument;
	uint32_t state = self->random, random;
	void *window[WINDOW] = {0};
	uint64_t nr = 0;
	size_t i;

	pthread_barrier_wait(&barrier);
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		random = next_random(&state);
		i = random % WINDOW;
		free(window[i]);
		window[i] = new_block(random >> 10);
		nr++;
	}
	self->events = nr * 2;
	for (i = 0; i < WINDOW; i++)
		free(window[i]);
	return NULL;
}

static void *run_cross(void *argument)
{
	struct worker *self = argument;
	uint32_t state = self->random, random;
	uint64_t nr = 0;

	pthread_barrier_wait(&barrier);
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		random = next_random(&state);
		free(atomic_exchange(
			&shared[random % (WINDOW * nr_threads)], new_block(random >> 10)));
		nr++;
	}
	self->events = nr * 2;
	return NULL;
}

static void *run_idle(void *argument)
{
	struct worker *self = argument;
	uint32_t state = self->random;
	void *few[10];
	size_t i;

	for (i = 0; i < 10; i++)
		few[i] = new_block(next_random(&state) >> 10);
	self->events = 20;
	pthread_barrier_wait(&barrier);
	for (i = 0; i < 10; i++)
		free(few[i]);
	return NULL;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void start(void *(*run)(void *))
{
	pthread_attr_t attributes;
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, nr_threads + 1);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (i = 0; i < nr_threads; i++) {
		workers[i].random = 2463534242u + i * 7919u;
		if (pthread_create(&workers[i].thread, &attributes, run, &workers[i]) != 0)
			die("cannot make a thread");
	}
	pthread_attr_destroy(&attributes);
}

int main(int argc, char **argv)
{
	void *(*run)(void *) = run_idle;
	unsigned long milliseconds;
	struct timespec pause;
	uint64_t events = 0;
	double began;
	unsigned int i;

	if (argc != 4 || (nr_threads = (unsigned int)atoi(argv[2])) < 1 || nr_threads > MAX_THREADS)
		die("usage: threads private|cross|idle THREADS MILLISECONDS");
	if (strcmp(argv[1], "private") == 0)
		run = run_private;
	else if (strcmp(argv[1], "cross") == 0)
		run = run_cross;
	milliseconds = strtoul(argv[3], NULL, 10);
	pause.tv_sec = (time_t)(milliseconds / 1000);
	pause.tv_nsec = (long)(milliseconds % 1000) * 1000000;

	start(run);
	pthread_barrier_wait(&barrier);
	began = now();
	nanosleep(&pause, NULL);
	atomic_store(&stop, true);
	began = now() - began;
	for (i = 0; i < nr_threads; i++) {
		pthread_join(workers[i].thread, NULL);
		events += workers[i].events;
	}
	for (i = 0; i < WINDOW * nr_threads; i++)
		free(shared[i]);
	printf("events %llu seconds %.6f\n", (unsigned long long)events, began);
	return 0;
}
