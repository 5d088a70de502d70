/* SPDX-License-Identifier: MIT */
/*
 * What an allocator's own tests ask: alignments, resizing, overflows, failures.  Each function's account is in its
 * comment and in the scripts alignments and resizing; what the program must see it checks by itself.
 *
 * Usage: victim-allocator alignments|resizing|unknown-fails|unknown|threads-fail
 */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MARK 4711

static int nr_faults;
/* What a compiler must not see through: it warns of what is meant here. */
static volatile size_t half = PTRDIFF_MAX, all = SIZE_MAX, wide = (size_t)1 << 32;

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

static int is_aligned(void *block, size_t align)
{
	return block && (uintptr_t)block % align == 0;
}

/* 23 blocks of 8, 12 ... 4 MiB alignment, of 100 bytes; all freed. */
void powers_of_two(void)
{
	void *block;

	for (size_t align = 8; align <= 4ul << 20; align *= 2) {
		expect(posix_memalign(&block, align, 100) == 0 && is_aligned(block, align), "posix_memalign");
		free(block);
	}
}

/* 8 blocks of memalign(): 0, 1, 3, 24, 48, 100, 4097, 65535 are rounded up to a power of two; 80 bytes, live. */
void odd_alignments(void)
{
	static const size_t aligns[] = { 0, 1, 3, 24, 48, 100, 4097, 65535 };

	for (size_t i = 0; i < 8; i++) {
		size_t power = 16;

		while (power < aligns[i])
			power *= 2;
		errno = MARK;
		expect(is_aligned(memalign(aligns[i], 10), power) && errno == MARK, "memalign by an odd number");
	}
}

/* aligned_alloc: a size that is no multiple, and a size of 0; 3 blocks, 150 bytes, live. */
void loose_sizes(void)
{
	expect(is_aligned(aligned_alloc(64, 100), 64), "aligned_alloc of 100 by 64");
	expect(is_aligned(aligned_alloc(4096, 50), 4096), "aligned_alloc of 50 by 4096");
	expect(is_aligned(aligned_alloc(32, 0), 32), "aligned_alloc of 0");
}

/* 10 calls that fail: no block, and the errno of each. */
void impossible(void)
{
	void *block = (void *)MARK;

	errno = 0;
	expect(!memalign(half + 1, half) && errno == ENOMEM, "memalign of all by half");
	errno = 0;
	expect(!memalign(64, half + 1) && errno == ENOMEM, "memalign of too much");
	errno = 0;
	expect(!memalign(half + 2, 16) && errno == EINVAL, "memalign by more than half");
	errno = 0;
	expect(!aligned_alloc(4096, all - 4096) && errno == ENOMEM, "aligned_alloc of nearly all");
	errno = 0;
	expect(!valloc(all) && errno == ENOMEM, "valloc of all");
	errno = 0;
	expect(!pvalloc(all - 1) && errno == ENOMEM, "pvalloc of all");
	errno = MARK;
	expect(posix_memalign(&block, 24, 10) == EINVAL, "posix_memalign by 24");
	expect(posix_memalign(&block, 1, 10) == EINVAL, "posix_memalign by 1");
	expect(errno == MARK, "posix_memalign of an odd alignment changed errno");
	expect(posix_memalign(&block, 4096, all - 8) == ENOMEM, "posix_memalign of nearly all");
	expect(posix_memalign(&block, half + 1, 8) == ENOMEM, "posix_memalign by half");
	expect(block == (void *)MARK, "a failed posix_memalign wrote a result");
}

/* realloc of aligned blocks: 7 blocks of 4096 by posix_memalign, each made 5000, 3 and 1000000; 28 blocks, 7 live. */
void resize_aligned(void)
{
	static const size_t sizes[] = { 5000, 3, 1000000 };

	for (size_t align = 16; align <= 65536; align *= 4) {
		unsigned char *block;

		expect(posix_memalign((void **)&block, align, 4096) == 0, "posix_memalign");
		memset(block, (int)(align >> 4), 4096);
		for (size_t i = 0; i < 3; i++) {
			block = realloc(block, sizes[i]);
			expect(block && block[2] == (unsigned char)(align >> 4), "realloc lost an aligned block");
		}
	}
}

static void alignments(void)
{
	powers_of_two();
	odd_alignments();
	loose_sizes();
	impossible();
	resize_aligned();
}

/* 1 block of 4999 bytes; realloc fails in three ways, and it is freed with its own size: 1, 4999, 1, 4999. */
void fails_when_known(void)
{
	char *block = malloc(4999);

	memset(block, 'k', 4999);
	errno = 0;
	expect(!realloc(hidden(block), half + 1) && errno == ENOMEM, "realloc of too much");
	errno = 0;
	expect(!realloc(hidden(block), all - 16) && errno == ENOMEM, "realloc of nearly all");
	errno = 0;
	expect(!reallocarray(hidden(block), all / 2, 4) && errno == ENOMEM, "reallocarray of more than all");
	expect(block[0] == 'k' && block[4998] == 'k', "a failed realloc changed the block");
	free(block);
}

/* 4 blocks: 5000, 2000 in place, 5000 in place again, and 10 behind it; all freed; no move. */
void in_place(void)
{
	char *block = malloc(5000), *guard = malloc(10), *same;

	same = realloc(hidden(block), 2000);
	expect(same == block, "shrinking moved");
	same = realloc(hidden(same), 5000);
	expect(same == block, "growing into what was given back moved");
	free(same);
	free(guard);
}

