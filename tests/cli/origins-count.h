/* SPDX-License-Identifier: MIT */
/* With -DCOUNT: malloc and its relatives keep an account of what each KEEP() holds, printed as "LINE SIZE COUNT". */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef COUNT
#ifdef __cplusplus
extern "C" {
#endif
enum { TABLE = 1 << 17 };
static struct block { void *address; size_t size; int line; } blocks[TABLE];
static int current;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nr, size_t size);
void *__libc_realloc(void *address, size_t size);
void __libc_free(void *address);

static struct block *find(void *address)
{
	size_t i = ((uintptr_t)address >> 4) % TABLE;

	while (blocks[i].address && blocks[i].address != address)
		i = (i + 1) % TABLE;
	return &blocks[i];
}

static void *note(void *address, size_t size)
{
	if (current && address) {
		struct block *b = find(address);

		b->address = address;
		b->size = size;
		b->line = current;
	}
	return address;
}

static void forget(void *address)
{
	struct block *b = address ? find(address) : NULL;

	if (b && b->address)
		b->line = 0;
}

void *malloc(size_t size)
{
	return note(__libc_malloc(size), size);
}

void *calloc(size_t nr, size_t size)
{
	return note(__libc_calloc(nr, size), nr * size);
}

void *realloc(void *address, size_t size)
{
	forget(address);
	return note(__libc_realloc(address, size), size);
}

void free(void *address)
{
	forget(address);
	__libc_free(address);
}
#ifdef __cplusplus
}
#endif
#define KEEP(...) do { current = __LINE__; __VA_ARGS__; current = 0; } while (0)

static void print_account(void)
{
	static long size[200], count[200];

	for (int i = 0; i < TABLE; i++) {
		size[blocks[i].line] += (long)blocks[i].size;
		count[blocks[i].line]++;
	}
	for (int i = 1; i < 200; i++)
		if (count[i])
			printf("%d %ld %ld\n", i, size[i], count[i]);
}
#else
#define KEEP(...) do { __VA_ARGS__; } while (0)
static void print_account(void)
{
}
#endif
