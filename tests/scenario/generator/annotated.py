# SPDX-License-Identifier: MIT
"""Annotations of parameters, results and variables: what is evaluated, when, and what is kept by whom."""
from .kinds import kind

WORLD = """
class T:
    def __init__(self, n):
        self.n = n
        print(f"made {n}")
    def __repr__(self):
        return f"T({self.n})"
    def __del__(self):
        print(f"del {self.n}")
class Box:
    def __repr__(self):
        return "box"
box = Box()
seq = [0, 1, 2]
def same(f):
    print(f"decorates {f.__name__}")
    return f
def cost(f):
    f()
    before = gc.get_count()[0]
    kept = f()
    return gc.get_count()[0] - before
"""


def annotation(t):
    return t.weighted({"int": 4, '"text"': 3, "T('%s')" % t.fresh("t"): 5, "None": 2, "(int, str)": 1, "[T('%s')]" % t.fresh("t"): 2, "Box": 2,
                       "seq[0]": 1, "{'a': box}": 1, "1": 1, "missing": 1, "[x for x in seq]": 1})


def variable(t):
    target = t.weighted({"a": 6, "b": 5, "__c": 2, "(d)": 2, "box.x": 2, "seq[0]": 2, "seq[T('%s') and 1]" % t.fresh("i"): 1, "box.y.z": 1})
    return "%s: %s" % (target, annotation(t)) + t.pick(["", " = %d" % t.int(0, 9), " = T('%s')" % t.fresh("v"), " = [box]"])


def parameters(t):
    names = t.some(["p", "q", "__r"], 0, 3)
    parts, has_default = ["self"], False
    for n in names:
        has_default = has_default or t.chance(0.3)
        parts.append(n + (": " + annotation(t) if t.chance(0.7) else "") + (" = %d" % t.int(0, 9) if has_default else ""))
    if t.chance(0.3):
        parts.append("*rest" + (": " + annotation(t) if t.chance(0.6) else ""))
    return ", ".join(parts), t.pick(["", " -> " + annotation(t)])


def function(t, name):
    if t.chance(0.2):
        t("@same")
    with t.block("def %s(%s)%s:" % ((name,) + parameters(t))):
        for _ in range(t.int(0, 2)):
            t(variable(t))
        t(t.pick(["return self", "pass", "return [self]", "a: int = 3"]))


def look(t, what):
    t("try:", "    print(f\"%s {%s.__annotations__}\")" % (what, what))
    change = t.weighted({"": 5, "%s.__annotations__['new'] = box" % what: 2, "%s.__annotations__.clear()" % what: 2, "del %s.__annotations__" % what: 2,
                         "%s.__annotations__ = {'all': T('new')}" % what: 2, "%s.__annotations__ = None" % what: 1, "print(gc.is_tracked(%s.__annotations__))" % what: 2,
                         "print(sys.getrefcount(%s.__annotations__))" % what: 2, "print(len(gc.get_referents(%s)))" % what: 1})
    if change:
        t("    " + change)
    t("except (TypeError, AttributeError) as e:", '    print(f"{e!r}")')


@kind("annotations", 10)
def annotations(t):
    t("import gc", "import sys")
    t.quiet()
    t.text(WORLD)
    for _ in range(max(2, t.size // 5)):
        what = t.weighted({"variable": 5, "function": 5, "class": 4, "cost": 2, "block": 2})
        name = t.fresh("f")
        t("try:")
        t.depth += 1
        if what == "variable":
            t(variable(t))
        elif what == "block":
            with t.block(t.pick(["if seq:", "for i in seq:", "while True:"])):
                t(variable(t))
                if t.lines[-2].strip() == "while True:":
                    t("break")
        elif what == "function":
            function(t, name)
            look(t, name)
            if t.chance(0.5):
                t("print(%s(%s))" % (name, t.pick(["1", "1, 2", "1, 2, 3", "1, 2, 3, 4", "self=5"])))
        elif what == "cost":
            with t.block("def %s():" % name):
                function(t, "g") if t.chance(0.5) else t("class g:", "    %s" % variable(t))
                t(t.pick(["return g", "return g.__annotations__", "g.__annotations__", "pass"]))
            t("print(cost(%s))" % name)
        else:
            with t.block("class %s%s:" % (name, t.pick(["", "(Box)"]))):
                t(t.pick(["pass", '"doc"']))
                for _ in range(t.int(0, 3)):
                    t(variable(t))
                function(t, "m")
            look(t, name)
            if t.chance(0.5):
                look(t, t.pick(["%s()", "%s.m", "%s().m"]) % name)
        if t.chance(0.3):
            t("del " + name) if what != "variable" and what != "block" else t('print("__annotations__", len(__annotations__))')
        t.depth -= 1
        t("except Exception as e:", '    print(f"{e!r}")')
        if t.chance(0.3):
            t('print(f"collect {gc.collect()}")')
    # What the end of the program meets first is start-up's.
    t("for k in list(__annotations__):", "    __annotations__.pop(k)")
    t('print("last line")')
