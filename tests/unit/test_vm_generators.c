/* SPDX-License-Identifier: MIT */
/* The virtual machine: generators. The outputs are CPython 3.11's. */
#include "vm-fixture.h"

static const struct vm_case cases[] = {
	{
		"items, send, close",
		"def g():\n"
		"    x = yield 1\n"
		"    print(\"got\", x)\n"
		"    y = yield 2\n"
		"    print(\"got\", y)\n"
		"a = g()\n"
		"for i in a:\n"
		"    print(i)\n"
		"a = g()\n"
		"print(a.send(None), a.send(\"x\"))\n"
		"a.close()\n"
		"a.close()\n"
		"try:\n"
		"    a.send(1)\n"
		"except StopIteration as e:\n"
		"    print(\"stop\", e.value)\n",
		"1\n"
		"got None\n"
		"2\n"
		"got None\n"
		"got x\n"
		"1 2\n"
		"stop None\n",
	},
	{
		"a value with return",
		"def g():\n"
		"    yield 1\n"
		"    return 5\n"
		"a = g()\n"
		"a.send(None)\n"
		"try:\n"
		"    a.send(None)\n"
		"except StopIteration as e:\n"
		"    print(e.value)\n"
		"def h():\n"
		"    return\n"
		"    yield\n"
		"print([x for x in h()])\n",
		"5\n"
		"[]\n",
	},
	{
		"send to one that has not started",
		"def g():\n"
		"    yield\n"
		"a = g()\n"
		"try:\n"
		"    a.send(1)\n"
		"except TypeError as e:\n"
		"    print(e)\n",
		"can't send non-None value to a just-started generator\n",
	},
	{
		"one that runs already",
		"def g():\n"
		"    try:\n"
		"        a.send(None)\n"
		"    except ValueError as e:\n"
		"        print(e)\n"
		"    yield 1\n"
		"a = g()\n"
		"a.send(None)\n",
		"generator already executing\n",
	},
	{
		"close runs finally",
		"def g():\n"
		"    try:\n"
		"        yield 1\n"
		"    finally:\n"
		"        print(\"finally\")\n"
		"a = g()\n"
		"a.send(None)\n"
		"a.close()\n"
		"b = g()\n"
		"b.send(None)\n"
		"del b\n"
		"c = g()\n"
		"c.close()\n"
		"print(\"end\")\n",
		"finally\n"
		"finally\n"
		"end\n",
	},
	{
		"close with an except clause",
		"def g():\n"
		"    try:\n"
		"        yield 1\n"
		"    except GeneratorExit:\n"
		"        print(\"exit\")\n"
		"        raise\n"
		"    yield 2\n"
		"a = g()\n"
		"a.send(None)\n"
		"a.close()\n"
		"def h():\n"
		"    try:\n"
		"        yield 1\n"
		"    except GeneratorExit:\n"
		"        yield 2\n"
		"b = h()\n"
		"b.send(None)\n"
		"try:\n"
		"    b.close()\n"
		"except RuntimeError as e:\n"
		"    print(e)\n"
		"def i():\n"
		"    try:\n"
		"        yield 1\n"
		"    except GeneratorExit:\n"
		"        return\n"
		"c = i()\n"
		"c.send(None)\n"
		"print(c.close())\n",
		"exit\n"
		"generator ignored GeneratorExit\n"
		"None\n",
	},
	{
		"throw",
		"def g():\n"
		"    while True:\n"
		"        try:\n"
		"            yield 1\n"
		"        except ValueError as e:\n"
		"            print(\"caught\", e)\n"
		"a = g()\n"
		"a.send(None)\n"
		"print(a.throw(ValueError(\"x\")))\n"
		"try:\n"
		"    a.throw(KeyError(\"k\"))\n"
		"except KeyError as e:\n"
		"    print(\"out\", e)\n"
		"print([x for x in a])\n",
		"caught x\n"
		"1\n"
		"out 'k'\n"
		"[]\n",
	},
	{
		"StopIteration inside",
		"def g():\n"
		"    raise StopIteration(\"x\")\n"
		"    yield\n"
		"try:\n"
		"    g().send(None)\n"
		"except RuntimeError as e:\n"
		"    print(e, \"|\", e.__cause__)\n",
		"generator raised StopIteration | x\n",
	},
	{
		"what is being handled in a generator is its own",
		"def g():\n"
		"    try:\n"
		"        raise ValueError(\"inner\")\n"
		"    except ValueError:\n"
		"        yield 1\n"
		"        try:\n"
		"            raise\n"
		"        except ValueError as e:\n"
		"            print(\"again\", e)\n"
		"    yield 2\n"
		"try:\n"
		"    raise KeyError(\"outer\")\n"
		"except KeyError:\n"
		"    a = g()\n"
		"    a.send(None)\n"
		"    try:\n"
		"        raise IndexError(\"new\")\n"
		"    except IndexError as e:\n"
		"        print(e.__context__)\n"
		"a.send(None)\n"
		"try:\n"
		"    raise\n"
		"except RuntimeError as e:\n"
		"    print(e)\n",
		"'outer'\n"
		"again inner\n"
		"No active exception to reraise\n",
	},
	{
		"expressions",
		"print([x for x in (i * 2 for i in range(4))])\n"
		"n = 3\n"
		"e = (n * i for i in range(3))\n"
		"n = 10\n"
		"print([x for x in e])\n"
		"def g():\n"
		"    a = [1, 2]\n"
		"    return (b for b in a)\n"
		"print([x for x in g()])\n",
		"[0, 2, 4, 6]\n"
		"[0, 10, 20]\n"
		"[1, 2]\n",
	},
	{
		"nested",
		"def inner(n):\n"
		"    for i in range(n):\n"
		"        yield i\n"
		"def outer():\n"
		"    for i in range(3):\n"
		"        for j in inner(i):\n"
		"            yield (i, j)\n"
		"print([p for p in outer()])\n",
		"[(1, 0), (2, 0), (2, 1)]\n",
	},
	{
		"arguments, closures and recursion in generators",
		"def walk(t):\n"
		"    if t:\n"
		"        for x in walk(t[0]):\n"
		"            yield x\n"
		"        yield t[1]\n"
		"        for x in walk(t[2]):\n"
		"            yield x\n"
		"print([x for x in walk(((None, 1, None), 2, (None, 3, None)))])\n"
		"def make(k):\n"
		"    def gen(a, b=2, *c):\n"
		"        yield a + k\n"
		"        yield b + k\n"
		"        yield c\n"
		"    return gen\n"
		"print([x for x in make(10)(1)], [x for x in make(10)(1, 3, 4, 5)])\n",
		"[1, 2, 3]\n"
		"[11, 12, ()] [11, 13, (4, 5)]\n",
	},
	{
		"what holds a generator's values",
		"def g(o):\n"
		"    yield refs(o)\n"
		"    p = o\n"
		"    yield refs(o)\n"
		"x = [0]\n"
		"a = g(x)\n"
		"print(refs(x), a.send(None), a.send(None), refs(x))\n"
		"del a\n"
		"print(refs(x))\n"
		"a = g(x)\n"
		"for r in a:\n"
		"    print(r)\n"
		"print(refs(x), refs(a))\n",
		"3 3 4 4\n"
		"2\n"
		"3\n"
		"4\n"
		"2 2\n",
	},
	{
		"an exhausted generator lets go",
		"class C:\n"
		"    def __del__(self):\n"
		"        print(\"del\")\n"
		"def g(o):\n"
		"    yield 1\n"
		"a = g(C())\n"
		"print(a.send(None))\n"
		"try:\n"
		"    a.send(None)\n"
		"except StopIteration:\n"
		"    print(\"stop\")\n"
		"print(\"after\")\n",
		"1\n"
		"del\n"
		"stop\n"
		"after\n",
	},
	{
		"a generator that is dropped half way",
		"class C:\n"
		"    def __init__(self, n):\n"
		"        self.n = n\n"
		"    def __del__(self):\n"
		"        print(\"del\", self.n)\n"
		"def g(a, b):\n"
		"    c = C(\"local\")\n"
		"    for x in [C(\"item\")]:\n"
		"        yield x\n"
		"        print(\"never\")\n"
		"a = g(C(\"a\"), C(\"b\"))\n"
		"a.send(None).n\n"
		"print(\"drop\")\n"
		"del a\n"
		"print(\"end\")\n",
		"drop\n"
		"del a\n"
		"del b\n"
		"del local\n"
		"del item\n"
		"end\n",
	},
	{
		"a cycle through a suspended generator",
		"class C:\n"
		"    def __del__(self):\n"
		"        print(\"del\")\n"
		"def g(box):\n"
		"    o = C()\n"
		"    box.append(box)\n"
		"    try:\n"
		"        yield 1\n"
		"    finally:\n"
		"        print(\"closed\")\n"
		"b = []\n"
		"a = g(b)\n"
		"b.append(a)\n"
		"a.send(None)\n"
		"del a, b\n"
		"print(collect())\n",
		"closed\n"
		"del\n"
		"2\n",
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
	Suite *suite = suite_create("vm-generators");
	TCase *core = tcase_create("core");

	tcase_add_loop_test(core, prints_what_cpython_prints, 0, sizeof(cases) / sizeof(*cases));
	suite_add_tcase(suite, core);
	return suite;
}
