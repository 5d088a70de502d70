/* SPDX-License-Identifier: MIT */
/*
 * A library that a program preloads for itself: it allocates when it is loaded, when it is called in the
 * place of libc's functions, within malloc's callers, and at its end.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static void *block[10];

__attribute__((constructor)) static void start(void)
{
	for (int i = 0; i < 10; i++)
		block[i] = malloc(100);
}

__attribute__((destructor)) static void stop(void)
{
	for (int i = 0; i < 5; i++)
		free(block[i]);
}

/* The victim calls it once, to write its tally. */
EXPORT ssize_t write(int fd, const void *from, size_t bytes)
{
	static ssize_t (*real)(int, const void *, size_t);
	void *found = dlsym(RTLD_NEXT, "write"), *copy = malloc(bytes);
	ssize_t n;

	memcpy(&real, &found, sizeof(real));
	memcpy(copy, from, bytes);
	n = real(fd, copy, bytes);
	free(copy);
	return n;
}
