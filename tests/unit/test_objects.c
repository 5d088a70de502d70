/* SPDX-License-Identifier: MIT */
/* The objects of scenarios against what CPython 3.11 gave for the same expressions. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "objects-expected.h"
#include "sim-eval.h"

START_TEST(expression_gives_what_cpython_gave)
{
	struct sim *sim = test_sim_new();
	char *text;

	ck_assert_ptr_nonnull(sim);
	text = test_eval_text(sim, expected[_i].expression);
	ck_assert_msg(!strcmp(text, expected[_i].result), "%s\n got %s\nwant %s", expected[_i].expression, text,
			expected[_i].result);
	free(text);
	sim_free(sim);
}
END_TEST

Suite *make_suite(void)
{
	Suite *suite = suite_create("objects");
	TCase *core = tcase_create("core");

	tcase_add_loop_test(core, expression_gives_what_cpython_gave, 0, sizeof(expected) / sizeof(expected[0]));
	suite_add_tcase(suite, core);
	return suite;
}
