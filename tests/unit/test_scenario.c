/* SPDX-License-Identifier: MIT */
/* Whole runs: twice with one program, ended after any number of steps, and by any limit of memory. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/modules/modules.h"
#include "scenario/scenario.h"

/* A bit of everything that allocates or calls back. */
static const char program_text[] =
	"import gc, sys, weakref, tracemalloc\n"
	"tracemalloc.start(3)\n"
	"class N:\n"
	"    def __init__(self, n):\n"
	"        self.n = n\n"
	"        self.o = None\n"
	"    def __del__(self):\n"
	"        print('del', self.n)\n"
	"class S:\n"
	"    __slots__ = ('a',)\n"
	"def gen(n):\n"
	"    try:\n"
	"        for i in range(n):\n"
	"            yield N(i)\n"
	"    finally:\n"
	"        print('closed')\n"
	"def cb(*args):\n"
	"    print(len(args))\n"
	"gc.callbacks.append(cb)\n"
	"a = N('a')\n"
	"a.o = N('b')\n"
	"a.o.o = a\n"
	"w = weakref.ref(a, cb)\n"
	"f = weakref.finalize(a.o, cb, 1, 2)\n"
	"del a\n"
	"g = gen(5)\n"
	"kept = [next(g), next(g)]\n"
	"gc.collect()\n"
	"d = {str(i): [i] * 3 for i in range(20)}\n"
	"s = {i for i in range(40)} | set('abc')\n"
	"try:\n"
	"    d['nothing']\n"
	"except KeyError as e:\n"
	"    print(repr(e), sys.getsizeof(d), sorted(d)[:3])\n"
	"snap = tracemalloc.take_snapshot()\n"
	"top = snap.statistics('traceback')\n"
	"print(len(top) > 0, str(top[0])[:0], snap.filter_traces([tracemalloc.Filter(True, '*')]) is None)\n"
	"try:\n"
	"    (lambda: 1 / 0)()\n"
	"finally:\n"
	"    print(f'{2 ** 100:,} {3.5:>10.2f}', max([1, 2], key=lambda x: -x))\n";

struct text {
	char data[8192];
	size_t nr;
};

static int append(const char *data, size_t length, void *arg)
{
	struct text *text = arg;

	if (length > sizeof(text->data) - 1 - text->nr)
		return -1;
	memcpy(text->data + text->nr, data, length);
	text->nr += length;
	text->data[text->nr] = '\0';
	return 0;
}

static struct program *compile(const char *text)
{
	struct scenario_error err;
	struct program *program;

	ck_assert_msg(!program_compile(text, strlen(text), "test.py", 0, &program, &err), "%s", err.message);
	ck_assert(!sim_modules_check(program, &err));
	return program;
}

static struct scenario_options options_for(struct text *text)
{
	text->nr = 0;
	return (struct scenario_options){
		.profile = GCS_PROFILE_CPYTHON311,
		.out = append,
		.err = append,
		.write_arg = text,
	};
}

START_TEST(a_program_runs_twice_with_the_same_output)
{
	struct program *program = compile(program_text);
	static struct text first, second;
	struct scenario_options o = options_for(&first);
	struct scenario_result result;

	ck_assert_int_eq(scenario_run(program, &o, &result), 0);
	ck_assert_int_eq(result.status, 1);
	ck_assert_ptr_nonnull(strstr(first.data, "ZeroDivisionError: division by zero"));
	o = options_for(&second);
	ck_assert_int_eq(scenario_run(program, &o, &result), 0);
	ck_assert_int_eq(result.status, 1);
	ck_assert_str_eq(first.data, second.data);
	program_free(program);
}
END_TEST

/* Whatever is in the middle of something when the limit comes, nothing is lost and nothing goes on. */
START_TEST(a_run_ends_after_any_number_of_steps)
{
	struct program *program = compile(program_text);
	static struct text text;
	struct scenario_result result = {.stop = SIM_STOP_STEPS};
	uint64_t steps = 0;

	while (result.stop) {
		struct scenario_options o = options_for(&text);

		o.max_steps = ++steps;
		ck_assert_int_eq(scenario_run(program, &o, &result), 0);
		ck_assert_int_eq(result.status, result.stop ? 2 : 1);
		ck_assert(!result.stop || result.stop == SIM_STOP_STEPS);
		ck_assert_ptr_null(strstr(text.data, "SystemError"));
	}
	ck_assert_uint_gt(steps, 500);
	program_free(program);
}
END_TEST

/* The same for memory: each allocation is the one that fails, once. */
START_TEST(a_run_ends_at_any_limit_of_memory)
{
	struct program *program = compile(program_text);
	static struct text text;
	struct scenario_result result = {.stop = SIM_STOP_BYTES};
	unsigned int nr_ended = 0;

	for (uint64_t bytes = 1024; result.stop; bytes += 509) {
		struct scenario_options o = options_for(&text);
		int rc;

		o.max_bytes = bytes;
		rc = scenario_run(program, &o, &result);
		ck_assert(rc == 0 || rc == -ENOMEM);
		if (rc)
			continue;
		ck_assert_int_eq(result.status, result.stop ? 2 : 1);
		ck_assert(!result.stop || result.stop == SIM_STOP_BYTES);
		nr_ended += result.stop == SIM_STOP_BYTES;
	}
	ck_assert_uint_gt(nr_ended, 10);
	program_free(program);
}
END_TEST

