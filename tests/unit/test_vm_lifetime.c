/* SPDX-License-Identifier: MIT */
/* The virtual machine: who holds a value, when it is released, and in which order. The outputs are CPython 3.11's. */
#include "vm-fixture.h"

static const struct vm_case cases[] = {
	{
		"counts of names and calls",
		"x = [0]\n"
		"print(refs(x))\n"
		"y = x\n"
		"print(refs(x))\n"
		"def f(o):\n"
		"    return refs(o)\n"
		"def g(o):\n"
		"    p = o\n"
		"    return f(p)\n"
		"print(f(x), g(x), refs(x), call(f, x) - f(x) > 0)\n"
		"def h(a, b=x, *c):\n"
		"    return (refs(a), refs(b))\n"
		"print(h(1)[1], h(x, x)[0], h(a=x)[0])\n"
		"z = [x, x]\n"
		"print(refs(x))\n"
		"z[0] = 1\n"
		"print(refs(x))\n"
		"del z, y\n"
		"print(refs(x))\n"
		"print(refs([]), refs(x))\n",
		"2\n"
		"3\n"
		"4 6 3 True\n"
		"5 6 6\n"
		"6\n"
		"5\n"
		"3\n"
		"1 3\n",
	},
	{
		"counts in methods",
		"class C:\n"
		"    def __init__(self, o):\n"
		"        self.o = o\n"
		"        self.n = refs(o)\n"
		"    def m(self, o):\n"
		"        return (refs(self), refs(o))\n"
		"x = [0]\n"
		"c = C(x)\n"
		"print(c.n, refs(x), c.m(x))\n"
		"b = c.m\n"
		"print(b(x), refs(c), refs(b))\n"
		"del b\n"
		"print(refs(c))\n",
		"6 3 (3, 4)\n"
		"(4, 4) 3 2\n"
		"2\n",
	},
	{
		"counts in closures and comprehensions",
		"x = [0]\n"
		"def f(o):\n"
		"    def g():\n"
		"        return refs(o)\n"
		"    return (refs(o), g())\n"
		"print(f(x), refs(x))\n"
		"print([refs(x) for i in range(2)], [refs(y) for y in [x]])\n"
		"print(refs(x))\n"
		"def k():\n"
		"    v = [1]\n"
		"    return [refs(v) for i in range(1)][0]\n"
		"print(k())\n",
		"(3, 3) 2\n"
		"[2, 2] [4]\n"
		"2\n"
		"2\n",
	},
	{
		"the new value is stored before the old one is released",
		"class C:\n"
		"    def __init__(self, n):\n"
		"        self.n = n\n"
		"    def __del__(self):\n"
		"        print(\"del\", self.n, \"now\", x.n if x else None)\n"
		"x = C(1)\n"
		"x = C(2)\n"
		"x = None\n"
		"class D:\n"
		"    def __init__(self):\n"
		"        self.a = C(5)\n"
		"x = None\n"
		"d = D()\n"
		"x = C(6)\n"
		"d.a = C(7)\n"
		"del d.a\n"
		"del d\n"
		"l = [C(8)]\n"
		"l[0] = C(9)\n"
		"del l[0]\n"
		"x = None\n",
		"del 1 now 2\n"
		"del 2 now None\n"
		"del 5 now 6\n"
		"del 7 now 6\n"
		"del 8 now 6\n"
		"del 9 now 6\n"
		"del 6 now None\n",
	},
	{
		"locals are released in slot order",
		"class C:\n"
		"    def __init__(self, n):\n"
		"        self.n = n\n"
		"    def __del__(self):\n"
		"        print(\"del\", self.n)\n"
		"def f(b, a):\n"
		"    d = C(\"d\")\n"
		"    c = C(\"c\")\n"
		"    def g():\n"
		"        return e\n"
		"    e = C(\"e\")\n"
		"    return \"returned\"\n"
		"print(f(C(\"first\"), C(\"second\")))\n"
		"print(\"end\")\n",
		"del first\n"
		"del second\n"
		"del d\n"
		"del c\n"
		"del e\n"
		"returned\n"
		"end\n",
	},
	{
		"temporaries",
		"class C:\n"
		"    def __init__(self, n):\n"
		"        self.n = n\n"
		"    def __del__(self):\n"
		"        print(\"del\", self.n)\n"
		"    def __add__(self, other):\n"
		"        return C(self.n + other.n)\n"
		"C(1)\n"
		"print(\"statement\")\n"
		"C(2).n\n"
		"print(\"attribute\")\n"
		"r = C(3) + C(4)\n"
		"print(\"sum\")\n"
		"def f(a, b):\n"
		"    print(\"in f\")\n"
		"f(C(5), C(6))\n"
		"print(C(7).n, C(8).n)\n"
		"(C(9), C(10))\n"
		"print(\"tuple\")\n"
		"[C(11), C(12)]\n"
		"print(\"list\")\n"
		"{\"a\": C(13), \"b\": C(14)}\n"
		"print(\"dict\")\n"
		"C(15), C(16).n\n"
		"print(\"and\")\n"
		"C(17) is C(18)\n"
		"print(\"is\")\n"
		"C(19) in [C(20)]\n"
		"r = None\n",
		"del 1\n"
		"statement\n"
		"del 2\n"
		"attribute\n"
		"del 3\n"
		"del 4\n"
		"sum\n"
		"in f\n"
		"del 5\n"
		"del 6\n"
		"del 7\n"
		"del 8\n"
		"7 8\n"
		"del 10\n"
		"del 9\n"
		"tuple\n"
		"del 12\n"
		"del 11\n"
		"list\n"
		"del 13\n"
		"del 14\n"
		"dict\n"
		"del 16\n"
		"del 15\n"
		"and\n"
		"del 17\n"
		"del 18\n"
		"is\n"
		"del 19\n"
		"del 20\n"
		"del 7\n",
	},
	{
		"the iterator of a loop",
		"class C:\n"
		"    def __init__(self, n):\n"
		"        self.n = n\n"
		"    def __del__(self):\n"
		"        print(\"del\", self.n)\n"
		"for x in [C(1), C(2)]:\n"
		"    print(\"body\", x.n)\n"
		"print(\"after\")\n"
		"del x\n"
		"for x in [C(3), C(4)]:\n"
		"    print(\"body\", x.n)\n"
		"    break\n"
		"print(\"broken\")\n"
		"del x\n"
		"print(\"end\")\n",
		"body 1\n"
		"body 2\n"
		"del 1\n"
		"after\n"
		"del 2\n"
		"body 3\n"
		"del 4\n"
		"broken\n"
		"del 3\n"
		"end\n",
	},
	{
		"a comprehension's variable",
		"class C:\n"
		"    def __init__(self, n):\n"
		"        self.n = n\n"
		"    def __del__(self):\n"
		"        print(\"del\", self.n)\n"
		"l = [C(i) for i in range(3)]\n"
		"print(\"made\")\n"
		"n = [c.n for c in l]\n"
		"del l\n"
		"print(\"end\")\n",
		"made\n"
		"del 2\n"
		"del 1\n"
		"del 0\n"
		"end\n",
	},
	{
		"a function and its defaults",
		"class C:\n"
		"    def __init__(self, n):\n"
		"        self.n = n\n"
		"    def __del__(self):\n"
		"        print(\"del\", self.n)\n"
		"def f(a=C(\"default\")):\n"
		"    pass\n"
		"def g():\n"
		"    x = C(\"cell\")\n"
		"    def h():\n"
		"        return x\n"
		"    return h\n"
		"h = g()\n"
		"print(\"made\")\n"
		"del f\n"
		"del h\n"
		"print(\"end\")\n",
		"made\n"
		"del default\n"
		"del cell\n"
		"end\n",
	},
	{
		"classes with a base, their cycles",
		"class A:\n"
		"    def m(self):\n"
		"        return 1\n"
		"print(collect())\n"
		"del A\n"
		"print(collect())\n"
		"def f():\n"
		"    class B:\n"
		"        pass\n"
		"    return B()\n"
		"b = f()\n"
		"print(collect())\n"
		"del b\n"
		"print(collect())\n",
		"0\n"
		"6\n"
		"0\n"
		"5\n",
	},
	{
		"frames let their caller's values go in time",
		"class C:\n"
		"    def __init__(self, n):\n"
		"        self.n = n\n"
		"    def __del__(self):\n"
		"        print(\"del\", self.n)\n"
		"def f(o):\n"
		"    print(\"in f\")\n"
		"    o = None\n"
		"    print(\"dropped\")\n"
		"f(C(1))\n"
		"def g(o):\n"
		"    del o\n"
		"    print(\"deleted\")\n"
		"g(C(2))\n"
		"def h(*o):\n"
		"    print(\"rest\")\n"
		"h(C(3), C(4))\n"
		"print(\"end\")\n",
		"in f\n"
		"del 1\n"
		"dropped\n"
		"del 2\n"
		"deleted\n"
		"rest\n"
		"del 4\n"
		"del 3\n"
		"end\n",
	},
	{
		"finalizers that call, raise a variable, resurrect",
		"kept = []\n"
		"class C:\n"
		"    def __init__(self, n):\n"
		"        self.n = n\n"
		"    def __del__(self):\n"
		"        print(\"del\", self.n)\n"
		"        kept.append(self)\n"
		"c = C(1)\n"
		"del c\n"
		"print(kept[0].n, refs(kept[0]))\n"
		"kept.clear()\n"
		"print(\"end\")\n",
		"del 1\n"
		"1 2\n"
		"end\n",
	},
	{
		"collection while a call binds its arguments",
		"class N:\n"
		"    pass\n"
		"def churn(n):\n"
		"    for i in range(n):\n"
		"        a = N()\n"
		"        a.me = a\n"
		"def f(a, b, *c):\n"
		"    return (a, b, len_of(c))\n"
		"def len_of(c):\n"
		"    n = 0\n"
		"    for x in c:\n"
		"        n += 1\n"
		"    return n\n"
		"enable()\n"
		"churn(2000)\n"
		"for i in range(300):\n"
		"    f([i], (i,), [i], {i: i}, [[i]])\n"
		"disable()\n"
		"print(collect() < 1500, f(1, 2, 3))\n",
		"True (1, 2, 1)\n",
	},
	{
		"chains and deep structures",
		"class C:\n"
		"    pass\n"
		"head = None\n"
		"for i in range(100000):\n"
		"    c = C()\n"
		"    c.next = head\n"
		"    head = c\n"
		"head = c = None\n"
		"l = []\n"
		"for i in range(100000):\n"
		"    l = [l]\n"
		"l = None\n"
		"t = ()\n"
		"for i in range(100000):\n"
		"    t = (t,)\n"
		"t = None\n"
		"print(\"gone\", collect())\n",
		"gone 0\n",
	},
	{
		"exception frames hold values until the handler ends",
		"class C:\n"
		"    def __init__(self, n):\n"
		"        self.n = n\n"
		"    def __del__(self):\n"
		"        print(\"del\", self.n)\n"
		"def f(a):\n"
		"    b = C(\"b\")\n"
		"    raise ValueError\n"
		"try:\n"
		"    f(C(\"a\"))\n"
		"except ValueError as e:\n"
		"    t = e.__traceback__\n"
		"    print(\"in handler\")\n"
		"print(\"after handler\")\n"
		"t = None\n"
		"print(\"end\")\n",
		"in handler\n"
		"after handler\n"
		"del a\n"
		"del b\n"
		"end\n",
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
	Suite *suite = suite_create("vm-lifetime");
	TCase *core = tcase_create("core");

	tcase_add_loop_test(core, prints_what_cpython_prints, 0, sizeof(cases) / sizeof(*cases));
	suite_add_tcase(suite, core);
	return suite;
}
