/* SPDX-License-Identifier: MIT */
/* The virtual machine: exceptions. The outputs are CPython 3.11's. */
#include "vm-fixture.h"

static const struct vm_case cases[] = {
	{
		"try, except, else, finally",
		"def f(e):\n"
		"    try:\n"
		"        if e:\n"
		"            raise e\n"
		"        print(\"body\")\n"
		"    except ValueError as x:\n"
		"        print(\"value\", x)\n"
		"    except (KeyError, IndexError) as x:\n"
		"        print(\"lookup\", x)\n"
		"    else:\n"
		"        print(\"else\")\n"
		"    finally:\n"
		"        print(\"finally\")\n"
		"f(None)\n"
		"f(ValueError(\"v\"))\n"
		"f(KeyError(\"k\"))\n"
		"f(IndexError)\n"
		"try:\n"
		"    f(TypeError(\"t\"))\n"
		"except TypeError as x:\n"
		"    print(\"out\", x)\n",
		"body\n"
		"else\n"
		"finally\n"
		"value v\n"
		"finally\n"
		"lookup 'k'\n"
		"finally\n"
		"lookup \n"
		"finally\n"
		"finally\n"
		"out t\n",
	},
	{
		"what __init__ returned is named before it is given up",
		"class K:\n"
		"    def __init__(self, base):\n"
		"        class T(base):\n"
		"            pass\n"
		"        return T()\n"
		"for base in (object, Exception):\n"
		"    try:\n"
		"        K(base)\n"
		"    except TypeError as e:\n"
		"        print(e)\n",
		"__init__() should return None, not 'T'\n"
		"__init__() should return None, not 'T'\n",
	},
	{
		"finally on all ways out",
		"def f(n):\n"
		"    for i in range(3):\n"
		"        try:\n"
		"            if n == 0:\n"
		"                return \"return\"\n"
		"            if n == 1:\n"
		"                break\n"
		"            if n == 2:\n"
		"                continue\n"
		"            if n == 3:\n"
		"                raise ValueError(n)\n"
		"        finally:\n"
		"            print(\"finally\", i)\n"
		"    return \"end\"\n"
		"print(f(0), f(1), f(2))\n"
		"try:\n"
		"    f(3)\n"
		"except ValueError as e:\n"
		"    print(e)\n"
		"def g():\n"
		"    try:\n"
		"        return 1\n"
		"    finally:\n"
		"        return 2\n"
		"print(g())\n",
		"finally 0\n"
		"finally 0\n"
		"finally 0\n"
		"finally 1\n"
		"finally 2\n"
		"return end end\n"
		"finally 0\n"
		"3\n"
		"2\n",
	},
	{
		"the name goes",
		"try:\n"
		"    raise ValueError(\"x\")\n"
		"except ValueError as e:\n"
		"    print(e)\n"
		"try:\n"
		"    e\n"
		"except NameError as n:\n"
		"    print(n)\n",
		"x\n"
		"name 'e' is not defined\n",
	},
	{
		"raise again",
		"def f():\n"
		"    try:\n"
		"        1 / 0\n"
		"    except ZeroDivisionError:\n"
		"        raise\n"
		"try:\n"
		"    f()\n"
		"except ZeroDivisionError as e:\n"
		"    print(e, e.__context__)\n"
		"try:\n"
		"    raise\n"
		"except RuntimeError as e:\n"
		"    print(e)\n",
		"division by zero None\n"
		"No active exception to reraise\n",
	},
	{
		"context and cause",
		"try:\n"
		"    try:\n"
		"        raise KeyError(\"a\")\n"
		"    except KeyError as k:\n"
		"        raise ValueError(\"b\")\n"
		"except ValueError as e:\n"
		"    print(e, e.__context__, e.__cause__, e.__suppress_context__)\n"
		"try:\n"
		"    try:\n"
		"        raise KeyError(\"a\")\n"
		"    except KeyError as k:\n"
		"        raise ValueError(\"b\") from k\n"
		"except ValueError as e:\n"
		"    print(e, e.__context__ is e.__cause__, e.__suppress_context__)\n"
		"try:\n"
		"    raise ValueError(\"b\") from None\n"
		"except ValueError as e:\n"
		"    print(e.__cause__, e.__suppress_context__)\n"
		"try:\n"
		"    try:\n"
		"        raise KeyError(\"a\")\n"
		"    finally:\n"
		"        raise ValueError(\"b\")\n"
		"except ValueError as e:\n"
		"    print(e.__context__)\n",
		"b 'a' None False\n"
		"b True True\n"
		"None True\n"
		"'a'\n",
	},
	{
		"wrong things to raise and to catch",
		"for t in [1, \"text\", int, None]:\n"
		"    try:\n"
		"        raise t\n"
		"    except TypeError as e:\n"
		"        print(e)\n"
		"try:\n"
		"    raise ValueError from 5\n"
		"except TypeError as e:\n"
		"    print(e)\n"
		"try:\n"
		"    try:\n"
		"        raise ValueError\n"
		"    except 5:\n"
		"        pass\n"
		"except TypeError as e:\n"
		"    print(e)\n"
		"try:\n"
		"    try:\n"
		"        raise ValueError\n"
		"    except (KeyError, \"x\"):\n"
		"        pass\n"
		"except TypeError as e:\n"
		"    print(e)\n",
		"exceptions must derive from BaseException\n"
		"exceptions must derive from BaseException\n"
		"exceptions must derive from BaseException\n"
		"exceptions must derive from BaseException\n"
		"exception causes must derive from BaseException\n"
		"catching classes that do not inherit from BaseException is not allowed\n"
		"catching classes that do not inherit from BaseException is not allowed\n",
	},
	{
		"classes of the program's own",
		"class E(Exception):\n"
		"    def __init__(self, a, b):\n"
		"        self.a = a\n"
		"        self.b = b\n"
		"    def __str__(self):\n"
		"        return f\"E {self.a} {self.b}\"\n"
		"class F(E):\n"
		"    pass\n"
		"try:\n"
		"    raise F(1, 2)\n"
		"except E as e:\n"
		"    print(e, e.a, e.args)\n",
		"E 1 2 1 (1, 2)\n",
	},
	{
		"assert",
		"def f(x):\n"
		"    assert x, \"text\"\n"
		"    assert x > 1\n"
		"try:\n"
		"    f(0)\n"
		"except AssertionError as e:\n"
		"    print(\"1\", e)\n"
		"try:\n"
		"    f(1)\n"
		"except AssertionError as e:\n"
		"    print(\"2\", e)\n",
		"1 text\n"
		"2 \n",
	},
	{
		"nested handlers",
		"try:\n"
		"    try:\n"
		"        raise ValueError(1)\n"
		"    except ValueError:\n"
		"        try:\n"
		"            raise KeyError(2)\n"
		"        except KeyError as k:\n"
		"            print(k, k.__context__)\n"
		"        raise\n"
		"except ValueError as v:\n"
		"    print(v, v.__context__)\n",
		"2 1\n"
		"1 None\n",
	},
	{
		"a traceback keeps the frame, and its locals",
		"class C:\n"
		"    def __del__(self):\n"
		"        print(\"del\")\n"
		"def f():\n"
		"    c = C()\n"
		"    raise ValueError(\"x\")\n"
		"try:\n"
		"    f()\n"
		"except ValueError as e:\n"
		"    print(\"handling\")\n"
		"print(\"after\")\n"
		"def g():\n"
		"    c = C()\n"
		"    try:\n"
		"        raise ValueError(\"x\")\n"
		"    except ValueError as e:\n"
		"        keep = e\n"
		"    print(\"leaving\")\n"
		"g()\n"
		"print(\"left\")\n"
		"print(collect() > 0)\n",
		"handling\n"
		"del\n"
		"after\n"
		"leaving\n"
		"left\n"
		"del\n"
		"True\n",
	},
	{
		"the stack of a frame that is unwound",
		"class C:\n"
		"    def __init__(self, n):\n"
		"        self.n = n\n"
		"    def __del__(self):\n"
		"        print(\"del\", self.n)\n"
		"def f(a, b, c):\n"
		"    pass\n"
		"def g():\n"
		"    f(C(1), C(2), 1 / 0)\n"
		"try:\n"
		"    g()\n"
		"except ZeroDivisionError:\n"
		"    print(\"caught\")\n"
		"def h():\n"
		"    for x in [C(3)]:\n"
		"        for y in [C(4)]:\n"
		"            1 / 0\n"
		"try:\n"
		"    h()\n"
		"except ZeroDivisionError:\n"
		"    print(\"caught\")\n"
		"print(\"end\")\n",
		"del 2\n"
		"del 1\n"
		"caught\n"
		"caught\n"
		"del 3\n"
		"del 4\n"
		"end\n",
	},
	{
		"with a pending exception nothing is collected by itself",
		"class C:\n"
		"    pass\n"
		"def f():\n"
		"    try:\n"
		"        raise ValueError\n"
		"    finally:\n"
		"        x = 1\n"
		"try:\n"
		"    f()\n"
		"except ValueError:\n"
		"    print(\"ok\")\n",
		"ok\n",
	},
	{
		"exceptions out of functions called from C",
		"class K:\n"
		"    def __eq__(self, other):\n"
		"        raise ValueError(\"eq\")\n"
		"    def __hash__(self):\n"
		"        return 1\n"
		"    def __len__(self):\n"
		"        raise KeyError(\"len\")\n"
		"    def __repr__(self):\n"
		"        raise IndexError(\"repr\")\n"
		"for t in [lambda: K() == 1, lambda: {K(): 1, K(): 2}, lambda: not K(), lambda: f\"{K()}\", l"
		"ambda: [K()].index(3)]:\n"
		"    try:\n"
		"        t()\n"
		"    except Exception as e:\n"
		"        print(e)\n",
		"eq\n"
		"eq\n"
		"'len'\n"
		"repr\n"
		"eq\n",
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
	Suite *suite = suite_create("vm-exceptions");
	TCase *core = tcase_create("core");

	tcase_add_loop_test(core, prints_what_cpython_prints, 0, sizeof(cases) / sizeof(*cases));
	suite_add_tcase(suite, core);
	return suite;
}
