# SPDX-License-Identifier: MIT
"""Random object graphs: nodes and containers behind a few names, linked, unlinked, dropped, collected
and looked at. What each name holds is known while writing, so that every statement is valid."""
from . import nodes
from .kinds import kind

BASIC = {"node": 30, "list": 6, "dict": 6, "tuple": 5, "link": 40, "unlink": 10, "alias": 6, "drop": 22, "swap": 2,
         "read": 5, "look": 12, "ring": 8}
COLLECT = {"collect": 10, "order": 8, "flags": 3, "referents": 4, "referrers": 2}


class Obj:
    def __init__(self, kind, cls=None):
        self.kind = kind
        self.cls = cls
        self.attrs = {}
        self.items = []
        self.keys = {}
        self.left = 3       # of a generator's values
        self.inits = set()  # attributes that __init__ gave to it


class Graph:
    """t: the Text; classes: {class name: kind}; table: {operation: weight}."""

    def __init__(self, t, classes, table, names=7):
        self.t = t
        self.classes = classes
        self.table = table
        self.pool = ["v%d" % i for i in range(names)]
        t.r.shuffle(self.pool)
        self.bound = {}

    # --- which names
    def named(self, *kinds):
        return sorted(n for n, o in self.bound.items() if not kinds or o.kind in kinds)

    def target(self):
        return self.t.pick(self.pool)

    def bind(self, name, obj, text):
        self.t("%s = %s" % (name, text))
        self.bound[name] = obj

    def value(self):
        """(text, object) of something to hold: a name, or a new object that nobody else holds."""
        names = self.named()
        if names and not self.t.chance(0.12):
            n = self.t.pick(names)
            return n, self.bound[n]
        return self.new_node()

    def new_node(self):
        cls = self.t.pick(sorted(self.classes))
        obj = Obj("node", cls)
        if cls in nodes.HAS_INIT_A:
            obj.attrs["a"] = None
            if cls == "L":
                obj.attrs["b"] = None
        return '%s("%s")' % (cls, self.t.fresh("x")), obj

    # --- operations; one that cannot be done now does nothing
    def op_node(self):
        text, obj = self.new_node()
        self.bind(self.target(), obj, text)

    def op_list(self):
        values = [self.value() for _ in range(self.t.int(0, 3))]
        obj = Obj("list")
        obj.items = [o for _, o in values]
        self.bind(self.target(), obj, "[%s]" % ", ".join(text for text, _ in values))

    def op_tuple(self):
        values = [self.value() for _ in range(self.t.int(1, 3))]
        obj = Obj("tuple")
        obj.items = [o for _, o in values]
        self.bind(self.target(), obj, "(%s,)" % ", ".join(text for text, _ in values))

    def op_dict(self):
        obj = Obj("dict")
        keys = self.t.pick([['"p"', '"q"', '"r"'], ["1", '"p"', "2"], ["(1, 2)", "7"]])
        pairs = []
        for key in self.t.some(keys, 0, 2):
            text, obj.keys[key] = self.value()
            pairs.append("%s: %s" % (key, text))
        self.bind(self.target(), obj, "{%s}" % ", ".join(pairs))

    def op_set(self):
        """One node at most: the order of two would depend on their addresses."""
        names = self.named("node")
        obj = Obj("set")
        self.bind(self.target(), obj, "{%s}" % self.t.pick(names) if names else "set()")

    def op_link(self):
        names = self.named("node", "list", "dict")
        if not names:
            return
        n = self.t.pick(names)
        obj = self.bound[n]
        text, value = self.value()
        if obj.kind == "node":
            attr = self.t.pick("aabbw")
            self.t("%s.%s = %s" % (n, attr, text))
            obj.attrs[attr] = value
        elif obj.kind == "list":
            if obj.items and self.t.chance(0.3):
                i = self.t.int(0, len(obj.items) - 1)
                if self.t.chance(0.5):
                    self.t("%s[%d] = %s" % (n, i, text))
                    obj.items[i] = value
                else:
                    self.t("%s.insert(%d, %s)" % (n, i, text))
                    obj.items.insert(i, value)
            else:
                self.t("%s.append(%s)" % (n, text))
                obj.items.append(value)
        else:
            key = self.t.pick(sorted(obj.keys) + ['"s"', '"t"'])
            self.t("%s[%s] = %s" % (n, key, text))
            obj.keys[key] = value

    def op_unlink(self):
        names = self.named("node", "list", "dict", "set")
        if not names:
            return
        n = self.t.pick(names)
        obj = self.bound[n]
        if obj.kind == "node" and obj.attrs:
            attr = self.t.pick(sorted(obj.attrs))
            if self.t.chance(0.5):
                self.t("del %s.%s" % (n, attr))
                del obj.attrs[attr]
            else:
                self.t("%s.%s = None" % (n, attr))
                obj.attrs[attr] = None
        elif obj.kind == "list" and obj.items:
            i = self.t.int(0, len(obj.items) - 1)
            how = self.t.pick(["del %s[%d]" % (n, i), "%s.pop(%d)" % (n, i), "%s[%d:%d] = []" % (n, i, i + 1)])
            self.t(how)
            del obj.items[i]
        elif obj.kind == "dict" and obj.keys:
            key = self.t.pick(sorted(obj.keys))
            self.t(self.t.pick(["del %s[%s]", "%s.pop(%s)"]) % (n, key))
            del obj.keys[key]
        elif obj.kind in ("list", "dict", "set"):
            self.t("%s.clear()" % n)
            obj.items = []
            obj.keys = {}

    def op_alias(self):
        names = self.named()
        if names:
            n = self.t.pick(names)
            self.bind(self.target(), self.bound[n], n)

    def op_read(self):
        """A name for what another object holds."""
        n = self.t.pick(self.named() or [None])
        obj = self.bound.get(n)
        found = []
        if obj and obj.kind == "node":
            found = [("%s.%s" % (n, a), o) for a, o in sorted(obj.attrs.items())]
        elif obj and obj.kind in ("list", "tuple"):
            found = [("%s[%d]" % (n, i), o) for i, o in enumerate(obj.items)]
        elif obj and obj.kind == "dict":
            found = [("%s[%s]" % (n, k), o) for k, o in sorted(obj.keys.items())]
        found = [f for f in found if f[1] is not None]
        if found:
            text, value = self.t.pick(found)
            self.bind(self.target(), value, text)

    def op_swap(self):
        names = self.named()
        if len(names) > 1:
            a, b = self.t.some(names, 2, 2)
            self.t("%s, %s = %s, %s" % (a, b, b, a))
            self.bound[a], self.bound[b] = self.bound[b], self.bound[a]

    def op_drop(self):
        names = self.named()
        for n in self.t.some(names, 1, self.t.pick([1, 1, 2, 3])) if names else []:
            if self.t.chance(0.75):
                self.t("del " + n)
            else:
                self.t(n + " = None")
            del self.bound[n]

    def op_ring(self):
        """Nodes in a ring, their names dropped or not."""
        names = self.t.some(self.pool, 1, 4)
        made = []
        for n in names:
            text, obj = self.new_node()
            self.bind(n, obj, text)
            made.append(obj)
        attr = self.t.pick("ab")
        for i in self.t.some(range(len(names)), len(names)):
            j = (i + 1) % len(names)
            self.t("%s.%s = %s" % (names[i], attr, names[j]))
            made[i].attrs[attr] = made[j]
        keep = self.t.pick([0, 0, 0, 1, len(names)])
        for n in self.t.some(names, len(names))[keep:]:
            self.t("del " + n)
            del self.bound[n]

    def op_gen(self):
        text, value = self.value()
        obj = Obj("gen")
        obj.items = [value]
        n = self.target()
        self.bind(n, obj, "gen%d(%s)" % (self.t.int(0, 2), text))
        if self.t.chance(0.7):
            self.t("next(%s)" % n)
            obj.left -= 1

    def op_step(self):
        names = [n for n in self.named("gen") if self.bound[n].left > 0]
        if names:
            n = self.t.pick(names)
            obj = self.bound[n]
            what = "send" if obj.left < 3 and self.t.chance(0.5) else "next"
            if what == "send" and self.t.chance(0.6):
                self.t("%s.send(%s)" % (n, self.value()[0]))
                obj.left -= 1
            elif self.t.chance(0.2):
                self.t("%s.close()" % n)
                obj.left = 0
            else:
                self.t("next(%s)" % n)
                obj.left -= 1

    def op_closure(self):
        text, value = self.value()
        obj = Obj("func")
        obj.items = [value]
        self.bind(self.target(), obj, "close%d(%s)" % (self.t.int(0, 2), text))

    def op_method(self):
        names = self.named("node")
        if names:
            self.bind(self.target(), Obj("meth"), self.t.pick(names) + ".meth")

    def op_builtin(self):
        """A method of a list holds the list, in an object of another type than a node's method."""
        names = self.named("list")
        if names:
            self.bind(self.target(), Obj("meth"), self.t.pick(names) + ".append")

    def op_again(self):
        """What a weak reference gives, held or not."""
        self.t("for w in kept:", "    if w() is not None:", '        print(f"still {name(w())} refs {sys.getrefcount(w())}")', "w = None")

    def op_many(self):
        """Several weak references to one object, a callback here and there."""
        names = self.named("node", "gen")
        if names:
            n = self.t.pick(names)
            for _ in range(self.t.int(2, 5)):
                self.t("kept.append(weakref.ref(%s%s))" % (n, self.t.pick(["", ", cb0", ", cb1", ", cb2"])))

    def op_inner(self):
        """The dictionary of an instance as an object of its own."""
        names = [n for n in self.named("node") if self.classes[self.bound[n].cls] not in ("slots", "slots-del")]
        if names:
            self.bind(self.target(), Obj("ref"), self.t.pick(names) + ".__dict__")

    def op_weak(self):
        names = self.named("node", "gen", "set")
        if names:
            text = "weakref.ref(%s%s)" % (self.t.pick(names), self.t.pick(["", ", cb0", ", cb1", ", cb2", ", cb3"]))
            if self.t.chance(0.5):
                self.t("kept.append(%s)" % text)
            elif self.t.chance(0.5) and self.named("node"):
                n = self.t.pick(self.named("node"))
                self.t("%s.w = %s" % (n, text))
                self.bound[n].attrs["w"] = None
            else:
                self.bind(self.target(), Obj("ref"), text)

    def op_weakcount(self):
        names = self.named("node", "gen", "set")
        if names:
            self.t('print(f"weak {weakref.getweakrefcount(%s)} kept {len(kept)}")' % self.t.pick(names))

    def op_dead(self):
        self.t("dead()")

    def op_saved(self):
        self.t('print(f"saved {names(saved)}")', "saved.clear()")

    def op_look(self):
        names = self.named("node", "list", "dict", "set", "gen", "func", "meth")
        if names:
            self.t('print(f"refs %s")' % " ".join(
                "{sys.getrefcount(%s)}" % n for n in self.t.some(names, 1, 3)))

    def op_collect(self):
        g = self.t.pick(["", "", "", "0", "0", "1", "generation=0", "2"])
        self.t('print(f"collect(%s) {gc.collect(%s)}")' % (g, g))

    def op_order(self):
        self.t("order(%d)" % self.t.pick([0, 0, 0, 1, 1, 2]))

    def op_flags(self):
        names = self.named()
        if names:
            n = self.t.pick(names)
            self.t('print(f"tracked {gc.is_tracked(%s)} finalized {gc.is_finalized(%s)}")' % (n, n))

    def op_referents(self):
        names = self.named("node", "list", "tuple", "dict")
        if names:
            self.t('print(f"referents {names(gc.get_referents(%s))}")' % self.t.pick(names))

    def op_referrers(self):
        names = self.named("node", "list")
        if names:
            form = self.t.pick(["len(gc.get_referrers(%s))", "names(gc.get_referrers(%s))"])
            self.t('print(f"referrers {%s}")' % (form % self.t.pick(names)))

    def run(self, steps):
        for _ in range(steps):
            getattr(self, "op_" + self.t.weighted(self.table))()


