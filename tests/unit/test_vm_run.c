/* SPDX-License-Identifier: MIT */
/* Whole runs: exceptions that nobody catches, the end of the interpreter, limits, cells, sites. */
#include "vm-fixture.h"

#include <stdlib.h>
#include <string.h>

#include "scenario/machine/vm.h"

/* A run, and what its outputs and status must be; err: how it ends. */
struct run_case {
	const char *text, *out, *err;
	int status;
	struct vm_options options;
};

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), nr = strlen(end);

	return length >= nr && strcmp(text + length - nr, end) == 0;
}

static void check_run(const struct run_case *test)
{
	struct vm_result result = vm_run(test->text, &test->options);

	ck_assert_msg(strcmp(result.out, test->out) == 0, "%s\nexpected:\n%s\nfound:\n%s\nstderr:\n%s", test->text,
			test->out, result.out, result.err);
	ck_assert_msg(ends_with(result.err, test->err), "%s\nexpected:\n%s\nfound:\n%s", test->text, test->err,
			result.err);
	ck_assert_int_eq(result.status, test->status);
	vm_result_release(&result);
}

/* --- exceptions ------------------------------------------------------------------------------------------- */

static const struct run_case uncaught[] = {
	{"def f(x):\n    return 1 / x\nprint('a')\nf(0)\nprint('b')\n", "a\n",
		"Traceback (most recent call last):\n  File \"test.py\", line 4, in <module>\n"
		"  File \"test.py\", line 2, in f\nZeroDivisionError: division by zero\n", 1, {0}},
	{"class MyObj:\n    pass\nx = MyObject()\n", "",
		"NameError: name 'MyObject' is not defined. Did you mean: 'object'?\n", 1, {0}},
	{"count_all = 1\ncount_al\n", "",
		"NameError: name 'count_al' is not defined. Did you mean: 'count_all'?\n", 1, {0}},
	{"def f(value):\n    return valeu\nf(1)\n", "",
		"NameError: name 'valeu' is not defined. Did you mean: 'value'?\n", 1, {0}},
	{"xyzzy\n", "", "NameError: name 'xyzzy' is not defined\n", 1, {0}},
	{"class C:\n    def __init__(self):\n        self.blech = 1\nC().bluch\n", "",
		"AttributeError: 'C' object has no attribute 'bluch'. Did you mean: 'blech'?\n", 1, {0}},
	{"[].apend\n", "", "AttributeError: 'list' object has no attribute 'apend'. Did you mean: 'append'?\n", 1, {0}},
	{"raise KeyError('k')\n", "", "\nKeyError: 'k'\n", 1, {0}},
	{"raise ValueError\n", "", "\nValueError\n", 1, {0}},
	{"def f(n):\n    f(n + 1)\nf(0)\n", "",
		"  File \"test.py\", line 2, in f\n  File \"test.py\", line 2, in f\n  File \"test.py\", line 2, in f\n"
		"  [Previous line repeated 996 more times]\n"
		"RecursionError: maximum recursion depth exceeded\n", 1, {0}},
	{"try:\n    {}['a']\nexcept KeyError:\n    1 / 0\n", "",
		"KeyError: 'a'\n\nDuring handling of the above exception, another exception occurred:\n\n"
		"Traceback (most recent call last):\n  File \"test.py\", line 4, in <module>\n"
		"ZeroDivisionError: division by zero\n", 1, {0}},
	{"try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('v') from e\n", "",
		"KeyError: 'a'\n\nThe above exception was the direct cause of the following exception:\n\n"
		"Traceback (most recent call last):\n  File \"test.py\", line 4, in <module>\nValueError: v\n", 1, {0}},
	{"raise SystemExit\n", "", "", 0, {0}},
	{"raise SystemExit(3)\n", "", "", 3, {0}},
	{"raise SystemExit('why')\n", "", "why\n", 1, {0}},
	{"try:\n    raise SystemExit(4)\nfinally:\n    print('finally')\n", "finally\n", "", 4, {0}},
};

