import gc, sys, weakref
gc.disable()
x = [1, 2]; y = "s"; d = {1: 2}
def g(a): return a
def h(a, b=1): return a
def v(*a): return a
class A:
    def m(self): return self
class B:
    def __init__(self, a): self.a = a
    def get(self): return self.a
class S:
    __slots__ = ("a",)
class T:
    def __new__(cls): return object.__new__(cls)
class U(B):
    def __init__(self, a):
        super().__init__(a)
        self.b = [a]
class Prop:
    @property
    def p(self): return [1]
    @property
    def p2(self): return self
prop = Prop(); a = A(); wr = weakref.ref(a); ws = weakref.WeakSet([a]); wvd = weakref.WeakValueDictionary(); wvd[1] = a; wkd = weakref.WeakKeyDictionary(); wkd[a] = 1
def gen():
    yield 1
    yield [2]
def exc():
    try: raise ValueError("x")
    except ValueError: return 1
def exc2():
    try: raise ValueError("x")
    except ValueError as e: return e.args
def exc3():
    try: {}["k"]
    except KeyError: pass
    try: 1 / 0
    except ZeroDivisionError: pass
    try: None.foo
    except AttributeError: pass
    try: [][1]
    except IndexError: pass
def tryfin():
    try: return [1]
    finally: pass
def nested():
    def inner(): return inner2
    def inner2(): return x
    return inner
def rec(n): return [n] if n == 0 else rec(n - 1)
def closure():
    z = [1]
    def inner(): return z
    return inner
def counter():
    n = 0
    def inc():
        nonlocal n
        n += 1
        return n
    inc(); inc()
    return inc
def cost(f):
    f()
    c = gc.get_count()[0]
    r = f()
    c = gc.get_count()[0] - c
    r = None
    return c
