# SPDX-License-Identifier: MIT
"""Weak references beyond single ones: dictionaries and sets of them, finalize objects, many on one
object, callbacks that change what is going on."""
from .kinds import kind

THINGS = """
live = [0]
class V:
    def __init__(self, n):
        self.n = n
        live[0] = live[0] + 1
    def __del__(self):
        live[0] = live[0] - 1
class D:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        print(f"del {self.n} values {len(values)} keys {len(keys)} members {len(members)}")
"""


@kind("weak-containers", 14)
def weak_containers(t):
    t("import gc", "import weakref")
    t.quiet()
    t("values = weakref.WeakValueDictionary()", "keys = weakref.WeakKeyDictionary()", "members = weakref.WeakSet()")
    t.text(THINGS)
    t("def show(what):", '    print(f"{what}: live {live[0]} values {len(values)} keys {len(keys)} members {len(members)}")')
    names = ["a", "b", "c", "d"]
    for n in names:
        t('%s = %s("%s")' % (n, t.pick("VVD"), n))
    for _ in range(t.size):
        n = t.pick(names)
        k = t.pick(["1", "2", '"k"', "(1, 2)"])
        step = t.weighted({"value": 10, "key": 8, "member": 8, "drop": 10, "new": 6, "get": 6, "del": 5, "cycle": 5, "collect": 5,
                           "iterate": 4, "hold": 3, "clear": 1, "temporary": 3})
        if step == "value":
            t("values[%s] = %s" % (k, n))
        elif step == "key":
            t("keys[%s] = %s" % (n, t.pick(["1", '"text"', n, t.pick(names), "[%s]" % n])))
        elif step == "member":
            t(t.pick(["members.add(%s)", "members.add(%s)", "members.discard(%s)"]) % n)
        elif step == "drop":
            t("%s = %s" % (n, t.pick(names)))
        elif step == "new":
            t('%s = %s("%s")' % (n, t.pick("VVD"), t.fresh("x")))
        elif step == "get":
            t(t.pick(["print(values.get(%s) is %s)" % (k, n), "print(%s in values)" % k, "print(%s in keys)" % n, "print(%s in members)" % n,
                      "print(keys.get(%s) is None)" % n, 'print(values.get(%s, "nothing") == "nothing")' % k]))
        elif step == "del":
            what = t.pick(["del values[%s]" % k, "del keys[%s]" % n, "members.remove(%s)" % n, "values.pop(%s)" % k, "keys.pop(%s)" % n,
                           "print(values[%s] is None)" % k, "print(keys[%s] is None)" % n])
            t("try:", "    " + what, "except KeyError:", '    print("KeyError")')
        elif step == "cycle":
            t("%s.me = %s" % (n, t.pick([n, t.pick(names)])))
        elif step == "collect":
            t('print(f"collect {gc.collect(%s)}")' % t.pick(["", "", "0"]))
        elif step == "iterate":
            with t.block("for k in %s:" % t.pick(["values", "keys", "members"])):
                t("print(%s)" % ("k" if "values" in t.lines[-1] else "k.n" if "keys" in t.lines[-1] else "1"))
                if t.chance(0.3):
                    t("break")
            t("k = None")
        elif step == "hold":
            t("h = values.get(%s)" % k if t.chance(0.6) else "h = None")
        elif step == "clear":
            t("%s.clear()" % t.pick(["values", "keys", "members"]))
        else:
            t(t.pick(["values[%s] = V(0)" % k, "keys[V(0)] = 1", "members.add(V(0))", "members.add(D('temporary'))",
                      "values[%s] = D('temporary')" % k]))
        if t.chance(0.5):
            t('show("%s")' % step)
    if t.chance(0.5):
        t(*["%s = None" % n for n in t.some(names)])
        t('show("dropped")', 'print(f"last {gc.collect()}")', 'show("end")')


