# SPDX-License-Identifier: MIT
"""When the collector runs and what its functions say: thresholds, counters after a warm-up, partial
collections, callbacks, freeze, debug flags, untracking."""
from . import nodes
from .graph import BASIC, Graph, ending
from .kinds import kind

STATS = """
def colls():
    s = gc.get_stats()
    return (s[0]["collections"], s[0]["collected"], s[1]["collections"], s[1]["collected"], s[2]["collections"], s[2]["collected"])
def stats(b):
    e = colls()
    print(f"gen0 {e[0]-b[0]}/{e[1]-b[1]} gen1 {e[2]-b[2]}/{e[3]-b[3]} gen2 {e[4]-b[4]}/{e[5]-b[5]}")
"""

HAVE = """
def have(g):
    k = 0
    for o in gc.get_objects(generation=g):
        if type(o) is N:
            k = k + 1
    return k
def show(what):
    print(f"{what}: {have(0)} {have(1)} {have(2)}")
"""


class Partial(Graph):
    """A graph whose collections are partial ones, with the statistics beside."""

    def op_stats(self):
        self.t("stats(base)", 'print(f"counters {gc.get_count()[1]} {gc.get_count()[2]}")')

    def op_freeze(self):
        self.t(self.t.pick(["gc.freeze()", "gc.freeze()", "gc.unfreeze()"]))

    def op_saveall(self):
        self.t("gc.set_debug(%s)" % self.t.pick(["gc.DEBUG_SAVEALL", "gc.DEBUG_SAVEALL", "0"]))

    def op_garbage(self):
        self.t('print(f"garbage {names(gc.garbage)}")')
        if self.t.chance(0.6):
            self.t("gc.garbage.clear()")

    def op_make(self):
        """Trash of several shapes, many at once."""
        self.t("make(%d, %d)" % (self.t.int(1, 6), self.t.int(0, 3)))


def partial_program(t, kinds, table):
    t("import gc", "import sys", "import weakref")
    t.quiet()
    t("saved = []", "refs = {}", "kept = []")
    classes = nodes.define(t, kinds)
    nodes.lookers(t, sorted(classes))
    t.text(STATS)
    cls = sorted(classes)[0]
    t.text("""
def make(k, shape):
    i = 0
    while i < k:
        n = %s(f"made {i}")
        if shape == 0:
            n.a = n
        elif shape == 1:
            n.a = [n]
        elif shape == 2:
            n.a = {"k": n}
        else:
            n.a = (n, i)
        i = i + 1
""" % cls)
    t("base = colls()")
    Partial(t, classes, dict(BASIC, **table), t.pick([3, 6])).run(t.size)
    t("stats(base)")
    if t.chance(0.5):
        t("gc.unfreeze()", "gc.set_debug(0)")
    ending(t)


@kind("partial", 14)
def partial(t):
    partial_program(t, t.some(["plain", "del", "slots", "saves-once", "breaks"], 1, 2),
                    {"collect": 30, "order": 12, "stats": 10, "make": 12, "flags": 3, "saved": 2})


@kind("frozen", 6)
def frozen(t):
    partial_program(t, t.some(["plain", "del"], 1, 2),
                    {"collect": 22, "order": 14, "stats": 6, "make": 8, "freeze": 12, "referrers": 4})


@kind("garbage", 6)
def garbage(t):
    partial_program(t, t.some(["plain", "del", "slots", "saves"], 1, 2),
                    {"collect": 20, "order": 8, "stats": 5, "make": 6, "saveall": 10, "garbage": 10, "saved": 2})


