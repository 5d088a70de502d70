# built-in functions on any object
class A:
    """words"""
    x = 1
    def __init__(self, v=0):
        self.v = v
    def __len__(self):
        return self.v
    def __call__(self, *args):
        return args
    def __repr__(self):
        return f"A({self.v})"
    def __hash__(self):
        return 7
    def __format__(self, spec):
        return f"<{spec}>"
class B(A):
    pass
def caught(f, *args):
    try:
        print(f(*args))
    except Exception as e:
        print(type(e).__name__, e)
a = A(3)
print(len(a), repr(a), str(a), hash(a), callable(a), callable(1), a(1, 2), bool(a), bool(A()))
print(isinstance(B(), A), isinstance(1, (str, int)), issubclass(B, A), issubclass(A, (B, object)), isinstance(True, int))
print(getattr(a, "v"), getattr(a, "w", "none"), hasattr(a, "v"), hasattr(a, "w"))
setattr(a, "w", 5)
print(a.w, vars(a))
delattr(a, "w")
print(hasattr(a, "w"), format(a, "xyz"), format(3.14159, ".2f"), format(12), ascii("é"))
caught(len, 1)
caught(len)
caught(len, 1, 2)
caught(getattr, a)
caught(getattr, a, "nothing")
caught(getattr, a, 1)
caught(setattr, a, "x")
caught(hasattr, a, 1)
caught(delattr, a, "nothing")
caught(isinstance, 1, 2)
caught(issubclass, 1, int)
caught(hash, [])
caught(format, 1, 2)
caught(vars, 1)
caught(callable)
caught(repr, 1, 2)
def f():
    b = 2
    c = b + 1
    return locals()
print(f(), "a" in globals(), globals() is vars())
print(type(1) is int, type(a) is A, type(A) is type, object() is object())
print(int("12") + int(3.9), float("1.5"), str(1.5), bool([]), list("ab"), tuple([1]), dict(a=1), sorted(set([2, 1])), bytes([65, 66]))
print(Ellipsis, NotImplemented, __debug__, __name__)
print(id(a) == id(a), id(a) == id(A(3)))
