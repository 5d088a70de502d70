# SPDX-License-Identifier: MIT
"""In which order things die: nested containers dropped in every way there is, deep nesting beyond the
trashcan's limit, and frames that end normally, by an exception or because their generator is dropped."""
from . import nodes
from .kinds import kind

HELPERS = """
def use(a, b):
    print("in use")
    return b
def give(a):
    return a
def hold(a):
    p = a
    q = F("local q")
    a = F("local a")
    print("end of hold")
def fail(a):
    p = F("local p")
    q = [a, F("local q")]
    raise ValueError("failed")
def deep_fail(a):
    p = F("outer p")
    fail(a)
class Box:
    def __init__(self, v):
        self.z = v
        self.a = F("box a")
class Slot:
    __slots__ = ("z", "v", "a")
    def __init__(self, v):
        self.v = v
        self.z = F("slot z")
        self.a = F("slot a")
"""


def fresh(t):
    return 'F("%s")' % t.fresh("x")


def nested(t, depth):
    """An expression that makes finalizable objects inside other things."""
    if depth <= 0 or t.chance(0.25):
        return fresh(t)
    inner = [nested(t, depth - 1) for _ in range(t.int(1, 3))]
    shape = t.pick(["list", "list", "tuple", "tuple", "dict", "keys", "box", "slot", "set", "gen", "closure", "meth", "node"])
    if shape == "list":
        return "[%s]" % ", ".join(inner)
    if shape == "tuple":
        return "(%s,)" % ", ".join(inner)
    if shape == "dict":
        return "{%s}" % ", ".join('"k%d": %s' % (i, e) for i, e in enumerate(inner))
    if shape == "keys":
        return "{%s}" % ", ".join("%s: %s" % (t.pick([str(i), fresh(t), "(%s,)" % fresh(t)]), e)
                                  for i, e in enumerate(inner))
    if shape == "box":
        return "Box(%s)" % inner[0]
    if shape == "slot":
        return "Slot(%s)" % inner[0]
    if shape == "set":
        return "{%s}" % fresh(t)
    if shape == "gen":
        return "gen%d(%s)" % (t.int(0, 2), inner[0])
    if shape == "closure":
        return "close%d(%s)" % (t.pick([0, 2]), inner[0])
    if shape == "meth":
        return fresh(t) + ".meth"
    return 'D("%s", %s)' % (t.fresh("d"), inner[0])


def drop(t):
    e = nested(t, t.int(0, 3))
    several = [nested(t, t.int(0, 1)) for _ in range(t.int(2, 5))]
    listed = "[%s]" % ", ".join(several)
    a, b = fresh(t), fresh(t)
    last = len(several)
    lo, hi = sorted((t.int(0, last), t.int(0, last)))
    v = t.pick(["v", "w", "u"])
    ways = [
        (v + " = " + e, "del " + v), (v + " = " + e, v + " = None"), (e,), ("use(%s, %s)" % (e, a),),
        (v + " = use(%s, %s)" % (a, e), "del " + v), ("hold(%s)" % e,), (v + " = give(%s)" % e, v + " = " + b),
        (v + " = " + listed, "%s[%d:%d] = []" % (v, lo, hi), "print('sliced')", "del " + v),
        (v + " = " + listed, "%s[%d:%d] = [%s, %s]" % (v, lo, hi, a, b), "print('assigned')", v + ".clear()"),
        (v + " = " + listed, "del %s[%d:%d]" % (v, lo, hi), "print('deleted')", "del " + v),
        (v + " = " + listed, "%s.pop()" % v, "%s.pop(0)" % v, "print('popped')", "del " + v),
        (v + " = " + listed, "%s[0] = %s" % (v, a), "print('stored')", v + ".clear()"),
        (v + " = " + listed, "%s = %s[%d:%d]" % (v, v, lo, hi), "print('kept a slice')", "del " + v),
        (v + " = " + listed + " + [%s]" % a, "print('added')", "del " + v),
        ("%s = [%s] * 2" % (v, e), "%s.pop()" % v, "print('one of two')", "del " + v),
        ("%s = {'k': %s, 'l': %s}" % (v, e, a), "%s['k'] = %s" % (v, b), "print('replaced')", "del " + v),
        ("%s = {'k': %s, 'l': %s}" % (v, e, a), "%s.pop('k')" % v, "%s['k'] = %s" % (v, b), "%s.clear()" % v),
        ("%s = {'k': %s, 'l': %s}" % (v, e, a), "%s.popitem()" % v, "print('item')", "del " + v),
        ("print(len(%s))" % listed,), ("print(%s is %s)" % (a, b),), ("%s[0]" % listed,), ("(%s, %s)[1]" % (a, e),),
        ("%s = Box(%s)" % (v, e), "%s.z = %s" % (v, b), "del %s.a" % v, "%s.b = %s" % (v, a), "del " + v),
        ("%s = Slot(%s)" % (v, e), "%s.v = %s" % (v, b), "del %s.z" % v, "%s.z = %s" % (v, a), "del " + v),
        ("v, w = %s, %s" % (a, e), "v, w = w, v", "del v", "del w"),
        ("v = w = " + e, "del v", "print('one name')", "del w"),
        ("for v in %s:" % listed, "    print('turn')", "del v"),
        ("for v in (%s,):" % ", ".join(several), "    print('turn')", "    break", "print('left')", "del v"),
        ('v = [F(f"c{i}") for i in range(%d)]' % t.int(2, 12), "v.pop(1)", "del v"),
        ("v = [i for i in %s]" % listed, "v[0] = None", "del v"),
        ("for v in (i for i in %s):" % listed, "    print('turn')", "    break", "print('left')", "v = None"),
        ("try:", "    fail(%s)" % e, "except ValueError as x:", "    print(f'caught {x}')", "print('after')"),
        ("try:", "    deep_fail(%s)" % e, "except ValueError:", "    print('caught')", "print('after')"),
        ("try:", "    v = %s" % a, "    fail(%s)" % e, "except ValueError as x:", "    w = x", "    del v",
         "print('the exception holds frames')", "del w", "print('after')"),
        ("try:", "    v = " + e, "finally:", "    print('finally')", "    del v"),
        ("def late(p=%s, q=%s):" % (e, a), "    return q", "print('defined')", "late = None"),
        ("v = gen1(%s)" % e, "next(v)", "del v"), ("v = gen0(%s)" % e, "next(v)", "v.close()", "print('closed')", "del v"),
        ("for v in gen2(%s):" % e, "    print(f'yields {v is None}')", "print('over')"),
        ("v = gen1(%s)" % e, "for w in v:", "    print(w)", "    break", "print('left')", "del v"),
        ("v = %s" % e, "v = [v, v]", "v = (v, %s)" % a, "del v"),
    ]
    for line in t.pick(ways):
        t(line)
    t('print("--")')