@kind("thresholds", 12)
def thresholds(t):
    """Automatic collections of loops that make instances, at every kind of setting."""
    t("import gc", "dead = [0]")
    t.text(t.pick(["""
class N:
    def __del__(self):
        dead[0] = dead[0] + 1
""", """
class N:
    __slots__ = ("me",)
    def __del__(self):
        dead[0] = dead[0] + 1
""", """
class N:
    def __init__(self):
        self.me = None
    def __del__(self):
        dead[0] = dead[0] + 1
"""]))
    t("keep = [None] * 2000")
    t.text("""
def alone(k):
    i = 0
    while i < k:
        n = N()
        n.me = n
        i = i + 1
def pairs(k):
    i = 0
    while i < k:
        n = N()
        m = N()
        n.me = m
        m.me = n
        i = i + 1
def living(k):
    i = 0
    while i < k:
        keep[i] = N()
        i = i + 1
def mixed(k):
    i = 0
    while i < k:
        n = N()
        if i % 3 == 0:
            n.me = n
        elif i % 3 == 1:
            keep[i] = n
        i = i + 1
def forget(k):
    i = 0
    while i < k:
        keep[i] = None
        i = i + 1
""")
    t.text(STATS + HAVE)
    t.text("""
def run(make, k):
    gc.collect()
    dead[0] = 0
    gc.collect()
    gc.enable()
    make(k)
    gc.disable()
    return dead[0]
""")
    t("gc.disable()", "gc.collect()", "gc.freeze()", "gc.collect()", "alone(10)", "gc.collect()", "base = colls()")
    for _ in range(max(2, t.size // 8)):
        t0, t1, t2 = t.pick([0, 1, 2, 5, 10, 20, 33, 50, 100, 200]), t.pick([0, 1, 2, 3, 5, 10]), t.pick([0, 1, 2, 5])
        t("gc.set_threshold(%s)" % t.pick(["%d, %d, %d" % (t0, t1, t2)] * 4 + ["%d, %d" % (t0, t1), "%d" % t0]))
        make = t.pick(["alone", "alone", "pairs", "living", "mixed"])
        k = t.pick([t0, t0 + 1, t0 + 2, 2 * t0, 2 * t0 + 2, t.int(1, 300), t.int(300, 1500)])
        t('r = run(%s, %d)' % (make, k), 'print(f"%s(%d): {r} dead")' % (make, k))
        for line in t.some(["stats(base)", 'show("left")', 'print(gc.get_threshold())', "forget(%d)" % t.int(0, 1500),
                            'print(f"collect {gc.collect()} dead {dead[0]}")', "base = colls()",
                            'print(f"older {gc.get_count()[1]} {gc.get_count()[2]}")'], 1, 3):
            t(line)


@kind("quarter", 4)
def quarter(t):
    """Full collections wait until a quarter of the old generation is new."""
    t("import gc")
    t.text("class N:\n    pass")
    keep = t.pick([3000, 6000])
    start = t.pick([0, 500, 1000, 2000])
    t("keep = [None] * %d" % keep, "gc.disable()", "gc.collect()", "gc.freeze()", "i = 0")
    with t.block("while i < %d:" % start):
        t("keep[i] = N()", "i = i + 1")
    t("gc.set_threshold(%d, %d, %d)" % (t.pick([20, 50, 100]), t.pick([1, 2, 3]), t.pick([1, 1, 2])), "gc.collect()")
    t("s = gc.get_stats()", 'last = s[2]["collections"]', 'base = last', 'middle = s[1]["collections"]', "gc.enable()", "i = %d" % start)
    with t.block("while i < %d:" % keep):
        t("keep[i] = N()", "s = gc.get_stats()")
        with t.block('if s[2]["collections"] != last:'):
            t('last = s[2]["collections"]', 'print(f"full {last - base} at about {i // 100 * 100}")')
            t('print(f"middle {s[1]["collections"] - middle}")'.replace('"collections"', "'collections'"))
        t("i = i + 1")
    t("gc.disable()")


MAKERS = {
    "lists": "[]", "filled": "[i]", "dicts": "{}", "strdicts": '{"a": i}', "sets": "set()", "nodes": "N()", "slots": "S()",
    "pairs": "(i, keep)", "threes": "(i, i, keep)", "long": "(i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, keep)",
    "longest": "(i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, keep)", "nested": "[[]]", "boxes": "V([])",
    "methods": "shared.m", "ranges": "range(i)", "objects": "object()", "gens": "gen(i)", "closures": "close(i)", "weak": "weakref.ref(shared)",
    "weakcb": "weakref.ref(shared, close)", "floats": "i + 0.5", "listdicts": "[{}]", "copies": "keep[0:3]", "comps": "[e for e in keep[0:2]]",
}


@kind("counters", 12)
def counters(t):
    """How far counter 0 moves, after a warm-up: allocations minus frees, and the free lists."""
    t("import gc", "import weakref", "gc.disable()", "keep = [None] * 300")
    t.text("""
class N:
    pass
class S:
    __slots__ = ("a",)
class V:
    def __init__(self, v):
        self.v = v
    def m(self):
        return 1
def gen(a):
    yield a
def close(a):
    def inner():
        return a
    return inner
shared = V(1)
""")
    chosen = t.some(sorted(MAKERS), 1, 4)
    for name in chosen:
        t.text("def %s(k):\n    i = 0\n    while i < k:\n        keep[i] = %s\n        i = i + 1" % (name, MAKERS[name]))
    t.text("""
def drop(k):
    i = 0
    while i < k:
        keep[i] = None
        i = i + 1
def count0():
    return gc.get_count()[0]
""")
    steps = []
    for name in "bcdefg"[:t.int(2, 6)]:
        steps.append((name, t.pick(["make(k)", "make(k)", "drop(k)", "drop(j)", "make(j)", "gc.collect(0)", "gc.collect(1)"])))
    with t.block("def measure(make, k, j):"):
        t("make(k)", "drop(k)", "gc.collect()", "a = count0()", "a = count0()")
        for name, step in steps:
            t(step, "%s = count0()" % name)
        t("drop(300)", "gc.collect()")
        t("return (%s)" % ", ".join("%s - %s" % (name, "abcdefg"["abcdefg".index(name) - 1]) for name, _ in steps))
    t("measure(%s, 10, 5)" % chosen[0])
    results = []
    for name in chosen:
        for _ in range(t.int(1, 2)):
            k, j = t.pick([1, 10, 50, 79, 80, 81, 100, 120, 200]), t.pick([0, 1, 7, 40, 80, 90])
            v = t.fresh("x")
            t("%s = measure(%s, %d, %d)" % (v, name, k, j))
            results.append('print(f"%s %d %d: {%s}")' % (name, k, j, v))
    t(*results)


@kind("callbacks", 8)
def callbacks(t):
    """gc.callbacks around collections, explicit and automatic, some of which change the world."""
    t("import gc", "import weakref", "gc.disable()", "gc.collect()", "saved = []", "kept = []", "refs = {}")
    classes = nodes.define(t, t.some(["plain", "del", "saves-once", "breaks"], 1, 2))
    cls = sorted(classes)
    t.text("""
def first(phase, info):
    print(f"first {phase} {info['generation']} {info['collected']} {info['uncollectable']}")
def second(phase, info):
    print(f"second {phase} {len(info)} enabled {gc.isenabled()}")
def makes(phase, info):
    x = []
    x.append(x)
def counts(phase, info):
    if phase == "start":
        print(f"older {gc.get_count()[1]} {gc.get_count()[2]}")
def raises(phase, info):
    raise ValueError(phase)
def nests(phase, info):
    print(f"nested {gc.collect()}")
def removes(phase, info):
    if phase == "stop":
        gc.callbacks.clear()
        print("no more")
def dead(r):
    print("weak callback")
""")
    t.text("""
def ring(k):
    while k > 0:
        n = %s(k)
        m = %s(0 - k)
        n.a = m
        m.a = n
        k = k - 1
""" % (t.pick(cls), t.pick(cls)))
    for _ in range(t.size // 2):
        step = t.weighted({"add": 5, "pop": 2, "ring": 6, "collect": 8, "weak": 2, "auto": 2, "keep": 2})
        if step == "add":
            t("gc.callbacks.append(%s)" % t.pick(["first", "first", "second", "makes", "counts", "raises", "nests", "removes"]))
        elif step == "pop":
            t("if len(gc.callbacks) > 0:", "    gc.callbacks.pop()")
        elif step == "ring":
            t("ring(%d)" % t.int(1, 3))
        elif step == "collect":
            t('print(f"returned {gc.collect(%s)}")' % t.pick(["", "", "0", "1", "2"]))
        elif step == "weak":
            t("n = %s(7)" % t.pick(cls), "n.a = n", "kept.append(weakref.ref(n, dead))", "n = None")
        elif step == "keep":
            t("kept.append(%s(9))" % t.pick(cls) if t.chance(0.6) else "kept.clear()")
        else:
            t("gc.collect()", "gc.set_threshold(%d, %d, %d)" % (t.pick([10, 20]), t.int(1, 3), t.int(1, 3)), "gc.enable()")
            t("ring(%d)" % t.int(5, 60), "gc.disable()", 'print("automatic over")')
    if t.chance(0.4):
        t("gc.set_threshold(700, 10, 10)", "gc.enable()")
    t('print("last line")')


@kind("untracking", 10)
def untracking(t):
    """Tuples and dictionaries of atoms leave the collector's lists; nested ones level by level."""
    t("import gc", "gc.disable()", "gc.collect()", "x = 1", 's = "text"', "l = []", "d = {}", "e = ()", "k = (x, s)")
    t.text("class N:\n    pass")
    made = ["l", "d", "k"]
    nested = {}
    for _ in range(t.size // 2 + 3):
        step = t.weighted({"tuple": 10, "dict": 8, "look": 10, "collect": 8, "store": 5, "drop": 2, "list": 2, "inner": 4})
        if step in ("tuple", "dict", "list"):
            v = t.fresh("a")
            atoms = ["x", "s", "1", "2.5", '"b"', "None", "True", "e", "()"]
            parts = [t.pick(made + atoms + atoms) for _ in range(t.int(1, 3))]
            parts = [t.pick(["(%s, x)", "(x, (%s,))", "{1: %s}", '{"q": %s}', "[%s]"]) % p if t.chance(0.25) else p for p in parts]
            if step == "tuple":
                t("%s = (%s,)" % (v, ", ".join(parts)))
            elif step == "list":
                t("%s = [%s]" % (v, ", ".join(parts)))
            else:
                keys = t.pick([['"p"', '"q"', '"r"'], ["1", "2", "3"], ["(x, 2)", '"p"', "k"]])
                t("%s = {%s}" % (v, ", ".join("%s: %s" % kv for kv in zip(keys, parts))))
            made.append(v)
            nested[v] = step
        elif step == "look":
            t('print(f"tracked %s")' % " ".join("%s {gc.is_tracked(%s)}" % (v, v) for v in t.some(made, 1, 6)))
        elif step == "collect":
            t('print(f"collect {gc.collect(%s)}")' % t.pick(["", "0", "0", "1"]))
        elif step == "inner":
            vs = [v for v in made if nested.get(v) in ("tuple", "list")]
            if vs:
                v = t.pick(vs)
                t('print(f"inside %s {gc.is_tracked(%s[0])}")' % (v, v))
        elif step == "store":
            vs = [v for v in made if v == "d" or nested.get(v) == "dict"]
            t("%s[%s] = %s" % (t.pick(vs), t.pick(['"p"', "1", '"new"', "(x, 2)"]), t.pick(["x", "l", "k", "e", "s", t.pick(made)])))
        else:
            vs = [v for v in made if v in nested]
            if vs:
                v = t.pick(vs)
                t("%s = None" % v)
                made.remove(v)
                del nested[v]
    t('print(f"tracked %s")' % " ".join("{gc.is_tracked(%s)}" % v for v in made))


@kind("switches", 6)
def switches(t):
    """The module's settings and questions, with arguments that it refuses."""
    t("import gc", "import weakref", "import sys")
    t.quiet()
    t.text("""
class N:
    pass
class S:
    __slots__ = ()
class F:
    def __del__(self):
        print("del")
def f(a=[]):
    yield a
l = []
n = N()
n.me = n
w = weakref.ref(n)
""")
    things = ["l", "n", "w", "f", "f()", "N", "S()", "S", "()", "(l,)", "(1, 2.5)", "{}", '{"a": 1}', '{"a": l}', "{1: ()}", "{1}", "set()", "range(3)", "1", "'s'",
              "b's'", "None", "1.5", "object()", "len", "l.append", "f().send", "[n]", "n.__dict__", "(e for e in l)", "int", "True", "gc", "sys.getsizeof", "n.me",
              "[[]][0]", "ValueError('x')", "weakref.ref"]
    for _ in range(t.size):
        t.pick([
            lambda: t(t.pick(["gc.enable()", "gc.disable()", "gc.disable()"]), "print(gc.isenabled())"),
            lambda: t("gc.set_threshold(%s)" % t.pick(["%d", "%d, 5", "%d, 5, 7", "%d, 0, 0"]) % t.pick([0, 700, 5000]), "print(gc.get_threshold())"),
            lambda: t("gc.set_debug(%s)" % t.pick(["0", "gc.DEBUG_SAVEALL", "0"]), "print(gc.get_debug())"),
            lambda: t("print(gc.DEBUG_STATS, gc.DEBUG_COLLECTABLE, gc.DEBUG_UNCOLLECTABLE, gc.DEBUG_SAVEALL, gc.DEBUG_LEAK)"),
            lambda: t("print(len(gc.garbage), len(gc.callbacks))", "gc.garbage.clear()"),
            lambda: t("print(len(gc.get_stats()), gc.get_stats()[%d]['uncollectable'])" % t.int(0, 2)),
            lambda: t("try:", "    " + t.pick([
                "gc.collect(3)", "gc.collect(-1)", "gc.get_objects(generation=3)", "gc.get_objects(generation=-1)", "gc.get_objects(3)",
                "gc.collect('0')", "gc.collect(1, 2)", "gc.set_threshold('x')", "gc.is_tracked()", "gc.nothing", "weakref.ref(1)", "weakref.ref()",
                "weakref.ref([])", "weakref.ref('s')", "weakref.ref((1,))", "weakref.ref({})", "weakref.ref(None)", "weakref.ref(S())", "weakref.finalize(1, f)",
                "weakref.getweakrefcount(1)", "w(1)", "w.me", "sys.getsizeof()", "sys.getrefcount(1, 2)"]),
                "except ValueError as e:", '    print(f"ValueError: {e}")', "except TypeError as e:", '    print(f"TypeError: {e}")',
                "except AttributeError as e:", '    print(f"AttributeError: {e}")'),
            lambda: t('print(f"tracked %s")' % " ".join("{gc.is_tracked(%s)}" % x for x in t.some([y for y in things if '"' not in y], 1, 4))),
            lambda: t("x = " + t.pick(things), "print(gc.is_tracked(x), gc.is_finalized(x), len(gc.get_referents(x)) > 0)", "x = None"),
            lambda: t("x = %s" % t.pick(["weakref.ref(f)", "weakref.ref(N)", "weakref.ref(f())", "weakref.ref({1})", "weakref.ref(n)", "weakref.ref(len)"]),
                      "print(x() is None, gc.is_tracked(x), sys.getsizeof(x))", "x = None"),
            lambda: t("m = N()", "m.me = m", "m = None", "print(gc.collect(%s))" % t.pick(["", "0", "1", "2", "generation=1"])),
            lambda: t("m = F()", "m.me = m", "print(gc.is_finalized(m))", "m = None", "print(gc.collect())"),
            lambda: t("print(gc.collect(0), gc.collect(1), gc.get_count()[1], gc.get_count()[2])"),
        ])()
    t('gc.set_debug(0)', 'print("last line")')
