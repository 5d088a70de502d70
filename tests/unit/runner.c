/* SPDX-License-Identifier: MIT */
/* main() of every unit test: runs the suite that the test file makes. */
#include <stdlib.h>

#include <check.h>

Suite *make_suite(void);

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