def f0(): return []
print(0, '[]', cost(f0), cost(f0))
def f1(): return list()
print(1, 'list()', cost(f1), cost(f1))
def f2(): return [1]
print(2, '[1]', cost(f2), cost(f2))
def f3(): return list("ab")
print(3, 'list("ab")', cost(f3), cost(f3))
def f4(): return {}
print(4, '{}', cost(f4), cost(f4))
def f5(): return dict()
print(5, 'dict()', cost(f5), cost(f5))
def f6(): return dict(a=1)
print(6, 'dict(a=1)', cost(f6), cost(f6))
def f7(): return {1: 2}
print(7, '{1: 2}', cost(f7), cost(f7))
def f8(): return {1: []}
print(8, '{1: []}', cost(f8), cost(f8))
def f9(): return set()
print(9, 'set()', cost(f9), cost(f9))
def f10(): return {1}
print(10, '{1}', cost(f10), cost(f10))
def f11(): return set([1])
print(11, 'set([1])', cost(f11), cost(f11))
def f12(): return frozenset([1])
print(12, 'frozenset([1])', cost(f12), cost(f12))
def f13(): return ()
print(13, '()', cost(f13), cost(f13))
def f14(): return (1, x)
print(14, '(1, x)', cost(f14), cost(f14))
def f15(): return tuple([1, 2])
print(15, 'tuple([1, 2])', cost(f15), cost(f15))
def f16(): return tuple("ab")
print(16, 'tuple("ab")', cost(f16), cost(f16))
def f17(): return x
print(17, 'x', cost(f17), cost(f17))
def f18(): return str(x)
print(18, 'str(x)', cost(f18), cost(f18))
def f19(): return repr([1])
print(19, 'repr([1])', cost(f19), cost(f19))
def f20(): return f"{x}"
print(20, 'f"{x}"', cost(f20), cost(f20))
def f21(): return "%s" % x
print(21, '"%s" % x', cost(f21), cost(f21))
def f22(): return "a,b".split(",")
print(22, '"a,b".split(",")', cost(f22), cost(f22))
def f23(): return "".join(["a"])
print(23, '"".join(["a"])', cost(f23), cost(f23))
def f24(): return "a b".partition(" ")
print(24, '"a b".partition(" ")', cost(f24), cost(f24))
def f25(): return "abc".encode()
print(25, '"abc".encode()', cost(f25), cost(f25))
def f26(): return "ab".replace("a", "b")
print(26, '"ab".replace("a", "b")', cost(f26), cost(f26))
def f27(): return "{}".format(x)
print(27, '"{}".format(x)', cost(f27), cost(f27))
def f28(): return "{} {}".format(x, y)
print(28, '"{} {}".format(x, y)', cost(f28), cost(f28))
def f29(): return lambda: x
print(29, 'lambda: x', cost(f29), cost(f29))
def f30(): return lambda a=x: a
print(30, 'lambda a=x: a', cost(f30), cost(f30))
def f31(): return (lambda: 1)()
print(31, '(lambda: 1)()', cost(f31), cost(f31))
def f32(): return (lambda *a: a)(1, 2)
print(32, '(lambda *a: a)(1, 2)', cost(f32), cost(f32))
def f33(): return g(1)
print(33, 'g(1)', cost(f33), cost(f33))
def f34(): return g(a=1)
print(34, 'g(a=1)', cost(f34), cost(f34))
def f35(): return g(*[1])
print(35, 'g(*[1])', cost(f35), cost(f35))
def f36(): return h(1, b=2)
print(36, 'h(1, b=2)', cost(f36), cost(f36))
def f37(): return v(1, 2, 3)
print(37, 'v(1, 2, 3)', cost(f37), cost(f37))
def f38(): return v()
print(38, 'v()', cost(f38), cost(f38))
def f39(): return A()
print(39, 'A()', cost(f39), cost(f39))
def f40(): return B(1)
print(40, 'B(1)', cost(f40), cost(f40))
def f41(): return S()
print(41, 'S()', cost(f41), cost(f41))
def f42(): return A().m
print(42, 'A().m', cost(f42), cost(f42))
def f43(): return A.m
print(43, 'A.m', cost(f43), cost(f43))
def f44(): return A().m()
print(44, 'A().m()', cost(f44), cost(f44))
def f45(): return B(1).a
print(45, 'B(1).a', cost(f45), cost(f45))
def f46(): return B(1).__dict__
print(46, 'B(1).__dict__', cost(f46), cost(f46))
def f47(): return type(A())
print(47, 'type(A())', cost(f47), cost(f47))
def f48(): return isinstance(1, A)
print(48, 'isinstance(1, A)', cost(f48), cost(f48))
def f49(): return A().__class__
print(49, 'A().__class__', cost(f49), cost(f49))
def f50(): return B(1).get
print(50, 'B(1).get', cost(f50), cost(f50))
def f51(): return super(B, B(1))
print(51, 'super(B, B(1))', cost(f51), cost(f51))
def f52(): return T()
print(52, 'T()', cost(f52), cost(f52))
def f53(): return U(1)
print(53, 'U(1)', cost(f53), cost(f53))
def f54(): return x.append
print(54, 'x.append', cost(f54), cost(f54))
def f55(): return len
print(55, 'len', cost(f55), cost(f55))
def f56(): return [].append
print(56, '[].append', cost(f56), cost(f56))
def f57(): return "a".upper
print(57, '"a".upper', cost(f57), cost(f57))
def f58(): return {}.items()
print(58, '{}.items()', cost(f58), cost(f58))
def f59(): return {}.keys()
print(59, '{}.keys()', cost(f59), cost(f59))
def f60(): return {}.values()
print(60, '{}.values()', cost(f60), cost(f60))
def f61(): return iter([1])
print(61, 'iter([1])', cost(f61), cost(f61))
def f62(): return iter({1: 1})
print(62, 'iter({1: 1})', cost(f62), cost(f62))
def f63(): return iter("a")
print(63, 'iter("a")', cost(f63), cost(f63))
def f64(): return iter((1,))
print(64, 'iter((1,))', cost(f64), cost(f64))
def f65(): return iter(range(3))
print(65, 'iter(range(3))', cost(f65), cost(f65))
def f66(): return iter({1})
print(66, 'iter({1})', cost(f66), cost(f66))
def f67(): return iter({1: 2}.items())
print(67, 'iter({1: 2}.items())', cost(f67), cost(f67))
def f68(): return range(3)
print(68, 'range(3)', cost(f68), cost(f68))
def f69(): return enumerate([1])
print(69, 'enumerate([1])', cost(f69), cost(f69))
def f70(): return zip([1], [2])
print(70, 'zip([1], [2])', cost(f70), cost(f70))
def f71(): return map(str, [1])
print(71, 'map(str, [1])', cost(f71), cost(f71))
def f72(): return filter(None, [1])
print(72, 'filter(None, [1])', cost(f72), cost(f72))
def f73(): return reversed([1])
print(73, 'reversed([1])', cost(f73), cost(f73))
def f74(): return [i for i in range(3)]
print(74, '[i for i in range(3)]', cost(f74), cost(f74))
def f75(): return {i for i in range(3)}
print(75, '{i for i in range(3)}', cost(f75), cost(f75))
def f76(): return {i: i for i in range(3)}
print(76, '{i: i for i in range(3)}', cost(f76), cost(f76))
def f77(): return (i for i in range(3))
print(77, '(i for i in range(3))', cost(f77), cost(f77))
def f78(): return list(i for i in range(3))
print(78, 'list(i for i in range(3))', cost(f78), cost(f78))
def f79(): return sum(i for i in range(3))
print(79, 'sum(i for i in range(3))', cost(f79), cost(f79))
def f80(): return [(i, j) for i in (1, 2) for j in (3, 4)]
print(80, '[(i, j) for i in (1, 2) for j in (3, 4)]', cost(f80), cost(f80))
def f81(): return sorted([2, 1])
print(81, 'sorted([2, 1])', cost(f81), cost(f81))
def f82(): return sorted([2, 1], key=lambda k: -k)
print(82, 'sorted([2, 1], key=lambda k: -k)', cost(f82), cost(f82))
def f83(): return max([1, 2])
print(83, 'max([1, 2])', cost(f83), cost(f83))
def f84(): return max(1, 2)
print(84, 'max(1, 2)', cost(f84), cost(f84))
def f85(): return min([1, 2], key=str)
print(85, 'min([1, 2], key=str)', cost(f85), cost(f85))
def f86(): return any([1])
print(86, 'any([1])', cost(f86), cost(f86))
def f87(): return sum([1, 2])
print(87, 'sum([1, 2])', cost(f87), cost(f87))
def f88(): return list(map(str, [1, 2]))
print(88, 'list(map(str, [1, 2]))', cost(f88), cost(f88))
def f89(): return list(zip([1], [2]))
print(89, 'list(zip([1], [2]))', cost(f89), cost(f89))
def f90(): return list(enumerate([1, 2]))
print(90, 'list(enumerate([1, 2]))', cost(f90), cost(f90))
def f91(): return list({1: 2}.items())
print(91, 'list({1: 2}.items())', cost(f91), cost(f91))
def f92(): return dict([(1, 2)])
print(92, 'dict([(1, 2)])', cost(f92), cost(f92))
def f93(): return dict(zip("ab", [1, 2]))
print(93, 'dict(zip("ab", [1, 2]))', cost(f93), cost(f93))
def f94(): return [1, 2][:1]
print(94, '[1, 2][:1]', cost(f94), cost(f94))
def f95(): return (1, 2, 3)[1:]
print(95, '(1, 2, 3)[1:]', cost(f95), cost(f95))
def f96(): return [1] + [2]
print(96, '[1] + [2]', cost(f96), cost(f96))
def f97(): return [1] * 3
print(97, '[1] * 3', cost(f97), cost(f97))
def f98(): return (1,) + (2,)
print(98, '(1,) + (2,)', cost(f98), cost(f98))
def f99(): return [1].copy()
print(99, '[1].copy()', cost(f99), cost(f99))
def f100(): return {1: 2}.copy()
print(100, '{1: 2}.copy()', cost(f100), cost(f100))
def f101(): return {1}.copy()
print(101, '{1}.copy()', cost(f101), cost(f101))
def f102(): return {1} | {2}
print(102, '{1} | {2}', cost(f102), cost(f102))
def f103(): return {1: 2} | {3: 4}
print(103, '{1: 2} | {3: 4}', cost(f103), cost(f103))
def f104(): return [3]
print(104, '[3]', cost(f104), cost(f104))
def f105(): return d.get(1)
print(105, 'd.get(1)', cost(f105), cost(f105))
def f106(): return d.setdefault("k", [])
print(106, 'd.setdefault("k", [])', cost(f106), cost(f106))
def f107(): return d.pop("zz", None)
print(107, 'd.pop("zz", None)', cost(f107), cost(f107))
def f108(): return d.items()
print(108, 'd.items()', cost(f108), cost(f108))
def f109(): return list(d)
print(109, 'list(d)', cost(f109), cost(f109))
def f110(): return slice(1, 2)
print(110, 'slice(1, 2)', cost(f110), cost(f110))
def f111(): return x[0:1]
print(111, 'x[0:1]', cost(f111), cost(f111))
def f112(): return weakref.ref(a)
print(112, 'weakref.ref(a)', cost(f112), cost(f112))
def f113(): return weakref.ref(A())
print(113, 'weakref.ref(A())', cost(f113), cost(f113))
def f114(): return weakref.WeakSet()
print(114, 'weakref.WeakSet()', cost(f114), cost(f114))
def f115(): return weakref.WeakValueDictionary()
print(115, 'weakref.WeakValueDictionary()', cost(f115), cost(f115))
def f116(): return weakref.WeakKeyDictionary()
print(116, 'weakref.WeakKeyDictionary()', cost(f116), cost(f116))
def f117(): return weakref.getweakrefs(a)
print(117, 'weakref.getweakrefs(a)', cost(f117), cost(f117))
def f118(): return weakref.finalize(a, print)
print(118, 'weakref.finalize(a, print)', cost(f118), cost(f118))
def f119(): return wr()
print(119, 'wr()', cost(f119), cost(f119))
def f120(): return list(ws)
print(120, 'list(ws)', cost(f120), cost(f120))
def f121(): return len(ws)
print(121, 'len(ws)', cost(f121), cost(f121))
def f122(): return dict(wvd)
print(122, 'dict(wvd)', cost(f122), cost(f122))
def f123(): return list(wvd.items())
print(123, 'list(wvd.items())', cost(f123), cost(f123))
def f124(): return wvd.get(1)
print(124, 'wvd.get(1)', cost(f124), cost(f124))
def f125(): return list(wkd)
print(125, 'list(wkd)', cost(f125), cost(f125))
def f126(): return a in ws
print(126, 'a in ws', cost(f126), cost(f126))
def f127(): return next(gen())
print(127, 'next(gen())', cost(f127), cost(f127))
def f128(): return gen()
print(128, 'gen()', cost(f128), cost(f128))
def f129(): return list(gen())
print(129, 'list(gen())', cost(f129), cost(f129))
def f130(): return ValueError("x")
print(130, 'ValueError("x")', cost(f130), cost(f130))
def f131(): return ValueError
print(131, 'ValueError', cost(f131), cost(f131))
def f132(): return exc()
print(132, 'exc()', cost(f132), cost(f132))
def f133(): return exc2()
print(133, 'exc2()', cost(f133), cost(f133))
def f134(): return exc3()
print(134, 'exc3()', cost(f134), cost(f134))
def f135(): return tryfin()
print(135, 'tryfin()', cost(f135), cost(f135))
def f136(): return nested()
print(136, 'nested()', cost(f136), cost(f136))
def f137(): return rec(5)
print(137, 'rec(5)', cost(f137), cost(f137))
def f138(): return closure()()
print(138, 'closure()()', cost(f138), cost(f138))
def f139(): return counter()
print(139, 'counter()', cost(f139), cost(f139))
def f140(): return prop.p
print(140, 'prop.p', cost(f140), cost(f140))
def f141(): return prop.p2
print(141, 'prop.p2', cost(f141), cost(f141))
def f142(): return divmod(7, 2)
print(142, 'divmod(7, 2)', cost(f142), cost(f142))
def f143(): return hash((1, 2))
print(143, 'hash((1, 2))', cost(f143), cost(f143))
def f144(): return id(a)
print(144, 'id(a)', cost(f144), cost(f144))
def f145(): return getattr(a, "zz", None)
print(145, 'getattr(a, "zz", None)', cost(f145), cost(f145))
def f146(): return hasattr(a, "q")
print(146, 'hasattr(a, "q")', cost(f146), cost(f146))
def f147(): return setattr(a, "w", [])
print(147, 'setattr(a, "w", [])', cost(f147), cost(f147))
def f148(): return 1
print(148, '1', cost(f148), cost(f148))
def f149(): return callable(a)
print(149, 'callable(a)', cost(f149), cost(f149))
def f150(): return a.__dict__
print(150, 'a.__dict__', cost(f150), cost(f150))
def f151(): return A.__mro__
print(151, 'A.__mro__', cost(f151), cost(f151))
def f152(): return A.__subclasses__()
print(152, 'A.__subclasses__()', cost(f152), cost(f152))
def f153(): return 2
print(153, '2', cost(f153), cost(f153))
def f154(): return gc.get_objects(0) and 1
print(154, 'gc.get_objects(0) and 1', cost(f154), cost(f154))
def f155(): return gc.get_stats()
print(155, 'gc.get_stats()', cost(f155), cost(f155))
def f156(): return gc.get_count()
print(156, 'gc.get_count()', cost(f156), cost(f156))
def f157(): return gc.get_threshold()
print(157, 'gc.get_threshold()', cost(f157), cost(f157))
def f158(): return gc.get_referents([1], [2])
print(158, 'gc.get_referents([1], [2])', cost(f158), cost(f158))
def f159(): return gc.get_referrers(a) and 1
print(159, 'gc.get_referrers(a) and 1', cost(f159), cost(f159))
def f160(): return sys.getrefcount(a)
print(160, 'sys.getrefcount(a)', cost(f160), cost(f160))
def f161(): return sys.exc_info()
print(161, 'sys.exc_info()', cost(f161), cost(f161))
def f162(): return print(end="")
print(162, 'print(end="")', cost(f162), cost(f162))
def f163(): return print("", end="")
print(163, 'print("", end="")', cost(f163), cost(f163))
def f164(): return print("a", "b", sep="", end="\n")
print(164, 'print("a", "b", sep="", end="\\n")', cost(f164), cost(f164))
def f165(): return bytes(3)
print(165, 'bytes(3)', cost(f165), cost(f165))
def f166(): return b"a" + b"b"
print(166, 'b"a" + b"b"', cost(f166), cost(f166))
def f167(): return 10 ** 20
print(167, '10 ** 20', cost(f167), cost(f167))
def f168(): return 1.5 * 2
print(168, '1.5 * 2', cost(f168), cost(f168))
def f169(): return int("5")
print(169, 'int("5")', cost(f169), cost(f169))
def f170(): return float("5")
print(170, 'float("5")', cost(f170), cost(f170))
