# SPDX-License-Identifier: MIT
"""sys.getsizeof of everything, after every way to grow and to shrink, and tracemalloc's sums."""
from .kinds import kind


def list_makers(t):
    n = t.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 16, 17, 24, 25, 33, 100])
    constants = ", ".join(str(i) for i in range(n))
    names = ", ".join("a" for _ in range(n))
    return t.pick(["[%s]" % constants, "[%s]" % names, "list(range(%d))" % n, "[e for e in range(%d)]" % n, "[0] * %d" % n,
                   "[a] * %d" % n, "list((%s))" % (constants + "," if n == 1 else constants), "list([%s])" % names,
                   "[%s] + [%s]" % (constants, t.pick(["1", "1, 2", "a, a, a"])), "[%s][:]" % constants, "[%s][1:%d]" % (names, t.int(0, n)),
                   "list(e for e in range(%d))" % n, "[1, 2] * %d" % n, "list({%s})" % ", ".join("%d: 1" % i for i in range(n)),
                   "list(set())", "list('%s')" % ("x" * n), "[a, 1, %s]" % constants])


@kind("sizes-list", 14)
def sizes_list(t):
    t("import sys", "a = 1")
    t("l = " + list_makers(t), 'print(f"new {sys.getsizeof(l)} {len(l)}")')
    size = 0    # not known exactly; enough items are added before some are taken
    for _ in range(t.size):
        i = t.pick([0, 1, 2, -1])
        n = t.pick([1, 2, 3, 5, 9])
        step = t.weighted({"new": 4, "append": 8, "grow": 4, "pop": 6, "shrink": 4, "insert": 4, "extend": 6, "slice": 6, "delete": 4,
                           "clear": 1, "add": 2, "self": 2, "remove": 1})
        if step == "new":
            t("l = " + list_makers(t))
        elif step == "append":
            t("l.append(a)")
        elif step == "grow":
            t("i = 0", "while i < %d:" % t.pick([4, 10, 30, 100]), "    l.append(i)", "    i = i + 1")
        elif step == "pop":
            t("if len(l) > 3:", "    l.pop(%s)" % t.pick(["", "", str(i)]))
        elif step == "shrink":
            t("while len(l) > %d:" % t.pick([0, 1, 3, 8, 20]), "    l.pop()")
        elif step == "insert":
            t("l.insert(%d, a)" % i)
        elif step == "extend":
            t("l.extend(%s)" % t.pick(["[1, 2, 3]", "(1,)", "range(%d)" % n, "[]", "list(range(%d))" % n, "l", "(e for e in range(%d))" % n,
                                       "{1: 2}", "'abc'", "[a] * %d" % n]))
        elif step == "slice":
            lo, hi = t.pick([0, 1, 2, 5]), t.pick([0, 1, 3, 6, 50])
            t("l[%d:%d] = %s" % (lo, hi, t.pick(["[]", "[1]", "[1, 2, 3, 4, 5, 6]", "l", "range(%d)" % n, "(a, a)"])))
        elif step == "delete":
            t("if len(l) > 3:", "    del l[%s]" % t.pick(["0", "-1", "1", "0:2", "1:3", ":3", "1:", ":"]))
        elif step == "clear":
            t("l.clear()")
        elif step == "add":
            t("l = l %s" % t.pick(["+ [1]", "+ l[0:3]", "* 2" if size < 3 else "* 1", "+ []", "* 1"]))
            size += 1
        elif step == "self":
            t("m = l[%s]" % t.pick([":", "1:", ":2", "0:1", "-2:"]), 'print(f"slice {sys.getsizeof(m)} {len(m)}")')
        else:
            t("while len(l) > 200:", "    del l[%s]" % t.pick(["0", "100:", "-1"]))
        t("while len(l) > 2000:", "    del l[1000:]")
        t('print(f"%s {sys.getsizeof(l)} {len(l)}")' % step)


