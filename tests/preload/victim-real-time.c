/* SPDX-License-Identifier: MIT */
/*
 * A real-time thread allocates beside a thread of ordinary priority on the same processor.
 *
 * Usage: victim-real-time MODE SECONDS; prints the longest stall of the real-time thread in microseconds.
 * Exit status 77: there are no real-time threads here.
 *
 * Whatever the real-time thread waits for, the other one has, and gets the processor only while the first sleeps.
 */
#include <errno.h>
#include <heapledger-control.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile int has_ended;
static double seconds;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A block by a way of its own through the two for each number. */
static void *left(unsigned int bits, int depth);
static void *right(unsigned int bits, int depth);
static void *volatile sink;

static void *left(unsigned int bits, int depth)
{
	void *block = depth == 0 ? malloc(16) :
		bits & 1         ? left(bits >> 1, depth - 1) :
				   right(bits >> 1, depth - 1);

	sink = block;
	return block;
}

static void *right(unsigned int bits, int depth)
{
	void *block = depth == 0 ? malloc(17) :
		bits & 1         ? left(bits >> 1, depth - 1) :
				   right(bits >> 1, depth - 1);

	sink = block;
	return block;
}

#define DEPTH 18

static void new_stack(unsigned int n)
{
	free(left(n, DEPTH));
}

static void old_stack(unsigned int n)
{
	free(left(n % 2, 2));
}

static void ask(unsigned int n)
{
	uint64_t current, peak;

	(void)n;
	hl_get_traced_memory(0, &current, &peak);
}

static void fork_one(unsigned int n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		new_stack(n);
		_exit(0);
	}
	waitpid(pid, &status, 0);
}

static void fork_nothing(unsigned int n)
{
	pid_t pid = fork();
	int status;

	(void)n;
	if (pid == 0)
		_exit(0);
	waitpid(pid, &status, 0);
}

static void *make_one(void *arg)
{
	new_stack((unsigned int)(uintptr_t)arg);
	return NULL;
}

/* Lanes come and go. */
static void start_thread(unsigned int n)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, make_one, (void *)(uintptr_t)n) == 0)
		pthread_join(thread, NULL);
}

static const struct mode {
	const char *name;
	void (*ordinary)(unsigned int);
	void (*real_time)(unsigned int);
	int events;			/* of the real-time thread between two looks at the clock */
} modes[] = {
	{ "stacks", new_stack, new_stack, 4 },
	{ "asked", ask, old_stack, 4 },
	{ "asks", new_stack, ask, 1 },
	{ "forked", fork_one, new_stack, 4 },
	{ "forks", new_stack, fork_nothing, 1 },
	{ "threads", start_thread, start_thread, 1 },
};
static const struct mode *mode;

static void *be_ordinary(void *arg)
{
	for (unsigned int n = 0; !has_ended; n++)
		mode->ordinary(n);
	return arg;
}

static void *be_real_time(void *arg)
{
	struct timespec pause = { 0, 300000 };
	unsigned int n = 1u << 30;
	double end = now() + seconds, *worst = arg;

	while (now() < end) {
		double start, stall;

		nanosleep(&pause, NULL);
		start = now();
		for (int i = 0; i < mode->events; i++)
			mode->real_time(n++ * 2654435761u >> 8);
		stall = now() - start;
		if (stall > *worst)
			*worst = stall;
	}
	has_ended = 1;
	return NULL;
}

/* Both on the first processor that there is. */
static int stay_on_one(void)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all) != 0)
		return -errno;
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	return sched_setaffinity(0, sizeof(one), &one);
}

static int start_real_time(pthread_t *thread, double *worst)
{
	struct sched_param param = { .sched_priority = 10 };
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	return pthread_create(thread, &attr, be_real_time, worst);
}

int main(int argc, char **argv)
{
	pthread_t ordinary, real_time;
	double worst = 0;

	for (size_t i = 0; argc > 2 && i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(modes[i].name, argv[1]) == 0)
			mode = &modes[i];
	if (!mode)
		return 2;
	seconds = atof(argv[2]);
	if (stay_on_one() != 0 || pthread_create(&ordinary, NULL, be_ordinary, NULL) != 0)
		return 98;
	if (start_real_time(&real_time, &worst) != 0)
		return 77;
	pthread_join(real_time, NULL);
	pthread_join(ordinary, NULL);
	printf("%.0f\n", worst * 1e6);
	return 0;
}
