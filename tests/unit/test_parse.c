/* SPDX-License-Identifier: MIT */
/* What is refused, in CPython 3.11's words where it refuses it too, and in ours where it does not. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/compile/code.h"

static struct scenario_error compile(const char *text, size_t length)
{
	struct scenario_error err = {0};
	struct program *program = NULL;
	int r = program_compile(text, length, "x.py", 0, &program, &err);

	if (r)
		ck_assert_ptr_null(program);
	program_free(program);
	ck_assert_int_eq(r, err.kind == SCENARIO_OK ? 0 : -EINVAL);
	return err;
}

/* Each message is that of CPython 3.11.7; without a class it is a SyntaxError. */
static const struct {
	const char *text;
	const char *message;
} errors[] = {
	{"process.\n", "invalid syntax"},
	{"if x\n  y", "expected ':'"},
	{"if x:\ny", "IndentationError: expected an indented block after 'if' statement on line 1"},
	{"def f():\n", "IndentationError: expected an indented block after function definition on line 1"},
	{"class A\n  x", "expected ':'"},
	{"x = = 3", "invalid syntax"},
	{"f(a b)", "invalid syntax. Perhaps you forgot a comma?"},
	{"(1 2", "'(' was never closed"},
	{"print 'x'", "Missing parentheses in call to 'print'. Did you mean print(...)?"},
	{"print x", "Missing parentheses in call to 'print'. Did you mean print(...)?"},
	{"exec x", "Missing parentheses in call to 'exec'. Did you mean exec(...)?"},
	{"x = (1,\ny = 2\n", "'(' was never closed"},
	{"x = [1, 2\nfoo()\n", "'[' was never closed"},
	{"'abc", "unterminated string literal (detected at line 1)"},
	{"\"\"\"abc\n\n", "unterminated triple-quoted string literal (detected at line 2)"},
	{"f(1=2)", "expression cannot contain assignment, perhaps you meant \"==\"?"},
	{"f(a=1, 2)", "positional argument follows keyword argument"},
	{"f(a=1, a=2)", "keyword argument repeated: a"},
	{"1 = x", "cannot assign to literal here. Maybe you meant '==' instead of '='?"},
	{"f() = 1", "cannot assign to function call here. Maybe you meant '==' instead of '='?"},
	{"a + 1 = 2", "cannot assign to expression here. Maybe you meant '==' instead of '='?"},
	{"(a, 1) = x", "cannot assign to literal"},
	{"None = 1", "cannot assign to None"},
	{"for 1 in x: pass", "cannot assign to literal"},
	{"for f() in x: pass", "cannot assign to function call"},
	{"del f()", "cannot delete function call"},
	{"del 1", "cannot delete literal"},
	{"x += ", "invalid syntax"},
	{"1 += 2", "'literal' is an illegal expression for augmented assignment"},
	{"(a, b) += 1", "'tuple' is an illegal expression for augmented assignment"},
	{"if x = 3: pass", "invalid syntax. Maybe you meant '==' or ':=' instead of '='?"},
	{"while x = 3: pass", "invalid syntax. Maybe you meant '==' or ':=' instead of '='?"},
	{"  x = 1", "IndentationError: unexpected indent"},
	{"x = 1\n  y = 2", "IndentationError: unexpected indent"},
	{"if 1:\n    x\n  y", "IndentationError: unindent does not match any outer indentation level"},
	{"if 1:\n\tx\n        y", "TabError: inconsistent use of tabs and spaces in indentation"},
	{"return 1", "'return' outside function"},
	{"break", "'break' outside loop"},
	{"continue", "'continue' not properly in loop"},
	{"for x in y:\n  def f():\n    break", "'break' outside loop"},
	{"yield 1", "'yield' outside function"},
	{"class A:\n  return", "'return' outside function"},
	{"class A:\n  yield 1", "'yield' outside function"},
	{"def f(a, a): pass", "duplicate argument 'a' in function definition"},
	{"def f(a=1, b): pass", "non-default argument follows default argument"},
	{"def f():\n  x=1\n  global x", "name 'x' is assigned to before global declaration"},
	{"def f(x):\n  global x", "name 'x' is parameter and global"},
	{"def f():\n  print(x)\n  global x", "name 'x' is used prior to global declaration"},
	{"nonlocal x", "nonlocal declaration not allowed at module level"},
	{"def f():\n  nonlocal x", "no binding for nonlocal 'x' found"},
	{"def f():\n  global x\n  nonlocal x", "name 'x' is nonlocal and global"},
	{"0777", "leading zeros in decimal integer literals are not permitted; use an 0o prefix "
		"for octal integers"},
	{"0x", "invalid hexadecimal literal"},
	{"0b2", "invalid digit '2' in binary literal"},
	{"0o8", "invalid digit '8' in octal literal"},
	{"1_", "invalid decimal literal"},
	{"1__0", "invalid decimal literal"},
	{"1e", "invalid decimal literal"},
	{"1.e+", "invalid decimal literal"},
	{"1abc", "invalid decimal literal"},
	{"0_7", "leading zeros in decimal integer literals are not permitted; use an 0o prefix "
		"for octal integers"},
	{"0xg", "invalid hexadecimal literal"},
	{"x = $", "invalid syntax"},
	{"x = ?", "invalid syntax"},
	{"x = `y`", "invalid syntax"},
	{"a ! b", "invalid syntax"},
	{"x = 1 +", "invalid syntax"},
	{"else:\n  pass", "invalid syntax"},
	{"try:\n  x\n", "expected 'except' or 'finally' block"},
	{"try:\n  x\nexcept:\n  y\nexcept A:\n  z", "default 'except:' must be last"},
	{"try: x\nfinally y", "expected ':'"},
	{"for x in y\n  z", "expected ':'"},
	{"f'{'", "f-string: expecting '}'"},
	{"f'{}'", "f-string: empty expression not allowed"},
	{"f'}'", "f-string: single '}' is not allowed"},
	{"f'{a b}'", "f-string: invalid syntax. Perhaps you forgot a comma?"},
	{"f'{a!x}'", "f-string: invalid conversion character: expected 's', 'r', or 'a'"},
	{"f'{a'", "f-string: expecting '}'"},
	{"f'{a:{b:{c}}}'", "f-string: expressions nested too deeply"},
	{"f'{a\\n}'", "f-string expression part cannot include a backslash"},
	{"f'{#}'", "f-string expression part cannot include '#'"},
	{"f'{a[}'", "f-string: closing parenthesis '}' does not match opening parenthesis '['"},
	{"f'{(a}'", "f-string: closing parenthesis '}' does not match opening parenthesis '('"},
	{"f'{a)}'", "f-string: unmatched ')'"},
	{"f'{'\n'}", "unterminated string literal (detected at line 2)"},
	{"b'\303\251'", "bytes can only contain ASCII literal characters"},
	{"'a' b'c'", "cannot mix bytes and nonbytes literals"},
	{"'\\x1'",
		"(unicode error) 'unicodeescape' codec can't decode bytes in position 0-2: truncated "
		"\\xXX escape"},
	{"'\\u12'",
		"(unicode error) 'unicodeescape' codec can't decode bytes in position 0-3: truncated "
		"\\uXXXX escape"},
	{"'\\U00110000'",
		"(unicode error) 'unicodeescape' codec can't decode bytes in position 0-9: illegal "
		"Unicode character"},
	{"b'\\x1'", "(value error) invalid \\x escape at position 0"},
	{"[(yield) for x in y]", "'yield' inside list comprehension"},
	{"(x for x in y for)", "invalid syntax"},
	{"[x for x in]", "invalid syntax"},
	{"{1: 2, 3}", "':' expected after dictionary key"},
	{"{1, 2: 3}", "invalid syntax"},
	{"{1:}", "expression expected after dictionary key and ':'"},
	{"x[", "'[' was never closed"},
	{"x[]", "invalid syntax"},
	{"x[1", "'[' was never closed"},
	{"{} = x", "cannot assign to dict literal here. Maybe you meant '==' instead of '='?"},
	{"x.1", "invalid syntax"},
	{"x..y", "invalid syntax"},
	{"a if b", "expected 'else' after 'if' expression"},
	{"import", "invalid syntax"},
	{"import gc as", "invalid syntax"},
	{"from gc import ref,", "trailing comma not allowed without surrounding parentheses"},
	{"raise from x", "invalid syntax"},
	{"assert", "invalid syntax"},
	{"del", "invalid syntax"},
	{"global", "invalid syntax"},
	{"pass x", "invalid syntax"},
	{"x y", "invalid syntax"},
	{"x 1", "invalid syntax"},
	{"1 x", "invalid syntax"},
	{"def f(x y): pass", "invalid syntax"},
	{"def f(: pass", "invalid syntax"},
	{"def (x): pass", "invalid syntax"},
	{"class : pass", "invalid syntax"},
	{"lambda", "invalid syntax"},
	{"lambda x", "invalid syntax"},
	{"x = lambda: yield", "invalid syntax"},
	{"not", "invalid syntax"},
	{"a not b", "invalid syntax"},
	{"a in", "invalid syntax"},
	{"is x", "invalid syntax"},
	{"f(*)", "invalid syntax"},
	{"f(x for x in y, 1)", "Generator expression must be parenthesized"},
	{"f(1, x for x in y)", "Generator expression must be parenthesized"},
	{"(a, b for a in c)", "invalid syntax"},
	{"[a, b for a in c]", "did you forget parentheses around the comprehension target?"},
	{"{a, b for a in c}", "did you forget parentheses around the comprehension target?"},
	{"def f():\n  (yield) = 1", "cannot assign to yield expression here. Maybe you meant "
		"'==' instead of '='?"},
	{"def f():\n  yield = 1", "assignment to yield expression not possible"},
	{"a = 1 if b else", "invalid syntax"},
	{"x = 'a' 'b' f'{c}' 1", "invalid syntax"},
	{"\\\n", "unexpected EOF while parsing"},
	{"x = \\ y", "unexpected character after line continuation character"},
	{"x = \\", "unexpected EOF while parsing"},
	{"x=1;;", "invalid syntax"},
	{";", "invalid syntax"},
	{"x=1; y=2; if a: pass", "invalid syntax"},
	{"if a: if b: c", "invalid syntax"},
	{"((((", "'(' was never closed"},
	{"))))", "unmatched ')'"},
	{"(]", "closing parenthesis ']' does not match opening parenthesis '('"},
	{"[)", "closing parenthesis ')' does not match opening parenthesis '['"},
	{"{]", "closing parenthesis ']' does not match opening parenthesis '{'"},
	{"(\n]", "closing parenthesis ']' does not match opening parenthesis '(' on line 1"},
	{"\342\200\230a\342\200\231", "invalid character '\342\200\230' (U+2018)"},
	{"a\302\240b", "invalid non-printable character U+00A0"},
	{"x = \342\200\234a\342\200\235", "invalid character '\342\200\234' (U+201C)"},
	{"def f():\n\treturn 1\n        return 2", "TabError: inconsistent use of tabs and "
		"spaces in indentation"},
	{"if True:\n  a\n b", "IndentationError: unindent does not match any outer indentation level"},
	{"class A(:\n  pass", "invalid syntax"},
	{"x, y: int", "only single target (not tuple) can be annotated"},
	{"[x]: int", "only single target (not list) can be annotated"},
	{"f(): int", "illegal target for annotation"},
	{"def f():\n  global x\n  x: int", "annotated name 'x' can't be global"},
	{"def f():\n  x: int\n  global x", "annotated name 'x' can't be global"},
	{"x: int = y = 1", "invalid syntax"},
	{"lambda x: int: 1", "illegal target for annotation"},
	{"with a", "expected ':'"},
	{"with (a as b)\n  c", "expected ':'"},
	{"with a:\nb", "IndentationError: expected an indented block after 'with' statement on line 1"},
	{"with a as 1: pass", "cannot assign to literal"},
	{"with a as (b, c()): pass", "cannot assign to function call"},
	{"with (a as f(),): pass", "cannot assign to function call"},
	{"with a as b if c else d: pass", "cannot assign to conditional expression"},
	{"with a as *b: pass", "starred assignment target must be in a list or tuple"},
	{"with a as b as c: pass", "invalid syntax"},
	{"with (a as b, c as d) as e: pass", "invalid syntax"},
	{"with a as b,: pass", "invalid syntax"},
	{"with a = b: pass", "invalid syntax"},
	{"with (a as b for b in c): pass", "invalid syntax"},
	{"with (a as b", "'(' was never closed"},
	{"print(1,2", "'(' was never closed"},
	{"a = {1:2,\n3\n", "'{' was never closed"},
	{"__debug__ = 1", "cannot assign to __debug__"},
	{"def f(__debug__): pass", "cannot assign to __debug__"},
	{"x.__debug__ = 1", "cannot assign to __debug__"},
	{"f(__debug__=1)", "cannot assign to __debug__"},
	{"True = 1", "cannot assign to True"},
	{"def f(None): pass", "invalid syntax"},
	{"def None(): pass", "invalid syntax"},
	{"import None", "invalid syntax"},
	{"for None in x: pass", "cannot assign to None"},
	{"except:", "invalid syntax"},
	{"finally:", "invalid syntax"},
	{"elif x: pass", "invalid syntax"},
	{"try:\n  pass\nexcept x, y:\n  pass", "multiple exception types must be parenthesized"},
	{"f(a for a in b, c for c in d)", "Generator expression must be parenthesized"},
	{"'a\nb'", "unterminated string literal (detected at line 1)"},
	{"x = 'it's'", "unterminated string literal (detected at line 1)"},
	{"print('hello)", "unterminated string literal (detected at line 1)"},
	{"print(\"a\" \"b\" c)", "invalid syntax. Perhaps you forgot a comma?"},
	{"if (a:\n  b", "invalid syntax"},
	{"x = [1,,2]", "invalid syntax"},
	{"f(,)", "invalid syntax"},
	{"f(a,,b)", "invalid syntax"},
	{"a.b.", "invalid syntax"},
	{"a[1:2:3:4]", "invalid syntax"},
	{"-", "invalid syntax"},
	{"~", "invalid syntax"},
	{"+", "invalid syntax"},
	{"a +* b", "invalid syntax"},
	{"a ** ** b", "invalid syntax"},
	{"1.2.3", "invalid syntax"},
	{"1.real", "invalid decimal literal"},
	{"x=1\ty=2", "invalid syntax"},
	{"nonlocal", "invalid syntax"},
	{"def f(*): pass", "named arguments must follow bare *"},
	{"lambda *: 1", "named arguments must follow bare *"},
	{"return", "'return' outside function"},
	{"def f():\n    return\n  x", "IndentationError: unindent does not match any outer indentation level"},
	{"if 1:\n    pass\n     pass", "IndentationError: unexpected indent"},
	{"x = {'a': 1 'b': 2}", "invalid syntax. Perhaps you forgot a comma?"},
	{"x = [1 2 3]", "invalid syntax. Perhaps you forgot a comma?"},
	{"foo(a, b c)", "invalid syntax. Perhaps you forgot a comma?"},
	{"foo(a, b.c d)", "invalid syntax. Perhaps you forgot a comma?"},
	{"x = a b", "invalid syntax"},
	{"a = b c d", "invalid syntax"},
	{"while True print(1)", "invalid syntax"},
	{"for i in range(10) print(i)", "invalid syntax"},
	{"def f() return 1", "expected ':'"},
	{"if a == 1 print(1)", "invalid syntax"},
	{"class A() pass", "invalid syntax"},
	{"else", "invalid syntax"},
	{"a = 5 5", "invalid syntax"},
	{"raise X, y", "invalid syntax"},
	{"import gc, ", "invalid syntax"},
	{"import gc gc", "invalid syntax"},
	{"x = 10 if", "invalid syntax"},
	{"x == 1 = 2", "cannot assign to comparison"},
	{"f(a.b=1)", "expression cannot contain assignment, perhaps you meant \"==\"?"},
	{"f((a)=1)", "expression cannot contain assignment, perhaps you meant \"==\"?"},
	{"f(True=1)", "cannot assign to True"},
	{"f(None=1)", "cannot assign to None"},
	{"x = f(y = 1", "'(' was never closed"},
	{"not = 1", "invalid syntax"},
	{"a and = 1", "invalid syntax"},
	{"x = yield", "'yield' outside function"},
	{"\"\"\"a", "unterminated triple-quoted string literal (detected at line 1)"},
	{"f'''{\n}'''", "f-string: empty expression not allowed"},
	{"x = a.b 'c'", "invalid syntax"},
	{"a = b if c else d else e", "invalid syntax"},
	{"a < > b", "invalid syntax"},
	{"a <> b", "invalid syntax"},
	{"a =! b", "invalid syntax"},
	{"a =< b", "invalid syntax"},
	{"x = not not", "invalid syntax"},
	{"x = 08",
		"leading zeros in decimal integer literals are not permitted; use an 0o prefix for "
		"octal integers"},
	{"x = 0b101_", "invalid binary literal"},
	{"'\\'", "unterminated string literal (detected at line 1)"},
	{"'''\\'''", "unterminated triple-quoted string literal (detected at line 1)"},
};

