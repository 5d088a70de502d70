/* SPDX-License-Identifier: MIT */
/* Sizes and statistics as text. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/heapledger.h"

/* What CPython 3.11's tracemalloc._format_size() gives. */
static const struct {
	double size;
	const char *plain;
	const char *with_sign;
} sizes[] = {
	{0, "0 B", "+0 B"},
	{1, "1 B", "+1 B"},
	{99, "99 B", "+99 B"},
	{100, "100 B", "+100 B"},
	{999, "999 B", "+999 B"},
	{1023, "1023 B", "+1023 B"},
	{1024, "1024 B", "+1024 B"},
	{9999, "9999 B", "+9999 B"},
	{10239, "10239 B", "+10239 B"},
	{10240, "10.0 KiB", "+10.0 KiB"},
	{10241, "10.0 KiB", "+10.0 KiB"},
	{10342, "10.1 KiB", "+10.1 KiB"},
	{10343, "10.1 KiB", "+10.1 KiB"},
	{102348, "99.9 KiB", "+99.9 KiB"},
	{102349, "100.0 KiB", "+100.0 KiB"},
	{102399, "100.0 KiB", "+100.0 KiB"},
	{102400, "100 KiB", "+100 KiB"},
	{1023999, "1000 KiB", "+1000 KiB"},
	{1024000, "1000 KiB", "+1000 KiB"},
	{1048575, "1024 KiB", "+1024 KiB"},
	{1048576, "1024 KiB", "+1024 KiB"},
	{10485759, "10240 KiB", "+10240 KiB"},
	{10485760, "10.0 MiB", "+10.0 MiB"},
	{10485761, "10.0 MiB", "+10.0 MiB"},
	{104857599, "100.0 MiB", "+100.0 MiB"},
	{104857600, "100 MiB", "+100 MiB"},
	{1073741823, "1024 MiB", "+1024 MiB"},
	{1073741824, "1024 MiB", "+1024 MiB"},
	{10737418239, "10240 MiB", "+10240 MiB"},
	{10737418240, "10.0 GiB", "+10.0 GiB"},
	{109951162777600, "100 TiB", "+100 TiB"},
	{1125899906842624, "1024 TiB", "+1024 TiB"},
	{0.5, "0 B", "+0 B"},
	{1.5, "2 B", "+2 B"},
	{2.5, "2 B", "+2 B"},
	{99.5, "100 B", "+100 B"},
	{100.5, "100 B", "+100 B"},
	{278.5, "278 B", "+278 B"},
	{10239.4, "10239 B", "+10239 B"},
	{10239.5, "10240 B", "+10240 B"},
	{10240.5, "10.0 KiB", "+10.0 KiB"},
};

START_TEST(sizes_are_written_as_tracemalloc_does)
{
	char text[HL_SIZE_TEXT];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		ck_assert_str_eq(hl_format_size(text, sizes[i].size, false), sizes[i].plain);
		ck_assert_str_eq(hl_format_size(text, sizes[i].size, true), sizes[i].with_sign);
	}
}
END_TEST

/* Three columns with tabs: what was asked, without and with sign. */
START_TEST(sizes_are_those_of_the_oracle)
{
	const char *top = getenv("top_srcdir");
	char path[4096];
	char line[200];
	char buf[HL_SIZE_TEXT];
	int nr = 0;
	FILE *f;

	ck_assert_ptr_nonnull(top);
	snprintf(path, sizeof(path), "%s/tests/oracle/tracemalloc/size.out", top);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		const char *asked = strtok(line, "\t");
		const char *plain = strtok(NULL, "\t");
		const char *with_sign = strtok(NULL, "\n");

		ck_assert_str_eq(hl_format_size(buf, strtod(asked, NULL), false), plain);
		ck_assert_str_eq(hl_format_size(buf, strtod(asked, NULL), true), with_sign);
		nr++;
	}
	fclose(f);
	ck_assert_int_ge(nr, 40);
}
END_TEST

START_TEST(averages_round_half_to_even)
{
	char text[HL_SIZE_TEXT];

	ck_assert_str_eq(hl_format_size(text, 278.5, false), "278 B");
	ck_assert_str_eq(hl_format_size(text, 279.5, false), "280 B");
	ck_assert_str_eq(hl_format_size(text, 1024 * 10.25, false), "10.2 KiB");
	ck_assert_str_eq(hl_format_size(text, 1024 * 10.75, false), "10.8 KiB");
}
END_TEST

START_TEST(tenths_agree_with_printf)
{
	char text[HL_SIZE_TEXT];
	char expected[64];

	for (int64_t size = 10240; size < 102400; size += 7) {
		snprintf(expected, sizeof(expected), "%.1f KiB", (double)size / 1024);
		ck_assert_str_eq(hl_format_size(text, (double)size, false), expected);
	}
}
END_TEST

START_TEST(statistics_are_written_as_tracemalloc_does)
{
	char text[HL_STATISTIC_TEXT];
	struct hl_statistic_diff d = {.size = 557, .size_diff = -3171, .count = 2, .count_diff = -6};

	ck_assert_str_eq(hl_format_statistic(text, 396896, 9744, false),
			"size=388 KiB, count=9744, average=41 B");
	ck_assert_str_eq(hl_format_statistic(text, 0, 0, false), "size=0 B, count=0");
	ck_assert_str_eq(hl_format_statistic(text, 396896, 9744, true),
			"size=396896 B, count=9744, average=41 B");
	ck_assert_str_eq(hl_format_diff(text, &d, false),
			"size=557 B (-3171 B), count=2 (-6), average=278 B");
}
END_TEST

START_TEST(the_largest_numbers_fit)
{
	char text[HL_STATISTIC_TEXT];
	char size[HL_SIZE_TEXT];
	struct hl_statistic_diff d = {
		.size = INT64_MIN, .size_diff = INT64_MIN, .count = INT64_MIN, .count_diff = INT64_MIN,
	};

	ck_assert_uint_lt(strlen(hl_format_diff(text, &d, true)), HL_STATISTIC_TEXT);
	ck_assert_ptr_nonnull(strstr(text, "size=-9223372036854775808 B (-9223372036854775808 B)"));
	ck_assert_str_eq(hl_format_size(size, (double)INT64_MAX, true), "+8388608 TiB");
}
END_TEST

START_TEST(places_without_a_line_are_the_name_alone)
{
	struct hl_location l = {.filename = "a.c", .function = "", .module = "", .lineno = 12};
	char text[16];

	ck_assert_uint_eq(hl_format_place(text, sizeof(text), &l), 6);
	ck_assert_str_eq(text, "a.c:12");
	l.lineno = 0;
	hl_format_place(text, sizeof(text), &l);
	ck_assert_str_eq(text, "a.c");
	ck_assert_uint_eq(hl_format_place(NULL, 0, &l), 3);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("format");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");

	tcase_add_test(core, sizes_are_written_as_tracemalloc_does);
	tcase_add_test(core, sizes_are_those_of_the_oracle);
	tcase_add_test(core, statistics_are_written_as_tracemalloc_does);
	tcase_add_test(core, places_without_a_line_are_the_name_alone);
	suite_add_tcase(suite, core);
	tcase_add_test(limits, averages_round_half_to_even);
	tcase_add_test(limits, tenths_agree_with_printf);
	tcase_add_test(limits, the_largest_numbers_fit);
	suite_add_tcase(suite, limits);
	return suite;
}
