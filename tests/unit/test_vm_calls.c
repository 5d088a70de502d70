/* SPDX-License-Identifier: MIT */
/* The virtual machine: calls, arguments, closures, classes. The outputs are CPython 3.11's. */
#include "vm-fixture.h"

static const struct vm_case cases[] = {
	{
		"arguments by position, keyword and default",
		"def f(a, b=2, c=3):\n"
		"    return (a, b, c)\n"
		"print(f(1), f(1, 5), f(1, c=7), f(a=0, c=1, b=9), f(1, 2, 3), call(f, 4), call(f, 4, c=1))"
		"\n"
		"def g(*rest):\n"
		"    return rest\n"
		"print(g(), g(1), g(1, 2, 3))\n"
		"def h(a, *rest):\n"
		"    return (a, rest)\n"
		"print(h(1), h(1, 2, 3), h(*[1, 2]), h(0, *(1, 2)))\n"
		"print(f(*[1], c=4), f(*(1, 2)))\n",
		"(1, 2, 3) (1, 5, 3) (1, 2, 7) (0, 9, 1) (1, 2, 3) (4, 2, 3) (4, 2, 1)\n"
		"() (1,) (1, 2, 3)\n"
		"(1, ()) (1, (2, 3)) (1, (2,)) (0, (1, 2))\n"
		"(1, 2, 4) (1, 2, 3)\n",
	},
	{
		"errors of arguments",
		"def f(a, b=2):\n"
		"    pass\n"
		"def g():\n"
		"    pass\n"
		"def h(a, b, c):\n"
		"    pass\n"
		"def i(a):\n"
		"    pass\n"
		"class C:\n"
		"    def m(self, x):\n"
		"        pass\n"
		"for t in [lambda: f(), lambda: f(1, 2, 3), lambda: f(1, a=2), lambda: f(1, z=3), lambda: g"
		"(1), lambda: h(), lambda: h(1),\n"
		"          lambda: h(1, 2), lambda: i(), lambda: i(1, 2), lambda: C().m(), lambda: C().m(1,"
		" 2), lambda: C(1), lambda: 5(),\n"
		"          lambda: f(*3)]:\n"
		"    try:\n"
		"        t()\n"
		"    except TypeError as e:\n"
		"        print(e)\n",
		"f() missing 1 required positional argument: 'a'\n"
		"f() takes from 1 to 2 positional arguments but 3 were given\n"
		"f() got multiple values for argument 'a'\n"
		"f() got an unexpected keyword argument 'z'\n"
		"g() takes 0 positional arguments but 1 was given\n"
		"h() missing 3 required positional arguments: 'a', 'b', and 'c'\n"
		"h() missing 2 required positional arguments: 'b' and 'c'\n"
		"h() missing 1 required positional argument: 'c'\n"
		"i() missing 1 required positional argument: 'a'\n"
		"i() takes 1 positional argument but 2 were given\n"
		"C.m() missing 1 required positional argument: 'x'\n"
		"C.m() takes 2 positional arguments but 3 were given\n"
		"C() takes no arguments\n"
		"'int' object is not callable\n"
		"__main__.f() argument after * must be an iterable, not int\n",
	},
	{
		"closures",
		"def counter():\n"
		"    n = 0\n"
		"    def step(k=1):\n"
		"        nonlocal n\n"
		"        n += k\n"
		"        return n\n"
		"    return step\n"
		"a = counter()\n"
		"b = counter()\n"
		"print(a(), a(), a(5), b())\n"
		"def outer(x):\n"
		"    def middle():\n"
		"        def inner():\n"
		"            return x\n"
		"        return inner\n"
		"    return middle()()\n"
		"print(outer(42))\n"
		"fs = []\n"
		"for i in range(3):\n"
		"    fs.append(lambda i=i: i)\n"
		"print([f() for f in fs])\n"
		"fs = [lambda: i for i in range(3)]\n"
		"print([f() for f in fs])\n",
		"1 2 7 1\n"
		"42\n"
		"[0, 1, 2]\n"
		"[2, 2, 2]\n",
	},
	{
		"an argument in a cell",
		"def f(a, b):\n"
		"    def g():\n"
		"        return a + b\n"
		"    a = a * 10\n"
		"    return g()\n"
		"print(f(1, 2))\n",
		"12\n",
	},
	{
		"recursion",
		"def fib(n):\n"
		"    return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
		"print(fib(15))\n"
		"def down(n):\n"
		"    if n:\n"
		"        return down(n - 1)\n"
		"    return \"bottom\"\n"
		"print(down(900))\n",
		"610\n"
		"bottom\n",
	},
	{
		"recursion without an end",
		"def f(n):\n"
		"    global deepest\n"
		"    deepest = n\n"
		"    f(n + 1)\n"
		"try:\n"
		"    f(1)\n"
		"except RecursionError as e:\n"
		"    print(deepest > 900, e)\n"
		"def g(n):\n"
		"    global deepest\n"
		"    deepest = n\n"
		"    call(g, n + 1)\n"
		"try:\n"
		"    g(1)\n"
		"except RecursionError as e:\n"
		"    print(deepest > 400)\n"
		"class I:\n"
		"    def __init__(self):\n"
		"        I()\n"
		"try:\n"
		"    I()\n"
		"except RecursionError as e:\n"
		"    print(e)\n"
		"print(\"goes on\")\n",
		"True maximum recursion depth exceeded\n"
		"True\n"
		"maximum recursion depth exceeded\n"
		"goes on\n",
	},
	{
		"methods",
		"class C:\n"
		"    kind = \"class attribute\"\n"
		"    def __init__(self, v):\n"
		"        self.v = v\n"
		"    def get(self):\n"
		"        return self.v\n"
		"    def twice(self):\n"
		"        return self.get() + self.get()\n"
		"c = C(4)\n"
		"print(c.get(), c.twice(), C.get(c), c.kind)\n"
		"m = c.get\n"
		"print(m(), call(m))\n"
		"c.get = lambda: \"own\"\n"
		"print(c.get(), m())\n"
		"del c.get\n"
		"print(c.get())\n",
		"4 8 4 class attribute\n"
		"4 4\n"
		"own 4\n"
		"4\n",
	},
	{
		"class bodies",
		"x = \"global\"\n"
		"class A:\n"
		"    x = \"body\"\n"
		"    y = x\n"
		"    def f(self):\n"
		"        return x\n"
		"    z = [x for i in range(2)]\n"
		"    del y\n"
		"print(A.x, A().f(), A.z)\n"
		"try:\n"
		"    A.y\n"
		"except AttributeError as e:\n"
		"    print(e)\n"
		"def make(n):\n"
		"    class B(A):\n"
		"        w = n\n"
		"        def g(self):\n"
		"            return (n, self.x)\n"
		"    return B\n"
		"print(make(3).w, make(4)().g())\n"
		"class D:\n"
		"    \"doc\"\n"
		"    n = 0\n"
		"    for i in range(4):\n"
		"        n += i\n"
		"print(D.n, D.i, D.__doc__, D.__name__, make.__name__)\n",
		"body global ['global', 'global']\n"
		"type object 'A' has no attribute 'y'\n"
		"3 (4, 'body')\n"
		"6 3 doc D make\n",
	},
	{
		"inheritance",
		"class Base:\n"
		"    def __init__(self):\n"
		"        self.log = [\"Base\"]\n"
		"    def who(self):\n"
		"        return \"base\"\n"
		"class Left(Base):\n"
		"    def who(self):\n"
		"        return \"left\"\n"
		"class Both(Left, Base):\n"
		"    pass\n"
		"b = Both()\n"
		"print(b.who(), b.log)\n",
		"left ['Base']\n",
	},
	{
		"operators of classes",
		"class V:\n"
		"    def __init__(self, n):\n"
		"        self.n = n\n"
		"    def __add__(self, other):\n"
		"        return V(self.n + other.n)\n"
		"    def __eq__(self, other):\n"
		"        return self.n == other.n\n"
		"    def __repr__(self):\n"
		"        return f\"V({self.n})\"\n"
		"    def __len__(self):\n"
		"        return self.n\n"
		"    def __getitem__(self, k):\n"
		"        return self.n * k\n"
		"    def __contains__(self, k):\n"
		"        return k == self.n\n"
		"    def __call__(self, *args):\n"
		"        return args\n"
		"    def __bool__(self):\n"
		"        return self.n > 0\n"
		"    def __iter__(self):\n"
		"        return iter_of(self.n)\n"
		"def iter_of(n):\n"
		"    for i in range(n):\n"
		"        yield i\n"
		"v = V(2)\n"
		"print(v + V(3), v == V(2), v != V(2), v[10], 2 in v, 3 in v, v(1, 2), not v, [x for x in v"
		"], f\"{v}\")\n",
		"V(5) True False 20 True False (1, 2) False [0, 1] V(2)\n",
	},
	{
		"lambda and conditional",
		"f = lambda a, b=1: a if a > b else b\n"
		"print(f(0), f(5), (lambda: 7)())\n",
		"1 5 7\n",
	},
	{
		"where the running calls are",
		"def a():\n"
		"    return stack()\n"
		"def b():\n"
		"    x = [a() for i in range(1)]\n"
		"    return x[0]\n"
		"print(b())\n"
		"class K:\n"
		"    where = stack()\n"
		"    def __init__(self):\n"
		"        self.w = stack()\n"
		"print(K.where)\n"
		"print(K().w)\n"
		"def g():\n"
		"    yield stack()\n"
		"for s in g():\n"
		"    print(s)\n",
		"a:2 <listcomp>:4 b:4 <module>:6\n"
		"K:8 <module>:7\n"
		"__init__:10 <module>:12\n"
		"g:14 <module>:15\n",
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
	Suite *suite = suite_create("vm-calls");
	TCase *core = tcase_create("core");

	tcase_add_loop_test(core, prints_what_cpython_prints, 0, sizeof(cases) / sizeof(*cases));
	suite_add_tcase(suite, core);
	return suite;
}
