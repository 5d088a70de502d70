/* SPDX-License-Identifier: MIT */
/*
 * A real-time thread and one of ordinary priority on one processor, both through ever new stacks.
 *
 * Usage: victim-real-time SECONDS; prints the worst stall of the real-time thread in milliseconds.  77: not allowed.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static volatile int stop;
static double seconds;
static void *volatile sink;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

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

static void *ordinary(void *arg)
{
	for (unsigned int path = 0; !stop; path++)
		free(left(path, 18));
	return arg;
}

static void *real_time(void *arg)
{
	struct sched_param param = { .sched_priority = 10 };
	double *worst = arg, end = now() + seconds;
	unsigned int path = 1u << 30;

	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &param) != 0)
		_exit(77);
	while (now() < end) {
		double began;

		usleep(300);
		began = now();
		for (int i = 0; i < 20; i++)
			free(right(path++ * 2654435761u >> 8, 18));
		if (now() - began > *worst)
			*worst = now() - began;
	}
	stop = 1;
	return NULL;
}

/* The last processor that we may run on, for both. */
static int share_processor(void)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all) != 0)
		return -1;
	CPU_ZERO(&one);
	for (int i = CPU_SETSIZE - 1; i >= 0; i--)
		if (CPU_ISSET(i, &all)) {
			CPU_SET(i, &one);
			return sched_setaffinity(0, sizeof(one), &one);
		}
	return -1;
}

int main(int argc, char **argv)
{
	pthread_t one, two;
	double worst = 0;

	seconds = argc > 1 ? atof(argv[1]) : 1;
	if (share_processor() != 0)
		return 77;
	if (pthread_create(&one, NULL, ordinary, NULL) != 0 || pthread_create(&two, NULL, real_time, &worst) != 0)
		return 3;
	pthread_join(two, NULL);
	pthread_join(one, NULL);
	printf("%.0f\n", worst * 1000);
	return 0;
}
