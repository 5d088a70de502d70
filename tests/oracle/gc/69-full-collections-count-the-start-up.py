# The oldest generation waits until a quarter as many objects joined it as it had: python3 starts with
# some thousand, whatever the program has. Frozen ones do not count, and so it comes much earlier.
import gc


class N:
    pass


def full():
    return gc.get_stats()[2]["collections"]


def rings(k):
    before = full()
    kept = []
    gc.enable()
    while k > 0:
        n = N()
        n.me = n
        kept.append(n)
        k = k - 1
    gc.disable()
    print("full collections", full() - before)


gc.disable()
gc.collect()
gc.set_threshold(10, 1, 2)
rings(500)
gc.freeze()
gc.collect()
rings(500)
gc.unfreeze()
gc.collect()
rings(500)
