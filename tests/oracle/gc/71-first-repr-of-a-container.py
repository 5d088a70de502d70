# The first container that is shown makes the dict of the thread and a list in it, which stay and count
# among the survivors: they decide when the oldest generation is a quarter larger.
import gc


class N:
    pass


def alive():
    return len(gc.get_objects())


gc.disable()
gc.collect()
gc.freeze()
gc.collect()
before = alive()
repr([])
repr(())
empty = alive() - before
repr((1,))
one = alive() - before
repr([1, [2]])
repr({})
more = alive() - before
print(f"empty ones {empty}, a tuple {one}, and no more {more}")
gc.collect()
print([o for o in gc.get_objects(2) if type(o) is dict and "Py_Repr" in o])
