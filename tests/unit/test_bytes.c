/* SPDX-License-Identifier: MIT */
/*
 * The shim's own <string.h> against libc's, for all small sizes and places, and at the ends of pages.
 * It is linked under other names, with the flags of the shim.
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void *own_memcpy(void *to, const void *from, size_t n);
void *own_memmove(void *to, const void *from, size_t n);
void *own_memset(void *block, int byte, size_t n);
int own_memcmp(const void *a, const void *b, size_t n);
size_t own_strlen(const char *s);
size_t own_strnlen(const char *s, size_t most);
int own_strcmp(const char *a, const char *b);
int own_strncmp(const char *a, const char *b, size_t most);
char *own_strchr(const char *s, int c);
char *own_strrchr(const char *s, int c);
size_t own_strspn(const char *s, const char *set);
size_t own_strcspn(const char *s, const char *set);
char *own_strstr(const char *s, const char *part);

#define ROOM 1024
#define FAR 17
static unsigned char got[ROOM], wanted[ROOM], source[ROOM];

static void fill(unsigned char *block, uint32_t seed)
{
	for (size_t i = 0; i < ROOM; i++) {
		seed = seed * 1103515245 + 12345;
		block[i] = (unsigned char)(seed >> 16);
	}
}

static void check_same(void)
{
	ck_assert_int_eq(memcmp(got, wanted, ROOM), 0);
}

static size_t next_size(size_t n)
{
	return n < 70 ? n + 1 : n < 250 ? n + 7 : n < 260 ? n + 1 : n + 37;
}

START_TEST(copies_are_those_of_libc)
{
	fill(source, 1);
	for (size_t n = 0; n < ROOM - 2 * FAR; n = next_size(n))
		for (size_t to = 0; to < FAR; to++)
			for (size_t from = 0; from < FAR; from += 3) {
				fill(got, 2);
				fill(wanted, 2);
				memcpy(wanted + to, source + from, n);
				ck_assert_ptr_eq(own_memcpy(got + to, source + from, n), got + to);
				check_same();
			}
}
END_TEST

START_TEST(moves_are_those_of_libc)
{
	for (size_t n = 0; n < ROOM / 2; n = next_size(n))
		for (size_t to = 0; to < 300; to = next_size(to))
			for (size_t from = to > 20 ? to - 20 : 0; from < to + 20; from++) {
				fill(got, 3);
				fill(wanted, 3);
				memmove(wanted + to, wanted + from, n);
				ck_assert_ptr_eq(own_memmove(got + to, got + from, n), got + to);
				check_same();
			}
}
END_TEST

START_TEST(settings_are_those_of_libc)
{
	for (size_t n = 0; n < ROOM - FAR; n = next_size(n))
		for (size_t to = 0; to < FAR; to++) {
			fill(got, 4);
			fill(wanted, 4);
			memset(wanted + to, (int)(0x180 + n), n);
			ck_assert_ptr_eq(own_memset(got + to, (int)(0x180 + n), n), got + to);
			check_same();
		}
}
END_TEST

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

START_TEST(comparisons_are_those_of_libc)
{
	for (size_t n = 0; n < 70; n++)
		for (size_t at = 0; at <= n; at++)
			for (int change = -1; change <= 1; change++) {
				fill(got, 5);
				fill(wanted, 5);
				got[at + 1] = 0x80;
				wanted[at + 1] = (unsigned char)(0x80 + change);
				ck_assert_int_eq(sign(own_memcmp(got + 1, wanted + 1, n)),
					sign(memcmp(got + 1, wanted + 1, n)));
			}
}
END_TEST

static const char *const texts[] = { "", "a", "b", "ab", "abc", "abd", "ab\377", "aab", "aaab", "libc.so.6",
	"/usr/lib/libc.so.6", "LD_PRELOAD=x:y z", ": ", " :", "x:y", "abcabcabd", "\377", "\1", "so." };
#define NR_TEXTS (sizeof(texts) / sizeof(texts[0]))

static void check_pair(const char *a, const char *b)
{
	ck_assert_int_eq(sign(own_strcmp(a, b)), sign(strcmp(a, b)));
	for (size_t n = 0; n < 12; n++)
		ck_assert_int_eq(sign(own_strncmp(a, b, n)), sign(strncmp(a, b, n)));
	ck_assert_uint_eq(own_strspn(a, b), strspn(a, b));
	ck_assert_uint_eq(own_strcspn(a, b), strcspn(a, b));
	ck_assert_ptr_eq(own_strstr(a, b), strstr(a, b));
}

START_TEST(strings_are_those_of_libc)
{
	for (size_t i = 0; i < NR_TEXTS; i++) {
		ck_assert_uint_eq(own_strlen(texts[i]), strlen(texts[i]));
		for (size_t n = 0; n < 20; n++)
			ck_assert_uint_eq(own_strnlen(texts[i], n), strnlen(texts[i], n));
		for (int c = 0; c < 256; c++) {
			ck_assert_ptr_eq(own_strchr(texts[i], c), strchr(texts[i], c));
			ck_assert_ptr_eq(own_strrchr(texts[i], c), strrchr(texts[i], c));
		}
		for (size_t k = 0; k < NR_TEXTS; k++)
			check_pair(texts[i], texts[k]);
	}
}
END_TEST

/* Nothing is read or written beyond the end: there the page is not there. */
START_TEST(ends_of_pages_are_respected)
{
	char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *begin = page + 4096, *end = page + 2 * 4096;

	ck_assert_ptr_ne(page, MAP_FAILED);
	ck_assert_int_eq(mprotect(page, 4096, PROT_NONE), 0);
	ck_assert_int_eq(mprotect(end, 4096, PROT_NONE), 0);
	for (size_t n = 0; n <= 1024; n = next_size(n)) {
		own_memset(end - n, 'x', n);
		own_memset(begin, 'x', n);
		ck_assert_int_eq(own_memcmp(begin, end - n, n), 0);
		own_memcpy(begin, end - n, n);
		own_memcpy(end - n, begin, n);
		own_memmove(end - n, end - n - 1, n);
		own_memmove(begin + 1, begin, n);
		own_memmove(begin, begin + 1, n);
		own_memset(end - n, 'x', n);
		ck_assert_uint_eq(own_strnlen(end - n, n), n);
		if (n > 0)
			end[-1] = '\0';
		ck_assert_uint_eq(own_strlen(n > 0 ? end - n : ""), n > 0 ? n - 1 : 0);
	}
	munmap(page, 3 * 4096);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("bytes");
	TCase *core = tcase_create("core"), *limits = tcase_create("limits");

	tcase_set_timeout(core, 60);
	tcase_add_test(core, copies_are_those_of_libc);
	tcase_add_test(core, moves_are_those_of_libc);
	tcase_add_test(core, settings_are_those_of_libc);
	tcase_add_test(core, comparisons_are_those_of_libc);
	tcase_add_test(core, strings_are_those_of_libc);
	suite_add_tcase(suite, core);
	tcase_add_test(limits, ends_of_pages_are_respected);
	suite_add_tcase(suite, limits);
	return suite;
}
