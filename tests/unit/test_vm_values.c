/* SPDX-License-Identifier: MIT */
/* The virtual machine: stack, variables, operators, displays, jumps. The outputs are CPython 3.11's. */
#include "vm-fixture.h"

static const struct vm_case cases[] = {
	{
		"operators of int and float",
		"a = 7\n"
		"b = 3\n"
		"print(a + b, a - b, a * b, a // b, a % b, a ** b, a << b, a >> b, a & b, a | b, a ^ b)\n"
		"print(a / b, -a, +a, ~a, not a)\n"
		"a += 1\n"
		"a -= 2\n"
		"a *= 3\n"
		"a //= 2\n"
		"a **= 2\n"
		"a %= 50\n"
		"print(a)\n",
		"10 4 21 2 1 343 56 0 3 7 4\n"
		"2.3333333333333335 -7 7 -8 False\n"
		"31\n",
	},
	{
		"comparisons and chains",
		"a = 1\n"
		"b = 2\n"
		"print(a < b, a <= b, a == b, a != b, a > b, a >= b)\n"
		"print(1 < 2 < 3, 1 < 3 < 2, a is b, a is not b, a in [1], b not in [1])\n",
		"True True False True False False\n"
		"True False False True True True\n",
	},
	{
		"and, or, not, conditional expression",
		"a = 0\n"
		"b = 5\n"
		"print(a and b, a or b, not a, b if a else \"no\", b and a or \"x\")\n"
		"if a or b:\n"
		"    print(\"one\")\n"
		"if not (a and b):\n"
		"    print(\"two\")\n",
		"0 5 True no x\n"
		"one\n"
		"two\n",
	},
	{
		"displays",
		"a = 1\n"
		"print([], [a, 2], (), (a,), (a, 2), {}, {\"k\": a}, {\"a\": a, \"b\": 2}, {a, 1})\n"
		"print([1, 2, 3, 4], [a] * 3, {1: 2, 3: 4, 5: 6})\n",
		"[] [1, 2] () (1,) (1, 2) {} {'k': 1} {'a': 1, 'b': 2} {1}\n"
		"[1, 2, 3, 4] [1, 1, 1] {1: 2, 3: 4, 5: 6}\n",
	},
	{
		"comprehensions",
		"print([i * i for i in range(5)], [i for i in range(10) if i % 2], {i: i + 1 for i in range"
		"(3)})\n"
		"print([[j for j in range(i)] for i in range(4)])\n"
		"print([(i, j) for i in range(3) for j in range(i)])\n",
		"[0, 1, 4, 9, 16] [1, 3, 5, 7, 9] {0: 1, 1: 2, 2: 3}\n"
		"[[], [0], [0, 1], [0, 1, 2]]\n"
		"[(1, 0), (2, 0), (2, 1)]\n",
	},
	{
		"unpacking",
		"a, b = 1, 2\n"
		"a, b = b, a\n"
		"print(a, b)\n"
		"(c, d), e = (3, 4), 5\n"
		"print(c, d, e)\n"
		"x, y, z = [7, 8, 9]\n"
		"print(x, y, z)\n"
		"for k, v in [(1, 2), (3, 4)]:\n"
		"    print(k, v)\n"
		"p = q = []\n"
		"print(p is q)\n"
		"i, j, k = range(3)\n"
		"print(i, j, k)\n",
		"2 1\n"
		"3 4 5\n"
		"7 8 9\n"
		"1 2\n"
		"3 4\n"
		"True\n"
		"0 1 2\n",
	},
	{
		"subscripts and slices",
		"l = [0, 1, 2, 3, 4, 5]\n"
		"l[1] = 10\n"
		"l[-1] = 50\n"
		"print(l[0], l[1], l[-1], l[1:3], l[:2], l[4:], l[::2])\n"
		"del l[0]\n"
		"print(l)\n"
		"l[1:3] = [7]\n"
		"print(l)\n"
		"del l[:2]\n"
		"print(l)\n"
		"d = {}\n"
		"d[\"a\"] = 1\n"
		"d[\"b\"] = 2\n"
		"del d[\"a\"]\n"
		"print(d)\n"
		"l[0] += 5\n"
		"print(l)\n",
		"0 10 50 [10, 2] [0, 10] [4, 50] [0, 2, 4]\n"
		"[10, 2, 3, 4, 50]\n"
		"[10, 7, 4, 50]\n"
		"[4, 50]\n"
		"{'b': 2}\n"
		"[9, 50]\n",
	},
	{
		"while, break, continue, else",
		"i = 0\n"
		"while i < 5:\n"
		"    i = i + 1\n"
		"    if i == 2:\n"
		"        continue\n"
		"    if i == 4:\n"
		"        break\n"
		"    print(i)\n"
		"else:\n"
		"    print(\"not here\")\n"
		"while i > 0:\n"
		"    i -= 1\n"
		"else:\n"
		"    print(\"else\", i)\n"
		"for x in range(3):\n"
		"    pass\n"
		"else:\n"
		"    print(\"for else\")\n"
		"for x in (1, 2):\n"
		"    break\n"
		"else:\n"
		"    print(\"no\")\n"
		"print(x)\n",
		"1\n"
		"3\n"
		"else 0\n"
		"for else\n"
		"1\n",
	},
	{
		"formatted strings",
		"a = 3.14159\n"
		"n = 1234567\n"
		"s = \"text\"\n"
		"print(f\"{a:.2f} {n:,} {s!r} {s} {s:>8}| {{}} {n}{a} {s!s:5}| {[1, s]}\")\n"
		"w = 6\n"
		"print(f\"{n:{w + 4}}|\")\n"
		"print(\"plain \" f\"{1 + 1}\" \" tail\")\n",
		"3.14 1,234,567 'text' text     text| {} 12345673.14159 text | [1, 'text']\n"
		"   1234567|\n"
		"plain 2 tail\n",
	},
	{
		"names that are not there",
		"try:\n"
		"    nope\n"
		"except NameError as e:\n"
		"    print(e)\n"
		"try:\n"
		"    del nope\n"
		"except NameError as e:\n"
		"    print(e)\n"
		"def f():\n"
		"    try:\n"
		"        print(x)\n"
		"    except UnboundLocalError as e:\n"
		"        print(e)\n"
		"    x = 1\n"
		"    del x\n"
		"    try:\n"
		"        del x\n"
		"    except UnboundLocalError as e:\n"
		"        print(e)\n"
		"    return nope2\n"
		"try:\n"
		"    f()\n"
		"except NameError as e:\n"
		"    print(e)\n"
		"def g():\n"
		"    def h():\n"
		"        return v\n"
		"    try:\n"
		"        h()\n"
		"    except NameError as e:\n"
		"        print(e)\n"
		"    v = 1\n"
		"    print(h())\n"
		"    del v\n"
		"    try:\n"
		"        h()\n"
		"    except NameError as e:\n"
		"        print(e)\n"
		"    try:\n"
		"        print(v)\n"
		"    except UnboundLocalError as e:\n"
		"        print(e)\n"
		"g()\n",
		"name 'nope' is not defined\n"
		"name 'nope' is not defined\n"
		"cannot access local variable 'x' where it is not associated with a value\n"
		"cannot access local variable 'x' where it is not associated with a value\n"
		"name 'nope2' is not defined\n"
		"cannot access free variable 'v' where it is not associated with a value in enclosing scope"
		"\n"
		"1\n"
		"cannot access free variable 'v' where it is not associated with a value in enclosing scope"
		"\n"
		"cannot access local variable 'v' where it is not associated with a value\n",
	},
	{
		"global variables",
		"x = 1\n"
		"def f():\n"
		"    global x, y\n"
		"    x = 2\n"
		"    y = 3\n"
		"    del x\n"
		"f()\n"
		"print(y)\n"
		"try:\n"
		"    print(x)\n"
		"except NameError as e:\n"
		"    print(e)\n"
		"def g():\n"
		"    global y\n"
		"    del y\n"
		"g()\n"
		"try:\n"
		"    g()\n"
		"except NameError as e:\n"
		"    print(e)\n",
		"3\n"
		"name 'x' is not defined\n"
		"name 'y' is not defined\n",
	},
	{
		"a global hides a built-in, and no longer",
		"print(\"start\")\n"
		"def f():\n"
		"    return refs(None) > 0\n"
		"print(f())\n"
		"def refs(x):\n"
		"    return -1\n"
		"print(f())\n"
		"del refs\n"
		"print(f())\n",
		"start\n"
		"True\n"
		"False\n"
		"True\n",
	},
	{
		"errors of operators",
		"for f in [lambda: 1 + \"a\", lambda: [][0], lambda: {}[\"k\"], lambda: None.x, lambda: 1 / 0, "
		"lambda: -\"a\", lambda: 1 < \"a\",\n"
		"          lambda: 1 in 2, lambda: 5[0], lambda: iter_me_not, lambda: [1][None]]:\n"
		"    try:\n"
		"        f()\n"
		"    except Exception as e:\n"
		"        print(e)\n"
		"try:\n"
		"    a, b = [1]\n"
		"except ValueError as e:\n"
		"    print(e)\n"
		"try:\n"
		"    a, b = 1, 2, 3\n"
		"except ValueError as e:\n"
		"    print(e)\n"
		"try:\n"
		"    a, b = 5\n"
		"except TypeError as e:\n"
		"    print(e)\n"
		"try:\n"
		"    for i in 5:\n"
		"        pass\n"
		"except TypeError as e:\n"
		"    print(e)\n",
		"unsupported operand type(s) for +: 'int' and 'str'\n"
		"list index out of range\n"
		"'k'\n"
		"'NoneType' object has no attribute 'x'\n"
		"division by zero\n"
		"bad operand type for unary -: 'str'\n"
		"'<' not supported between instances of 'int' and 'str'\n"
		"argument of type 'int' is not iterable\n"
		"'int' object is not subscriptable\n"
		"name 'iter_me_not' is not defined\n"
		"list indices must be integers or slices, not NoneType\n"
		"not enough values to unpack (expected 2, got 1)\n"
		"too many values to unpack (expected 2)\n"
		"cannot unpack non-iterable int object\n"
		"'int' object is not iterable\n",
	},
	{
		"large literals",
		"d = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 10: 10, 11: 11, 12: 12, 1"
		"3: 13, 14: 14, 15: 15, 16: 16, 17: 17, 18: 18, 19: 19}\n"
		"print(d[19], 123456789012345678901234567890 + 1, -5 // 2, -5 % 3)\n"
		"print({\"a\": 1, \"b\": [2], \"c\": (3,), \"d\": {4}}[\"d\"])\n",
		"19 123456789012345678901234567891 -3 1\n"
		"{4}\n",
	},
};

START_TEST(prints_what_cpython_prints)
{
	vm_check_case(&cases[_i]);
}
END_TEST

Suite *make_suite(void);

Suite *make_suite(void)
{
	Suite *suite = suite_create("vm-values");
	TCase *core = tcase_create("core");

	tcase_add_loop_test(core, prints_what_cpython_prints, 0, sizeof(cases) / sizeof(*cases));
	suite_add_tcase(suite, core);
	return suite;
}