@kind("finalize", 12)
def finalize(t):
    t("import gc", "import weakref", "import sys")
    t.quiet()
    t.text("""
kept = []
class C:
    def __init__(self, n):
        self.n = n
class F:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        print(f"del {self.n}")
def bye(word, n=0):
    print(f"bye {word} {n}")
    return n * 2
def nothing():
    print("bye")
def raises(word):
    print(f"raising {word}")
    raise ValueError(word)
def more(word):
    print(f"more {word}")
    o = C("inner")
    weakref.finalize(o, bye, word, 9)
    kept.append(o)
def cb(r):
    print("weak callback")
class Owner:
    def close(self, word):
        print(f"closed {word}")
owner = Owner()
""")
    names = {}
    finalizers = []
    for _ in range(t.size):
        step = t.weighted({"new": 6, "finalize": 14, "weak": 4, "drop": 8, "alive": 5, "call": 4, "detach": 4, "cycle": 3, "collect": 3,
                           "atexit": 3, "count": 2, "peek": 1, "forget": 1})
        if step == "new" or not names:
            n = t.pick(["a", "b", "c", "d"])
            t('%s = %s("%s")' % (n, t.pick("CF"), t.fresh("x")))
            names[n] = True
            continue
        n = t.pick(sorted(names))
        w = t.fresh("f")
        if step == "finalize":
            what = t.pick(['bye, "%s"' % w, 'bye, "%s", %d' % (w, t.int(1, 9)), "nothing", 'raises, "%s"' % w, 'more, "%s"' % w,
                           'owner.close, "%s"' % w, 'bye, "%s", 1' % w])
            if t.chance(0.8):
                t("%s = weakref.finalize(%s, %s)" % (w, n, what))
                finalizers.append(w)
            else:
                t("weakref.finalize(%s, %s)" % (n, what))
        elif step == "weak":
            t("kept.append(weakref.ref(%s, cb))" % n)
        elif step == "drop":
            t("del " + n)
            del names[n]
        elif step == "cycle":
            t("%s.me = %s" % (n, t.pick(sorted(names))))
        elif step == "collect":
            t('print(f"collect {gc.collect()}")')
        elif step == "count":
            t('print(f"refs {sys.getrefcount(%s)} weak {weakref.getweakrefcount(%s)}")' % (n, n))
        elif finalizers:
            f = t.pick(finalizers)
            if step == "alive":
                t('print(f"%s alive {%s.alive}")' % (f, f))
            elif step == "call":
                t("try:", '    print(f"%s called {%s()}")' % (f, f), "except ValueError as e:", '    print(f"raised {e}")')
            elif step == "detach":
                t("x = %s.detach()" % f, "if x is None:", '    print("was dead")', "else:", '    print(f"detached {x[0].n} {x[2]} {len(x)}")',
                  "x = None")
            elif step == "atexit":
                t(t.pick(["%s.atexit = False", "%s.atexit = False", 'print(f"atexit {%s.atexit}")']) % f)
            elif step == "forget":
                t("%s = None" % f)
                finalizers.remove(f)
            else:
                t("x = %s.peek()" % f, 'print(f"peek {x is None}")', "x = None")
    if t.chance(0.4):
        t("gc.enable()")
    t('print("end of script")')
    if t.chance(0.15):
        t('raise ValueError("the end")')


@kind("weak-order", 12)
def weak_order(t):
    """Many references to one object; what their callbacks do to the other ones; by count and by collection."""
    t("import gc", "import weakref", "import sys")
    t.quiet()
    t.text("""
held = []
made = []
class C:
    def __init__(self, n):
        self.n = n
class F:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        print(f"del {self.n} weak {weakref.getweakrefcount(self)}")
def drop_one(r):
    print(f"drop_one {len(held)}")
    if len(held) > 0:
        held.pop()
def drop_all(r):
    print(f"drop_all {len(held)}")
    held.clear()
def add(r):
    print("add")
    held.append(weakref.ref(made[0], plain))
def plain(r):
    print(f"plain {r() is None} {weakref.getweakrefcount(made[0])}")
def kill(r):
    print("kill")
    made[1] = None
def fails(r):
    print("fails")
    raise ValueError("in a callback")
def collects(r):
    print(f"collects {gc.collect()}")
def revive(r):
    print(f"revive {r() is None}")
    made.append(r)
""")
    t('made.append(C("m0"))', 'made.append(F("m1"))')
    calls = ["plain", "drop_one", "drop_all", "add", "kill", "fails", "collects", "revive"]
    for _ in range(max(2, t.size // 8)):
        names = ["a", "b"][:t.pick([1, 2])]
        for n in names:
            t('%s = %s("%s")' % (n, t.pick("CCF"), t.fresh("x")))
        if t.chance(0.6):
            for n in names:
                t("%s.o = %s" % (n, names[-1 - names.index(n)]))
        chosen = t.some(calls, 1, 4)
        for _ in range(t.int(1, 7)):
            n = t.pick(names + names + ["made[0]", "made[1]"]) if t.chance(0.9) else "made"
            if n == "made":
                continue
            if n == "made[1]":
                t("if made[1] is None:", '    made[1] = F("again")')
            r = "weakref.ref(%s%s)" % (n, "" if t.chance(0.25) else ", " + t.pick(chosen))
            t(t.pick(["held.append(%s)" % r, "held.append(%s)" % r, "%s.r = %s" % (t.pick(names), r), "%s = %s" % (t.pick("rst"), r)]))
        t('print(f"counts %s")' % " ".join("{weakref.getweakrefcount(%s)}" % n for n in names))
        if t.chance(0.3):
            t("r = None")
        for n in t.some(names, 2):
            t("del " + n)
        t('print(f"collect {gc.collect(%s)} held {len(held)}")' % t.pick(["", "", "0"]))
    t("same = C('same')", "print(weakref.ref(same) is weakref.ref(same))", "print(weakref.ref(same, plain) is weakref.ref(same, plain))",
      "print(weakref.ref(same) == weakref.ref(same))")
