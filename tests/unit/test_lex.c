/* SPDX-License-Identifier: MIT */
/* Tokens: each case is a text and its tokens, a word or sign for each. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/syntax/lex.h"

static void add(char *out, const struct token *t)
{
	static const char *const words[] = {
		[TOKEN_END] = "END", [TOKEN_NEWLINE] = "NL", [TOKEN_INDENT] = "IN",
		[TOKEN_DEDENT] = "OUT", [TOKEN_BAD] = "BAD",
	};

	if (*out)
		strcat(out, " ");
	if (t->kind == TOKEN_STRING)
		strcat(out, "'");
	if (t->kind < sizeof(words) / sizeof(*words) && words[t->kind])
		strcat(out, words[t->kind]);
	else
		strncat(out, t->kind == TOKEN_STRING ? t->body : t->start,
				t->kind == TOKEN_STRING ? t->body_length : t->length);
	if (t->kind == TOKEN_STRING)
		strcat(out, "'");
}

/* The tokens of a text, or the message; the caller frees. */
static char *tokens(const char *text)
{
	struct compilation *c = calloc(1, sizeof(*c));
	char *volatile out = calloc(1, 4096);
	struct lexer lexer;
	struct token token;

	c->budget = 1000;
	if (setjmp(c->on_error)) {
		strcpy(out, c->err.message);
	} else {
		lex_init(&lexer, c, text, strlen(text), 1);
		do {
			lex_next(&lexer, &token);
			add(out, &token);
		} while (token.kind != TOKEN_END);
	}
	compilation_free(c);
	return out;
}

static const struct {
	const char *text;
	const char *tokens;
} cases[] = {
	{"", "END"}, {"\n\n  \n# a\n", "END"}, {"x", "x NL END"}, {"x \n", "x NL END"},
	{"x # c\n  # d\ny", "x NL y NL END"}, {"if a:\n  b\nc\n", "if a : NL IN b NL OUT c NL END"},
	{"if a:\n  if b:\n    c", "if a : NL IN if b : NL IN c NL OUT OUT END"},
	{"if a:\n  b\n\n# x\n  c\nd", "if a : NL IN b NL c NL OUT d NL END"},
	{"f(a,\n  b\n)\nc", "f ( a , b ) NL c NL END"}, {"a = \\\n  b", "a = b NL END"},
	{"a**=b//c<=d!=e->f:=g...h", "a **= b // c <= d != e -> f := g ... h NL END"},
	{"1 0x1F 0o7 0b1 1_0 1.5 .5 1. 1e5 1e-5 1_0.0_1", "1 0x1F 0o7 0b1 1_0 1.5 .5 1. 1e5 1e-5 1_0.0_1 "
		"NL END"},
	{"1if x", "1 if x NL END"}, {"1..real", "1. . real NL END"},
	{"'a' \"b\" '''c\n'd''' r'\\a' 'e\\'f'", "'a' 'b' 'c\n'd' '\\a' 'e\\'f' NL END"},
	{"rb'' BR\"\" f'' Rf'' u'' b ur", "'' '' '' '' '' b ur NL END"}, {"a $ b", "a BAD b NL END"},
	{"a;b", "a ; b NL END"}, {"\f\tx", "IN x NL OUT END"}, {"isx in_ is", "isx in_ is NL END"},
};

START_TEST(tokens_are_as_in_python)
{
	char *got = tokens(cases[_i].text);

	ck_assert_str_eq(got, cases[_i].tokens);
	free(got);
}
END_TEST

static const struct {
	const char *text;
	const char *message;
} errors[] = {
	{"if a:\n    b\n  c", "IndentationError: unindent does not match any outer indentation level"},
	{"if a:\n\tb\n        c", "TabError: inconsistent use of tabs and spaces in indentation"},
	{"(", "SyntaxError: '(' was never closed"}, {")", "SyntaxError: unmatched ')'"},
	{"(]", "SyntaxError: closing parenthesis ']' does not match opening parenthesis '('"},
	{"(\n]", "SyntaxError: closing parenthesis ']' does not match opening parenthesis '(' on line 1"},
	{"'a", "SyntaxError: unterminated string literal (detected at line 1)"},
	{"'''a\n", "SyntaxError: unterminated triple-quoted string literal (detected at line 1)"},
	{"1_", "SyntaxError: invalid decimal literal"}, {"1.real", "SyntaxError: invalid decimal literal"},
	{"0x", "SyntaxError: invalid hexadecimal literal"},
	{"0b2", "SyntaxError: invalid digit '2' in binary literal"},
	{"012", "SyntaxError: leading zeros in decimal integer literals are not permitted; "
		"use an 0o prefix for octal integers"},
	{"\\ x", "SyntaxError: unexpected character after line continuation character"},
	{"a\\", "SyntaxError: unexpected EOF while parsing"}, {"1j", "a complex number is not supported"},
	{"\xe2\x80\x9c", "SyntaxError: invalid character '\xe2\x80\x9c' (U+201C)"},
	{"a\xc2\xa0", "SyntaxError: invalid non-printable character U+00A0"},
	{"\x01", "SyntaxError: invalid non-printable character U+0001"},
	{"\xc3\xa9", "a name with non-ASCII letters is not supported"},
};

START_TEST(what_is_no_token_is_an_error)
{
	char *got = tokens(errors[_i].text);

	ck_assert_str_eq(got, errors[_i].message);
	free(got);
}
END_TEST

static void check_nesting(const char *open, const char *close, int levels, const char *message)
{
	char *text = calloc(1, 100000), *got;

	for (int i = 0; i < levels; i++)
		strcat(text, open);
	for (int i = 0; i < levels; i++)
		strcat(text, close);
	got = tokens(text);
	if (message)
		ck_assert_str_eq(got, message);
	else
		ck_assert_msg(!strstr(got, "Error"), "%s", got);
	free(got);
	free(text);
}

START_TEST(parentheses_nest_two_hundred_deep)
{
	check_nesting("(", ")", 200, NULL);
	check_nesting("(", ")", 201, "SyntaxError: too many nested parentheses");
}
END_TEST

START_TEST(blocks_nest_a_hundred_deep)
{
	char *text = calloc(1, 100000), *got;

	for (int i = 0; i < 101; i++)
		sprintf(text + strlen(text), "%*sx\n", i, "");
	got = tokens(text);
	ck_assert_str_eq(got, "IndentationError: too many levels of indentation");
	free(got);
	free(text);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("lex");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");
	TCase *bad = tcase_create("errors");

	tcase_add_loop_test(core, tokens_are_as_in_python, 0, sizeof(cases) / sizeof(*cases));
	suite_add_tcase(suite, core);
	tcase_add_test(limits, parentheses_nest_two_hundred_deep);
	tcase_add_test(limits, blocks_nest_a_hundred_deep);
	suite_add_tcase(suite, limits);
	tcase_add_loop_test(bad, what_is_no_token_is_an_error, 0, sizeof(errors) / sizeof(*errors));
	suite_add_tcase(suite, bad);
	return suite;
}