START_TEST(errors_are_in_the_words_of_python)
{
	struct scenario_error err = compile(errors[_i].text, strlen(errors[_i].text));
	char want[SCENARIO_MESSAGE_BYTES];

	snprintf(want, sizeof(want), "%s%s", strstr(errors[_i].message, "Error: ") ? "" :
			"SyntaxError: ", errors[_i].message);
	ck_assert_int_eq(err.kind, SCENARIO_SYNTAX);
	ck_assert_msg(!strcmp(err.message, want), "%s\nsays   %s\nwanted %s", errors[_i].text,
			err.message, want);
}
END_TEST

static const struct {
	const char *text;
	uint32_t line;
	const char *what;
} unsupported[] = {
	{"@x\nasync def f(): pass", 2, "async"},
	{"async def f(): pass", 1, "async"}, {"x = [await y]", 1, "await expression"},
	{"if 1:\n  match x:\n    case 1: pass", 2, "match statement"},
	{"match (x):\n  case 1: pass", 1, "match statement"},
	{"(x := 1)", 1, "assignment expression (walrus)"},
	{"def f(*a: *b): pass", 1, "starred expression"},
	{"x: list[int] = []", 1, "a class with parameters in an annotation"},
	{"def f(x: int | None): pass", 1, "a union of classes in an annotation"},
	{"def f(**k): pass", 1, "** parameter"}, {"f(**k)", 1, "** argument"},
	{"def f(a, /): pass", 1, "positional-only parameter"},
	{"def f(*, a): pass", 1, "keyword-only parameter"},
	{"def f(*a, b): pass", 1, "keyword-only parameter"}, {"[*a]", 1, "starred expression"},
	{"a, *b = c", 1, "starred expression"}, {"{**a}", 1, "dict unpacking"},
	{"{'a': 1, **b}", 1, "dict unpacking"}, {"def f():\n  yield from x", 2, "yield from"},
	{"a @ b", 1, "matrix product"}, {"a @= b", 1, "matrix product"}, {"1j", 1, "a complex number"},
	{"try: pass\nexcept* A: pass", 2, "except*"}, {"import os", 1, "import of the module os"},
	{"import gc.x", 1, "import of a submodule"}, {"from . import x", 1, "relative import"},
	{"from gc import *", 1, "import *"}, {"class A(metaclass=B): pass", 1, "keyword in a class statement"},
	{"class A(*b): pass", 1, "starred expression"}, {"'\\N{DASH}'", 1, "the escape \\N"},
	{"\xc3\xa9 = 1", 1, "a name with non-ASCII letters"},
	{"[x async for x in y]", 1, "asynchronous comprehension"},
};

