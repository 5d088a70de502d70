/* SPDX-License-Identifier: MIT */
/*
 * A child that may not bear the preloaded library: built with sanitizers, musl, statically.
 *   whole     all kinds of calls, then waits long enough to be seen from outside
 *   quick     the same, without waiting
 *   leak      blocks from each function are lost
 *   use       a block is used after free()
 *   overflow  of an int
 *   fork      a child that allocates, one that does not, one that is another program
 *   threads   four of them, with pipes between
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef OWN_OPTIONS
const char *__asan_default_options(void)
{
	return "exitcode=9";
}
#endif

static void *volatile keep;

static void pause_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

static void whole(void)
{
	char *map;
	void *p;

	for (int i = 0; i < 100; i++) {
		p = malloc((size_t)i);
		p = realloc(p, 100);
		memset(p, 1, 100);
		free(p);
		p = calloc(3, 7);
		free(p);
	}
	if (posix_memalign(&p, 64, 100) == 0)
		free(p);
	free(aligned_alloc(64, 128));
	free(memalign(32, 10));
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map[0] = 1;
	munmap(map, 8192);
	puts("whole");
	fprintf(stderr, "to the standard error\n");
}

static void leak(void)
{
	void *p = NULL;

	keep = malloc(11);
	keep = calloc(1, 22);
	keep = realloc(NULL, 33);
	if (posix_memalign(&p, 64, 44) == 0)
		keep = p;
	p = NULL;
	keep = NULL;
}

static void use_after_free(void)
{
	char *p = malloc(10);

	p[5] = 1;
	keep = p;
	free(p);
	((volatile char *)p)[5]++;
}

static void *with_pipe(void *shared)
{
	int *sum = shared, fds[2];
	char c = 1;

	if (pipe2(fds, O_CLOEXEC) != 0 || write(fds[1], &c, 1) != 1 || read(fds[0], &c, 1) != 1)
		return NULL;
	free(malloc(100));
	__atomic_fetch_add(sum, c, __ATOMIC_RELAXED);
	close(fds[0]);
	close(fds[1]);
	return NULL;
}

static void threads(void)
{
	pthread_t thread[4];
	int sum = 0;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, with_pipe, &sum);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	printf("%d\n", sum);
}

static void forks(char *self)
{
	for (int i = 0; i < 3; i++) {
		if (fork() != 0)
			continue;
		if (i == 0)
			free(malloc(10));
		if (i == 1)
			execl(self, self, "quick", (char *)NULL);
		pause_ms(200);
		_exit(0);
	}
	while (wait(NULL) > 0)
		continue;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "whole";
	volatile int number = INT_MAX;

	if (strcmp(what, "leak") == 0)
		leak();
	else if (strcmp(what, "use") == 0)
		use_after_free();
	else if (strcmp(what, "overflow") == 0)
		printf("%d\n", number += argc);
	else if (strcmp(what, "fork") == 0)
		forks(argv[0]);
	else if (strcmp(what, "threads") == 0)
		threads();
	else
		whole();
	if (strcmp(what, "whole") == 0) {
		fflush(NULL);
		pause_ms(1000);
	}
	return 7;
}
