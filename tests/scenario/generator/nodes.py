# SPDX-License-Identifier: MIT
"""Classes whose instances tell when they die, what the collector does to them and in which order, and
the functions that programs look at them with."""

# Each class prints from what it is about; {c} is its name. `saved` and `refs` are globals.
CLASSES = {
    "plain": """
class {c}:
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self.n
""",
    "del": """
class {c}:
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self.n
    def __del__(self):
        print(f"del {{self.n}}")
""",
    "late-name": """
class {c}:
    def __init__(self, n):
        self.b = None
        self.a = None
        self.n = n
    def meth(self):
        return self
    def __del__(self):
        print(f"del {{self.n}}")
""",
    "saves": """
class {c}:
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self.n
    def __del__(self):
        print(f"del {{self.n}}, saved")
        saved.append(self)
""",
    "saves-once": """
class {c}:
    def __init__(self, n):
        self.n = n
        self.lives = 1
    def meth(self):
        return self.n
    def __del__(self):
        print(f"del {{self.n}} lives {{self.lives}}")
        if self.lives > 0:
            self.lives = self.lives - 1
            saved.append(self)
""",
    "breaks": """
class {c}:
    def __init__(self, n):
        self.n = n
        self.a = None
    def meth(self):
        return self.n
    def __del__(self):
        print(f"del {{self.n}}, lets go")
        self.a = None
        self.b = None
""",
    "makes": """
class {c}:
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self.n
    def __del__(self):
        print(f"del {{self.n}}")
        x = [self.n]
        x.append(x)
""",
    "raises": """
class {c}:
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self.n
    def __del__(self):
        print(f"del {{self.n}}, raises")
        raise ValueError("in __del__")
""",
    "slots": """
class {c}:
    __slots__ = ("n", "a", "b", "w", "__weakref__")
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self.n
""",
    "slots-del": """
class {c}:
    __slots__ = ("n", "b", "a", "w", "__weakref__")
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self.n
    def __del__(self):
        print(f"del {{self.n}}")
""",
    "looks": """
class {c}:
    def __init__(self, n):
        self.n = n
        refs[n] = weakref.ref(self)
    def meth(self):
        return self.n
    def __del__(self):
        print(f"del {{self.n}} dead {{refs[self.n]() is None}} flag {{gc.is_finalized(self)}}")
""",
    "collects": """
class {c}:
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self.n
    def __del__(self):
        print(f"del {{self.n}} collect {{gc.collect()}}")
""",
    "counts": """
class {c}:
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self.n
    def __del__(self):
        print(f"del {{self.n}} refs {{sys.getrefcount(self)}}")
""",
    "derived": """
class Base{c}:
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self.n
    def __del__(self):
        print(f"base del {{self.n}}")
class {c}(Base{c}):
    def meth(self):
        return self
""",
    "adopts": """
class {c}:
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self.n
    def __del__(self):
        print(f"del {{self.n}} saved {{len(saved)}}")
        if len(saved) > 0:
            saved[0].b = self
""",
    "clears": """
class {c}:
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self.n
    def __del__(self):
        print(f"del {{self.n}}, clears")
        saved.clear()
        kept.clear()
""",
    "watches": """
class {c}:
    def __init__(self, n):
        self.n = n
    def meth(self):
        return self.n
    def __del__(self):
        kept.append(weakref.ref(self, gone))
        print(f"del {{self.n}} weak {{weakref.getweakrefcount(self)}}")
""",
}
NAMES = {"derived": "D", "adopts": "A", "clears": "C", "watches": "V", "plain": "N", "del": "F", "late-name": "L", "saves": "R", "saves-once": "Q", "breaks": "B", "makes": "M",
         "raises": "X", "slots": "S", "slots-del": "T", "looks": "W", "collects": "G", "counts": "K"}
HAS_INIT_A = {"L", "B"}

CALLBACKS = """
def gone(r):
    print("gone")
def cb0(r):
    print("cb0")
def cb1(r):
    print(f"cb1 dead {r() is None}")
def cb2(r):
    print(f"cb2 refs {sys.getrefcount(r)}")
def cb3(r):
    print("cb3, drops all")
    kept.clear()
"""

GENERATORS = """
def gen0(o):
    yield 1
    yield 2
    yield 3
def gen1(o):
    try:
        yield 1
        yield 2
        yield 3
    finally:
        print("generator closed")
def gen2(o):
    p = yield 1
    p = yield 2
    yield p
"""

CLOSURES = """
def close0(o):
    def inner():
        return o
    return inner
def close1(o):
    def inner(k):
        if k > 0:
            return inner(k - 1)
        return o
    return inner
def close2(o):
    p = [o]
    def get():
        return p
    def put(v):
        p.append(v)
    return (get, put)
"""


def define(t, kinds):
    """Writes these classes; returns {class name: kind}."""
    made = {}
    for k in kinds:
        name = NAMES[k]
        t.text(CLASSES[k].format(c=name))
        made[name] = k
    return made


def lookers(t, classes):
    """order(g): the nodes of a generation, in the order of its list. name(o), names(l): what l holds."""
    any_of = " or ".join("type(o) is %s" % c for c in classes)
    t.text("""
def order(g):
    r = []
    for o in gc.get_objects(generation=g):
        if %s:
            r.append(o.n)
    print(f"generation {g}: {r}")
def name(o):
    if %s:
        return o.n
    if o is None:
        return "None"
    if type(o) is list:
        return "list"
    if type(o) is tuple:
        return "tuple"
    if type(o) is dict:
        return "dict"
    if type(o) is str:
        return o
    if type(o) is type:
        return "class"
    return "other"
def names(l):
    r = []
    for o in l:
        r.append(name(o))
    return r
""" % (any_of, any_of))