/* 100 blocks that grow by 1.5 from 1 byte; 99 freed by realloc and the last by free; one that is mapped moves. */
void grows(void)
{
	char *block = malloc(1);
	size_t size = 1;

	block[0] = 'g';
	for (int i = 0; i < 40; i++) {
		size += size / 2 + 1;
		block = realloc(block, size);
		expect(block && block[0] == 'g', "growing lost the block");
	}
	free(block);
}

/* realloc(NULL, n) makes 3 blocks, 0 + 11 + 22 bytes; realloc(p, 0) frees 2 of them. */
void from_null_to_nothing(void)
{
	void *one = realloc(NULL, 11), *two = reallocarray(NULL, 2, 11), *none = realloc(NULL, 0);

	expect(one && two && none, "realloc(NULL, n)");
	expect(!realloc(one, 0), "realloc(p, 0)");
	expect(!reallocarray(two, 5, 0), "reallocarray(p, 5, 0)");
}

/* 8 calls that overflow or ask for too much. */
void overflows(void)
{
	errno = 0;
	expect(!malloc(half + 1) && errno == ENOMEM, "malloc(PTRDIFF_MAX + 1)");
	errno = 0;
	expect(!malloc(all) && errno == ENOMEM, "malloc(SIZE_MAX)");
	errno = 0;
	expect(!calloc(all / 2 + 1, 2) && errno == ENOMEM, "calloc that wraps to 0");
	errno = 0;
	expect(!calloc(2, all / 2 + 1) && errno == ENOMEM, "calloc that wraps to 0");
	errno = 0;
	expect(!calloc(1, half + 1) && errno == ENOMEM, "calloc of too much");
	errno = 0;
	expect(!calloc(wide + 1, wide) && errno == ENOMEM, "calloc that wraps to 1 << 32");
	errno = 0;
	expect(!reallocarray(NULL, 2 * wide + 1, wide / 2) && errno == ENOMEM, "reallocarray");
	errno = 0;
	expect(!reallocarray(NULL, half / 2, 3) && errno == ENOMEM, "reallocarray of too much");
}

/* What malloc_usable_size() says may be used, all of it, and stays when it is: 5 blocks, 5 freed. */
void usable(void)
{
	static const size_t sizes[] = { 0, 1, 25, 1000, 200000 };

	for (size_t i = 0; i < 5; i++) {
		char *block = malloc(sizes[i]);
		size_t bytes = malloc_usable_size(block);

		expect(bytes >= sizes[i], "malloc_usable_size is less than was asked for");
		memset(block, 'u', bytes);
		expect(malloc_usable_size(block) == bytes, "malloc_usable_size changed");
		free(block);
	}
}

static void resizing(void)
{
	fails_when_known();
	in_place();
	grows();
	from_null_to_nothing();
	overflows();
	usable();
}

/* libc's own malloc by its address: the shim does not see such a block being made. */
static void *unseen(size_t bytes)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
	void *(*real)(size_t);

	*(void **)&real = libc ? dlsym(libc, "malloc") : NULL;
	return real ? real(bytes) : NULL;
}

/* A failed realloc of a block that was not seen frees nothing. */
void fails_when_unknown(void *block)
{
	errno = 0;
	expect(!realloc(hidden(block), half + 1) && errno == ENOMEM, "realloc of too much");
	errno = 0;
	expect(!realloc(hidden(block), all - 64) && errno == ENOMEM, "realloc of nearly all");
	errno = 0;
	expect(!reallocarray(hidden(block), all / 2, 4) && errno == ENOMEM, "reallocarray of more than all");
}

/* One that succeeds frees an unknown block, and makes a known one of 300 bytes; so does free(). */
void succeeds_when_unknown(void *block)
{
	expect(realloc(block, 300) != NULL, "realloc");
	free(unseen(77));
}

static void *never(void *arg)
{
	return arg;
}

/* 100 blocks of 100 bytes, between threads that cannot be made. */
void between_failures(void)
{
	expect(malloc(100) != NULL, "malloc");
}

static void threads_fail(void)
{
	struct rlimit limit;
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	expect(pthread_attr_setstacksize(&attr, (size_t)1 << 46) == 0, "pthread_attr_setstacksize");
	for (int i = 0; i < 50; i++) {
		expect(pthread_create(&thread, &attr, never, NULL) == EAGAIN, "a thread with 64 TiB of stack");
		between_failures();
	}
	/* No more address space than there is: no stack of 8 MiB, and blocks still come. */
	expect(getrlimit(RLIMIT_AS, &limit) == 0, "getrlimit");
	limit.rlim_cur = 1 << 20;
	expect(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit");
	for (int i = 0; i < 50; i++) {
		expect(pthread_create(&thread, NULL, never, NULL) == EAGAIN, "a thread without address space");
		between_failures();
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (strcmp(mode, "alignments") == 0)
		alignments();
	else if (strcmp(mode, "resizing") == 0)
		resizing();
	else if (strcmp(mode, "unknown-fails") == 0)
		fails_when_unknown(unseen(4999));
	else if (strcmp(mode, "unknown") == 0)
		succeeds_when_unknown(unseen(4999));
	else if (strcmp(mode, "threads-fail") == 0)
		threads_fail();
	else
		return 2;
	return nr_faults != 0;
}
