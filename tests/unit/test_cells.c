/* SPDX-License-Identifier: MIT */
/* The code in notebooks' texts. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/syntax/cells.h"

/* The cells of a text, each as "LINE:text|", with '\n' shown as '/'; the caller frees. */
static char *cells(const char *text)
{
	struct compilation *c = calloc(1, sizeof(*c));
	char *volatile out = calloc(1, 65536);

	c->budget = 100000;
	if (setjmp(c->on_error)) {
		strcpy(out, c->err.message);
	} else {
		struct cell_list list = cells_find(c, text, strlen(text));

		for (uint32_t i = 0; i < list.nr; i++)
			sprintf(out + strlen(out), "%u:%s|", list.data[i].line, list.data[i].text);
	}
	for (char *at = out; *at; at++)
		*at = *at == '\n' ? '/' : *at;
	compilation_free(c);
	return out;
}

static const struct {
	const char *text;
	const char *cells;
} cases[] = {
	{"a\nb\n", "1:a/b/|"},
	{"# Title\n\nIn [1]:\na\nb\n", "4:a/b/|"},
	{"In [1]: a\nb\nIn [ ]:\nc\nIn [None]:\nd", "1:a/b/|4:c/|6:d|"},
	{"In [1]:\na = 1\n\nb = 2\n", "2:a = 1//b = 2/|"},
	{"In [1]:\nprint(1)\n\n1\n\n\nIn [2]:\nb\n", "2:print(1)//|8:b/|"},
	{"In [1]:\nprint(x)\n\n[{'a': 1}, -2]\n", "2:print(x)//|"},
	{"In [1]:\na\n\nObject a created\nmore of it\n", "2:a//|"},
	{"In [1]:\na\n\n### Title\n**bold** text\n", "2:a//|"},
	{"In [1]:\na\n---\nb\n", "2:a/|"},
	{"In [1]:\na\nOut[1]:\n1\n", "2:a/|"},
	{"In [1]:\nif a:\n  b\n\n  c\n\nelse:\n  d\n\ne\n", "2:if a:/  b//  c//else:/  d//e/|"},
	{"In [1]:\na = '''\n\nIn [2]:\n'''\n", "2:a = '''//In [2]:/'''/|"},
	{"In [1]:\nf(\n\n1\n\n)\nIn [2]:\nb", "2:f(//1//)/|8:b|"},
	{"text\n```python\na\n\nb c\n```\ntext\n```\nd\n```\n```bash\nls\n```\n", "3:a//b c/|9:d/|"},
	{"In [1]:\na\n```\nb\n```\n", "2:a/|4:b/|"},
	{"In [1]:\n\nIn [2]:\n", ""},
	/* wrong code at the beginning of a cell is code all the same */
	{"In [1]:\nb c\n", "2:b c/|"}, {"In [1]:\na\n\nx = 1\ny z\n", "2:a//x = 1/y z/|"},
	{"In [1]:\n%timeit a\n", "a notebook's magic command is not supported"},
};

START_TEST(cells_are_found)
{
	char *got = cells(cases[_i].text);

	ck_assert_str_eq(got, cases[_i].cells);
	free(got);
}
END_TEST

static struct program *compile_page(const char *name)
{
	struct scenario_error err = {0};
	struct program *program = NULL;
	char path[4096], *text = malloc(1 << 20);
	size_t length;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/oracle/cells/%s", getenv("top_srcdir"), name);
	f = fopen(path, "rb");
	ck_assert_msg(f != NULL, "%s", path);
	length = fread(text, 1, 1 << 20, f);
	fclose(f);
	program_compile(text, length, path, PROGRAM_CELLS, &program, &err);
	ck_assert_msg(!err.kind, "%s:%u: %s", path, err.line, err.message);
	free(text);
	return program;
}

static const struct {
	const char *name;
	uint32_t lines[9];	/* of the cells */
} pages[] = {
	{"000.txt", {14, 26, 33, 43, 49, 52, 59, 78}},
	{"004.txt", {51, 81, 91, 129, 153}},
};

START_TEST(pages_are_read_as_they_are)
{
	struct program *program = compile_page(pages[_i].name);
	uint32_t i;

	for (i = 0; pages[_i].lines[i]; i++) {
		ck_assert_uint_lt(i, program->nr_units);
		ck_assert_uint_eq(program->units[i]->first_line, pages[_i].lines[i]);
	}
	ck_assert_uint_eq(program->nr_units, i);
	program_free(program);
}
END_TEST

static bool echoes(const char *text)
{
	struct program *program = NULL;
	bool found = false;

	ck_assert_int_eq(program_compile(text, strlen(text), "x", PROGRAM_CELLS, &program, NULL), 0);
	for (uint32_t i = 0; i < program->units[0]->nr_instrs; i++)
		found = found || program->units[0]->instrs[i].op == OP_PRINT_EXPR;
	program_free(program);
	return found;
}

START_TEST(the_last_expression_is_echoed)
{
	ck_assert(echoes("a = 1\na\n"));
	ck_assert(echoes("a"));
	ck_assert(echoes("'text'"));
	ck_assert(!echoes("a;"));
	ck_assert(!echoes("a\nb = 1"));
	ck_assert(!echoes("if a:\n  b\n"));
}
END_TEST

Suite *make_suite(void);

#define NR(array) (sizeof(array) / sizeof(*(array)))

Suite *make_suite(void)
{
	Suite *suite = suite_create("cells");
	TCase *core = tcase_create("core");

	tcase_add_loop_test(core, cells_are_found, 0, NR(cases));
	tcase_add_loop_test(core, pages_are_read_as_they_are, 0, NR(pages));
	tcase_add_test(core, the_last_expression_is_echoed);
	suite_add_tcase(suite, core);
	return suite;
}
