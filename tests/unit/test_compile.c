/* SPDX-License-Identifier: MIT */
/*
 * Code. That whole programs are compiled as by CPython 3.11 is asked in tests/cli/sim-bytecode; here
 * are the promises of code.h, and some listings by hand.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/compile/code.h"

static struct program *compile(const char *text)
{
	struct scenario_error err = {0};
	struct program *program = NULL;

	ck_assert_msg(!program_compile(text, strlen(text), "x.py", 0, &program, &err), "%s:%u: %s", text,
			err.line, err.message);
	return program;
}

/* The code of a function of the program's first unit. */
static const struct code *find(const struct code *in, const char *qualname)
{
	const struct code *found = strcmp(in->qualname, qualname) ? NULL : in;

	for (uint32_t i = 0; !found && i < in->nr_constants; i++) {
		if (in->constants[i]->kind == CONSTANT_CODE)
			found = find(in->constants[i]->code, qualname);
	}
	return found;
}

/* The instructions as "OP arg, OP arg, ..."; the caller frees. */
static char *listing(const struct code *code)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (uint32_t i = 0; i < code->nr_instrs; i++)
		fprintf(out, "%s%s %u", i ? ", " : "", code_op_name(code->instrs[i].op), code->instrs[i].arg);
	fclose(out);
	return text;
}

static const struct {
	const char *text;
	const char *qualname;
	const char *listing;
} listings[] = {
	{"def f(a, b):\n  a, b = b, a", "f", "LOAD_FAST 1, LOAD_FAST 0, STORE_FAST 1, STORE_FAST 0, "
		"LOAD_CONST 0, RETURN_VALUE 0"},
	{"a, b = b, a", "<module>", "LOAD_NAME 0, LOAD_NAME 1, SWAP 2, STORE_NAME 1, STORE_NAME 0, "
		"LOAD_CONST 0, RETURN_VALUE 0"},
	{"def f(a, b):\n  a, a = a, b", "f", "LOAD_FAST 0, LOAD_FAST 1, SWAP 2, STORE_FAST 0, "
		"STORE_FAST 0, LOAD_CONST 0, RETURN_VALUE 0"},
	{"x = [1, 2, 3]", "<module>", "BUILD_LIST 0, LOAD_CONST 0, LIST_EXTEND 1, STORE_NAME 0, "
		"LOAD_CONST 1, RETURN_VALUE 0"},
	{"x = [1, 2]", "<module>", "LOAD_CONST 0, LOAD_CONST 1, BUILD_LIST 2, STORE_NAME 0, "
		"LOAD_CONST 2, RETURN_VALUE 0"},
	{"x = [a for a in b]", "<listcomp>", "BUILD_LIST 0, LOAD_FAST 0, FOR_ITER 7, STORE_FAST 1, "
		"LOAD_FAST 1, LIST_APPEND 2, JUMP 2, RETURN_VALUE 0"},
	{"x = (a for a in b)", "<genexpr>", "RETURN_GENERATOR 0, POP_TOP 0, LOAD_FAST 0, FOR_ITER 9, "
		"STORE_FAST 1, LOAD_FAST 1, YIELD_VALUE 0, POP_TOP 0, JUMP 3, LOAD_CONST 0, RETURN_VALUE 0"},
	{"def f(a):\n  def g(): return a", "f", "MAKE_CELL 0, LOAD_CLOSURE 0, BUILD_TUPLE 1, "
		"LOAD_CONST 1, MAKE_FUNCTION 8, STORE_FAST 1, LOAD_CONST 0, RETURN_VALUE 0"},
	{"def f(a):\n  def g(): return a", "f.<locals>.g", "COPY_FREE_VARS 1, LOAD_DEREF 0, "
		"RETURN_VALUE 0"},
	{"def f():\n  print(x)", "f", "LOAD_GLOBAL 1, LOAD_GLOBAL 2, CALL 1, POP_TOP 0, LOAD_CONST 0, "
		"RETURN_VALUE 0"},
	{"a.b(c, d=1)", "<module>", "LOAD_NAME 0, LOAD_METHOD 1, LOAD_NAME 2, LOAD_CONST 0, KW_NAMES 1, "
		"CALL 2, POP_TOP 0, LOAD_CONST 2, RETURN_VALUE 0"},
	{"while True:\n  if a: break", "<module>", "LOAD_NAME 0, POP_JUMP_IF_FALSE 0, LOAD_CONST 1, "
		"RETURN_VALUE 0"},
	{"'doc'\nx", "<module>", "LOAD_CONST 0, STORE_NAME 0, LOAD_NAME 1, POP_TOP 0, LOAD_CONST 1, "
		"RETURN_VALUE 0"},
	{"1\n'no doc'", "<module>", "LOAD_CONST 0, RETURN_VALUE 0"},
};