def write(t, kinds, table, quiet=True, imports="gc sys weakref"):
    """A whole program: classes of these kinds, a graph, the rest collected, what is left to the exit."""
    for m in imports.split():
        t("import " + m)
    if quiet:
        t.quiet()
    t("saved = []", "refs = {}", "kept = []")
    classes = nodes.define(t, kinds)
    nodes.lookers(t, sorted(classes))
    if "weak" in table:
        t.text(nodes.CALLBACKS)
        t.text("""
def dead():
    r = []
    for w in kept:
        r.append(w() is None)
    print(f"dead {r}")
""")
    if "gen" in table:
        t.text(nodes.GENERATORS)
    if "closure" in table:
        t.text(nodes.CLOSURES)
    if t.chance(0.3):
        with t.block("def main():"):
            Graph(t, classes, table, t.pick([3, 5, 8])).run(t.size)
            t('print("end of main")')
        t("main()")
    else:
        Graph(t, classes, table, t.pick([3, 5, 8])).run(t.size)
    ending(t)


def ending(t):
    if t.chance(0.4):
        t("order(0)", 'print(f"last {gc.collect()}")', "order(2)")
    if t.chance(0.5):
        t("saved.clear()", 'print(f"after saved {gc.collect()}")')
    if t.chance(0.15):
        t(t.pick(["nothing_here", 'raise ValueError("the end")', "[][3]", '{}["k"]', "None.x", "1 // 0"]))
    else:
        t('print("last line")')


