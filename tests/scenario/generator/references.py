# SPDX-License-Identifier: MIT
"""Reference counts seen from everywhere: names, containers, arguments, frames, cells, loops, the values
of an expression that is half evaluated, classes and their instances."""
from .kinds import kind

FUNCTIONS = """
def f(o):
    return sys.getrefcount(o)
def g(o):
    p = o
    return f(p)
def rec(o, k):
    if k > 0:
        return rec(o, k - 1)
    return sys.getrefcount(o)
def two(a, b):
    return sys.getrefcount(a)
def three(a, b, c):
    return (sys.getrefcount(a), sys.getrefcount(c), b)
def rebind(o):
    n = sys.getrefcount(o)
    o = None
    return n
def loop(o):
    r = []
    for e in [o, o]:
        r.append(sys.getrefcount(e))
    return r
def caught(o):
    try:
        raise ValueError(o)
    except ValueError as e:
        return sys.getrefcount(o)
def finally_count(o):
    try:
        return sys.getrefcount(o)
    finally:
        p = o
        print(f"finally {sys.getrefcount(p)}")
def same(o):
    return o
def default(k, o=x):
    return sys.getrefcount(o)
def set_global(o):
    global stored
    stored = o
    return sys.getrefcount(o)
def gen(o):
    p = [o]
    yield sys.getrefcount(o)
    p.append(o)
    yield sys.getrefcount(o)
def send(o):
    while True:
        p = yield sys.getrefcount(o)
def cell(o):
    def inner():
        return sys.getrefcount(o)
    return inner
def cells(o):
    def inner():
        def innermost():
            return sys.getrefcount(o)
        return innermost
    return inner
class Box:
    kept = None
    def __init__(self, v):
        self.v = v
    def held(self):
        return sys.getrefcount(self)
    def value(self):
        return sys.getrefcount(self.v)
    def both(self, o):
        self.w = o
        return (sys.getrefcount(o), sys.getrefcount(self))
    def itself(self):
        return self
class Sub(Box):
    def held(self):
        s = self
        return sys.getrefcount(s)
class Slot:
    __slots__ = ("v", "w")
    def __init__(self, v):
        self.v = v
"""

VALUES = ["f(x)", "g(x)", "rec(x, {k})", "two(x, x)", "two(x, [x])", "three(x, (x,), x)[0]", "rebind(x)", "loop(x)", "caught(x)",
          "finally_count(x)", "f(same(x))", "default(1)", "default(1, x)", "set_global(x)", "cell(x)()", "cells(x)()()",
          "next(gen(x))", "Box(x).value()", "Box(x).held()", "Sub(x).held()", "Box(x).both(x)", "b.held()", "b.value()",
          "b.both(x)", "s.held()", "b.itself().held()", "sys.getrefcount(b.itself())", "[x, x, sys.getrefcount(x)][2]",
          "(x, sys.getrefcount(x), x)[1]", '{{"a": x, "b": sys.getrefcount(x)}}["b"]', "[sys.getrefcount(x) for i in range({k})]",
          "[sys.getrefcount(e) for e in [x, x]]", "[f(e) for e in (x, x)]", "two([x], f(x))", "f([x])", "f([x][0])",
          "sys.getrefcount((x, x)[1])", "sys.getrefcount([x] * 3)", "sys.getrefcount([[x] * {k}, x][0])", "f(b.v)", "f(q.v)",
          "sys.getrefcount(q)", "sys.getrefcount(l)", "sys.getrefcount(l[0])", "sys.getrefcount(d)", "f(d[\"k\"])",
          "len([x, x]) + sys.getrefcount(x)", "sys.getrefcount(f)", "sys.getrefcount(cell)", "sys.getrefcount(h)", "h()",
          "x is y and sys.getrefcount(x)", "x in [y, x] and sys.getrefcount(x)", "sys.getrefcount(Box) - classes",
          "sys.getrefcount(b.held)", "sys.getrefcount(Box(1))", "sys.getrefcount({{1: x}}[1])", "rec(b, {k})", "rec([x], 1)",
          "sys.getrefcount([e for e in [x]][0])", "sys.getrefcount(object())", "next(i for i in [sys.getrefcount(x)])"]