@kind("sizes-dict", 12)
def sizes_dict(t):
    t("import sys", "a = 1", "d = {}", "i = 0")
    for _ in range(t.size):
        n = t.pick([1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 20, 22, 43, 90, 200])
        step = t.weighted({"ints": 8, "strs": 8, "literal": 4, "comp": 4, "del": 5, "pop": 3, "popitem": 3, "clear": 1, "mixed": 3, "get": 2,
                           "churn": 3, "update": 1})
        if step == "ints":
            with t.block("for i in range(%d):" % n):
                t("d[i] = i")
        elif step == "strs":
            with t.block("for i in range(%d):" % n):
                t('d[f"k{i}"] = i')
        elif step == "literal":
            key = t.pick(['"k%d"', "%d", '"k%d"'])
            t("d = {%s}" % ", ".join((key + ": a") % i for i in range(t.int(0, 12))))
        elif step == "comp":
            t("d = {%s: i for i in range(%d)}" % (t.pick(["i", 'f"k{i}"', "(i, 1)"]), n))
        elif step == "del":
            t("for i in range(%d):" % n, "    if i in d:", "        del d[i]")
        elif step == "pop":
            t("for i in range(%d):" % n, '    if f"k{i}" in d:', '        d.pop(f"k{i}")')
        elif step == "popitem":
            t("while len(d) > %d:" % t.pick([0, 2, 5, 10]), "    d.popitem()")
        elif step == "clear":
            t("d.clear()")
        elif step == "mixed":
            t(t.pick(['d[(1, 2)] = a', 'd["one"] = d', "d[2.5] = a", "d[True] = a", "d[None] = a", 'd[b"x"] = 1']))
        elif step == "get":
            t('print(d.get("k1") is None)', "print(1 in d)")
        elif step == "churn":
            t("for i in range(%d):" % n, '    d["churn"] = i', '    del d["churn"]')
        else:
            t("e = {}", "for i in d:", "    e[i] = a", 'print(f"copied {sys.getsizeof(e)} {len(e)}")', "e = None")
        t('print(f"%s {sys.getsizeof(d)} {len(d)}")' % step)
    t("d[\"self\"] = d" if t.chance(0.3) else "print(len(d))")


@kind("sizes-set", 8)
def sizes_set(t):
    t("import sys", "a = 1", "s = set()", "i = 0")
    for _ in range(t.size):
        n = t.pick([1, 2, 3, 4, 5, 6, 8, 9, 18, 19, 20, 40, 77, 78, 200, 400])
        step = t.weighted({"add": 10, "more": 5, "pop": 5, "clear": 2, "literal": 4, "make": 4, "discard": 4, "strs": 3, "print": 2})
        if step in ("add", "more"):
            lo = 0 if step == "add" else t.pick([100, 1000, 5000])
            with t.block("for i in range(%d, %d):" % (lo, lo + n)):
                t("s.add(i)")
        elif step == "pop":
            t("while len(s) > %d:" % t.pick([0, 1, 4, 10, 50]), "    s.pop()")
        elif step == "clear":
            t("s.clear()")
        elif step == "literal":
            t("s = {%s}" % ", ".join(str(i) for i in range(t.int(1, 12))))
        elif step == "make":
            t("s = set(%s)" % t.pick(["range(%d)" % n, "[1, 2, 3]", "(e for e in range(%d))" % n, "list(range(%d))" % n, "s",
                                      "{1: 1, 2: 2, 3: 3, 4: 4, 5: 5}"]))
        elif step == "discard":
            t("for i in range(%d):" % n, "    s.%s(i)" % "discard")
        elif step == "strs":
            # Of their own: which slot a text has depends on the hash seed, and so what pop() leaves.
            t("m = set()", "for i in range(%d):" % n, '    m.add(f"k{i}")', 'print(f"texts {sys.getsizeof(m)} {len(m)}")')
        else:
            t("e = {7, 3, 1, 100, 12}", "e.add(%d)" % t.int(0, 200), "e.discard(%d)" % t.pick([3, 7, 1]), "print(e)",
              "for i in e:", "    print(i)")
        t('print(f"%s {sys.getsizeof(s)} {len(s)}")' % step)


