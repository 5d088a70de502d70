# Annotations: which are evaluated, in what order, where they are kept, and what they count as objects: a function has
# one tuple of names and annotations until somebody asks for its __annotations__, a class and a program have a dict.
import gc
import sys
gc.disable()
class T:
    def __init__(self, n): self.n = n
    def __repr__(self): return f"T({self.n})"
    def __del__(self): print("del", self.n)
x: T("x")
y: T("y") = 5
print(__annotations__, x if 0 else y)
def f(a: T("a"), b: "str" = 1, *c: T("c")) -> T("ret"):
    q: T("never") = a
    r: undefined_name
    return q
print(sys.getsizeof(f), gc.get_referents(f)[-2:] if 0 else len(gc.get_referents(f)))
def cost(fn):
    fn()
    c = gc.get_count()[0]
    r = fn()
    c = gc.get_count()[0] - c
    return c
def mk():
    def g(a: f, b: int) -> None: pass
    return g
def mk2():
    def g(a: f, b: int) -> None: pass
    g.__annotations__
    return g
def mk3():
    class C:
        a: int
        b: f = 2
    return C
def mk4():
    def g(a: 1, b: "x") -> None: pass
    return g
print(cost(mk), cost(mk2), cost(mk3), cost(mk4))
print(f.__annotations__, f.__annotations__ is f.__annotations__)
f.__annotations__["z"] = 1
print(f.__annotations__)
f.__annotations__ = None
print(f.__annotations__)
try: f.__annotations__ = 3
except TypeError as e: print(e)
del f.__annotations__
print(f.__annotations__)
class C:
    a: int
    b: T("b") = 3
    __p: str
    def m(self, __q: int) -> "C":
        self.z: T("inst") = 1
        return self
print(C.__annotations__, C.m.__annotations__, C().__annotations__ is C.__annotations__)
class D(C): pass
print(D.__annotations__, "__annotations__" in D.__dict__, D().__annotations__)
D.__annotations__ = [1]
print(D.__annotations__)
del D.__annotations__
try: del D.__annotations__
except AttributeError as e: print(e)
for z in (int, object, C()):
    try: print(z.__annotations__)
    except AttributeError as e: print(e)
try: int.__annotations__ = 1
except TypeError as e: print(e)
l = [1, 2]
l[T("idx") and 0]: T("l0") = 4
(w): T("w")
l.foo: T("foo")
print(__annotations__)
try:
    o.x: T("o")
except NameError as e: print(e)
def loc():
    v: int
    try: print(v)
    except UnboundLocalError as e: print(e)
loc()
del C, D
print(gc.collect())
try:
    x
except NameError as e:
    print(e)
for k in list(__annotations__):
    print(k, __annotations__.pop(k))