/* Numbers are computed by a library that knows no failure: left by a jump, whatever it holds. */
static const char numbers_text[] =
	"x = 3 ** 40000\n"
	"y = 7 ** 9999\n"
	"z = [x + y, x - y, x * y, x // y, x % y, -x, ~x, x & y, x | y, x ^ y, x << 9999, x >> 99, x == y]\n"
	"print(y / (y + 1), len(hex(x)), hash(x) != 0, pow(3, 2 ** 60, x) > 0, int('z' * 3000, 36) > 0)\n"
	"print(len(f'{x:_b}'), x.bit_count() > 0, sum(z) > 0, len(str(10 ** 4000)), int(1e300) > 0, 1 / 0)\n";

START_TEST(numbers_end_at_any_limit_of_memory)
{
	struct program *program = compile(numbers_text);
	static struct text text;
	struct scenario_result result = {.stop = SIM_STOP_BYTES};
	unsigned int nr_ended = 0;

	for (uint64_t bytes = 200000; result.stop; bytes += 613) {
		struct scenario_options o = options_for(&text);

		text.nr = 0;
		o.max_bytes = bytes;
		ck_assert_int_eq(scenario_run(program, &o, &result), 0);
		ck_assert_int_eq(result.status, result.stop ? 2 : 1);
		nr_ended += result.stop == SIM_STOP_BYTES;
	}
	ck_assert_uint_gt(nr_ended, 100);
	ck_assert_ptr_nonnull(strstr(text.data, "ZeroDivisionError: division by zero"));
	program_free(program);
}
END_TEST

START_TEST(numbers_end_after_any_number_of_steps)
{
	struct program *program = compile(numbers_text);
	static struct text text;
	struct scenario_result result = {.stop = SIM_STOP_STEPS};
	uint64_t steps = 0;

	while (result.stop) {
		struct scenario_options o = options_for(&text);

		text.nr = 0;
		o.max_steps = steps += 97;
		ck_assert_int_eq(scenario_run(program, &o, &result), 0);
		ck_assert_int_eq(result.status, result.stop ? 2 : 1);
	}
	ck_assert_uint_gt(steps, 5000);
	program_free(program);
}
END_TEST

/* A program and what is made on the way to it count as the run does. */
START_TEST(a_compilation_ends_at_any_limit_of_memory)
{
	struct scenario_error err = {0};
	struct program *program = NULL;
	uint64_t bytes = 1;

	for (int rc = -E2BIG; rc; bytes += 1009) {
		rc = program_compile_within(program_text, strlen(program_text), "test.py", 0, bytes, &program, &err);
		ck_assert(!rc || (rc == -E2BIG && err.kind == SCENARIO_LIMIT && !program));
	}
	ck_assert_uint_gt(bytes, 16384);
	ck_assert_uint_le(program->memory_bytes, bytes);
	program_free(program);
}
END_TEST

/* An output that cannot take any more ends the program. */
START_TEST(a_full_output_ends_the_run)
{
	struct program *program = compile("while True:\n    print('x' * 100)\n");
	static struct text text;
	struct scenario_options o = options_for(&text);
	struct scenario_result result;

	ck_assert_int_eq(scenario_run(program, &o, &result), 0);
	ck_assert_int_ne(result.status, 0);
	program_free(program);
}
END_TEST

START_TEST(what_modules_lack_is_found_by_line)
{
	static const struct {
		const char *text;
		uint32_t line;
		const char *message;
	} cases[] = {
		{"import sys\nsys.path", 2, "sys.path is not supported"},
		{"import sys as s\ndef f():\n  return s.path", 3, "sys.path is not supported"},
		{"from sys import (exit,\n  path)", 1, "sys.path is not supported"},
		{"def f(a):\n  return open(a)", 2, "open is not supported"},
		{"class A:\n  x = eval", 2, "eval is not supported"},
		{"import sys\n[x for x in sys.path]", 2, "sys.path is not supported"},
		{"import sys\nsys.nothing", 0, NULL},		/* AttributeError, in CPython too */
		{"nothing", 0, NULL},
		{"import sys\nsys = 1\nsys.path", 0, NULL},
		{"import sys\ndef f(sys):\n  return sys.path", 0, NULL},
		{"def open():\n  pass\nopen()", 0, NULL},
		{"for eval in []:\n  pass\neval", 0, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scenario_error err = {0};
		struct program *program;
		int rc;

		ck_assert(!program_compile(cases[i].text, strlen(cases[i].text), "test.py", 0, &program, &err));
		rc = sim_modules_check(program, &err);
		ck_assert_msg(rc == (cases[i].message ? -EINVAL : 0), "%s: %d", cases[i].text, rc);
		if (rc) {
			ck_assert_str_eq(err.message, cases[i].message);
			ck_assert_uint_eq(err.line, cases[i].line);
			ck_assert_int_eq(err.kind, SCENARIO_UNSUPPORTED);
		}
		program_free(program);
	}
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *s = suite_create("scenario");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");

	tcase_add_test(core, a_program_runs_twice_with_the_same_output);
	tcase_add_test(core, a_full_output_ends_the_run);
	tcase_add_test(core, what_modules_lack_is_found_by_line);
	suite_add_tcase(s, core);
	tcase_add_test(limits, a_run_ends_after_any_number_of_steps);
	tcase_add_test(limits, a_run_ends_at_any_limit_of_memory);
	tcase_add_test(limits, numbers_end_at_any_limit_of_memory);
	tcase_add_test(limits, numbers_end_after_any_number_of_steps);
	tcase_add_test(limits, a_compilation_ends_at_any_limit_of_memory);
	tcase_set_timeout(limits, 120);
	suite_add_tcase(s, limits);
	return s;
}
