/* SPDX-License-Identifier: MIT */
/*
 * Forks of a program whose other threads are inside libunwind nearly all the time, with --unwind=cfi: each of their
 * blocks comes through a stack of its own.
 *
 * Usage: victim-fork-gate FORKS [MICROSECONDS]
 *   MICROSECONDS  of a timer, whose handler does the same in whatever thread it comes to, the one that forks among them
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
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

static void on_timer(int signal)
{
	static unsigned int turn;
	int saved_errno = errno;
	unsigned int path = __atomic_add_fetch(&turn, 1, __ATOMIC_RELAXED) * 2654435761u;

	(void)signal;
	for (unsigned int i = 0; i < 8; i++)
		right(path + i, DEPTH);
	errno = saved_errno;
}

static void set_timer(long us)
{
	struct sigaction action = { .sa_handler = on_timer, .sa_flags = SA_RESTART };
	struct itimerval every = { { us / 1000000, us % 1000000 }, { us / 1000000, us % 1000000 } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
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
	set_timer(argc > 2 ? atol(argv[2]) : 0);
	for (; nr > 0 && status == 0; nr--) {
		usleep(1000);
		status = fork_once();
	}
	set_timer(0);
	stop = 1;
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(thread[i], NULL);
	return status != 0;
}