START_TEST(what_is_outside_the_subset_is_named_with_its_line)
{
	struct scenario_error err = compile(unsupported[_i].text, strlen(unsupported[_i].text));
	char want[SCENARIO_MESSAGE_BYTES];

	snprintf(want, sizeof(want), "%s is not supported", unsupported[_i].what);
	ck_assert_str_eq(err.message, want);
	ck_assert_int_eq(err.kind, SCENARIO_UNSUPPORTED);
	ck_assert_uint_eq(err.line, unsupported[_i].line);
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
	ck_assert_str_eq(compile("a\0b", 3).message, "SyntaxError: source code cannot contain null bytes");
	ck_assert_uint_eq(compile("a\n\xff", 3).line, 2);
	ck_assert_str_eq(compile("\xff", 1).message, "SyntaxError: Non-UTF-8 code starting with '\\xff' in "
			"file x.py on line 1, but no encoding declared; see "
			"https://peps.python.org/pep-0263/ for details");
	/* a surrogate, an overlong form, one cut short, one beyond Unicode */
	ck_assert_int_eq(compile("'\xed\xa0\x80'", 5).kind, SCENARIO_SYNTAX);
	ck_assert_int_eq(compile("'\xc0\x80'", 4).kind, SCENARIO_SYNTAX);
	ck_assert_int_eq(compile("'\xe2\x82", 3).kind, SCENARIO_SYNTAX);
	ck_assert_int_eq(compile("'\xf4\x90\x80\x80'", 6).kind, SCENARIO_SYNTAX);
	ck_assert_int_eq(compile("'\xf0\x9f\x98\x80'", 6).kind, SCENARIO_OK);
}
END_TEST