CHANGES = [
    ("y = x",), ("y = [2]",), ("y = [0]",), ("l.append(x)",), ("l.append(y)",), ("l.pop()",), ("l[0] = x",), ("l[0] = [1]",),
    ("l = l + [x]",), ("l = [x] * {k}",), ("l.extend([x, x])",), ("l = l[:]",), ("l.insert(0, x)",), ("l = [x, y]",),
    ("d[\"k\"] = x",), ("d[\"m\"] = x",), ("d[\"k\"] = None", "d[\"k\"] = y"), ("d = {{\"k\": y}}",), ("t = (x, y)",),
    ("t = t + t",), ("t = None", "t = ()",), ("x, y = y, x",), ("z = w = x",), ("z = None",), ("w = z",), ("del z", "z = None"),
    ("b.v = x",), ("b.v = b",), ("b.v = [3]",), ("b.z = x",), ("b = Box(x)",), ("s = Sub(x)",), ("s.v = s",), ("q.v = x",),
    ("q.w = x",), ("q = Slot(y)",), ("m = b.held",), ("m = None",), ("h = cell(x)",), ("h = cells(x)()",), ("h = cell(h)",),
    ("i = gen(x)", "next(i)"), ("i = gen(b)", "next(i)", "next(i)"), ("i = gen(l)",), ("i = None",),
    ("i = send(x)", "next(i)", "i.send(y)"), ("for e in [x, y]:", "    print(f\"in the loop {{sys.getrefcount(e)}}\")"),
    ("for e in (x, y):", "    break"), ("e = None",), ("Box.kept = x",), ("Box.kept = None",), ("u = [x for k in range({k})]",),
    ("u = {{i: x for i in range({k})}}",), ("u = (x for k in range({k}))", "next(u)"), ("u = {{\"a\": x, \"b\": [x]}}",), ("u = None",),
    ("stored = None",), ("set_global(y)",), ("try:", "    fail_here", "except NameError as e:", "    u = x"),
    ("try:", "    raise ValueError(x)", "except ValueError as err:", "    u = err"),
    ("if x is y:", "    z = x", "else:", "    z = y"), ("while x is not y:", "    y = x"), ("l[0:1] = [x, x]",), ("del l[1:]",),
    ("a1, b1, c1 = x, y, x", "a1 = b1 = c1 = None"), ("l.clear()", "l.append(x)"), ("d.pop(\"k\")", "d[\"k\"] = x"),
]


@kind("refcounts", 20)
def refcounts(t):
    t("import sys", "import gc", "gc.disable()", "x = [0]", "stored = None")
    t.text(FUNCTIONS)
    t("classes = sys.getrefcount(Box)")
    t("y = x", "z = None", "w = None", "l = [x]", 'd = {"k": x}', "t = (x, x)", "b = Box(x)", "s = Sub(x)", "q = Slot(x)",
      "h = cell(x)", "u = None", "e = None", "m = None", "i = None")
    for _ in range(t.size):
        for line in t.pick(CHANGES):
            t(line.replace("l[0]", "l[0]").format(k=t.int(1, 4)))
        if t.chance(0.15):
            t("if len(l) < 2:", "    l.append(y)", "    l.append(x)")
        t("if len(l) < 1:", "    l.append(x)")
        values = [v.format(k=t.int(1, 4)) for v in t.some(VALUES, 1, 3)]
        for v in values:
            t("print(%s)" % v)
        if t.chance(0.5):
            t('print(f"x {sys.getrefcount(x)} y {sys.getrefcount(y)} b {sys.getrefcount(b)}")')
    t('print(f"at the end {gc.collect() > 0}")')


@kind("arguments", 10)
def arguments(t):
    """Calls that go wrong or keep what they are given, and what that leaves of the counts."""
    t("import sys", "x = [0]", "y = {}")
    t.text("""
def take(a, b=None, c=x):
    return (sys.getrefcount(a), sys.getrefcount(c))
def bad(a):
    p = [a, a]
    return p[5]
def worse(a):
    p = a
    return bad([a, p])
class C:
    def __init__(self, v):
        self.v = v
        if v is None:
            raise ValueError("no value")
    def m(self, a, b):
        return sys.getrefcount(a)
""")
    calls = ["take(x)", "take(x, x)", "take(x, [x], x)", "take()", "take(x, 1, 2, 3)", "bad(x)", "worse(x)", "C(x)", "C(None)", "C()",
             "C(x).m(x, x)", "C(x).m(x)", "C(x).n", "x.m", "x.append(x, x)", "x[1]", "x[9]", 'y["k"]', "y[x]", "x()", "C(x)(x)",
             "x + y", "x + 1", "len(x, x)", "len(5)", "next([])", "next(e for e in [x])", "sys.getrefcount()", "{x}", "{x: 1}",
             "unknown(x)", "take(unknown, x)", "C.m(C(x), x, x)", "C.m(x)", "None(x)", "(1)[x]", "x[x]", 'x["a"]', "(x, y)[2]", "-x", "x < y",
             "x < 1", "x in 5", "1 + x", "'a' + 1", "'a' * x", "x * x", "[x] * 2", "x == y", "1 // 0", "1 % 0", "2 ** 'a'", "y.pop(1)",
             "y.popitem()", "[].pop()", "x.pop(7)", "(1, 2).append", "x.missing", "take.missing", "C.missing", "set().pop()", "range('a')",
             "range(1, 2, 0)", "type(x)(5)", "list(5)", "tuple(x)", "x.extend(5)", "5 .missing", "gen.missing", "x[0:1] + y"]
    for _ in range(t.size):
        call = t.pick(calls)
        with t.block("try:"):
            t("r = " + call, "print(%s)" % t.pick(["sys.getrefcount(x)", "type(r) is list", "type(r) is tuple"]))
            t("r = None")
        for error in ("TypeError", "ValueError", "IndexError", "KeyError", "AttributeError", "NameError", "ZeroDivisionError"):
            with t.block("except %s as e:" % error):
                t('print(f"%s: {e}")' % error)
        with t.block("except StopIteration:"):
            t('print("stop")')
        t('print(f"x {sys.getrefcount(x)} y {sys.getrefcount(y)}")')
    if t.chance(0.4):
        t(t.pick([c for c in calls if "unknown" not in c]))
