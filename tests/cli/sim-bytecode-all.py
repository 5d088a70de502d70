"""module doc"""
import sys, gc as g
from weakref import ref, WeakSet as WS
def f(a, b=1, *args):
    "doc"
    c = [y + a for y in range(b) if y if y > 2]
    d = {k: v for k, v in args}
    s = {z for z in c}
    gx = (q * a for q in c for r in [q] for t in (1, 2))
    a, b = b, a
    a, b, c = c, b, a
    a, b, c, d = d, c, b, a
    (a), [b, c] = 1, (2, 3)
    a = b = c = 5
    x = lambda u, v=2, *w: (u, v, w, a)
    a += 1
    args[0] += 2
    x.attr -= 3
    x.y.z **= 2
    del a, x.attr, args[0], (b, c)
    if a and b or c and not d:
        pass
    elif not (a or b):
        return
    elif a < b < c:
        return 1
    else:
        return a
    while a < b <= c:
        if a:
            break
        elif b:
            continue
        a = a if b else c
    else:
        print("else", a, sep="x", end=f"{a!r:>{b}}" "z" f"{a=}" f"{b=!s}" f"{c:x}")
    for i, (j, k) in enumerate([1, 2, 3]):
        for m in [a, b]:
            if m: continue
            return m
        else:
            break
    try:
        1 / 0
    except (ValueError, TypeError) as e:
        print(e)
        return e
    except ZeroDivisionError:
        raise
    except:
        raise ValueError("x") from None
    else:
        a = 1
    finally:
        b = 2
    for i in a:
        try:
            if i: return i
            if b: break
            continue
        finally:
            print(1)
    for i in a:
        try:
            pass
        except E as e:
            if i: return i
            if b: break
            continue
    try:
        pass
    finally:
        for i in c:
            try:
                return 1
            finally:
                break
    assert a, "msg"
    assert b
    assert (c > 1) != 0, f"{c}"
    global gg
    gg = 3
    def inner():
        nonlocal a
        a = b
        def deeper():
            return a, args
        return deeper
    yield a
    z = yield
    return (yield 3)
class A:
    x = 1
    __slots__ = ("a", "b")
    def __init__(self, *a):
        super().__init__()
        self.__priv = 1
        self.__priv += __class__
    def m(self): return self.__priv
    y = [x for x in range(3)]
class B(A, object):
    "docstring"
    def f(self):
        x = 1
        class C:
            x = x
            def g(self): return x
        return C
a = 2 ** 30 - 1 + 0x_ff_ff * 0b101 - 0o17
b = -1, +1, ~1, not 1, 1.5 * 2, "a" + "b", "ab" * 3, (1, 2) + (3,), (1, 2) * 2, 7 // -2, 7 % -2, 1 / 3, 2 ** -1, 2 ** 64, 2**100, 10**20, 1 << 62, 1 << 70, -7 >> 1, 5 & 3, 5 | 3, 5 ^ 3, True & False, True + 1, -7.5 // 2, -7.5 % 2, 2 ** 0.5, "abc"[1], (1, 2)[-1], b"ab"[0]
l = [1, 2, 3]; l2 = [1, 2]; s = {1, 2, 3}; d = {"a": 1, "b": 2}; d2 = {"a": a}; e = {}; t = (a, b)
x in [1, 2]; x not in {1, 2}; x in [a, b]; x is None; x is not None
if x is None: pass
if not x is None: y = 1
if x is not None: y = 2
z = l[1:2], l[:], l[::2], l[a:b:c], l[1, 2], l[1:2, 3]
f(*a); f(1, *a, k=2); f(*a, *b); f(k=1, j=2); a.b(k=1); a.b(*c); a.b.c(1)(2)[3].d
print(*a, sep="")
f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, a)
a.f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, a)
big = [a, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32]
bigt = (a, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32)
bigs = {a, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32}
dd = {1: a, 2: a, 3: a, 4: a, 5: a, 6: a, 7: a, 8: a, 9: a, 10: a, 11: a, 12: a, 13: a, 14: a, 15: a, 16: a, 17: a, 18: a, 19: a, 20: a}
dd = {1: a, 2: a, 3: a, 4: a, 5: a, 6: a, 7: a, 8: a, 9: a, 10: a, 11: a, 12: a, 13: a, 14: a, 15: a, 16: a, 17: a}
dd = {1: a, 2: a, 3: a, 4: a, 5: a, 6: a, 7: a, 8: a, 9: a, 10: a, 11: a, 12: a, 13: a, 14: a, 15: a}
x = f"", f"a", f"{a}", f"{{{a}}}", f"{a:>10}", f"{a!r:{b}.{c}}", f"{a + 1:,}", f'{d["k"]}', f"{lambda_}", "a" f"b{a}c" 'd', rf"\n{a}\d", f"\n{a}\x41é"
x = 'é€😀', "\ud800", b'\xff\0', '\101\x41\u0041\U0001F600', r'\n', 'a\
b', """x
y"""
x = (a
     .b()
     .c(1,
        2))
