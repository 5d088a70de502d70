# SPDX-License-Identifier: MIT
"""with statements: managers of all sorts, left in every way, with references, objects and bytes counted."""
from .kinds import kind

MANAGERS = """
log = []
class Held:
    pass
class M:
    def __init__(self, n, swallows=False):
        self.n = n
        self.swallows = swallows
        self.held = [n]
    def __enter__(self):
        print(f"enter {self.n} refs {sys.getrefcount(self)}")
        return self
    def __exit__(self, cls, e, tb):
        name = None if cls is None else cls.__name__
        print(f"exit {self.n} refs {sys.getrefcount(self)} {name} {e} refs {sys.getrefcount(e) if e is not None else 0} line {tb.tb_lineno if tb is not None else 0}")
        return self.swallows
    def __del__(self):
        print(f"del {self.n}")
class Pair(M):
    def __enter__(self):
        return [self, "second"]
class Quiet:
    def __enter__(self):
        return None
    def __exit__(self, *rest):
        log.append(len(rest))
class Keeps:
    def __init__(self, n):
        self.errors = []
    def __enter__(self):
        return self.errors
    def __exit__(self, cls, e, tb):
        self.errors.append(e)
        self.errors.append(tb)
        return 1
class Slotted:
    __slots__ = ("n", "me")
    def __init__(self, n):
        self.n = n
        self.me = self
    def __enter__(self):
        return self.n
    def __exit__(self, cls, e, tb):
        self.me = None
        return []
class Static:
    def __init__(self, n):
        pass
    @staticmethod
    def __enter__():
        return "static"
    @staticmethod
    def __exit__(cls, e, tb):
        print(f"static {e}")
class FailsToEnter(M):
    def __enter__(self):
        raise OSError(self.n)
class FailsToExit(M):
    def __exit__(self, cls, e, tb):
        raise LookupError(f"exit of {self.n} after {e!r}")
class Truth:
    def __init__(self, n):
        self.n = n
    def __bool__(self):
        print(f"truth of {self.n}")
        if self.n == "fails":
            raise TypeError("no truth")
        return self.n == "true"
    def __del__(self):
        print(f"del truth {self.n}")
class Asks(M):
    def __exit__(self, cls, e, tb):
        return Truth(self.swallows)
class NoEnter:
    def __init__(self, n):
        pass
    def __exit__(self, *rest):
        pass
class NoExit:
    def __init__(self, n):
        pass
    def __enter__(self):
        print("never entered")
def fail(word):
    p = M(f"local of {word}")
    raise ValueError(word)
def counted(f):
    f(False)
    f(False)
    before = gc.get_count()[0]
    f(False)
    print(f"objects {gc.get_count()[0] - before}")
    tracemalloc.start()
    f(True)
    tracemalloc.stop()
base = [0]
def traced():
    base[0] = tracemalloc.get_traced_memory()[0]
def bytes_since(word):
    print(f"{word} {tracemalloc.get_traced_memory()[0] - base[0]}")
"""

ERRORS = ["ValueError", "OSError", "LookupError", "TypeError", "Exception", "ZeroDivisionError", "(KeyError, ValueError)"]


def manager(t):
    n = "'%s'" % t.fresh("m")
    return t.weighted({
        "M(%s)" % n: 10, "M(%s, True)" % n: 6, "Pair(%s)" % n: 3, "Quiet()": 3, "Keeps(%s)" % n: 2, "Slotted(%s)" % n: 2, "Static(%s)" % n: 2,
        "FailsToEnter(%s)" % n: 1, "FailsToExit(%s)" % n: 2, "Asks(%s, 'true')" % n: 2, "Asks(%s, 'false')" % n: 1, "Asks(%s, 'fails')" % n: 1,
        "NoEnter(%s)" % n: 1, "NoExit(%s)" % n: 1, "kept": 2, "[M(%s)][0]" % n: 1, "[].pop": 1})


def heads(t):
    items = []
    for _ in range(t.pick([1, 1, 1, 2, 2, 3])):
        item = manager(t)
        target = t.weighted({"": 5, "x": 6, "y": 3, "h.x": 2, "d['k']": 2, "p, q": 1})
        if item.startswith("Pair") and t.chance(0.6):
            target = "(p, q)"
        elif target == "p, q":
            target = "(p, q)"
        items.append(item + (" as " + target if target else ""))
    text = ", ".join(items)
    return "(%s)" % text if t.chance(0.2) else text