START_TEST(uncaught_exception_ends_the_program)
{
	check_run(&uncaught[_i]);
}
END_TEST

START_TEST(exception_of_a_finalizer_is_reported_and_ignored)
{
	struct vm_result result = vm_run("class C:\n    def __del__(self):\n        raise ValueError('in del')\n"
			"c = C()\ndel c\nprint('goes on')\n", NULL);

	ck_assert_str_eq(result.out, "goes on\n");
	ck_assert_ptr_nonnull(strstr(result.err, "Exception ignored in: <function C.__del__ at "));
	ck_assert(ends_with(result.err, "Traceback (most recent call last):\n  File \"test.py\", line 3, in __del__\n"
			"ValueError: in del\n"));
	ck_assert_int_eq(result.status, 0);
	vm_result_release(&result);
}
END_TEST

START_TEST(exception_of_a_closed_generator_is_reported_and_ignored)
{
	struct vm_result result = vm_run("def g():\n    try:\n        yield\n    finally:\n        1 / 0\n"
			"a = g()\na.send(None)\ndel a\nprint('goes on')\n", NULL);

	ck_assert_str_eq(result.out, "goes on\n");
	ck_assert_ptr_nonnull(strstr(result.err, "Exception ignored in: <generator object g at "));
	ck_assert(ends_with(result.err, "ZeroDivisionError: division by zero\n"));
	vm_result_release(&result);
}
END_TEST

/* --- shutdown ---------------------------------------------------------------------------------------------- */

#define FINALIZED "class C:\n    def __init__(self, n):\n        self.n = n\n"                                      \
	"    def __del__(self):\n        print('del', self.n)\n"

static const struct run_case shutdowns[] = {
	/* functions refer to the globals: a cycle, which the collector takes apart in its order */
	{FINALIZED "enable()\nb = C('b')\na = C('a')\n_under = C('_under')\nl = [C('in list')]\n"
		"x = C('cycle')\nx.me = x\nprint('last')\n",
		"last\ndel b\ndel a\ndel _under\ndel cycle\ndel in list\n", "", 0, {0}},
	/* the traceback goes before the modules do, with the locals of its frames */
	{FINALIZED "g = C('global')\ndef f():\n    c = C('local')\n    1 / 0\nf()\n", "del local\ndel global\n",
		"ZeroDivisionError: division by zero\n", 1, {0}},
};

START_TEST(shutdown_finalizes_in_cpython_s_order)
{
	check_run(&shutdowns[_i]);
}
END_TEST

/* --- limits ------------------------------------------------------------------------------------------------ */

static const struct run_case limited[] = {
	{"while True:\n    pass\n", "", "", 2, {.max_steps = 10000}},
	{"while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass\n"
		"    finally:\n        print('no')\n", "", "", 2, {.max_steps = 10000}},
	{FINALIZED "c = C(1)\ndef f():\n    d = C(2)\n    while True:\n        pass\nf()\n", "", "", 2,
		{.max_steps = 10000}},
	{"l = []\nwhile True:\n    l.append([0] * 1000)\n", "", "", 2, {.max_bytes = 16 << 20}},
	{"l = []\ntry:\n    while True:\n        l.append([0] * 1000)\nexcept MemoryError:\n    print('no')\n",
		"", "", 2, {.max_bytes = 16 << 20}},
	{"def g():\n    while True:\n        yield 1\nfor x in g():\n    pass\n", "", "", 2, {.max_steps = 10000}},
	{"for i in range(10):\n    pass\nprint('done')\n", "done\n", "", 0, {.max_steps = 10000}},
};

START_TEST(limit_ends_the_run_and_nothing_catches_it)
{
	check_run(&limited[_i]);
}
END_TEST

/* --- recursion through C -------------------------------------------------------------------------------------- */

