# SPDX-License-Identifier: MIT
"""The language itself: scopes and their errors, try and finally, loops, generators, closures,
comprehensions, slices, methods of containers."""
from .kinds import kind


def expression(t, names, depth=2):
    """An integer expression; it may divide by zero."""
    if depth == 0 or t.chance(0.3):
        return t.pick(names + [str(t.int(0, 9))]) if names else str(t.int(0, 9))
    a, b = expression(t, names, depth - 1), expression(t, names, depth - 1)
    return t.pick(["(%s + %s)", "(%s - %s)", "(%s * %s)", "(%s // %s)", "(%s %% %s)", "(0 - %s + %s)"]) % (a, b)


def condition(t, names):
    a, b = expression(t, names, 1), expression(t, names, 1)
    c = t.pick(["%s == %s", "%s < %s", "%s <= %s", "%s != %s", "%s > %s", "%s in [%s, 1]", "not %s < %s", "%s is not None and %s > 2",
                "%s or %s"]) % (a, b)
    return c


def statements(t, names, depth, loop, function):
    """A few statements that use and make names; inside a function it may return."""
    first = len(t.lines)
    for _ in range(t.int(1, 3)):
        step = t.weighted({"set": 8, "print": 8, "if": 4 if depth else 0, "while": 2 if depth else 0, "for": 4 if depth else 0,
                           "try": 5 if depth else 0, "break": 2 if loop else 0, "return": 2 if function else 0, "raise": 1 if depth < 2 else 0,
                           "del": 1, "list": 2})
        if step == "set":
            n = t.pick(["p", "q", "r", "s"])
            t("%s = %s" % (n, expression(t, names)))
            if n not in names and t.chance(0.9):
                names.append(n)
        elif step == "print":
            t('print(f"%s {%s}")' % (t.fresh("at"), expression(t, names, 1)))
        elif step == "if":
            with t.block("if %s:" % condition(t, names)):
                statements(t, list(names), depth - 1, loop, function)
            if t.chance(0.3):
                with t.block("elif %s:" % condition(t, names)):
                    statements(t, list(names), depth - 1, loop, function)
            if t.chance(0.5):
                with t.block("else:"):
                    statements(t, list(names), depth - 1, loop, function)
        elif step == "while":
            n = t.fresh("w")
            t("%s = %d" % (n, t.int(0, 4)))
            with t.block("while %s > 0:" % n):
                t("%s = %s - 1" % (n, n))
                statements(t, list(names), depth - 1, True, function)
            if t.chance(0.2) and t.level > 1:
                with t.block("else:"):
                    t('print("no break")')
        elif step == "for":
            n = t.pick(["i", "j", "k"])
            with t.block("for %s in %s:" % (n, t.pick(["range(%d)" % t.int(0, 4), "range(1, 6, 2)", "[1, 2, 3]", "(4, 5)", "{7: 1, 8: 2}", "range(3, 0, -1)",
                                                       "(x * x for x in range(3))", "[y + 1 for y in range(2)]", "[]"]))):
                statements(t, names + [n], depth - 1, True, function)
        elif step == "try":
            with t.block("try:"):
                statements(t, list(names), depth - 1, loop, function)
                if t.chance(0.4):
                    t(t.pick(["raise ValueError(%d)" % t.int(0, 9), "[][%d]" % t.int(0, 5), "{}[%d]" % t.int(0, 5), "missing", "None.x", "1 // 0",
                              "raise KeyError('k')", "len(5)"]))
            handlers = t.some(["ValueError", "IndexError", "KeyError", "NameError", "AttributeError", "ZeroDivisionError", "TypeError"], 0, 3)
            for h in handlers:
                with t.block("except %s%s:" % (h, t.pick(["", " as e"]))):
                    if t.lines[-1].endswith("as e:"):
                        t('print(f"%s: {e}")' % h)
                    statements(t, list(names), depth - 1, loop, function)
            if not handlers or t.chance(0.4):
                with t.block("finally:"):
                    statements(t, list(names), depth - 1, False, False)
        elif step == "break":
            with t.block("if %s:" % condition(t, names)):
                t("break")
        elif step == "return":
            if t.chance(0.5):
                with t.block("if %s:" % condition(t, names)):
                    t("return %s" % expression(t, names))
            else:
                t("return %s" % expression(t, names))
                return
        elif step == "raise":
            with t.block("if %s:" % condition(t, names)):
                t("raise ValueError(%s)" % expression(t, names, 1))
        elif step == "list":
            t("print([%s for x in range(%d)])" % (expression(t, names + ["x"], 1), t.int(0, 4)))
        elif len(names) > 2 and t.chance(0.3):
            n = t.pick([x for x in names if x in "pqrs"] or ["p"])
            t("del " + n)
    if len(t.lines) == first:
        t("pass")


