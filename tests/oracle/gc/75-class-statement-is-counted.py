# How many GC objects a class statement makes that stay, and how many there are at a time: the names of
# slots are a tuple, __init_subclass__ is called through a super object and a bound method.
import gc
gc.disable()
gc.collect()
def f():
    class A:
        pass
    return A
def g():
    class A:
        x = 1
        def m(self):
            pass
    return A
def h():
    class A:
        __slots__ = ("a", "b")
    return A
class B:
    pass
def k():
    class A(B):
        def __init__(self):
            self.x = 1
    return A
def e():
    class A(Exception):
        pass
    return A
keep = [None] * 200
at = [0]
def many(fn):
    before = gc.get_count()[0]
    i = 0
    while i < 20:
        keep[at[0]] = fn()
        at[0] = at[0] + 1
        i = i + 1
    return gc.get_count()[0] - before
gc.collect()
r = []
many(f)
gc.collect()
many(e)
r = [many(f), many(g), many(h), many(k), many(e)]
print(r)
def peak(fn):
    t = 1
    while t < 100:
        gc.disable()
        gc.collect(1)
        gc.set_threshold(t, 1000, 1000)
        before = sum([s["collections"] for s in gc.get_stats()])
        gc.enable()
        fn()
        gc.disable()
        if sum([s["collections"] for s in gc.get_stats()]) == before:
            return t
        t = t + 1
for fn in (f, g, h, k, e):
    peak(fn)
    print(fn.__name__, peak(fn))
