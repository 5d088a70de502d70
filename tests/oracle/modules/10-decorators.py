import gc, sys
def deco(f):
    print("deco", f.__name__)
    return f
def arg(n):
    def inner(f):
        print("arg", n, f.__name__)
        return f
    return inner
@deco
@arg(1)
@arg(
    2)
def f(a, b=deco(deco)):
    "doc"
    return a
@deco

class C:
    x = 1
    @staticmethod
    def s(a): return a
    @classmethod
    def c(cls): return cls.__name__
    @property
    def p(self): return 5
    @p.setter
    def p(self, v): print("set", v)
    @deco
    def m(self):
        @deco
        def inner():
            return self
        return inner
print(f(3), C.s(4), C.c(), C().p, C().m()().x)
C().p = 7
def memo(fn):
    cache = {}
    def wrapper(*a):
        if a not in cache: cache[a] = fn(*a)
        return cache[a]
    wrapper.cache = cache
    return wrapper
@memo
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(50), len(fib.cache), sys.getrefcount(fib)); del fib; print(gc.collect())
try:
    @1 / 0
    def bad():
        pass
except ZeroDivisionError as error:
    print(error, "bad" in globals())
