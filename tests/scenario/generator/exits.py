# SPDX-License-Identifier: MIT
"""What is alive when a program ends, how it ends, and finalizers, callbacks and handlers that fail."""
from .kinds import kind


@kind("exit", 24)
def at_exit(t):
    """Names of every form, cycles, functions, classes and frames that the end of the program finds."""
    modules = t.some(["import gc"] + t.some(["import weakref", "import sys"], 0, 2), 3)
    t(*modules)
    # Where the module's names are among the old objects is start-up's, and with it the order in which
    # a collection at the end meets what several of them hold: mostly without; or with one before.
    enabled = t.chance(0.12)
    collected = enabled or t.chance(0.5)
    if not enabled:
        t("gc.disable()")
    if collected:
        t("gc.collect()")
    before = t.some(["lst = []", "early = None", "_first = 0"], 0, 3)
    t(*before)
    t.text(t.pick(["""
class C:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        print(f"del {self.n}")
""", """
class C:
    def __init__(self, n):
        self.n = n
        self.o = None
    def __del__(self):
        print(f"del {self.n} {C is None}")
""", """
class C:
    count = 0
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self
    def __del__(self):
        print(f"del {self.n}")
        helper(self)
def helper(o):
    print(f"helped {o.n}")
"""]))
    if "helper" not in t.result():
        if t.chance(0.5):
            t.text("def helper(o):\n    return C(o)")
        else:
            t.text("helper = C")
    t.text("""
class Plain:
    pass
def gen(o):
    try:
        yield o
        yield 1
    finally:
        print("generator ends")
def close(o):
    def inner():
        return o
    return inner
""")
    if "import weakref" in modules:
        t.text("def cb(r):\n    print(\"weak callback\")\ndef bye(n):\n    print(f\"bye {n}\")")
    names = ["a", "b", "c", "x", "y", "_u", "_v", "__w", "early", "lst", "_first", "C2", "Z"]
    bound = []
    for _ in range(max(3, t.size // 3)):
        n = t.pick(names)
        v = t.fresh("x")
        new = 'C("%s")' % v
        what = t.weighted({"plain": 10, "list": 5, "dict": 3, "tuple": 3, "cycle": 6, "trash": 6, "alias": 4, "gen": 4, "closure": 3, "default": 2,
                           "attr": 4, "box": 3, "delete": 3, "weak": 3, "finalize": 3, "class": 2, "link": 6, "set": 1, "ring": 3, "local": 2})
        if what in ("alias", "link", "delete", "attr") and not bound:
            what = "plain"
        if what == "plain":
            t("%s = %s" % (n, new))
        elif what == "list":
            t("%s = [%s, C('%s also')]" % (n, new, v))
        elif what == "dict":
            t("%s = {'k': %s}" % (n, new))
        elif what == "tuple":
            t("%s = (%s, 1)" % (n, new))
        elif what == "set":
            t("%s = {%s}" % (n, new))
        elif what == "cycle":
            t("%s = %s" % (n, new), "%s.me = %s" % (n, n))
        elif what == "trash":
            t("t = %s" % new, "t.me = t", "del t")
            continue
        elif what == "ring":
            t("t = %s" % new, "%s = C('%s other')" % (n, v), "t.o = %s" % n, "%s.o = t" % n, "del t")
        elif what == "gen":
            t("%s = gen(%s)" % (n, new))
            if t.chance(0.7):
                t("next(%s)" % n)
        elif what == "closure":
            t("%s = close(%s)" % (n, new))
        elif what == "default":
            t("def %s(o=%s):" % (n, new), "    return o")
        elif what == "box":
            t("%s = Plain()" % n, "%s.held = %s" % (n, new))
        elif what == "class":
            t("class %s:" % n, "    kept = %s" % new)
        elif what == "local":
            t("def %s():" % n, "    p = %s" % new, "    q = [p]", "    return %s" % t.pick(["q", "p", "None"]), "%s = %s()" % (n, n))
        elif what == "alias":
            t("%s = %s" % (n, t.pick(bound)))
        elif what == "delete":
            n = t.pick(bound)
            t("del " + n)
            bound.remove(n)
            continue
        elif what == "attr":
            t("t = Plain()", "t.o = %s" % t.pick(bound), "t.c = %s" % new, "%s = t" % n, "del t")
        elif what == "link":
            t("lst = [%s]" % ", ".join(t.some(bound, 1, 3)))
            n = "lst"
        elif what == "weak" and "import weakref" in modules:
            t("%s = %s" % (n, new), "w%s = weakref.ref(%s, cb)" % (n, n))
        elif what == "finalize" and "import weakref" in modules:
            t("%s = %s" % (n, new), "weakref.finalize(%s, bye, '%s')" % (n, v))
        else:
            t("%s = %s" % (n, new))
        if n not in bound:
            bound.append(n)
    ending = t.weighted({"print": 10, "raise": 4, "deep": 3, "enable": 1 if collected else 0,
                         "collect": 3 if collected else 0, "name": 2, "held": 2})
    if ending == "raise":
        t('print("last line")', 'raise ValueError("the end")')
    elif ending == "deep":
        t("def outer(k):", '    p = C("local of outer")', "    inner(k, [p])", "def inner(k, o):", '    q = C("local of inner")',
          "    return k // 0", "outer(3)")
    elif ending == "held":
        t("try:", "    o = C('in try')", "    [][1]", "except IndexError as e:", "    saved = e", 'print("last line")')
    elif ending == "name":
        t('print("last line")', "undefined_name")
    else:
        if ending == "enable":
            t("gc.enable()")
        elif ending == "collect":
            t('print(f"collect {gc.collect() >= 0}")')
        t('print("last line")')


@kind("raising", 10)
def raising(t):
    """Finalizers and callbacks that raise; exceptions that keep frames and what is in them."""
    t("import gc", "import weakref", "import sys")
    t.quiet()
    t("errors = []", "kept = []")
    t.text("""
class F:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        print(f"del {self.n}")
class X:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        print(f"del {self.n}, raises")
        raise ValueError(self.n)
class Y:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        o = F(f"of {self.n}")
        print(f"del {self.n}")
        undefined
class Z:
    def __init__(self, n):
        self.n = n
        p = F(f"in init of {n}")
        raise ValueError(n)
    def __del__(self):
        print(f"del {self.n}, half made")
def cb(r):
    o = F("of the callback")
    raise ValueError("callback")
def fail(o, word):
    p = F(f"local of {word}")
    raise ValueError(word)
def keep(o, word):
    try:
        fail(o, word)
    except ValueError as e:
        errors.append(e)
def passes(o, word):
    q = F(f"middle of {word}")
    try:
        fail(o, word)
    finally:
        print(f"finally {word}")
def swallow(o, word):
    try:
        fail(o, word)
    except ValueError as e:
        return sys.getrefcount(e)
def again(o, word):
    try:
        fail(o, word)
    except ValueError as e:
        r = F(f"in the handler of {word}")
        raise KeyError(word)
def self_held(o, word):
    try:
        fail(o, word)
    except ValueError as e:
        me = e
def gen(o, word):
    q = F(f"in the generator of {word}")
    try:
        yield 1
        fail(o, word)
        yield 2
    finally:
        print("generator ends")
""")
    for _ in range(max(2, t.size // 4)):
        w = t.fresh("e")
        o = '%s("%s")' % (t.pick("FFXY"), t.fresh("x"))
        step = t.weighted({"half": 3, "drop": 6, "cycle": 5, "weak": 4, "keep": 6, "call": 10, "forget": 5, "gen": 4, "collect": 4, "list": 3, "look": 2})
        if step == "half":
            t("try:", '    o = [F("before"), Z("%s"), F("after")]' % w, "except ValueError as e:", '    print(f"not made {e}")')
        elif step == "drop":
            t("o = " + o, "del o")
        elif step == "cycle":
            t("o = " + o, "o.me = o", "del o", 'print(f"collect {gc.collect()}")')
        elif step == "weak":
            t("o = " + o, "kept.append(weakref.ref(o, cb))", t.pick(["del o", "o.me = o", "o = None"]), "o = None")
        elif step == "keep":
            t('keep(%s, "%s")' % (o, w), 'print(f"kept {len(errors)}")')
        elif step == "forget":
            t(t.pick(["errors.clear()", "if len(errors) > 0:\n    errors.pop()", "if len(errors) > 0:\n    errors.pop(0)"]).split("\n")[0])
            if t.lines[-1].endswith(":"):
                t("    errors.pop(%s)" % t.pick(["", "0"]))
            t('print("forgotten")')
        elif step == "gen":
            t('g = gen(%s, "%s")' % (o, w), "next(g)")
            t("try:", "    %s" % t.pick(["next(g)", "g.close()", "g.send(1)"]), "except ValueError as e:", '    print(f"out of it {e}")', "g = None")
        elif step == "collect":
            t('print(f"collect {gc.collect()}")')
        elif step == "list":
            t("l = [%s, F('in a list')]" % o, t.pick(["l.clear()", "del l", "l.pop(0)"]), "l = None")
        elif step == "look":
            t("if len(errors) > 0:", '    print(f"refs {sys.getrefcount(errors[0])} tracked {gc.is_tracked(errors[0])}")')
        else:
            t("try:", '    print(%s(%s, "%s"))' % (t.pick(["fail", "passes", "swallow", "again", "self_held"]), o, w))
            t("except ValueError as e:", '    print(f"ValueError {e}")')
            if t.chance(0.3):
                t("    errors.append(e)")
            t("except KeyError as e:", '    print(f"KeyError {e}")')
            if t.chance(0.5):
                t("finally:", '    print("finally")')
    t('print(f"last {gc.collect()}")')
    if t.chance(0.4):
        t('%s(F("at the end"), "end")' % t.pick(["fail", "passes", "again"]))
