/* SPDX-License-Identifier: MIT */
/*
 * What the shim, and the compiler on its behalf, uses of <string.h>.  libc's functions work in vector
 * registers, which may hold values of the program at an event: ld.so asks for memory in the middle of
 * code that counts on all of them.  Hidden, so that calls inside the library bind to these.
 */
#include <stdint.h>
#include <string.h>

#include "cpu.h"

typedef uint64_t __attribute__((may_alias, aligned(1))) word_t;
typedef uint32_t __attribute__((may_alias, aligned(1))) half_t;
typedef uint16_t __attribute__((may_alias, aligned(1))) quarter_t;

#define WORD sizeof(word_t)
/* From here on the processor's own loop is faster than one of ours, although it takes long to begin. */
#define MANY 256u

/* Less than two words: all is loaded before anything is stored, so they may overlap. */
static inline void copy_few(unsigned char *to, const unsigned char *from, size_t n)
{
	if (n >= 8) {
		uint64_t first = *(const word_t *)from, last = *(const word_t *)(from + n - 8);

		*(word_t *)to = first;
		*(word_t *)(to + n - 8) = last;
	} else if (n >= 4) {
		uint32_t first = *(const half_t *)from, last = *(const half_t *)(from + n - 4);

		*(half_t *)to = first;
		*(half_t *)(to + n - 4) = last;
	} else if (n >= 2) {
		uint16_t first = *(const quarter_t *)from, last = *(const quarter_t *)(from + n - 2);

		*(quarter_t *)to = first;
		*(quarter_t *)(to + n - 2) = last;
	} else if (n == 1) {
		*to = *from;
	}
}

/* Upwards; also right when @to lies below @from and they overlap, as the last word is loaded first. */
static inline void copy_up(unsigned char *to, const unsigned char *from, size_t n)
{
	uint64_t last = *(const word_t *)(from + n - WORD);
	unsigned char *end = to + n - WORD;

	if (n >= MANY)
		hl_cpu_copy_words(to, from, n / WORD);
	else
		for (; to < end; to += WORD, from += WORD)
			*(word_t *)to = *(const word_t *)from;
	*(word_t *)end = last;
}

static inline void copy_down(unsigned char *to, const unsigned char *from, size_t n)
{
	uint64_t first = *(const word_t *)from;

	for (; n > WORD; n -= WORD)
		*(word_t *)(to + n - WORD) = *(const word_t *)(from + n - WORD);
	*(word_t *)to = first;
}

void *memmove(void *to, const void *from, size_t n)
{
	if (n < 2 * WORD)
		copy_few(to, from, n);
	else if ((uintptr_t)to - (uintptr_t)from >= n)
		copy_up(to, from, n);
	else
		copy_down(to, from, n);
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	if (n < 2 * WORD)
		copy_few(to, from, n);
	else
		copy_up(to, from, n);
	return to;
}

void *memset(void *block, int byte, size_t n)
{
	unsigned char *to = block, *end = to + n;
	uint64_t word = (unsigned char)byte * UINT64_C(0x0101010101010101);

	if (n < WORD) {
		while (to < end)
			*to++ = (unsigned char)byte;
		return block;
	}
	end -= WORD;
	if (n >= MANY)
		hl_cpu_set_words(to, word, n / WORD);
	else
		for (; to < end; to += WORD)
			*(word_t *)to = word;
	*(word_t *)end = word;
	return block;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n >= WORD && *(const word_t *)p == *(const word_t *)q; n -= WORD) {
		p += WORD;
		q += WORD;
	}
	for (; n > 0; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

size_t strnlen(const char *s, size_t most)
{
	size_t n = 0;

	while (n < most && s[n])
		n++;
	return n;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t most)
{
	for (; most > 0; most--, a++, b++)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;; s++) {
		if (*s == (char)c)
			last = s;
		if (!*s)
			return (char *)last;
	}
}

size_t strspn(const char *s, const char *set)
{
	size_t n = 0;

	while (s[n] && strchr(set, s[n]))
		n++;
	return n;
}

size_t strcspn(const char *s, const char *set)
{
	size_t n = 0;

	while (s[n] && !strchr(set, s[n]))
		n++;
	return n;
}

char *strstr(const char *s, const char *part)
{
	size_t length = strlen(part);

	for (; strncmp(s, part, length) != 0; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}
