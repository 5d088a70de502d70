/* SPDX-License-Identifier: MIT */
/* Hostile names in text, CSV and JSON. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/json.h"
#include "snapshot/utf8.h"

static char *output;
static size_t output_length;
static FILE *file;

static void enter(void)
{
	file = open_memstream(&output, &output_length);
	ck_assert_ptr_nonnull(file);
}

static void leave(void)
{
	fclose(file);
	free(output);
}

static void must_have_written(const char *expected)
{
	fflush(file);
	ck_assert_uint_eq(strlen(output), output_length);
	ck_assert_str_eq(output, expected);
}

#define HOSTILE "a\033[2J\n\x07\xff" "b\xc3\xa9\xe2\x80\xae<"

START_TEST(text_shows_what_a_terminal_would_obey)
{
	hl_put_text(file, HOSTILE, strlen(HOSTILE));
	must_have_written("a\\x1b[2J\\n\\x07\\xffb\xc3\xa9\\u202e<");
}
END_TEST

START_TEST(text_shows_c1_controls_and_nul)
{
	hl_put_text(file, "\xc2\x9b\0\x7f", 4);
	must_have_written("\\x9b\\x00\\x7f");
}
END_TEST

START_TEST(csv_quotes_and_disarms_formulas)
{
	hl_put_csv(file, "a,\"b\"", 5);
	must_have_written("\"a,\"\"b\"\"\"");
	leave();
	enter();
	hl_put_csv(file, "=1+1", 4);
	must_have_written("\"'=1+1\"");
	leave();
	enter();
	hl_put_csv(file, "a\nb", 3);
	must_have_written("a\\nb");
	leave();
	enter();
	hl_put_csv(file, "", 0);
	must_have_written("");
}
END_TEST

START_TEST(json_strings_are_valid_utf8_and_harmless_in_html)
{
	struct hl_json j;

	hl_json_init(&j, file);
	hl_json_bytes(&j, HOSTILE "\"\\&>\xe2\x80\xa8", strlen(HOSTILE) + 7);
	must_have_written("\"a\\u001b[2J\\n\\u0007\\ufffdb\xc3\xa9\xe2\x80\xae\\u003c"
			"\\\"\\\\\\u0026\\u003e\\u2028\"");
}
END_TEST

START_TEST(json_nests_and_separates)
{
	struct hl_json j;

	hl_json_init(&j, file);
	hl_json_begin_object(&j);
	hl_json_key(&j, "a");
	hl_json_begin_array(&j);
	hl_json_signed(&j, INT64_MIN);
	hl_json_unsigned(&j, UINT64_MAX);
	hl_json_bool(&j, true);
	hl_json_null(&j);
	hl_json_end_array(&j);
	hl_json_key(&j, "b");
	hl_json_begin_object(&j);
	hl_json_end_object(&j);
	hl_json_key(&j, "c");
	hl_json_double(&j, 0.5);
	hl_json_end_object(&j);
	hl_json_finish(&j);
	must_have_written("{\n  \"a\": [\n    -9223372036854775808,\n    18446744073709551615,\n"
			"    true,\n    null\n  ],\n  \"b\": {},\n  \"c\": 0.5\n}\n");
}
END_TEST

START_TEST(utf8_is_decoded_strictly)
{
	uint32_t code;

	ck_assert_uint_eq(hl_utf8_decode("\xf0\x9f\x98\x80", 4, &code), 4);
	ck_assert_uint_eq(code, 0x1f600);
	ck_assert_uint_eq(hl_utf8_decode("\xc3\xa9", 1, &code), 0);	/* cut */
	ck_assert_uint_eq(hl_utf8_decode("\xc0\x80", 2, &code), 0);	/* overlong */
	ck_assert_uint_eq(hl_utf8_decode("\xe0\x80\x80", 3, &code), 0);
	ck_assert_uint_eq(hl_utf8_decode("\xed\xa0\x80", 3, &code), 0);	/* surrogate */
	ck_assert_uint_eq(hl_utf8_decode("\xf4\x90\x80\x80", 4, &code), 0); /* above U+10FFFF */
	ck_assert_uint_eq(hl_utf8_decode("\x80", 1, &code), 0);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("reports");
	TCase *core = tcase_create("core");
	TCase *errors = tcase_create("errors");

	tcase_add_checked_fixture(core, enter, leave);
	tcase_add_test(core, json_nests_and_separates);
	suite_add_tcase(suite, core);
	tcase_add_checked_fixture(errors, enter, leave);
	tcase_add_test(errors, text_shows_what_a_terminal_would_obey);
	tcase_add_test(errors, text_shows_c1_controls_and_nul);
	tcase_add_test(errors, csv_quotes_and_disarms_formulas);
	tcase_add_test(errors, json_strings_are_valid_utf8_and_harmless_in_html);
	tcase_add_test(errors, utf8_is_decoded_strictly);
	suite_add_tcase(suite, errors);
	return suite;
}