@kind("teardown", 24)
def teardown(t):
    t("import gc", "gc.disable()", "gc.collect()")
    t.text(nodes.CLASSES["del"].format(c="F"))
    t.text("""
class D:
    def __init__(self, n, v):
        self.n = n
        self.v = v
    def __del__(self):
        print(f"del {self.n}")
""")
    t.text(nodes.GENERATORS)
    t.text(nodes.CLOSURES)
    t.text(HELPERS)
    if t.chance(0.4):
        with t.block("def main():"):
            for _ in range(1 + t.size // 6):
                drop(t)
        t("main()")
    else:
        for _ in range(1 + t.size // 6):
            drop(t)
    if t.chance(0.3):
        t("alive = %s" % nested(t, 3), 'print(f"at the end {gc.collect()}")')


@kind("trashcan", 16)
def trashcan(t):
    """Chains about as deep as the limit of nesting (50) and its multiples, each level telling its end."""
    t("import gc", "gc.disable()", "gc.collect()")
    t.text(nodes.CLASSES["del"].format(c="F"))
    t.text("""
class D:
    def __init__(self, n, v):
        self.n = n
        self.v = v
    def __del__(self):
        print(f"D{self.n}")
class P:
    def __init__(self, v):
        self.v = v
class S:
    __slots__ = ("n", "v")
    def __init__(self, n, v):
        self.n = n
        self.v = v
    def __del__(self):
        print(f"S{self.n}")
def gen(v):
    yield v
    yield 1
def closed(v):
    def inner():
        return v
    return inner
""")
    wraps = ["[x]", "(x,)", '{"k": x}', "P(x)", "D(i, x)", "S(i, x)", "[x, F(i)]", "[F(i), x]", "(F(i), x)", "(x, F(i))",
             '{"a": F(i), "b": x}', '{"a": x, "b": F(i)}', "{i: x}", "P([x])", "closed(x)", "gen(x)", "D(i, (x,))",
             "[[x], F(i)]", "[x, [x]]"]
    for _ in range(t.pick([1, 1, 2])):
        chosen = t.some(wraps, 1, t.pick([1, 2, 3]))
        depth = t.pick([20, 48, 49, 50, 51, 52, 60, 99, 100, 101, 102, 130, 160]) + t.int(-1, 1)
        t("x = %s" % t.pick(["None", '[F("leaf")]', 'F("leaf")', '(F("leaf"), F("leaf 2"))']), "i = 0")
        with t.block("while i < %d:" % depth):
            for n, wrap in enumerate(chosen):
                if len(chosen) == 1:
                    t("x = " + wrap)
                else:
                    with t.block("%s i %% %d == %d:" % ("elif" if n else "if", len(chosen), n)):
                        t("x = " + wrap)
            t("i = i + 1")
        way = t.pick(["del", "del", "none", "ring", "call", "list"])
        if way == "ring":
            t('r = P(x)', "r.me = r", "del x", "del r", 'print(f"collect {gc.collect()}")')
        elif way == "call":
            t("def hold(o):", '    print("held")')
            t("x = [x]", "hold(x.pop())")
        elif way == "list":
            t("x = [x, F('beside')]", "x.clear()")
        else:
            t("del x" if way == "del" else "x = None")
        t('print(f"left {gc.collect()}")')


@kind("deep", 3)
def deep(t):
    """Far deeper than any stack could recurse."""
    t("import gc", "gc.disable()", "gc.collect()", "dead = [0]")
    t.text("""
class Node:
    def __init__(self, next):
        self.next = next
    def __del__(self):
        dead[0] = dead[0] + 1
class Plain:
    def __init__(self, next):
        self.next = next
""")
    for _ in range(t.int(1, 3)):
        wrap = t.pick(["[x]", "(x,)", '{"d": x}', "Node(x)", "Plain(x)", "[(x,)]", "Node([x])", "{1: (x, Plain(x))}"])
        t("x = None", "dead[0] = 0", "i = 0")
        with t.block("while i < %d:" % t.pick([1000, 3000, 20000])):
            t("x = " + wrap, "i = i + 1")
        if t.chance(0.4):
            t("r = []", "r.append([x, r])", "del x", "del r", 'print(f"ring {gc.collect()} dead {dead[0]}")')
        else:
            t("del x", 'print(f"gone {dead[0]} left {gc.collect()}")')
