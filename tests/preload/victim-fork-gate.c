/* SPDX-License-Identifier: MIT */
/*
 * Forks of a program whose other threads are inside libunwind nearly all the time, with --unwind=cfi: each of their
 * blocks comes through a stack of its own.
 *
 * Usage: victim-fork-gate FORKS
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_THREADS 4
#define DEPTH 16
#define BLOCKS_OF_CHILD 100

static volatile int stop;
static void *volatile sink;

void *left(unsigned int path, int depth);
void *right(unsigned int path, int depth);

void *left(unsigned int path, int depth)
{
	void *block = depth == 0 ? malloc(16) :
		path & 1         ? left(path >> 1, depth - 1) :
				   right(path >> 1, depth - 1);

	sink = block;
	return block;
}

void *right(unsigned int path, int depth)
{
	void *block = depth == 0 ? malloc(17) :
		path & 1         ? left(path >> 1, depth - 1) :
				   right(path >> 1, depth - 1);

	sink = block;
	return block;
}

static void *walk(void *arg)
{
	for (unsigned int path = (unsigned int)(size_t)arg << DEPTH; !stop; path += 77)
		free(left(path, DEPTH));
	return NULL;
}

void in_child(void)
{
	for (unsigned int path = 0; path < BLOCKS_OF_CHILD; path++)
		free(right(path * 631, DEPTH));
}

static int fork_once(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		in_child();
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid < 0 ? 98 : status;
}

int main(int argc, char **argv)
{
	int nr = argc > 1 ? atoi(argv[1]) : 1, status = 0;
	pthread_t thread[NR_THREADS];

	for (size_t i = 0; i < NR_THREADS; i++)
		if (pthread_create(&thread[i], NULL, walk, (void *)i) != 0)
			return 97;
	for (; nr > 0 && status == 0; nr--) {
		usleep(1000);
		status = fork_once();
	}
	stop = 1;
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(thread[i], NULL);
	return status != 0;
}
