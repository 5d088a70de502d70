/* SPDX-License-Identifier: MIT */
/*
 * Fills its memory with a secret that is nowhere else: heap blocks of many sizes that live, move and go,
 * stacks, threads, a child, mappings.  The secret is put together at run time, so it is in no file.
 *
 * Usage: victim-secrets; prints the secret in the end.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET_BYTES 24

static char secret[SECRET_BYTES + 1];

static void make_secret(void)
{
	unsigned int seed = 4711;

	for (int i = 0; i < SECRET_BYTES; i++)
		secret[i] = (char)('A' + rand_r(&seed) % 26);
}

static void fill(char *block, size_t bytes)
{
	for (size_t at = 0; at < bytes; at++)
		block[at] = secret[at % SECRET_BYTES];
}

static void deep(int depth)
{
	char room[200], *block;

	fill(room, sizeof(room));
	block = malloc((size_t)depth * 7 % 900 + 1);
	fill(block, (size_t)depth * 7 % 900 + 1);
	if (depth > 0)
		deep(depth - 1);
	block = realloc(block, 2000);
	fill(block, 2000);
	if (depth % 3 != 0)
		free(block);
	fill(room, sizeof(room));
}

static void *run(void *arg)
{
	for (int i = 0; i < 50; i++)
		deep(i);
	return arg;
}

int main(void)
{
	pthread_t threads[3];
	char *map;

	make_secret();
	map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return 3;
	fill(map, 1 << 20);
	for (int i = 0; i < 3; i++)
		if (pthread_create(&threads[i], NULL, run, NULL) != 0)
			return 4;
	run(NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	if (fork() == 0) {
		run(NULL);
		_exit(0);
	}
	wait(NULL);
	return write(1, secret, SECRET_BYTES) != SECRET_BYTES;
}
