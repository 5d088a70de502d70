# SPDX-License-Identifier: MIT
"""Finalizers and callbacks that change the very thing that lets their object go, and loops over what
changes: the new value is in place, or the old one gone, before anything else runs."""
from .kinds import kind

WORLD = """
l = []
d = {}
s = set()
g = None
class Box:
    pass
class Slot:
    __slots__ = ("a", "b")
box = Box()
slot = Slot()
made = [0]
def fresh():
    made[0] = made[0] + 1
    return A(f"made {made[0]}")
def show(o):
    if o is None:
        return "None"
    if type(o) is A or type(o) is B:
        return o.n
    return "other"
def world():
    r = []
    for o in l:
        r.append(show(o))
    q = []
    for k in d:
        q.append(k)
        q.append(show(d[k]))
    print(f"l {r} d {q} s {len(s)}")
"""

REACTIONS = [
    ('l.append("late")',), ("l.append(None)", "print(len(l))"), ("l.clear()",), ("if len(l) > 0:", "    l.pop()"), ("l.insert(0, None)",),
    ("l[0:1] = [None, None]",), ('d["late"] = None',), ('d["k"] = None',), ("d.clear()",), ('d.pop("k", None)',), ('d.pop("m", None)',),
    ("s.add(self.n)",), ("s.clear()",), ("box.a = None",), ("box.b = self.n",), ("box.c = 1",), ("slot.a = None",), ("slot.b = self.n",),
    ("world()",), ("print(len(l), len(d), len(s))",), ("global g", "print(show(g))"), ("global g", "g = None"), ("global g", "g = self"),
    ("l.append(self)",), ('d["saved"] = self',), ("box.a = self",), ("if made[0] < 5:", "    l.append(fresh())"),
    ("if made[0] < 5:", "    box.a = fresh()"), ("if made[0] < 5:", '    d["k"] = fresh()'), ("gc.collect()",), ("l.extend(l)",),
    ("try:", "    print(show(box.a))", "except AttributeError:", '    print("no a")'),
    ("try:", "    print(show(slot.a))", "except AttributeError:", '    print("no slot a")'),
    ("try:", '    print(show(d["k"]))', "except KeyError:", '    print("no k")'),
    ("try:", "    print(show(l[0]))", "except IndexError:", '    print("no 0")'),
]

ACTIONS = [
    ("l.append({x})",), ("l.append({x})", "l.append({y})"), ("l = [{x}, {y}, {x}]",), ("l[0:2] = []",), ("l[0:1] = [{x}, {y}]",), ("l[:] = [{x}]",),
    ("l.clear()",), ("del l[0:3]",), ("if len(l) > 1:", "    l[1] = {x}"), ("if len(l) > 0:", "    del l[0]"), ("if len(l) > 0:", "    l.pop(0)"),
    ("l = []",), ("l = l * 1",), ("l.extend([{x}, {y}])",), ("l.extend(e for e in [{x}])",), ("l = None", "l = [{x}]"), ('d["k"] = {x}',),
    ('d["m"] = {y}',), ("d.clear()",), ('d.pop("k", None)',), ('if "k" in d:', '    del d["k"]'), ("if len(d) > 0:", "    d.popitem()"),
    ("d = {{}}",), ('d = {{"k": {x}, "m": {y}}}',), ("s = set()", "s.add({x})"), ("s.clear()",), ("s = set()",), ("s = {{{x}}}",), ("box.a = {x}",),
    ("box.b = {x}",), ("box.a = None",), ("box = Box()",), ("box.a = {x}", "del box.a"), ("box.a = {x}", "box.b = {y}", "box = Box()"),
    ("slot.a = {x}",), ("slot.a = None",), ("slot.b = {y}",), ("slot = Slot()",), ("slot.a = {x}", "del slot.a"), ("g = {x}",), ("g = None",),
    ("g = {x}", "del g", "g = None"), ("{x}",), ("[{x}, {y}]",), ("box.me = box", "box.a = {x}", "box = Box()", 'print(gc.collect())'),
    ("l.append(l)", "l.append({x})", "l = []", "print(gc.collect())"), ('d["me"] = d', 'd["k"] = {x}', "d = {{}}", "print(gc.collect())"),
    ("print(gc.collect())",), ("g = [{x}, {y}]", "g[0].o = g", "g = None", "print(gc.collect())"),
    ("g = weakref.ref(box, react)", "box.me = box", "box = Box()", "print(gc.collect())"), ("g = {x}", "w = weakref.ref(g, react)", "g = {y}"), ("g = {x}", "w = weakref.ref(g, react)", "l.append(g)", "g = None", "l.clear()"),
]


@kind("reentrant", 18)
def reentrant(t):
    t("import gc", "import weakref")
    t.quiet()
    for name in ("A", "B"):
        t("class %s:" % name, "    def __init__(self, n):", "        self.n = n", "    def __del__(self):")
        reaction = t.some(REACTIONS, 1, 2 if name == "B" else 1)
        lines = [line for r in reaction for line in r]
        for line in sorted({x for x in lines if x.startswith("global")}):
            t("        " + line)
        t('        print(f"del {self.n}")')
        for line in lines:
            if not line.startswith("global"):
                t("        " + line)
    t.text(WORLD)
    t("def react(r):", '    print("react")')
    for line in t.pick([r for r in REACTIONS if "self" not in " ".join(r)]):
        t("    " + line)
    for _ in range(max(3, t.size // 2)):
        x, y = ('%s("%s")' % (t.pick("AB"), t.fresh("x")) for _ in "xy")
        for line in t.pick(ACTIONS):
            t(line.format(x=x, y=y))
        if t.chance(0.6):
            t("world()")
    t('print("last line")')


@kind("mutation", 8)
def mutation(t):
    """Loops over what the loop changes."""
    t("import sys")
    for _ in range(max(2, t.size // 4)):
        of = t.pick(["list", "list", "dict", "set"])
        n = t.int(1, 6)
        t("c = %s" % {"list": "[%s]" % ", ".join(map(str, range(n))), "dict": "{%s}" % ", ".join("%d: %d" % (i, i) for i in range(n)),
                      "set": "{%s}" % ", ".join(map(str, range(n)))}[of], "turns = 0")
        changes = {"list": ["c.append(v)", "c.pop()", "c.pop(0)", "c.insert(0, 9)", "c.clear()", "c = c + [7]", "c[0:2] = []", "del c[-1]",
                            "c.extend([5, 6])", "c = []"],
                   "dict": ["c[v] = 5", "c[10 + turns] = 1", "c.pop(v)", "c.clear()", "c.popitem()", "c = {}", "c.pop(v)\nc[20 + v] = 1", "c[99] = 1"],
                   "set": ["c.add(v)", "c.add(100 + turns)", "c.discard(v)", "c.clear()", "c = set()", "c.discard(v)\nc.add(30 + v)"]}[of]
        with t.block("try:"):
            with t.block("for v in c:"):
                t("turns = turns + 1", "print(v)")
                with t.block("if turns == %d:" % t.int(1, 3) if t.chance(0.7) else "if turns < 20:"):
                    try_lines = t.pick(changes).split("\n")
                    t(*try_lines)
                with t.block("if turns > 25:"):
                    t("break")
        for error in ("RuntimeError", "KeyError", "IndexError"):
            t("except %s as e:" % error, '    print(f"%s: {e}")' % error)
        t("print(turns, len(c))", "print(sys.getrefcount(c))")