foo(a,
    b
    ,c)[
    3
    ] = (
    4)
a.b.c += 1; a[1] += 2
x = a if b else c
x = a or b and c or d
x = (a and b) or c
if (a and b) or (c and d): pass
while True:
    if a: break
while 1: pass
"%s %r %a %% x" % (a, b, c)
"%5s|%-5s|%.3s|%5.2r|%-5.a" % (a, b, c, d, e)
"%d" % (a,)
"%s" % a
"%s %s" % (a,)
"%s" % (a, b)
"abc%" % (a,)
"%%" % ()
"%(x)s" % (a,)
"%05s" % (a,)


# decorators
@deco
def decorated(a, b=deco(1)):
    return a


@deco
@make(
    1, 2)
@other.attribute[0]

def thrice():
    "doc"
    x = 1

    @deco
    def inner():
        return x
    return inner


@deco
@deco
class Decorated(Base, deco(2)):
    "doc"

    @staticmethod
    def s(a):
        return super().s(a)

    @property
    def p(self):
        return __class__

    @p.setter
    def p(self, v):
        self.v = v


@(lambda f: f)
class Other: pass


# with
with a: pass
with a as b, c: b = c
with (a as b, c(1) as d.e,): pass
with (a, b): pass
with (a, b) as (c, d): pass
with (a): pass
with (a).b as c: pass
with (a) as b: pass
with ((a, b)): pass
with (): pass
with (x for x in a): pass
with (a
      as b,
      c(lambda q: q)
      as d):
    e


def managed(a, b):
    with a:
        return 1
    with a as x, b() as y:
        return x + y
    for i in a:
        with b as c:
            if i: continue
            if c: break
            return c
    with a:
        yield 1
        with b:
            yield
    while a:
        with a, \
             b:
            try:
                with c:
                    return (
                        a)
            except E as e:
                with e:
                    continue
            finally:
                with d:
                    break
    try:
        with a:
            raise
    finally:
        with (yield):
            pass
    with (yield a): return


class Managed:
    with a as b:
        c = 1


# annotations
a: int
a: int = 1
(a): int
(a): b = 2
a.b: c
a.b: c = d
a[b]: c
a[b:c, d::e, f]: g
a[b] : c = yy, zz
__a: "b"
if a:
    while b:
        x: c = 1


def annotated(a: int, b: "str" = 1, *c: d.e) -> None:
    "doc"
    x: int
    y: f() = 2
    (z): g() = 3
    a.b: c
    a[b]: c = 3
    a[b:c]: d


def constants(a: 1, b: 2) -> 3:
    def inner(x: a) -> b:
        y: x
        return lambda: y
    return inner


class Annotated:
    """doc"""
    a: int
    __b: str = a
    c.d: e
    (f): g

    def __init__(self, __c: a, d: lambda: __c) -> "Annotated":
        self.x: int = 1
        self.__y: str

    for i in a:
        pass
    else:
        try:
            pass
        except E:
            with a:
                z: y


class Plain:
    def f(self, a: int): x: int = 1


@deco
def decorated(a: int = 1, *b: 2): pass


# What follows a with statement at the end of a branch has the other branch's line.
try:
    a
except y as e:
    if q:
        with c as f, d as g:
            x = 1
    else:
        assert z

while 1 or a:
    continue