START_TEST(line_ends_of_other_systems_and_a_byte_order_mark_are_read)
{
	ck_assert_int_eq(compile("\xef\xbb\xbfif a:\r\n  b\rc\r\n", 17).kind, SCENARIO_OK);
	ck_assert_uint_eq(compile("a\r\nb\rc d", 8).line, 3);
	ck_assert_int_eq(compile("", 0).kind, SCENARIO_OK);
}
END_TEST

/* @before, many times @part, @after. */
static struct scenario_error compile_repeated(const char *before, const char *part, size_t times,
		const char *after)
{
	size_t length = strlen(before) + strlen(part) * times + strlen(after);
	char *text = malloc(length + 1), *at = stpcpy(text, before);
	struct scenario_error err;

	for (size_t i = 0; i < times; i++)
		at = stpcpy(at, part);
	strcpy(at, after);
	err = compile(text, length);
	free(text);
	return err;
}

static const struct {
	const char *before, *part, *after;
	size_t good, bad;	/* how often: so often it is read, and so often it is refused */
} deep[] = {
	{"x = ", "(", "", 0, 100000}, {"x = ", "-", "1", 500, 100000}, {"x = ", "not ", "1", 500, 100000},
	{"x = ", "lambda: ", "1", 90, 100000}, {"x = 1", " + y", "", 900, 100000},
	{"x = y", ".a", "", 900, 100000}, {"x = y", "()", "", 900, 100000},
	{"x = y", "[0]", "", 900, 100000}, {"x = ", "1 if y else ", "2", 500, 100000},
	{"x = y", " ** y", "", 500, 100000}, {"if a: pass\n", "elif b: pass\n", "", 600, 100000},
	{"x = ", "[", "", 0, 100000}, {"x = ", "{1:", "", 0, 100000}, {"x = ", "f'{", "", 0, 100000},
};

