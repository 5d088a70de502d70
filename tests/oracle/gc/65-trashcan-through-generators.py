# Closing a suspended generator makes no exception object, so each one is three levels of nested
# teardowns here (list or tuple, traceback, frame), not four: where the fiftieth is shows in the order.
import gc

gc.disable()
gc.collect()


class Leaf:
    def __init__(self, n):
        self.n = n

    def __del__(self):
        print("del", self.n)


def gen(v):
    yield v
    yield 1


def chain(depth, every):
    x = Leaf("leaf")
    i = 0
    while i < depth:
        if i % every == 0:
            x = gen(x)
            next(x)
        elif i % every == 1:
            x = [Leaf(i), x]
        else:
            x = (x,)
        i = i + 1
    return x


for every in range(2, 6):
    print("every", every)
    x = chain(60, every)
    x = None
print("left", gc.collect())