@kind("sizes-atoms", 8)
def sizes_atoms(t):
    t("import sys")
    for _ in range(t.size):
        n = t.int(0, 40)
        what = t.pick([
            "2 ** %d - 1" % t.int(0, 200), "0 - 2 ** %d" % t.int(0, 200), "2 ** %d" % t.pick([29, 30, 31, 59, 60, 61, 89, 90, 300, 1000]), str(n), "-%d" % n,
            "%d * %d" % (t.int(0, 1 << 40), t.int(0, 1 << 40)), "%d // %d" % (t.int(0, 1 << 70), t.int(1, 1 << 40)), "'a' * %d" % n,
            "'é' * %d" % n, "'€' * %d" % n, "'😀' * %d" % n, "'a' * %d + 'é'" % n, "'€a'[1:]", "'é%s'" % ("a" * n), "b'%s'" % ("a" * n),
            "b'a' * %d" % n, "(%s)" % "".join("%d, " % i for i in range(n)), "(1,) * %d" % n, "(1, 2) + (3,) * %d" % n, "range(%d)" % n,
            "tuple(range(%d))" % n, "tuple([1] * %d)" % n, "(1, 2, 3, 4)[%d:]" % t.int(0, 5), "%d.5" % n, "1.5 * %d" % n, "object()", "None", "True", "1 < 2",
            "f'{%d}é'" % n, "f'{%d}'" % n, "''", "'abc'[1:2]", "'%s'[%d:]" % ("x" * n, t.int(0, n)), "[(%s)]" % "".join("%d, " % i for i in range(n)),
            "print", "len", "list", "(e for e in range(%d))" % n, "int", "{}", "set()", "()"])
        if what in ("print", "len", "list", "int"):
            what = "%s is None" % what
        t("x = " + what, "print(sys.getsizeof(x))")
    t.text("""
class P:
    pass
class I:
    def __init__(self):
        self.a = 1
        self.b = [1]
class S:
    __slots__ = (%s)
class E(S):
    pass
def f(a, b, c):
    yield a
def g():
    x = yield 0
    y = [x, x, x]
    yield y
def h(a):
    def inner():
        return a
    return inner
""" % "".join('"%s", ' % s for s in t.some(["a", "b", "c", "d", "e", "__weakref__", "__dict__"], 0, 7)))
    for what in t.some(["P()", "I()", "S()", "f(1, 2, 3)", "g()", "h(1)", "f", "I().a", "E()", "h(1)()", "I().b",
                        "[P(), P()]", "(e for e in [1])", "(P() for e in range(3))"], 2):
        t("print(sys.getsizeof(%s))" % what)


@kind("tracemalloc", 5)
def tracemalloc(t):
    """Sums by line of big lists that are kept, as the tutorials make them."""
    t("import tracemalloc", "import gc")
    sources = []
    listed = 0
    for i in range(t.int(1, 3)):
        n = t.pick([1000, 2000, 5000, 10000, 20000])
        expression = t.pick(["[i for i in range(%d)]", "[i * 2 for i in range(%d)]", "[i + 1000 for i in range(%d)]", "[i * 1.5 for i in range(%d)]",
                             "[0] * %d", "[2 ** 40 + i for i in range(%d)]", "[(i, i) for i in range(%d)]", "list(range(%d))"]) % n
        t("def make%d():" % i, "    return " + expression)
        listed += "1.5" in expression or "(i, i)" in expression
        sources.append("make%d()" % i)
    if listed or t.chance(0.3):
        t("gc.collect()")   # without: what start-up left in the free lists is not seen
    t("tracemalloc.start()")
    for i, source in enumerate(sources):
        t("keep%d = %s" % (i, source))
    t("snapshot = tracemalloc.take_snapshot()")
    if t.chance(0.3):
        i = t.int(0, len(sources) - 1)
        t("del keep%d" % i, "later = tracemalloc.take_snapshot()", "tracemalloc.stop()")
        t("for stat in later.compare_to(snapshot, 'lineno')[:%d]:" % (i + 1 if i == 0 else 1), "    print(stat)")
    else:
        t("tracemalloc.stop()")
    t("for stat in snapshot.statistics('lineno')[:%d]:" % len(sources), "    print(stat)")