START_TEST(what_is_nested_too_deep_is_refused)
{
	struct scenario_error err;

	err = compile_repeated(deep[_i].before, deep[_i].part, deep[_i].bad, deep[_i].after);
	ck_assert_int_ne(err.kind, SCENARIO_OK);
	if (deep[_i].good) {
		err = compile_repeated(deep[_i].before, deep[_i].part, deep[_i].good, deep[_i].after);
		ck_assert_msg(!err.kind, "%s", err.message);
	}
}
END_TEST

START_TEST(long_texts_are_read_in_one_go)
{
	ck_assert_int_eq(compile_repeated("", "x = a + f(b, c)\n", 50000, "").kind, SCENARIO_OK);
	ck_assert_int_eq(compile_repeated("x = [", "a, ", 200000, "]").kind, SCENARIO_OK);
	ck_assert_int_eq(compile_repeated("x = f'''", "{a}\n", 100000, "'''").kind, SCENARIO_OK);
	ck_assert_int_eq(compile_repeated("x = (", "'a' ", 200000, ")").kind, SCENARIO_OK);
	ck_assert_int_eq(compile_repeated("x = a", " or a", 200000, "").kind, SCENARIO_OK);
	ck_assert_int_eq(compile_repeated("x = 0x", "f", 3000, "").kind, SCENARIO_OK);
	ck_assert_int_eq(compile_repeated("x = 1", "0", 5000, "").kind, SCENARIO_UNSUPPORTED);
}
END_TEST

#define NR(array) (sizeof(array) / sizeof(*(array)))

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("parse");
	TCase *core = tcase_create("core");
	TCase *limits = tcase_create("limits");
	TCase *bad = tcase_create("errors");

	tcase_add_test(core, line_ends_of_other_systems_and_a_byte_order_mark_are_read);
	suite_add_tcase(suite, core);
	tcase_add_loop_test(limits, what_is_nested_too_deep_is_refused, 0, NR(deep));
	tcase_add_test(limits, long_texts_are_read_in_one_go);
	tcase_set_timeout(limits, 60);
	suite_add_tcase(suite, limits);
	tcase_add_loop_test(bad, errors_are_in_the_words_of_python, 0, NR(errors));
	tcase_add_loop_test(bad, what_is_outside_the_subset_is_named_with_its_line, 0, NR(unsupported));
	tcase_add_test(bad, bytes_that_are_no_text_are_refused);
	suite_add_tcase(suite, bad);
	return suite;
}
