# What throw() throws into a generator has no reference more there than CPython's, whether it is a class, an instance
# that somebody has, or a fresh one; and what a traceback and its frame take, by traced memory.
import sys
import tracemalloc


def show(e, where):
    print(where, sys.getrefcount(e), type(e).__name__, e.args)


def catches():
    try:
        yield 1
    except KeyError as e:
        show(e, "caught")


def passes():
    try:
        yield 1
    finally:
        show(sys.exc_info()[1], "on its way")


def throws(make, exception):
    g = make()
    next(g)
    try:
        g.throw(exception)
    except StopIteration:
        print("ended", sys.getrefcount(exception) if exception is kept else 0)
    except KeyError as e:
        show(e, "out")


kept = KeyError(3)
for make in (catches, passes):
    throws(make, KeyError("fresh"))
    throws(make, kept)
    throws(make, KeyError)
    kept.__traceback__ = None


def raises():
    raise error


def keeps(depth):
    a = b = None
    try:
        if depth:
            keeps(depth - 1)
        else:
            raises()
    except ValueError:
        if depth:
            raise


error = ValueError(1)
for depth in (0, 1, 2, 0, 1, 2):
    tracemalloc.start()
    keeps(depth)
    held = tracemalloc.get_traced_memory()[0]
    error.__traceback__ = None
    print(depth, held, held - tracemalloc.get_traced_memory()[0])
    held = None
    tracemalloc.stop()
