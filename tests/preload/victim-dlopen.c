/* SPDX-License-Identifier: MIT */
/*
 * A C program that loads and unloads libraries, given as arguments, in turn.
 *
 * Usage: victim-dlopen ROUNDS LIBRARY...
 *
 * Calls `int plug(int (*callback)(void (*)(void)))` of each; plug() may call back with a function
 * that throws a C++ exception through our frames. Exit status 0 if each returned 0. The first event
 * of the process is in dlerror(): its message must survive what the shim does then.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int through(void (*thrower)(void))
{
	thrower();
	return 1;
}

static int use(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL), *symbol;
	int (*plug)(int (*)(void (*)(void)));
	int r;

	if (!library)
		return 2;
	symbol = dlsym(library, "plug");
	memcpy(&plug, &symbol, sizeof(plug));
	r = plug(through);
	return dlclose(library) || r;
}

static int message_survives(void)
{
	const char *message;

	if (dlopen("/nowhere/liba.so", RTLD_NOW))
		return 0;
	message = dlerror();
	return message && strstr(message, "/nowhere/liba.so") != NULL;
}

/* Other threads meanwhile: their stacks pass through the loader, too. */
static int stop;
static void *churn(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		void *p = malloc(11);

		if (dlsym(RTLD_DEFAULT, "no such symbol"))
			abort();
		free(dlerror() ? p : NULL);
	}
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int rounds = argc > 1 ? abs(atoi(argv[1])) : 0;
	int threaded = argc > 1 && argv[1][0] == '-', r = 0;

	if (!message_survives())
		return 10;
	if (threaded)
		pthread_create(&thread, NULL, churn, NULL);
	for (int round = 0; round < rounds && r == 0; round++)
		for (int i = 2; i < argc && r == 0; i++)
			r = use(argv[i]);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	if (threaded)
		pthread_join(thread, NULL);
	return r;
}
