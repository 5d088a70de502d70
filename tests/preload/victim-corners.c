/* SPDX-License-Identifier: MIT */
/*
 * The corners of the allocator's interface, each in a function of its own, so that the account can
 * be checked function by function.  Checks by itself what the program must see; prints nothing
 * unless something is wrong.  No stdio before the end: it allocates.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARK 4711

static int nr_faults;

/* Sizes and blocks that the compiler must not see through: it warns of what is meant here. */
static volatile size_t too_much = PTRDIFF_MAX, overflowing = SIZE_MAX;

static void *hidden(void *block)
{
	void *volatile copy = block;

	return copy;
}

static void expect(int holds, const char *what)
{
	if (holds)
		return;
	nr_faults++;
	(void)!write(2, what, strlen(what));
	(void)!write(2, "\n", 1);
}

/* 3 blocks, 600 bytes, all freed. */
void corner_realloc_zero(void)
{
	void *p;

	for (int i = 1; i <= 3; i++) {
		p = malloc(100 * (size_t)i);
		errno = MARK;
		expect(realloc(p, 0) == NULL, "realloc(p, 0) is not NULL");
	}
}

/* 2 blocks, 77 bytes: realloc(NULL, 77) and realloc(NULL, 0). */
void corner_realloc_null(void)
{
	void *p = realloc(NULL, 77), *q = realloc(NULL, 0);

	expect(p && q, "realloc(NULL, n) failed");
	free(p);
	free(q);
}

/* 1 block of 123 bytes that stays, 3 failures. */
void corner_realloc_fails(void)
{
	char *p = malloc(123);
	size_t usable = malloc_usable_size(p);

	memset(p, 'x', 123);
	errno = 0;
	expect(realloc(hidden(p), too_much) == NULL && errno == ENOMEM, "realloc of too much");
	errno = 0;
	expect(reallocarray(hidden(p), overflowing / 2, 3) == NULL && errno == ENOMEM, "reallocarray overflow");
	errno = 0;
	expect(reallocarray(NULL, overflowing, overflowing) == NULL && errno == ENOMEM,
		"reallocarray(NULL) overflow");
	expect(malloc_usable_size(p) == usable && p[122] == 'x', "failed realloc changed the block");
}

/* Fails, is freed later: 1 block of 5000, freed. */
void corner_realloc_fails_then_free(void)
{
	char *p = malloc(5000);

	expect(realloc(hidden(p), too_much - 4096) == NULL, "realloc of too much");
	free(p);
}

/* 3 failures. */
void corner_calloc_overflow(void)
{
	errno = 0;
	expect(calloc(overflowing, 2) == NULL && errno == ENOMEM, "calloc overflow");
	errno = 0;
	expect(calloc(overflowing / 4, 8) == NULL && errno == ENOMEM, "calloc overflow");
	errno = 0;
	expect(malloc(too_much) == NULL && errno == ENOMEM, "malloc of too much");
}

/* 4 failures, no block; errno is not touched, *block is not touched. */
void corner_memalign_invalid(void)
{
	void *p = (void *)MARK;

	errno = MARK;
	expect(posix_memalign(&p, 3, 100) == EINVAL, "posix_memalign by 3");
	expect(posix_memalign(&p, 0, 100) == EINVAL, "posix_memalign by 0");
	expect(posix_memalign(&p, 4, 100) == EINVAL, "posix_memalign by 4");
	expect(posix_memalign(&p, 64, too_much) == ENOMEM, "posix_memalign of too much");
	expect(p == (void *)MARK, "posix_memalign wrote a result");
	expect(errno == MARK || errno == ENOMEM, "posix_memalign's errno");
}

/* 5 blocks of 0 bytes; 3 are freed. */
void corner_zero_size(void)
{
	void *p;

	free(malloc(0));
	free(calloc(0, 100));
	expect(posix_memalign(&p, 64, 0) == 0, "posix_memalign of 0");
	free(p);
	expect(malloc(0) != NULL && calloc(7, 0) != NULL, "malloc(0) is NULL");
}

/* 6 blocks: 100, 256, 300, 500, 700, 900 bytes, live. */
void corner_aligned(void)
{
	void *p = NULL;

	expect(posix_memalign(&p, 4096, 100) == 0 && (uintptr_t)p % 4096 == 0, "posix_memalign");
	expect((uintptr_t)aligned_alloc(128, 256) % 128 == 0, "aligned_alloc");
	expect((uintptr_t)memalign(64, 300) % 64 == 0, "memalign");
	expect((uintptr_t)valloc(500) % 4096 == 0, "valloc");
	p = pvalloc(700);
	expect((uintptr_t)p % 4096 == 0 && malloc_usable_size(p) >= 4096, "pvalloc");
	expect((uintptr_t)memalign(1 << 20, 900) % (1 << 20) == 0, "memalign to 1 MiB");
}

/* 4 blocks, 1000 bytes, 1 left with 400. */
void corner_reallocarray(void)
{
	void *p = reallocarray(NULL, 10, 10);

	p = reallocarray(p, 20, 10);
	p = reallocarray(p, 3, 100);
	expect(reallocarray(p, 40, 10) != NULL, "reallocarray");
}

