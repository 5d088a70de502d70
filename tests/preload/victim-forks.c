/* SPDX-License-Identifier: MIT */
/*
 * Forks of a program whose other threads hold the allocator's locks and its own, with handlers that allocate.
 *
 * Usage: victim-forks; prints the number of forks.  Each handler makes a block and frees one.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_FORKS 40

static volatile int stop;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The usual three: the lock is held over the fork, and each allocates with it. Blocks of 101, 102, 103 and 200. */
void before_fork(void)
{
	pthread_mutex_lock(&lock);
	free(malloc(200));
	if (!malloc(101))
		_exit(9);
}

void after_fork_in_parent(void)
{
	free(malloc(201));
	if (!malloc(102))
		_exit(9);
	pthread_mutex_unlock(&lock);
}

void after_fork_in_child(void)
{
	free(malloc(202));
	if (!malloc(103))
		_exit(9);
	pthread_mutex_unlock(&lock);
}

/* In one lock of the program's, and through many sizes, so that arenas are locked most of the time. */
static void *allocate(void *arg)
{
	for (size_t i = 0; !stop; i++) {
		void *block = malloc(i % 3000);

		pthread_mutex_lock(&lock);
		block = realloc(block, i % 7000 + 1);
		pthread_mutex_unlock(&lock);
		free(block);
	}
	return arg;
}

/* 10 blocks of 50 bytes, and one of the parent's freed. */
void in_child(void *inherited)
{
	free(inherited);
	for (int i = 0; i < 10; i++)
		if (!malloc(50))
			_exit(9);
}

static int fork_once(void)
{
	void *inherited = malloc(77);
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		in_child(inherited);
		_exit(0);
	}
	free(inherited);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid < 0 ? 98 : status;
}

int main(void)
{
	pthread_t thread[4];
	int status = 0;

	if (pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) != 0)
		return 97;
	for (int i = 0; i < 4; i++)
		if (pthread_create(&thread[i], NULL, allocate, NULL) != 0)
			return 96;
	for (int i = 0; i < NR_FORKS && status == 0; i++)
		status = fork_once();
	stop = 1;
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	printf("%d\n", NR_FORKS);
	return status != 0;
}
