/* SPDX-License-Identifier: MIT */
/* Patterns, each answer asked of CPython 3.11's fnmatch.fnmatchcase(). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/glob.h"

static bool matches(const char *pattern, const char *text)
{
	struct hl_glob *g = hl_glob_new((struct hl_text){pattern, strlen(pattern)});
	bool yes;

	ck_assert_ptr_nonnull(g);
	yes = hl_glob_matches(g, (struct hl_text){text, strlen(text)});
	hl_glob_free(g);
	return yes;
}

static const struct {
	const char *pattern;
	const char *text;
	bool matches;
} cases[] = {
	{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "a/.b", true}, {"?", "", false},
	{"?", "\xc3\xa9", true}, {"??", "\xc3\xa9", false}, {"?", "\xff", true}, {"?", "\n", true},
	{"a*b*c", "a/x/b/y/c", true}, {"a*b*c", "a/x/c/y/b", false}, {"*.c", "a.cc", false},
	{"[ab].c", "b.c", true}, {"[!ab].c", "b.c", false}, {"[!ab].c", "x.c", true},
	{"[^ab].c", "^.c", true}, {"[^ab].c", "x.c", false}, {"[ab", "[ab", true}, {"[", "[", true},
	{"[]", "[]", true}, {"[]]", "]", true}, {"[!]]", "]", false}, {"[!]", "[!]", true},
	{"[a-c]", "b", true}, {"[a-]", "-", true}, {"[-a]", "-", true}, {"[a-c-e]", "d", false},
	{"[a-c-e]", "-", true}, {"[a-c-e]", "e", true}, {"[--0]", ".", true}, {"[a\\]", "\\", true},
	/* an empty range goes with its ends; what is left may begin with another sign */
	{"[c-a]", "b", false}, {"[c-a]x", "x", false}, {"[!c-a]", "z", true}, {"[c-ax]", "x", true},
	{"[b-a!x]", "x", false}, {"[b-a!x]", "y", true}, {"[b-a!-z]", "-", false},
	{"[b-a!-z]", "y", true}, {"[[:alpha:]]", "a]", true}, {"[[:alpha:]]", "a", false},
	{"[&&~|]", "&", true}, {"\\*", "\\x", true}, {"\\*", "*", false},
};

START_TEST(patterns_match_as_in_python)
{
	ck_assert_msg(matches(cases[_i].pattern, cases[_i].text) == cases[_i].matches, "%s on %s",
			cases[_i].pattern, cases[_i].text);
}
END_TEST

/* A matcher that tries every way of all stars would not come back. */
START_TEST(many_stars_end_soon)
{
	char pattern[2 * 100 + 2];
	char *text = malloc(10001);

	for (int i = 0; i < 100; i++)
		memcpy(pattern + 2 * i, "*a", 2);
	strcpy(pattern + 200, "b");
	memset(text, 'a', 10000);
	text[10000] = '\0';
	ck_assert(!matches(pattern, text));
	free(text);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("glob");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");

	tcase_add_loop_test(core, patterns_match_as_in_python, 0, sizeof(cases) / sizeof(*cases));
	suite_add_tcase(suite, core);
	tcase_add_test(limits, many_stars_end_soon);
	suite_add_tcase(suite, limits);
	return suite;
}