/* In place: shrinks and grows within the chunk, 3 blocks: 1000, 900, 1000; 1 left. No move. */
void corner_realloc_in_place(void)
{
	char *p = malloc(1000), *q;

	q = realloc(hidden(p), 990);
	expect(p == q, "a shrinking realloc moved");
	expect(realloc(hidden(q), 1000) == p, "a growing realloc within the chunk moved");
}

/* errno survives free, and malloc of everything that succeeds. */
void corner_errno(void)
{
	for (size_t size = 1; size < 1u << 22; size = size * 3 + 1) {
		void *p, *q;

		errno = MARK;
		p = malloc(size);
		expect(errno == MARK, "malloc changed errno");
		p = realloc(p, size + 40);
		expect(errno == MARK, "realloc changed errno");
		q = calloc(1, size);
		expect(errno == MARK, "calloc changed errno");
		free(p);
		expect(errno == MARK, "free changed errno");
		free(q);
		free(NULL);
		expect(errno == MARK, "free(NULL) changed errno");
	}
}

/* 2 blocks through libc: 12 and 6 bytes. */
void corner_strdup(void)
{
	char *p = strdup("hello world");

	expect(p && strcmp(p, "hello world") == 0, "strdup");
	expect(strndup("hello world", 5) != NULL, "strndup");
}

/* malloc_usable_size is glibc's: the smallest that holds the request, by 16 with 8 to spare. */
void corner_usable_size(void)
{
	static const size_t sizes[] = { 0, 1, 24, 25, 40, 41, 1000, 1032, 1033, 100000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		void *p = malloc(sizes[i]);
		size_t chunk = (sizes[i] + 8 + 15) & ~(size_t)15;

		expect(malloc_usable_size(p) == (chunk < 32 ? 24 : chunk - 8), "malloc_usable_size");
		free(p);
	}
	expect(malloc_usable_size(NULL) == 0, "malloc_usable_size(NULL)");
}

extern void free_sized(void *, size_t) __attribute__((weak));
extern void free_aligned_sized(void *, size_t, size_t) __attribute__((weak));
/* Only the compatibility version of it is left in glibc. */
extern void cfree(void *) __attribute__((weak));

/* 3 blocks of 64, 3 freed; where libc has no such function the shim's is there all the same. */
void corner_free_kinds(void)
{
	void *p = malloc(64), *q = aligned_alloc(64, 64), *r = malloc(64);

	errno = MARK;
	if (free_sized && free_aligned_sized && cfree) {
		free_sized(p, 64);
		free_aligned_sized(q, 64, 64);
		cfree(r);
	} else {
		free(p);
		free(q);
		free(r);
	}
	expect(errno == MARK, "free_sized changed errno");
}

/* Large slacks: memalign leaves more than 63 bytes unused. 50 blocks of 1, 25 freed. */
void corner_slack(void)
{
	void *blocks[50];

	for (int i = 0; i < 50; i++)
		blocks[i] = pvalloc(1);
	for (int i = 0; i < 50; i += 2)
		free(blocks[i]);
}

/* 1 block of 3 GiB, never touched, made 5 GiB by realloc, freed: sizes above 32 bits. */
void corner_huge(void)
{
	void *p = malloc(3ull << 30);

	if (p)
		p = realloc(p, 5ull << 30);
	expect(p != NULL, "no 5 GiB of address space");
	free(p);
}

/* A block of one function freed by another: 10 blocks of 10 bytes, freed, counted for the maker. */
static void *shared[10];
void corner_made_here(void)
{
	for (int i = 0; i < 10; i++)
		shared[i] = malloc(10);
}
void corner_freed_there(void)
{
	for (int i = 0; i < 10; i++)
		free(shared[i]);
}

/* 100 temporary blocks (freed as the very next event), 100 others. */
void corner_temporary(void)
{
	for (int i = 0; i < 100; i++)
		free(malloc(20));
}
void corner_not_temporary(void)
{
	for (int i = 0; i < 50; i++) {
		void *p = malloc(20), *q = malloc(20);

		free(p);
		free(q);
	}
}

/* The shim's first event must not change errno either, whatever it loads. */
static void first_event(void)
{
	void *p;

	errno = MARK;
	p = malloc(8);
	expect(errno == MARK, "the first malloc changed errno");
	free(p);
}

int main(void)
{
	first_event();
	corner_realloc_zero();
	corner_realloc_null();
	corner_realloc_fails();
	corner_realloc_fails_then_free();
	corner_calloc_overflow();
	corner_memalign_invalid();
	corner_zero_size();
	corner_aligned();
	corner_reallocarray();
	corner_realloc_in_place();
	corner_errno();
	corner_strdup();
	corner_usable_size();
	corner_free_kinds();
	corner_slack();
	corner_huge();
	corner_made_here();
	corner_freed_there();
	corner_temporary();
	corner_not_temporary();
	return nr_faults != 0;
}
