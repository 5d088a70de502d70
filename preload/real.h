/* SPDX-License-Identifier: MIT */
/*
 * The allocator underneath: the functions that the hooks stand in front of.
 */
#ifndef HL_PRELOAD_REAL_H
#define HL_PRELOAD_REAL_H

#include <stdbool.h>
#include <stddef.h>

#include "os.h"

#pragma GCC visibility push(hidden)

struct hl_real {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	size_t (*malloc_usable_size)(void *);
	void *(*mmap)(void *, size_t, int, int, int, off_t);
	int (*munmap)(void *, size_t);
	void *(*mremap)(void *, size_t, size_t, int, void *);
	const char *path;		/* of the object that malloc is in */
	bool foreign;			/* malloc is not glibc's: blocks may lie closer than 32 bytes */
};
extern struct hl_real hl_real;

/** hl_real_find() - look the functions up, once; afterwards hl_real is complete and constant */
void hl_real_find(void);

/** hl_real_finding() - is this thread inside hl_real_find()? Then requests go to the arena. */
bool hl_real_finding(void);

/* A static arena for what dlsym allocates; its blocks are never reused. */
void *hl_arena_alloc(size_t align, size_t size);
bool hl_arena_has(const void *block);
size_t hl_arena_room(const void *block);	/* bytes from @block to the end of the arena's use */

#pragma GCC visibility pop
#endif
