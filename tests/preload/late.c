/* SPDX-License-Identifier: MIT */
/*
 * To be preloaded between the shim and another allocator: what tcmalloc does until its constructor has
 * run, for as long as a test needs.  The first question for a block's size allocates, through whatever
 * malloc comes first; the first 5,000 answers are 0.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT size_t malloc_usable_size(void *block)
{
	static void *instance;
	static unsigned int asked;
	static size_t (*real)(void *);
	void *found;

	if (!instance)
		instance = malloc(8);
	if (__atomic_fetch_add(&asked, 1, __ATOMIC_RELAXED) < 5000)
		return 0;
	if (!real) {
		found = dlsym(RTLD_NEXT, "malloc_usable_size");
		memcpy(&real, &found, sizeof(real));
	}
	return real(block);
}
