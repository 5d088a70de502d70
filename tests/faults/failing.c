/* SPDX-License-Identifier: MIT */
/*
 * An allocator beneath the shim that says no at every FAIL_EVERY-th request of FAIL_FROM bytes and more
 * (48 unless set: smaller ones are libc's own).
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static unsigned long every, from = 48, count;

__attribute__((constructor)) static void start(void)
{
	const char *s = getenv("FAIL_EVERY");

	every = s ? strtoul(s, NULL, 10) : 0;
	s = getenv("FAIL_FROM");
	if (s)
		from = strtoul(s, NULL, 10);
}

static int refuses(size_t bytes)
{
	if (!every || bytes < from || __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) % every)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t bytes)
{
	return refuses(bytes) ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
	return refuses(n * bytes) ? NULL : __libc_calloc(n, bytes);
}

void *realloc(void *p, size_t bytes)
{
	return refuses(bytes) ? NULL : __libc_realloc(p, bytes);
}
