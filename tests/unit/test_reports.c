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

/* What was written since the last rewind(). */
static const char *written(void)
{
	static char copy[256];

	fflush(file);
	ck_assert_uint_lt(output_length, sizeof(copy));
	memcpy(copy, output, output_length);
	copy[output_length] = '\0';
	return copy;
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

static size_t encode(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 63));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 63));
		out[2] = (char)(0x80 | (code & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 63));
	out[2] = (char)(0x80 | (code >> 6 & 63));
	out[3] = (char)(0x80 | (code & 63));
	return 4;
}

/* Char of XML 1.0 */
static bool is_xml(uint32_t code)
{
	return code == 9 || code == 10 || code == 13 || (code >= 0x20 && code <= 0xd7ff) ||
		(code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

/* Code points that no report shows as they are, one of each kind and those at the ends of ranges. */
static const uint32_t unseen[] = {
	0x00, 0x1b, 0x7f, 0x85, 0x9b, 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x180b, 0x180e, 0x200b, 0x200c,
	0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060, 0x2064, 0x2066, 0x2069, 0x206f, 0x2800, 0x3164,
	0xfdd0,
	0xfdef, 0xfe00, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0xfffb, 0xfffe, 0xffff, 0x1bca0, 0x1d173, 0x1d17a, 0x1fffe,
	0xe0001, 0xe0020, 0xe007f, 0xe0100, 0xe01ef, 0xfffff, 0x10fffe, 0x10ffff,
};

static bool is_unseen(uint32_t code)
{
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
		if (unseen[i] == code)
			return true;
	}
	return false;
}

START_TEST(text_has_no_character_that_xml_forbids_or_nobody_sees)
{
	static const uint32_t surrogates[] = {0xd800, 0xdbff, 0xdc00, 0xdfff};
	const size_t nr = sizeof(unseen) / sizeof(unseen[0]);
	char bytes[4];

	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		if ((!is_xml(code) && (code < 0xd800 || code > 0xdfff)) || is_unseen(code))
			ck_assert_msg(hl_utf8_is_harmful(code), "U+%04X", code);
	}
	for (size_t i = 0; i < nr + sizeof(surrogates) / sizeof(surrogates[0]); i++) {
		uint32_t code = i < nr ? unseen[i] : surrogates[i - nr];

		rewind(file);
		hl_put_text(file, bytes, encode(code, bytes));
		ck_assert_msg(strspn(written(), "\\xuUnt0123456789abcdef") == output_length, "U+%04X: %s", code,
				written());
	}
}
END_TEST

START_TEST(text_has_letters_blanks_and_signs_as_they_are)
{
	static const char *const texts[] = {
		"operator<<", "std::map<int, char *>::at(int const&)", "a\xc2\xa0\x62",
		"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80",
		"# 1", "##", "a##b", "[0]", ":x", "a:", "C:\\a.c", "\xee\x80\x80",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		rewind(file);
		hl_put_text(file, texts[i], strlen(texts[i]));
		ck_assert_str_eq(written(), texts[i]);
	}
}
END_TEST

START_TEST(long_escapes_have_eight_digits)
{
	hl_put_name(file, "\xf3\xa0\x81\x81" "1");
	must_have_written("\\U000e00411");
}
END_TEST

/* Text, and how it is written where it may begin a line, and behind something else. */
static const struct {
	const char *text, *first, *inner;
} commands[] = {
	{"::error::x", "\\x3a:error::x", "::error::x"},
	{" \xe3\x80\x80\xc2\xa0::x", " \xe3\x80\x80\xc2\xa0\\x3a:x", " \xe3\x80\x80\xc2\xa0::x"},
	{":", "\\x3a", ":"},
	{"##[error]x", "#\\x23[error]x", "#\\x23[error]x"},
	{"a ##vso[task.setvariable]x", "a #\\x23vso[task.setvariable]x", "a #\\x23vso[task.setvariable]x"},
	{"####teamcity[x", "###\\x23teamcity[x", "###\\x23teamcity[x"},
	{"##VSO[x", "#\\x23VSO[x", "#\\x23VSO[x"},
};

START_TEST(no_text_is_a_command_to_a_ci_system)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		rewind(file);
		hl_put_name(file, commands[i].text);
		ck_assert_str_eq(written(), commands[i].first);
		rewind(file);
		hl_put_inner(file, commands[i].text, strlen(commands[i].text));
		ck_assert_str_eq(written(), commands[i].inner);
	}
	rewind(file);
	hl_put_replaced(file, ";;error::x", 10, ";", ":");
	ck_assert_str_eq(written(), "\\x3a:error::x");
}
END_TEST

START_TEST(csv_knows_formulas_by_their_first_sign)
{
	static const char *const formulas[] = {
		"=1", "+1", "-1", "@x", " =1", "\t=1", "\xef\xbc\x9d" "1", "\xef\xbc\x8b" "1", "\xef\xbc\x8d" "1",
		"\xef\xbc\xa0x",
	};

	for (size_t i = 0; i < sizeof(formulas) / sizeof(formulas[0]); i++) {
		rewind(file);
		hl_put_csv(file, formulas[i], strlen(formulas[i]));
		ck_assert_msg(!strncmp(written(), "\"'", 2), "%s: %s", formulas[i], output);
	}
	rewind(file);
	hl_put_csv(file, "a;=1", 4);
	ck_assert_str_eq(written(), "\"a;=1\"");
	rewind(file);
	hl_put_csv(file, "::error::x", 10);
	ck_assert_str_eq(written(), "\\x3a:error::x");
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
	must_have_written("\"a\\u001b[2J\\n\\u0007\\ufffdb\xc3\xa9\\u202e\\u003c"
			"\\\"\\\\\\u0026\\u003e\\u2028\"");
}
END_TEST

START_TEST(json_escapes_what_nobody_sees)
{
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
		char expected[32], bytes[4];
		uint32_t c = unseen[i];
		struct hl_json j;

		rewind(file);
		hl_json_init(&j, file);
		hl_json_bytes(&j, bytes, encode(c, bytes));
		if (c < 0x10000)
			snprintf(expected, sizeof(expected), "\"\\u%04x\"", c);
		else
			snprintf(expected, sizeof(expected), "\"\\u%04x\\u%04x\"", 0xd800 + ((c - 0x10000) >> 10),
					0xdc00 + ((c - 0x10000) & 0x3ff));
		ck_assert_str_eq(written(), expected);
	}
}
END_TEST

START_TEST(json_has_no_command_to_a_ci_system)
{
	struct hl_json j;

	hl_json_init(&j, file);
	hl_json_string(&j, "###vso[x]");
	must_have_written("\"#\\u0023\\u0023vso[x]\"");
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
	tcase_add_test(errors, text_has_no_character_that_xml_forbids_or_nobody_sees);
	tcase_add_test(core, text_has_letters_blanks_and_signs_as_they_are);
	tcase_add_test(errors, long_escapes_have_eight_digits);
	tcase_add_test(errors, no_text_is_a_command_to_a_ci_system);
	tcase_add_test(errors, csv_knows_formulas_by_their_first_sign);
	tcase_add_test(errors, csv_quotes_and_disarms_formulas);
	tcase_add_test(errors, json_strings_are_valid_utf8_and_harmless_in_html);
	tcase_add_test(errors, json_escapes_what_nobody_sees);
	tcase_add_test(errors, json_has_no_command_to_a_ci_system);
	tcase_add_test(errors, utf8_is_decoded_strictly);
	suite_add_tcase(suite, errors);
	return suite;
}
