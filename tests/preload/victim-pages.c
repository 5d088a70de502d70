/* SPDX-License-Identifier: MIT */
/*
 * A victim that knows which of its bytes are in memory: it says "FUNCTION LIVE RESIDENT BESIDE UNTOUCHED" for each of
 * three functions, by what it did, and waits for the end of its input.
 *
 *   make_large      a block of 64 MiB, a mapping of its own, of which some pages are written to
 *   make_given_up   another one, written to as a whole, of which a part is given back to the system
 *   make_small      20,000 blocks of 600 bytes, of which every eleventh survives
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u
#define LARGE ((size_t)64 << 20)
#define GIVEN_UP ((size_t)8 << 20)
#define NR_SMALL 20000
#define SMALL 600u
#define SURVIVES 11

__attribute__((noinline)) char *make_large(void)
{
	return malloc(LARGE);
}

__attribute__((noinline)) char *make_given_up(void)
{
	return malloc(GIVEN_UP);
}

__attribute__((noinline)) char *make_small(void)
{
	return malloc(SMALL);
}

static void say(const char *name, size_t live, size_t resident, size_t beside, size_t untouched)
{
	static char line[256];
	int n = snprintf(line, sizeof(line), "%s %zu %zu %zu %zu\n", name, live, resident, beside, untouched);

	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(3);
}

/* The bytes of a block that lie on the page with @address. */
static size_t on_page(const char *block, size_t size, uintptr_t page)
{
	uintptr_t start = (uintptr_t)block, end = start + size;
	uintptr_t from = page > start ? page : start, to = page + PAGE < end ? page + PAGE : end;

	return to > from ? to - from : 0;
}

/* Of a block that is a mapping of its own, the first page has the head. */
static void say_mapped(const char *name, const char *block, size_t size, int (*is_there)(size_t page))
{
	uintptr_t first = (uintptr_t)block & ~(uintptr_t)(PAGE - 1);
	size_t resident = 0, pages = 0;

	for (size_t i = 0; first + i * PAGE < (uintptr_t)block + size; i++)
		if (i == 0 || is_there(i)) {
			resident += on_page(block, size, first + i * PAGE);
			pages++;
		}
	say(name, size, resident, pages * PAGE - resident, size - resident);
}

static int is_third(size_t page)
{
	return page % 3 == 1 && page < LARGE / PAGE;
}

static int is_kept(size_t page)
{
	return page < 100 || page >= 1100;
}

static void do_large(void)
{
	char *block = make_large();

	if (madvise((void *)((uintptr_t)block & ~(uintptr_t)(PAGE - 1)), LARGE, MADV_NOHUGEPAGE) != 0)
		_exit(4);
	for (size_t i = 1; i < LARGE / PAGE; i++)
		if (is_third(i))
			block[i * PAGE] = 1;
	say_mapped("make_large", block, LARGE, is_third);
}

static void do_given_up(void)
{
	char *block = make_given_up();
	char *first = (char *)((uintptr_t)block & ~(uintptr_t)(PAGE - 1));

	memset(block, 1, GIVEN_UP);
	if (madvise(first + 100 * PAGE, 1000 * PAGE, MADV_DONTNEED) != 0)
		_exit(4);
	say_mapped("make_given_up", block, GIVEN_UP, is_kept);
}

/* Where they begin and end somebody else's block may be on the page: that is a page's difference. */
static void do_small(void)
{
	static char *blocks[NR_SMALL];
	size_t live = 0, pages = 0;
	uintptr_t page = 0;

	for (int i = 0; i < NR_SMALL; i++) {
		blocks[i] = make_small();
		memset(blocks[i], 1, SMALL);
	}
	/* What is behind the last one is not given back to the system, and what is freed does not join the end. */
	for (int i = 0; i < NR_SMALL - 1; i++)
		if (i % SURVIVES != 0) {
			free(blocks[i]);
			blocks[i] = NULL;
		}
	for (int i = 0; i < NR_SMALL; i++) {
		if (!blocks[i])
			continue;
		live += SMALL;
		for (uintptr_t at = (uintptr_t)blocks[i] & ~(uintptr_t)(PAGE - 1); at < (uintptr_t)blocks[i] + SMALL;
				at += PAGE) {
			pages += at != page;
			page = at;
		}
	}
	say("make_small", live, live, pages * PAGE - live, 0);
}

int main(void)
{
	char end;

	do_large();
	do_given_up();
	do_small();
	say("ready", 0, 0, 0, 0);
	while (read(STDIN_FILENO, &end, 1) > 0)
		continue;
	return 0;
}
