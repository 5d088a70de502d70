/* SPDX-License-Identifier: MIT */
/*
 * An allocator that may be used in signal handlers, to be preloaded behind the shim: glibc's may not,
 * and a test of the shim must not depend on what glibc makes of it.  Blocks are 16 bytes apart at
 * least; freed ones are used again at once, newest first, from lists without locks.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORT __attribute__((visibility("default")))
#define SPACE (8ull << 30)
#define NR_CLASSES 48

/* In front of each block; 16 bytes. */
struct head {
	uint64_t size;			/* usable */
	uint32_t class;
	uint32_t next;			/* free block behind this one, in units of 16 */
};

static char *space;
static uint64_t used = 16;
/* The newest free block in units of 16, and a counter against ABA above it. */
static uint64_t lists[NR_CLASSES];

static char *base(void)
{
	char *none = NULL, *mine;

	if (__atomic_load_n(&space, __ATOMIC_ACQUIRE))
		return space;
	mine = mmap(NULL, SPACE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!__atomic_compare_exchange_n(&space, &none, mine, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		munmap(mine, SPACE);
	return space;
}

/* Powers of two from 16 up. */
static uint32_t class_of(size_t size)
{
	uint32_t class = 0;

	while ((16ull << class) < size)
		class++;
	return class;
}

static struct head *head_at(uint32_t unit)
{
	return (struct head *)(base() + (uint64_t)unit * 16);
}

static void *pop(uint32_t class)
{
	uint64_t old = __atomic_load_n(&lists[class], __ATOMIC_ACQUIRE), new;
	struct head *head;

	do {
		if (!(uint32_t)old)
			return NULL;
		head = head_at((uint32_t)old);
		new = ((old >> 32) + 1) << 32 | __atomic_load_n(&head->next, __ATOMIC_RELAXED);
	} while (!__atomic_compare_exchange_n(&lists[class], &old, new, 0, __ATOMIC_ACQ_REL,
		__ATOMIC_ACQUIRE));
	return head + 1;
}

static void *take(size_t align, size_t size)
{
	uint32_t class = class_of(size);
	uint64_t at, bytes = (16ull << class) + sizeof(struct head);
	struct head *head;
	void *block = align <= 16 ? pop(class) : NULL;

	if (block)
		return block;
	if (size > SPACE / 4 || align > SPACE / 4) {
		errno = ENOMEM;
		return NULL;
	}
	if (align > 16)
		bytes += align;
	at = __atomic_fetch_add(&used, bytes, __ATOMIC_RELAXED);
	if (at + bytes > SPACE) {
		errno = ENOMEM;
		return NULL;
	}
	at += sizeof(*head);
	if (align > 16)
		at = ((uintptr_t)base() + at + align - 1) / align * align - (uintptr_t)base();
	head = (struct head *)(base() + at) - 1;
	head->size = 16ull << class;
	head->class = class;
	return head + 1;
}

EXPORT void *malloc(size_t size)
{
	return take(16, size);
}

EXPORT void free(void *block)
{
	struct head *head = (struct head *)block - 1;
	uint32_t unit;
	uint64_t old, new;

	if (!block)
		return;
	unit = (uint32_t)(((char *)head - base()) / 16);
	old = __atomic_load_n(&lists[head->class], __ATOMIC_RELAXED);
	do {
		__atomic_store_n(&head->next, (uint32_t)old, __ATOMIC_RELAXED);
		new = ((old >> 32) + 1) << 32 | unit;
	} while (!__atomic_compare_exchange_n(&lists[head->class], &old, new, 0, __ATOMIC_ACQ_REL,
		__ATOMIC_RELAXED));
}

EXPORT void *calloc(size_t nr, size_t size)
{
	size_t bytes;
	void *block;

	if (__builtin_mul_overflow(nr, size, &bytes))
		bytes = SIZE_MAX;
	block = take(16, bytes);
	return block ? memset(block, 0, bytes) : NULL;
}

EXPORT size_t malloc_usable_size(void *block)
{
	return block ? ((struct head *)block - 1)->size : 0;
}

EXPORT void *realloc(void *block, size_t size)
{
	size_t old = malloc_usable_size(block);
	void *now;

	if (block && size <= old && size > old / 4)
		return block;
	now = take(16, size);
	if (now && block) {
		memcpy(now, block, old < size ? old : size);
		free(block);
	}
	return now;
}

EXPORT int posix_memalign(void **block, size_t align, size_t size)
{
	void *made;

	if (align < sizeof(void *) || align & (align - 1))
		return EINVAL;
	made = take(align, size);
	if (!made)
		return ENOMEM;
	*block = made;
	return 0;
}

EXPORT void *aligned_alloc(size_t align, size_t size)
{
	return take(align, size);
}

EXPORT void *memalign(size_t align, size_t size)
{
	return take(align, size);
}

EXPORT void *valloc(size_t size)
{
	return take(4096, size);
}

EXPORT void *pvalloc(size_t size)
{
	return take(4096, (size + 4095) & ~(size_t)4095);
}