@kind("cycles", 14)
def cycles(t):
    write(t, t.some(["plain", "del", "late-name", "slots"], 1, 2), dict(BASIC, **COLLECT))


@kind("finalizers", 14)
def finalizers(t):
    write(t, t.some(["del", "breaks", "slots-del", "late-name", "raises", "makes", "counts", "derived"], 1, 3),
          dict(BASIC, **COLLECT, gen=2, step=2))


@kind("resurrection", 12)
def resurrection(t):
    kinds = t.some(["saves", "saves-once"], 1, 2) + t.some(["del", "plain", "looks", "breaks", "adopts", "clears"], 1, 2)
    write(t, kinds, dict(BASIC, **COLLECT, saved=10, weak=8, dead=3))


@kind("weakrefs", 14)
def weakrefs(t):
    write(t, t.some(["plain", "del", "looks", "slots", "slots-del", "breaks", "watches", "clears", "derived"], 1, 3),
          dict(BASIC, **COLLECT, weak=28, weakcount=6, dead=6, gen=2, many=5, again=4))


@kind("holders", 12)
def holders(t):
    write(t, t.some(["plain", "del", "looks", "slots"], 1, 3),
          dict(BASIC, **COLLECT, set=8, gen=12, step=8, closure=8, method=8, builtin=4, inner=6))


@kind("counts-only", 8)
def counts_only(t):
    """No collector: reference counts and the order of death."""
    write(t, t.some(["plain", "del", "slots-del", "late-name"], 1, 3),
          dict(BASIC, look=40, drop=30, set=5, gen=5, step=5, closure=6, method=6, tuple=8))


@kind("everything", 16)
def everything(t):
    kinds = t.some([k for k in sorted(nodes.CLASSES) if k != "collects" or t.chance(0.4)], 2, 6)
    write(t, kinds, dict(BASIC, **COLLECT, set=4, gen=6, step=5, closure=5, method=4, inner=3, weak=10, weakcount=3,
                         dead=3, saved=4, builtin=1, again=2, many=2))
