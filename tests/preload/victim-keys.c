/* SPDX-License-Identifier: MIT */
/*
 * Keys of thread-specific data are the program's: the first is 0, and there are PTHREAD_KEYS_MAX.
 *
 * Usage: victim-keys; prints "FIRST NUMBER THREADS-DESTRUCTORS".
 */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_key_t keys[PTHREAD_KEYS_MAX + 1];
static int nr_keys;
static unsigned long nr_calls;

static void at_end(void *arg)
{
	free(arg);
	__atomic_fetch_add(&nr_calls, 1, __ATOMIC_RELAXED);
}

/* A block in every key. */
void *fill_keys(void *arg)
{
	for (int i = 0; i < nr_keys; i++)
		if (pthread_setspecific(keys[i], malloc(8)) != 0)
			return NULL;
	return arg;
}

int main(void)
{
	static int anything;
	pthread_t thread;
	void *filled;

	free(malloc(1));
	while (nr_keys <= PTHREAD_KEYS_MAX && pthread_key_create(&keys[nr_keys], at_end) == 0)
		nr_keys++;
	for (int i = 0; i < 10; i++)
		if (pthread_create(&thread, NULL, fill_keys, &anything) != 0 ||
			pthread_join(thread, &filled) != 0 || !filled)
			return 3;
	printf("%u %d %lu\n", keys[0], nr_keys, nr_calls);
	return 0;
}