def action(t, where):
    table = {"refs": 6, "raise": 5, "call": 3, "collect": 2, "drop": 3, "cycle": 2, "divide": 2, "log": 2, "kept": 1, "current": 2}
    if where["function"]:
        table["return"] = 4
    if where["loop"]:
        table["break"] = 3
        table["continue"] = 3
    if where["generator"]:
        table["yield"] = 6
    what = t.weighted(table)
    if what == "refs":
        t('print(f"refs {sys.getrefcount(%s)}")' % t.pick(["kept", "h", "log", "log"]))
    elif what == "raise":
        t('raise %s("%s")' % (t.pick(["ValueError", "KeyError", "OSError", "LookupError"]), t.fresh("e")))
    elif what == "call":
        t('fail("%s")' % t.fresh("f"))
    elif what == "collect":
        t('print(f"collect {gc.collect()}")')
    elif what == "drop":
        t(t.pick(["h.x = None", "d.clear()", "log.clear()"]))
    elif what == "cycle":
        t("z = M('%s')" % t.fresh("z"), "z.me = z", "z = None")
    elif what == "divide":
        t("1 // 0")
    elif what == "log":
        t("log.append([len(log)])")
    elif what == "kept":
        t('print(f"kept {len(kept.held)} {sys.getrefcount(kept)}")')
    elif what == "current":
        t("e = sys.exc_info()[1]", 'print(f"current {e!r} refs {sys.getrefcount(e) if e is not None else 0}")', "e = None")
    elif what == "return":
        t(t.pick(["return", "return [1]", "return kept", 'return "out"', "return h.x"]))
    elif what == "yield":
        t(t.pick(["yield 1", "yield [2]", "got = yield 3"]))
    else:
        t(what)


def body(t, depth, where):
    for _ in range(t.pick([1, 1, 2, 3])):
        what = t.weighted({"with": 6, "try": 3, "for": 2, "if": 2, "do": 8}) if depth > 0 else "do"
        if what == "with":
            with t.block("with %s:" % heads(t)):
                body(t, depth - 1, where)
        elif what == "try":
            with t.block("try:"):
                body(t, depth - 1, where)
            form = t.pick(["except", "except", "finally", "both"])
            if form != "finally":
                with t.block("except %s%s:" % (t.pick(ERRORS), t.pick(["", " as e"]))):
                    body(t, depth - 1, where)
            if form != "except":
                with t.block("finally:"):
                    body(t, depth - 1, where)
        elif what == "for":
            with t.block("for i in range(%d):" % t.int(1, 3)):
                body(t, depth - 1, dict(where, loop=True))
        elif what == "if":
            with t.block("if %s:" % t.pick(["len(log) % 2", "'k' in d", "kept", "not kept"])):
                body(t, depth - 1, where)
        else:
            action(t, where)


def function(t, name):
    with t.block("def %s():" % name):
        body(t, 3, {"function": True, "loop": False, "generator": False})
    with t.block("try:"):
        t('print(f"%s {type(%s())}")' % (name, name))
    t("except Exception as e:", '    print(f"caught {e!r} context {e.__context__!r} refs {sys.getrefcount(e)}")')


def generator(t, name):
    with t.block("def %s():" % name):
        t("yield 0")
        body(t, 3, {"function": True, "loop": False, "generator": True})
    t("g = %s()" % name, "next(g)")
    for _ in range(t.int(1, 4)):
        t("try:")
        t('    print(f"got {type(%s)}")' % t.pick(["next(g)", "g.send(1)", "g.send(h)", "g.throw(KeyError('thrown'))", "g.throw(OSError)"]))
        t("except StopIteration as e:", '    print("ended")', "except Exception as e:", '    print(f"out of it {e!r} {e.__context__!r}")')
    t(t.pick(["g = None", "g.close()", "h.g = g", "next(g, None)"]) if t.chance(0.5) else "g = None")


def cost(t, name):
    """What a with statement allocates: objects, and bytes within and after it."""
    with t.block("def %s(is_traced):" % name):
        t("x = y = None", "if is_traced:", "    traced()")
        with t.block("try:"):
            with t.block("with %s:" % t.pick(["Quiet()", "Quiet() as x", "Keeps('c') as x", "Slotted('c') as y", "Quiet(), Keeps(1) as x", "Quiet(), Quiet()"])):
                t("if is_traced:", '    bytes_since("within")')
                t(t.pick(["pass", "z = [1]", "raise ValueError", "return", "1 // 0", "x = [2]", "return [3]"]))
            t("if is_traced:", '    bytes_since("behind")')
        t("except ArithmeticError:", "    if is_traced:", '        bytes_since("caught")', "except ValueError:", "    pass")
        t("log.clear()")
    t("counted(%s)" % name)


@kind("with", 18)
def managers(t):
    t("import gc", "import sys", "import tracemalloc")
    t.quiet()
    t.text(MANAGERS)
    t('kept = M("kept")', "h = Held()", "d = {}", "h.x = None")
    for _ in range(max(1, t.size // 8)):
        name = t.fresh("f")
        what = t.weighted({"function": 8, "generator": 4, "cost": 2, "module": 4, "class": 1})
        if what == "function":
            function(t, name)
        elif what == "generator":
            generator(t, name)
        elif what == "cost":
            cost(t, name)
        elif what == "class":
            with t.block("with %s:" % manager(t)) if t.chance(0.3) else t.block("if True:"):
                with t.block("try:"):
                    with t.block("class %s:" % name.upper()):
                        body(t, 2, {"function": False, "loop": False, "generator": False})
                t("except Exception as e:", '    print(f"no class {e!r}")')
        else:
            with t.block("try:"):
                body(t, 3, {"function": False, "loop": False, "generator": False})
            t("except Exception as e:", '    print(f"caught {e!r} {e.__context__!r}")')
        if t.chance(0.3):
            t('print(f"collect {gc.collect()} log {len(log)}")')
    t("e = g = None")
    t('print(f"last {gc.collect()}")')
    if t.chance(0.3):
        t("with %s:" % heads(t), "    fail('the end')")
