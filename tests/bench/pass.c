/* SPDX-License-Identifier: MIT */
/* Passes each call on and does nothing else: the least that any preloaded library can cost. */
#include <stddef.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t nr, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

/* Through pointers, as every such library must go that does not stand in for the allocator. */
static void *(*volatile real_malloc)(size_t) = __libc_malloc;
static void *(*volatile real_calloc)(size_t, size_t) = __libc_calloc;
static void *(*volatile real_realloc)(void *, size_t) = __libc_realloc;
static void (*volatile real_free)(void *) = __libc_free;

#define EXPORT __attribute__((visibility("default")))

EXPORT void *malloc(size_t size)
{
	return real_malloc(size);
}

EXPORT void *calloc(size_t nr, size_t size)
{
	return real_calloc(nr, size);
}

EXPORT void *realloc(void *block, size_t size)
{
	return real_realloc(block, size);
}

EXPORT void free(void *block)
{
	real_free(block);
}
