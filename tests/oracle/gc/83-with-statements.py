# with statements: what holds the manager at each moment, how they are left, what __exit__ sees and decides, and what
# they allocate: two bound methods at a time, of which that of __exit__ lives as long as the body runs.
import gc
import sys
import tracemalloc


class Manager:
    def __init__(self, name, swallows=False):
        self.name = name
        self.swallows = swallows

    def __enter__(self):
        print("enter", self.name, sys.getrefcount(self))
        return self

    def __exit__(self, cls, e, tb):
        print("exit", self.name, sys.getrefcount(self), cls, repr(e), tb and tb.tb_lineno,
              e and sys.getrefcount(e))
        return self.swallows

    def __del__(self):
        print("del", self.name)


def leaves(how):
    for i in range(2):
        with Manager("a%d" % i) as a, Manager("b", how == "swallowed") as (a.b):
            print("in", sys.getrefcount(a))
            if how == "return":
                return a.name
            if how == "break":
                break
            if how == "continue":
                continue
            if how in ("raise", "swallowed"):
                raise ValueError(how)
        print("behind", i)
    return "the end"


for how in ("return", "break", "continue", "raise", "swallowed", "fall"):
    try:
        print(leaves(how))
    except ValueError as e:
        print("caught", e)


def parenthesised():
    with (
        Manager("first"),
        Manager("second") as second,
    ):
        yield second.name
        with (Manager("third")):
            yield sys.getrefcount(second)


print(list(parenthesised()))
g = parenthesised()
print(next(g))
g.close()
g = parenthesised()
next(g), next(g)
del g
g = parenthesised()
next(g)
try:
    g.throw(KeyError("thrown"))
except KeyError as e:
    print(repr(e), sys.getrefcount(e))


class Failing(Manager):
    def __exit__(self, cls, e, tb):
        raise LookupError(self.name)


class NoEnter:
    def __exit__(self, *rest):
        pass


class NoExit:
    def __enter__(self):
        print("not called")


class Lonely(Manager):
    def __enter__(self):
        raise OSError("not entered")


class Asked:
    def __init__(self, truth):
        self.truth = truth

    def __bool__(self):
        print("asked")
        return self.truth

    def __del__(self):
        print("answer goes")


for make in (Failing, Lonely, lambda name: NoEnter(), lambda name: NoExit(), lambda name: 1,
             lambda name: Manager(name, Asked(True)), lambda name: Manager(name, Asked(False)),
             lambda name: Manager(name, Asked(None))):
    try:
        with make("one"):
            raise KeyError("body")
    except Exception as e:
        print(repr(e), repr(e.__context__))


class Static:
    __enter__ = staticmethod(lambda: "static")

    @classmethod
    def __exit__(cls, *rest):
        print(cls.__name__, rest)


class Indirect:
    def __init__(self):
        self.__enter__ = lambda: print("an instance's is not looked at")

    def __enter__(self):
        return "the class's"

    def __exit__(self, *rest):
        return len(rest)


with Static() as s, Indirect() as i:
    print(s, i)
    1 / 0


class Body:
    with Manager("of the class", True) as m:
        x = m.name
        raise IndexError
    print(x, m is not None)


class Quiet:
    def __enter__(self):
        return self

    def __exit__(self, cls, e, tb):
        return True


quiet = Quiet()


def plain():
    with quiet:
        return gc.get_count()[0]


def swallowing():
    with quiet:
        raise ValueError


def several():
    with quiet, quiet as a, quiet:
        return gc.get_count()[0]


def cost(f):
    f()
    before = gc.get_count()[0]
    within = f()
    return within and within - before, gc.get_count()[0] - before


gc.disable()
for f in (plain, swallowing, several):
    cost(f)
    print(f.__name__, cost(f))


FIRST = 190


def by_line():
    with quiet:
        with quiet, \
                quiet as a:
            snapshot = tracemalloc.take_snapshot()
    return snapshot


tracemalloc.start()
by_line()
for statistic in by_line().statistics("lineno"):
    frame = statistic.traceback[0]
    if frame.filename == __file__ and FIRST <= frame.lineno < FIRST + 5:
        print(frame.lineno - FIRST, statistic.count, statistic.size)
tracemalloc.stop()