static const struct vm_case deep[] = {
	{"__repr__", "class R:\n    def __repr__(self):\n        return f'{self!r}'\n"
		"try:\n    f'{R()}'\nexcept RecursionError as e:\n    print('caught')\n", "caught\n"},
	{"__eq__", "class E:\n    def __eq__(self, other):\n        return self == other\n"
		"try:\n    E() == E()\nexcept RecursionError as e:\n    print('caught')\n", "caught\n"},
	{"generators", "def g(n):\n    for x in g(n + 1):\n        yield x\n"
		"try:\n    for x in g(0):\n        pass\nexcept RecursionError as e:\n    print('caught')\n",
		"caught\n"},
	{"__getitem__", "class G:\n    def __getitem__(self, k):\n        return self[k]\n"
		"try:\n    G()[0]\nexcept RecursionError as e:\n    print('caught')\n", "caught\n"},
	{"call from C", "def f():\n    call(f)\n"
		"try:\n    f()\nexcept RecursionError as e:\n    print('caught')\n", "caught\n"},
	{"__del__", "class D:\n    def __init__(self, n):\n        self.n = n\n    def __del__(self):\n"
		"        if self.n:\n            D(self.n - 1)\nD(200)\nprint('done')\n", "done\n"},
};

START_TEST(recursion_through_c_ends_in_recursion_error)
{
	vm_check_case(&deep[_i]);
}
END_TEST

/* --- cells, sites ------------------------------------------------------------------------------------------------ */

START_TEST(cells_share_their_names_and_echo)
{
	const struct run_case test = {"In [1]:\n```python\nx = [1]\nx\n```\nIn [2]:\n```python\nx.append(2)\nx\n```\n",
		"[1]\n[1, 2]\n", "", 0, {.program_flags = PROGRAM_CELLS}};

	check_run(&test);
}
END_TEST

struct wanted_site {
	unsigned int lines[3];
	bool found;
};

static int compare_site(const struct gcs_site_info *site, void *arg)
{
	struct wanted_site *wanted = arg;

	if (site->nr_frames == 3 && site->nr_total == 3 && site->frames[0].line == wanted->lines[0] &&
			site->frames[1].line == wanted->lines[1] && site->frames[2].line == wanted->lines[2] &&
			site->counts.live >= 10)
		wanted->found = true;
	return 0;
}

static void find_site(struct sim *sim, void *arg)
{
	gcs_each_site(sim->heap, compare_site, arg);
}

START_TEST(sites_have_as_many_frames_as_asked_for)
{
	struct wanted_site wanted = {.lines = {2, 4, 5}};
	const struct run_case test = {"def make():\n    return [[], [], [], [], [], [], [], [], [], []]\n"
		"def outer():\n    return make()\nkeep = outer()\n", "", "", 0,
		{.site_frames = 3, .inspect = find_site, .arg = &wanted}};

	check_run(&test);
	ck_assert(wanted.found);
}
END_TEST

Suite *make_suite(void);

#define LOOP(tcase, test, table) tcase_add_loop_test(tcase, test, 0, sizeof(table) / sizeof(*(table)))

Suite *make_suite(void)
{
	Suite *suite = suite_create("vm-run");
	TCase *core = tcase_create("core"), *limits = tcase_create("limits"), *errors = tcase_create("errors");

	LOOP(core, shutdown_finalizes_in_cpython_s_order, shutdowns);
	tcase_add_test(core, cells_share_their_names_and_echo);
	tcase_add_test(core, sites_have_as_many_frames_as_asked_for);
	suite_add_tcase(suite, core);
	LOOP(limits, limit_ends_the_run_and_nothing_catches_it, limited);
	LOOP(limits, recursion_through_c_ends_in_recursion_error, deep);
	suite_add_tcase(suite, limits);
	LOOP(errors, uncaught_exception_ends_the_program, uncaught);
	tcase_add_test(errors, exception_of_a_finalizer_is_reported_and_ignored);
	tcase_add_test(errors, exception_of_a_closed_generator_is_reported_and_ignored);
	suite_add_tcase(suite, errors);
	return suite;
}