START_TEST(code_is_as_listed)
{
	struct program *p = compile(listings[_i].text);
	char *got = listing(find(p->units[0], listings[_i].qualname));

	ck_assert_str_eq(got, listings[_i].listing);
	free(got);
	program_free(p);
}
END_TEST

START_TEST(handlers_are_sorted_and_found)
{
	struct program *p = compile("def f():\n  try:\n    a\n  except B as e:\n    c\n  finally:\n    d\n");
	const struct code *code = find(p->units[0], "f");
	uint32_t end = 0;

	ck_assert_uint_gt(code->nr_handlers, 3);
	for (uint32_t i = 0; i < code->nr_handlers; i++) {
		const struct handler *h = &code->handlers[i];

		ck_assert(h->start >= end && h->start < h->end && h->end <= code->nr_instrs);
		ck_assert_ptr_eq(code_find_handler(code, h->start), h);
		ck_assert_ptr_eq(code_find_handler(code, h->end - 1), h);
		ck_assert_int_eq(code->instrs[h->target].op == OP_PUSH_EXC_INFO, !h->lasti);
		end = h->end;
	}
	ck_assert_ptr_null(code_find_handler(code, code->nr_instrs));
	ck_assert_ptr_null(code_find_handler(p->units[0], 0));
	program_free(p);
}
END_TEST

START_TEST(slots_are_locals_then_cells_then_free_variables)
{
	struct program *p = compile("def f(b, a, *c):\n"
			"  z = y = x = 1\n"
			"  def g(v):\n"
			"    def h(): return a, z, y, v\n"
			"    return z, y\n");
	const struct code *f = find(p->units[0], "f"), *g = find(p->units[0], "f.<locals>.g");
	static const char *const names_f[] = {"b", "a", "c", "x", "g", "y", "z"};
	static const uint8_t kinds_f[] = {SLOT_LOCAL, SLOT_LOCAL | SLOT_CELL, SLOT_LOCAL, SLOT_LOCAL,
		SLOT_LOCAL, SLOT_CELL, SLOT_CELL};
	static const char *const names_g[] = {"v", "h", "a", "y", "z"};

	ck_assert_uint_eq(f->nr_slots, 7);
	ck_assert_uint_eq(f->nr_args, 2);
	ck_assert_uint_eq(f->nr_locals, 5);
	ck_assert_uint_eq(f->nr_cells, 3);
	ck_assert_uint_eq(f->flags, CODE_OPTIMIZED | CODE_VARARGS);
	for (uint32_t i = 0; i < 7; i++) {
		ck_assert_str_eq(f->slot_names[i], names_f[i]);
		ck_assert_uint_eq(f->slot_kinds[i], kinds_f[i]);
	}
	ck_assert_uint_eq(g->nr_slots, 5);
	ck_assert_uint_eq(g->nr_free, 3);
	for (uint32_t i = 0; i < 5; i++)
		ck_assert_str_eq(g->slot_names[i], names_g[i]);
	program_free(p);
}
END_TEST

