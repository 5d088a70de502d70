# __init_subclass__, __set_name__ and super() without arguments.
class A:
    def __init_subclass__(cls):
        print("sub", cls.__name__)
class Desc:
    def __set_name__(self, owner, name):
        print("name", owner.__name__, name)
class B(A):
    x = Desc()
    y = Desc()
class C(B):
    def __init_subclass__(cls):
        super().__init_subclass__()
        print("C", cls.__name__)
class D(C):
    pass
class Bad:
    def __set_name__(self, owner, name):
        raise ValueError("no")
try:
    class E:
        z = Bad()
except RuntimeError as e:
    print(repr(e), repr(e.__cause__))
print(type(A.__dict__["__init_subclass__"]).__name__)
class G:
    def __init_subclass__(cls):
        raise TypeError("final")
try:
    class H(G):
        pass
except TypeError as e:
    print(e)


class First:
    def m(self, x):
        return x + 1
class Second(First):
    def m(self, x):
        return super().m(x) * 2
    def n(self):
        def inner():
            return self
        return (super().m(1), inner() is self)
    def k():
        return super()
    def d(self):
        del self
        super()
print(Second().m(3), Second().n())
class Third(Second):
    pass
print(Third().m(4))
for f in (Second.k, Second().d):
    try:
        f()
    except RuntimeError as e:
        print(e)
def g(x):
    return super()
try:
    g(1)
except RuntimeError as e:
    print(e)
class Error(Exception):
    def __init__(self, n):
        super().__init__(n, "more")
print(repr(Error(1)), Error(2).args)
