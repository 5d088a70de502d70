/* SPDX-License-Identifier: MIT */
/*
 * The allocator underneath: the functions that the hooks stand in front of.
 */
#ifndef HL_PRELOAD_REAL_H
#define HL_PRELOAD_REAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/os.h"
#include "common/address-map.h"

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
	void *(*reallocarray)(void *, size_t, size_t);	/* of this and the next: where the shim steps aside */
	int (*pipe2)(int *, int);
	size_t (*malloc_usable_size)(void *);
	void *(*mmap)(void *, size_t, int, int, int, off_t);
	int (*munmap)(void *, size_t);
	void *(*mremap)(void *, size_t, size_t, int, void *);
	int (*start_main)(int (*)(int, char **, char **), int, char **, int (*)(int, char **, char **),
		void (*)(void), void (*)(void), void *);
	/* What libc's own names of its functions, __libc_malloc and relatives, lead to. */
	struct {
		void *(*malloc)(size_t);
		void *(*calloc)(size_t, size_t);
		void *(*realloc)(void *, size_t);
		void (*free)(void *);
		void *(*memalign)(size_t, size_t);
		void *(*valloc)(size_t);
		void *(*pvalloc)(size_t);
	} libc;
	bool layered;			/* that is not the functions above: who is called by them is below the hooks */
	const char *path;		/* of the object that malloc is in */
	bool foreign;			/* malloc is not glibc's: blocks may lie closer than 32 bytes */
	bool size_in_head;		/* the word before a block tells its usable size, see below */
};
extern struct hl_real hl_real;

/*
 * What keeps the hooks from their shortest way: nothing is known yet, a foreign allocator, blocks in
 * the arena, --sample, blocks that were made while hl_stop() was in force, a process in which the shim
 * steps aside, --start-paused until it is started.
 */
enum {
	HL_SPECIAL_START = 1u << 0,
	HL_SPECIAL_FOREIGN = 1u << 1,
	HL_SPECIAL_ARENA = 1u << 2,
	HL_SPECIAL_SAMPLE = 1u << 3,
	HL_SPECIAL_GAPS = 1u << 4,
	HL_SPECIAL_ASIDE = 1u << 5,
	HL_SPECIAL_ASLEEP = 1u << 6,
};
extern uint32_t hl_real_special;

/*
 * In glibc the word before a block is the chunk's size (of 16 bytes or more, with three flags), and
 * all of it but that word is usable; a mapping of its own is another case.  malloc_usable_size() says
 * the same, but reads the next chunk as well, which is seldom in the cache.  It is believed when the
 * first blocks agree with that function.
 */
static inline size_t hl_usable_size(const void *block)
{
	size_t head;

	if (hl_likely(hl_real.size_in_head)) {
		head = ((const size_t *)block)[-1];
		if (hl_likely(!(head & HL_HEAD_MAPPED)))
			return (head & ~HL_HEAD_FLAGS) - sizeof(head);
	}
	return hl_real.malloc_usable_size((void *)block);
}

/** hl_real_judge_head() - is what stands before this new block its size? */
void hl_real_judge_head(const void *block);

/** hl_real_find() - look the functions up, once; afterwards hl_real is complete and constant */
void hl_real_find(void);

/** hl_real_finding() - is this thread inside hl_real_find()? Then requests go to the arena. */
bool hl_real_finding(void);

/** hl_real_stands_aside() - is every exported function but a jump? Finds the functions if nobody has */
bool hl_real_stands_aside(void);

/* A static arena for what dlsym allocates; its blocks are never reused. */
void *hl_arena_alloc(size_t align, size_t size);
bool hl_arena_has(const void *block);
size_t hl_arena_room(const void *block);	/* bytes from @block to the end of the arena's use */

#pragma GCC visibility pop
#endif