/* sys.getsizeof() of a generator is 168 + 8 * (slots + stack): as CPython 3.11 prints it. */
START_TEST(frames_of_generators_have_the_size_of_python)
{
	struct program *p = compile("x = (a for a in b)\ndef f():\n  yield\n");
	const struct code *x = find(p->units[0], "<genexpr>"), *f = find(p->units[0], "f");

	ck_assert_uint_eq(168 + 8 * (x->nr_slots + x->stack_size), 200);
	ck_assert_uint_eq(168 + 8 * (f->nr_slots + f->stack_size), 176);
	ck_assert(f->flags & CODE_GENERATOR);
	program_free(p);
}
END_TEST

static const char *const constants[][2] = {
	/* two texts with the same constant */
	{"x = 2 ** 30 - 1", "x = 1073741823"}, {"x = 'a' * 3 + 'b'", "x = 'aaab'"}, {"x = 7 // -2", "x = -4"},
	{"x = 7 % -2", "x = -1"}, {"x = -7.5 % 2", "x = 0.5"}, {"x = (1, 2) + (3,)", "x = (1, 2, 3)"},
	{"x = 2 ** 64", "x = 18446744073709551616"}, {"x = -9223372036854775808", "x = -(1 << 63)"},
	{"x = 0xffffffffffffffff", "x = 1_8446744073709551615"}, {"x = True & False", "x = False"},
	{"x = not 1", "x = False"}, {"x = ~5", "x = -6"}, {"x = 'abc'[-1]", "x = 'c'"}, {"x = 2 ** -1", "x = 0.5"},
	{"x = '\xc3\xa9\xe2\x82\xac'[1]", "x = '\\u20ac'"}, {"x = b'a'[0]", "x = 97"}, {"x = 1e3", "x = 1000.0"},
	{"x = 'a' 'b'", "x = 'ab'"}, {"x = 'a\\\nb'", "x = 'ab'"}, {"x = '\\x41\\101\\n'", "x = 'AA\\x0a'"},
	{"x = -1 >> 200", "x = -1"}, {"x = (1, 2) * 2", "x = (1, 2, 1, 2)"}, {"x = __debug__", "x = True"},
	{"x = 3 if 1 else 4", "x = 3"},
};

START_TEST(constant_expressions_are_folded)
{
	char *texts[2];

	for (int i = 0; i < 2; i++) {
		struct program *p = compile(constants[_i][i]);
		size_t size;
		FILE *out = open_memstream(&texts[i], &size);

		ck_assert_uint_eq(p->units[0]->instrs[0].op, OP_LOAD_CONST);
		code_print(p->units[0], out);
		fclose(out);
		program_free(p);
	}
	/* The first instruction, with the constant that is stored in x. */
	*strstr(texts[0], "STORE_NAME") = *strstr(texts[1], "STORE_NAME") = '\0';
	ck_assert_str_eq(strstr(texts[0], "LOAD_CONST"), strstr(texts[1], "LOAD_CONST"));
	free(texts[0]);
	free(texts[1]);
}
END_TEST

static const char *const unfolded[] = {
	"x = 1 / 0", "x = 1 % 0", "x = 2 ** 1000", "x = 'a' * 5000", "x = 1 << 200", "x = 'a'[1]", "x = (1,) * 300",
	"x = 1 << -1", "x = 'a' + 1", "x = -'a'", "x = (-8) ** 0.5", "x = 0 ** -1", "x = 1.5 | 1",
};

START_TEST(what_fails_or_grows_is_left_to_the_run)
{
	struct program *p = compile(unfolded[_i]);

	ck_assert_uint_gt(p->units[0]->nr_instrs, 4);
	program_free(p);
}
END_TEST