@kind("control", 12)
def control(t):
    t("a = %d" % t.int(0, 9), "b = %d" % t.int(0, 9))
    for i in range(max(1, t.size // 12)):
        parameters = t.some(["c", "d", "e"], 0, 2)
        header = ", ".join(p if t.chance(0.6) or n == 0 else p + "=%d" % t.int(0, 9) for n, p in enumerate(parameters))
        if "=" in header and not header.rstrip("0123456789").endswith("="):
            header = ", ".join(parameters)
        with t.block("def f%d(%s):" % (i, header)):
            if t.chance(0.2):
                t("global a")
                t("a = a + 1")
            statements(t, ["a", "b"] + parameters, 3, False, True)
        with t.block("try:"):
            t("print(f%d(%s))" % (i, ", ".join(str(t.int(0, 9)) for _ in parameters)))
        for h in ("ValueError", "ZeroDivisionError", "NameError", "TypeError", "IndexError", "KeyError", "AttributeError"):
            with t.block("except %s as e:" % h):
                t('print(f"%s: {e}")' % h)
    statements(t, ["a", "b"], 2, False, False)
    t('print(f"{a} {b}")')


@kind("scopes", 8)
def scopes(t):
    """Names that are unbound, global, of an outer function, or deleted; which words say so."""
    t("import sys", "x = [0]", "value = 1")
    t.text("""
def unbound():
    print(later)
    later = 1
def deleted():
    v = [1]
    del v
    return v
def outer(k):
    o = [k]
    if k > 1:
        del o
    def inner():
        return o
    return inner
def setter():
    global made
    made = x
    return sys.getrefcount(made)
def shadow(x):
    x = [x]
    return x
def counter():
    c = [0]
    def step():
        c[0] = c[0] + 1
        return c[0]
    return step
def loops():
    r = []
    for i in range(3):
        def get():
            return i
        r.append(get)
    return [r[0](), r[1](), r[2]()]
def defaults():
    r = []
    for i in range(3):
        def get(i=i):
            return i
        r.append(get)
    return [r[0](), r[1](), r[2]()]
def default(k, l=[]):
    l.append(k)
    return len(l)
def comprehension():
    i = 7
    l = [i for i in range(3)]
    return (i, l)
def twice(f, v):
    return f(f(v))
class C:
    shared = []
    value = 3
    def __init__(self):
        self.own = self.value
        self.shared.append(self.own)
    def get(self):
        return value
    def m(self):
        return self.missing
step = counter()
other = counter()
""")
    uses = ["unbound()", "deleted()", "outer(1)()", "outer(2)()", "setter()", "made is x", "shadow(5)", "step()", "other()", "loops()", "defaults()",
            "default(1)", "default(1, [2])", "comprehension()", "C().own", "C().get()", "C().m()", "C.shared", "len(C.shared)", "C.value", "C().nothing",
            "C.nothing", "nope", "valeu", "lenn([])", "x[0]", "i", "twice(shadow, 1)", "C().shared is C.shared", "sys.nothing", "x.push(1)",
            "step is other", "unbound is unbound", "type(x) is list", "type(C()) is C", "len(x)"]
    changes = ["value = %d" % t.int(0, 9), "C.value = %d" % t.int(10, 20), "del value", "del nope", "x = [1, 2]", "del x[0]", "del made", "i = 5",
               "del C.value", "made = None", "C.shared = [9]", "del x[10]", "x[7] = 1"]
    for _ in range(t.size):
        u = t.pick(uses)
        body = "print(%s)" % u if t.chance(0.7) else t.pick(changes)
        t("try:", "    " + body)
        for h in ("UnboundLocalError", "NameError", "AttributeError", "IndexError", "TypeError"):
            t("except %s as e:" % h, '    print(f"%s: {e}")' % h)
    if t.chance(0.3):
        t(t.pick(["nope", "unbound()", "outer(2)()", "C().missing", "value.nothing", "deleted()", "prnt(x)", "C().owm"]))


@kind("generators", 14)
def generators(t):
    t("import gc", "import weakref", "import sys")
    t.quiet()
    t.text("""
kept = []
class F:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        print(f"del {self.n}")
def count(k):
    i = 0
    while i < k:
        yield i
        i = i + 1
def echo(o):
    p = F("echo's own")
    got = yield 0
    while got is not None:
        got = yield got
    yield -1
def guarded(o):
    try:
        yield 1
        yield 2
    finally:
        print("finally")
def stubborn(o):
    try:
        yield 1
    finally:
        print("before")
        yield 2
        print("after")
def failing(o):
    p = F("failing's own")
    yield 1
    raise ValueError("in a generator")
def catches(o):
    try:
        yield 1
    except ValueError as e:
        print(f"caught {e}")
    yield 3
def returns(o):
    yield 1
    return 5
def nested(g):
    for v in g:
        yield v
def itself(o):
    me = yield 0
    yield me
def in_loop(l):
    for o in l:
        yield o
def cb(r):
    print("generator gone")
""")
    makers = ["count(%d)" % t.int(0, 5), 'echo(F("e"))', 'guarded(F("g"))', 'failing(F("f"))', 'catches(F("c"))', 'returns(F("r"))',
              "nested(count(3))", 'nested(guarded(F("n")))', "itself(1)", 'in_loop([F("l0"), F("l1"), F("l2")])', "(i * 2 for i in range(4))",
              '(F("temporary") for i in range(3))', '(o.n for o in [F("g0"), F("g1")])', "in_loop(kept)", "nested(nested(count(2)))",
              'stubborn(F("s"))']
    bound = []
    for _ in range(t.size):
        g = t.pick(["g", "h", "k"])
        step = t.weighted({"new": 8, "next": 14, "send": 5, "close": 4, "drop": 5, "for": 4, "list": 2, "weak": 3, "cycle": 4, "collect": 4,
                           "keep": 2, "self": 2, "tuple": 1, "look": 4, "in": 1})
        if step == "new" or g not in bound:
            t("%s = %s" % (g, t.pick(makers)))
            bound.append(g) if g not in bound else None
            continue
        if step in ("next", "send", "close", "self", "list", "for", "tuple", "in"):
            with t.block("try:"):
                if step == "next":
                    t('v = next(%s)' % g, 'print(f"next {type(v) is int and v}")', "v = None")
                elif step == "send":
                    t("v = %s.send(%s)" % (g, t.pick(["None", "7", 'F("sent")', '[F("sent too")]'])), 'print("sent")', "v = None")
                elif step == "self":
                    t("%s.send(%s)" % (g, g), 'print("sent itself")')
                elif step == "close":
                    t('print(f"closed {%s.close() is None}")' % g)
                elif step == "list":
                    t("print(len(list(%s)))" % g)
                elif step == "tuple":
                    t("print(len(tuple(%s)))" % g)
                elif step == "in":
                    t("print(2 in %s)" % g)
                else:
                    with t.block("for v in %s:" % g):
                        t('print("turn")')
                        if t.chance(0.4):
                            t("break")
            t("except StopIteration as e:", '    print(f"stop {e}")', "except ValueError as e:", '    print(f"ValueError {e}")',
              "except TypeError as e:", '    print(f"TypeError {e}")', "except RuntimeError as e:", '    print(f"RuntimeError {e}")', "v = None")
        elif step == "drop":
            t(t.pick(["del %s", "%s = None"]) % g, 'print("--")')
            bound.remove(g)
        elif step == "weak":
            t("kept.append(weakref.ref(%s%s))" % (g, t.pick([", cb", ""])))
        elif step == "cycle":
            t("l = [%s]" % g, "%s = guarded(l)" % g, "l.append(%s)" % g, "next(%s)" % g if t.chance(0.6) else "l.append(1)", "del l")
            if t.chance(0.7):
                t("del " + g, 'print(f"cycle {gc.collect()}")')
                bound.remove(g)
        elif step == "collect":
            t('print(f"collect {gc.collect()}")')
        elif step == "keep":
            t("kept.append(%s)" % g if t.chance(0.6) else "kept.clear()")
        else:
            t('print(f"refs {sys.getrefcount(%s)} size {sys.getsizeof(%s)} tracked {gc.is_tracked(%s)} referents {len(gc.get_referents(%s))}")'
              % (g, g, g, g))
    t('print(f"last {gc.collect()}")')


@kind("closures", 8)
def closures(t):
    """Cells: shared, empty, in cycles of functions that know themselves."""
    t("import gc", "import sys", "import weakref")
    t.quiet()
    t.text("""
kept = []
class F:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        print(f"del {self.n}")
def one(o):
    def get():
        return o
    return get
def pair(o):
    p = F("pair's own")
    def get():
        return (o, p)
    def put(v):
        return [o, v]
    return [get, put]
def recursive(o):
    q = F("recursive's own")
    def again(k):
        if k > 0:
            return again(k - 1)
        return o
    return again
def mutual(o):
    def even(k):
        if k < 1:
            return True
        return odd(k - 1)
    def odd(k):
        if k < 1:
            return False
        return even(k - 1)
    return even
def empty(o):
    def get():
        return later
    if o is None:
        later = 1
    return get
def deep(o):
    def middle():
        def inner():
            return o
        return inner
    return middle
def holder(o):
    l = [o]
    def get():
        return l
    l.append(get)
    return get
def unused(o):
    def get():
        return 1
    return get
def default(o, p=kept):
    def get(q=o):
        return q
    return get
def in_list(o):
    return [o for i in range(2)]
def loop_cells(o):
    r = []
    for i in range(2):
        v = [o, i]
        def get():
            return v
        r.append(get)
    return r
""")
    for _ in range(max(3, t.size // 2)):
        f = t.pick(["one", "pair", "recursive", "mutual", "empty", "deep", "holder", "unused", "default", "in_list", "loop_cells"])
        o = t.pick(['F("%s")' % t.fresh("x"), "c", "None" if f == "empty" else "[]"])
        step = t.weighted({"keep": 8, "throw": 6, "call": 5, "drop": 5, "collect": 6, "look": 4, "nest": 3, "weak": 2})
        if step in ("keep", "nest") or "c = " not in t.result():
            t("c = %s(%s)" % (f, "c" if step == "nest" and "c = " in t.result() else o.replace("c", "None") if "c = " not in t.result() else o))
        elif step == "throw":
            t("%s(%s)" % (f, o))
        elif step == "call":
            t("try:", "    r = %s(%s)%s" % (f, o, "(%s)" % t.pick(["", "3"]) if f not in ("pair", "loop_cells", "in_list") else "[1]"),
              '    print("called")', "except TypeError as e:", '    print(f"TypeError: {e}")', "except NameError as e:", '    print(f"NameError: {e}")', "r = None")
        elif step == "drop":
            t("c = None", 'print("--")')
        elif step == "collect":
            t('print(f"collect {gc.collect(%s)}")' % t.pick(["", "", "0"]))
        elif step == "weak":
            t("if c is not None and type(c) is not list:", "    kept.append(weakref.ref(c))", "    print(weakref.getweakrefcount(c))")
        else:
            t('print(f"refs {sys.getrefcount(%s)} tracked {gc.is_tracked(c)} referents {len(gc.get_referents(c))}")' % t.pick(["one", "pair", "deep"]))
    t("c = None", 'print(f"last {gc.collect()}")')
