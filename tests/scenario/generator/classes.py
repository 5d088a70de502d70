# SPDX-License-Identifier: MIT
"""Classes as objects, instances with and without __slots__, the order and the number of attributes, and
trees whose children know their parents."""
from . import nodes
from .kinds import kind


def class_lines(t, name, base):
    """A class with a random body; returns its attribute names in order."""
    body = []
    for _ in range(t.int(0, 3)):
        body.append(t.pick([
            "def m%d(self):\n        return self" % t.int(0, 3), "def __init__(self):\n        self.x = 1", "y%d = %d" % (t.int(0, 2), t.int(0, 9)),
            "z = [1]", "def d(self, o=[]):\n        return o", "def __del__(self):\n        print('del')", "k = None"]))
    if t.chance(0.3):
        body.insert(0, "__slots__ = (%s)" % "".join('"%s", ' % s for s in t.some("abc", 0, 3) + ([] if base else t.some(["__weakref__"], 0))))
        body = [b for b in body if "self.x" not in b]
    t("class %s%s:" % (name, "(%s)" % base if base else ""))
    for b in body or ["pass"]:
        for line in b.split("\n"):
            t("    " + line)


@kind("classes", 10)
def classes(t):
    """What the collector finds when a class, its functions and its instances become trash."""
    t("import gc", "import sys", "import weakref")
    t.quiet()
    t("kept = []", "def cb(r):", '    print("class gone")')
    for i in range(max(2, t.size // 6)):
        names = ["A", "B", "C"][:t.pick([1, 1, 2, 3])]
        with t.block("def make%d():" % i):
            base = None
            for n in names:
                class_lines(t, n, base)
                base = n if t.chance(0.7) else None
            for line in t.some(["a = %s()" % names[-1], "a = [%s()]" % names[0], "r = %s" % names[-1],
                                "kept.append(weakref.ref(%s, cb))" % names[0], "kept.append(%s())" % names[-1],
                                "kept.append(%s)" % names[-1], "%s.extra = [1]" % names[0], "%s.me = %s" % (names[0], names[0]),
                                'print(f"class refs {sys.getrefcount(%s)}")' % names[0],
                                'print(f"tracked {gc.is_tracked(%s)}")' % names[0]], 0, 3):
                t(line)
            t("return %s" % t.pick(["None", "None", names[-1]]))
        t(t.pick(["make%d()", "make%d()", "k = make%d()"]) % i)
        t('print(f"collect {gc.collect(%s)} kept {len(kept)}")' % t.pick(["", "", "", "0"]))
        if t.chance(0.3):
            t("k = None", 'print(f"collect {gc.collect()}")')
        if t.chance(0.4):
            t("kept.clear()", 'print(f"cleared {gc.collect()}")')


@kind("attributes", 16)
def attributes(t):
    """Instances of a class share the order of their attributes, and only so many of them."""
    t("import gc")
    t.quiet()
    t.text(nodes.CLASSES["del"].format(c="F"))
    inits = t.some("pqrs", 0, 3)
    t.text("class H:\n    pass" if not inits else "class H:\n    def __init__(self):\n" + "\n".join(
        "        self.%s = None" % a for a in inits))
    t.text("""
def names(o):
    r = []
    for v in gc.get_referents(o):
        if type(v) is F:
            r.append(v.n)
        elif type(v) is int:
            r.append(v)
        elif v is None:
            r.append("None")
        elif type(v) is dict:
            r.append("dict")
        elif v is H:
            r.append("H")
        else:
            r.append("self")
    return r
""")
    alive = {}
    spare = []

    def assign(v):
        a = t.pick("abcdefpqrs") if t.chance(0.9) else "n%d" % t.int(0, 40)
        value = t.pick(['F("%s")' % t.fresh("x")] * 3 + ["1", v])
        t("%s.%s = %s" % (v, a, value))
        alive[v].add(a)

    for _ in range(t.size):
        step = t.weighted({"new": 5, "set": 16, "delete": 6, "look": 6, "drop": 4, "many": 1, "crowd": 2, "inner": 1, "cycle": 4,
                           "collect": 2, "keys": 1})
        if step == "new" or not alive:
            v = t.pick(["u", "v", "w"])
            t("%s = H()" % v)
            alive[v] = set(inits)
            continue
        v = t.pick(sorted(alive))
        if step == "set":
            assign(v)
        elif step == "delete" and alive[v]:
            a = t.pick(sorted(alive[v]))
            t("del %s.%s" % (v, a))
            alive[v].discard(a)
        elif step == "look":
            t("print(names(%s))" % v)
        elif step == "drop":
            t("del " + v, 'print("--")')
            del alive[v]
        elif step == "many":
            for i in t.some(range(40), 5, 32):
                t("%s.n%d = %d" % (v, i, i))
                alive[v].add("n%d" % i)
        elif step == "crowd":
            t("i = 0", "while i < %d:" % t.pick([5, 20, 27, 28, 29, 30, 31, 60]), "    spare = H()", "    i = i + 1", "spare = None")
        elif step == "inner":
            if t.chance(0.5):
                t("i = %s.__dict__" % v, "print(names(%s))" % v, "i = None")
            else:
                t("print(len(%s.__dict__))" % v)
        elif step == "keys":
            t("for i in %s.__dict__:" % v, "    print(i)")
        elif step == "cycle":
            a = t.pick("abcme")
            t("%s.%s = %s" % (v, a, v), "del " + v, 'print(f"cycle {gc.collect()}")')
            del alive[v]
        else:
            t('print(f"collect {gc.collect()}")')
    t("u = None", "v = None", 'print(f"last {gc.collect()}")')


@kind("slots", 8)
def slots(t):
    t("import gc", "import sys", "import weakref")
    t.quiet()
    t.text(nodes.CLASSES["del"].format(c="F"))
    classes = []
    for name in ("S", "T", "U")[:t.int(1, 3)]:
        own = t.some(["a", "b", "c", "d", "z"], 1, 4)
        extra = t.some(["__weakref__", "__dict__"], 0, 2) if not classes or t.chance(0.2) else []
        base = t.pick(classes) if classes and t.chance(0.5) else None
        inherited = list(base[1]) if base else []
        own = [a for a in own if a not in inherited]
        extra = [e for e in extra if not base or e not in base[2]]
        t("class %s%s:" % (name, "(%s)" % base[0] if base else ""))
        t("    __slots__ = (%s)" % "".join('"%s", ' % s for s in own + extra))
        if t.chance(0.4):
            t("    def __del__(self):", '        print("del %s")' % name)
        classes.append((name, own + inherited, extra + (base[2] if base else [])))
    bound = {}
    for _ in range(t.size):
        step = t.weighted({"new": 6, "set": 14, "del": 4, "size": 4, "weak": 3, "drop": 4, "referents": 3, "bad": 3, "cycle": 4, "unset": 2})
        if step == "new" or not bound:
            c = t.pick(classes)
            v = t.pick("xyv")
            t("%s = %s()" % (v, c[0]))
            bound[v] = (c, set())
            continue
        v = t.pick(sorted(bound))
        c, have = bound[v]
        if step == "set" and c[1]:
            a = t.pick(c[1])
            t("%s.%s = %s" % (v, a, t.pick(['F("%s")' % t.fresh("f"), v, "[]", 'F("%s")' % t.fresh("f")])))
            have.add(a)
        elif step == "del" and have:
            a = t.pick(sorted(have))
            t("del %s.%s" % (v, a))
            have.discard(a)
        elif step == "size":
            t('print(f"size {sys.getsizeof(%s)} tracked {gc.is_tracked(%s)} refs {sys.getrefcount(%s)}")' % (v, v, v))
        elif step in ("weak", "bad", "unset"):
            text = {"weak": "r = weakref.ref(%s)" % v, "bad": t.pick(["%s.other = 1", "print(%s.other)", "del %s.other"]) % v,
                    "unset": t.pick(["print(%s.%s is None)", "del %s.%s"]) % (v, (c[1] or ["a"])[0])}[step]
            t("try:", "    " + text, "except AttributeError as e:", '    print(f"AttributeError: {e}")', "except TypeError as e:",
              '    print(f"TypeError: {e}")')
            if step == "bad" and "other = " in text and "__dict__" in c[2]:
                have.discard("other")
            if step == "unset" and text.startswith("del"):
                have.discard((c[1] or ["a"])[0])
        elif step == "drop":
            t("del " + v, 'print("--")')
            del bound[v]
        elif step == "referents":
            t("print(len(gc.get_referents(%s)))" % v)
        elif step == "cycle" and c[1]:
            a = t.pick(c[1])
            t("%s.%s = %s" % (v, a, t.pick([v, "[%s]" % v])), "del " + v, 'print(f"cycle {gc.collect()}")')
            del bound[v]


@kind("trees", 8)
def trees(t):
    t("import gc", "import weakref")
    t.quiet()
    death = t.pick(["", "", '    def __del__(self):\n        print(f"del {self.n}")'])
    order = t.some(["self.n = n", "self.parent = parent", "self.kids = []"], 3)
    t("class Node:")
    t("    def __init__(self, n, parent):")
    t.lines += ["        " + o for o in order]
    t("        if parent is not None:", "            parent.kids.append(self)")
    if death:
        t.text(death)
    t.text("""
class Weak:
    def __init__(self, n, parent):
        self.kids = []
        self.n = n
        if parent is not None:
            self.parent = weakref.ref(parent)
            parent.kids.append(self)
    def __del__(self):
        if self.n < 4:
            print(f"weak del {self.n} parent {self.n > 0 and self.parent() is None}")
""")
    t.text("""
def build(cls, depth, wide):
    root = cls(0, None)
    level = [root]
    n = 1
    while depth > 0:
        below = []
        for p in level:
            i = 0
            while i < wide:
                below.append(cls(n, p))
                n = n + 1
                i = i + 1
        level = below
        depth = depth - 1
    return root
def chain(cls, k):
    first = cls(0, None)
    last = first
    i = 1
    while i < k:
        last = cls(i, last)
        i = i + 1
    return %s
""" % t.pick(["first", "last"]))
    for _ in range(max(1, t.size // 8)):
        cls = t.pick(["Node", "Node", "Weak"])
        t("t = %s" % t.pick(["build(%s, %d, %d)" % (cls, t.int(1, 4), t.int(1, 3)), "chain(%s, %d)" % (cls, t.int(1, 20))]))
        for line in t.some(["gc.collect(0)", "r = weakref.ref(t)", "k = t.kids", "k = t.kids[0]", "t.kids.pop()", "gc.collect()",
                            "t.kids[0].kids.clear()" if cls == "Node" else "gc.collect(1)", "k = None", "t.n = 100", "del t.kids[0]",
                            "s = [t, t.kids]"], 0, 4):
            t("try:", "    " + line, "except IndexError:", '    print("no kids")')
        t("t = None", 'print(f"tree dropped {gc.collect()}")')
        if t.chance(0.5):
            t("k = None", "s = None", 'print(f"rest {gc.collect()}")')
