# What nobody can catch is printed, and that takes GC objects: the collector may begin at any of them.
# Prints the lowest threshold at which it does not, for what each finalizer or callback does.
import gc
import weakref


class Quiet:
    pass


class Loud:
    def __del__(self):
        raise ValueError("x")


class Deep:
    def __del__(self):
        nested(3)


def nested(n):
    if n == 0:
        raise KeyError(n)
    nested(n - 1)


def quiet_callback(ref):
    pass


def loud_callback(ref):
    raise ValueError("y")


def drop_quiet():
    Quiet()


def drop_loud():
    Loud()


def drop_deep():
    Deep()


def drop_watched():
    x = Quiet()
    r = weakref.ref(x, quiet_callback)
    del x


def drop_loudly_watched():
    x = Quiet()
    r = weakref.ref(x, loud_callback)
    del x


def caught():
    try:
        nested(2)
    except KeyError:
        pass


def collections():
    return sum([s["collections"] for s in gc.get_stats()])


def highest(action, empty_free_lists):
    t = 1
    while t < 100:
        gc.disable()
        if empty_free_lists:
            gc.collect()
        else:
            gc.collect(1)
        gc.set_threshold(t, 1000, 1000)
        before = collections()
        gc.enable()
        action()
        gc.disable()
        if collections() == before:
            return t
        t = t + 1


for action in (drop_quiet, drop_loud, drop_deep, drop_watched, drop_loudly_watched, caught):
    for full in (False, True):
        highest(action, full)
        print(action.__name__, full, highest(action, full))