START_TEST(equal_constants_are_one_and_parts_come_first)
{
	struct program *p = compile("a = (1, 'x', (2.5, None))\ndef f(): return (1, 'x', (2.5, None)), 1, 1.0, True\n"
			"def g(): return 0.0, -0.0\n");

	for (uint32_t i = 0; i < p->nr_constants; i++) {
		const struct constant *k = p->constants[i];

		ck_assert_uint_eq(k->id, i);
		for (uint32_t n = 0; k->kind == CONSTANT_TUPLE && n < k->items.nr; n++)
			ck_assert_uint_lt(k->items.data[n]->id, i);
		for (uint32_t n = 0; k->kind == CONSTANT_CODE && n < k->code->nr_constants; n++)
			ck_assert_uint_lt(k->code->constants[n]->id, i);
		for (uint32_t n = 0; n < i; n++)
			ck_assert(k->kind != CONSTANT_FLOAT || p->constants[n]->kind != CONSTANT_FLOAT ||
					memcmp(&k->real, &p->constants[n]->real, sizeof(double)));
	}
	ck_assert_uint_eq(p->nr_constants, 14);
	program_free(p);
}
END_TEST

/* Each level of finally in finally doubles the code; the budget ends that. */
START_TEST(code_that_explodes_is_refused)
{
	char *text = calloc(1, 200000);
	struct scenario_error err = {0};
	struct program *program = NULL;

	for (int i = 0; i < 60; i++)
		sprintf(text + strlen(text), "%*stry:\n%*sx\n%*sfinally:\n", i, "", i + 1, "", i, "");
	sprintf(text + strlen(text), "%*sy\n", 60, "");
	ck_assert_int_eq(program_compile(text, strlen(text), "x.py", 0, &program, &err), -EINVAL);
	ck_assert_int_ne(err.kind, SCENARIO_OK);
	free(text);
}
END_TEST

static char *read_file(const char *path, size_t *length)
{
	FILE *f = fopen(path, "rb");
	char *data = malloc(1 << 20);

	ck_assert_msg(f != NULL, "%s", path);
	*length = fread(data, 1, 1 << 20, f);
	fclose(f);
	return data;
}

static unsigned int compile_folder(const char *folder)
{
	char path[4096];
	unsigned int nr = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/tests/oracle/%s", getenv("top_srcdir"), folder);
	dir = opendir(path);
	ck_assert_msg(dir != NULL, "%s", path);
	while ((entry = readdir(dir))) {
		struct scenario_error err = {0};
		struct program *program = NULL;
		char *text;
		size_t length;

		if (!strstr(entry->d_name, ".py"))
			continue;
		snprintf(path, sizeof(path), "%s/tests/oracle/%s/%.200s", getenv("top_srcdir"), folder,
				entry->d_name);
		text = read_file(path, &length);
		program_compile(text, length, path, 0, &program, &err);
		if (!strcmp(entry->d_name, "15-s003-gc-verbatim.py"))
			ck_assert_str_eq(err.message, "SyntaxError: invalid syntax");
		else
			ck_assert_msg(!err.kind, "%s:%u: %s", path, err.line, err.message);
		program_free(program);
		free(text);
		nr++;
	}
	closedir(dir);
	return nr;
}

START_TEST(the_recorded_programs_compile)
{
	ck_assert_uint_ge(compile_folder("seeds"), 32);
	ck_assert_uint_ge(compile_folder("gc"), 32);
}
END_TEST

#define NR(array) (sizeof(array) / sizeof(*(array)))

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("compile");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");

	tcase_add_loop_test(core, code_is_as_listed, 0, NR(listings));
	tcase_add_test(core, handlers_are_sorted_and_found);
	tcase_add_test(core, slots_are_locals_then_cells_then_free_variables);
	tcase_add_test(core, frames_of_generators_have_the_size_of_python);
	tcase_add_loop_test(core, constant_expressions_are_folded, 0, NR(constants));
	tcase_add_loop_test(core, what_fails_or_grows_is_left_to_the_run, 0, NR(unfolded));
	tcase_add_test(core, equal_constants_are_one_and_parts_come_first);
	tcase_add_test(core, the_recorded_programs_compile);
	suite_add_tcase(suite, core);
	tcase_add_test(limits, code_that_explodes_is_refused);
	suite_add_tcase(suite, limits);
	return suite;
}
