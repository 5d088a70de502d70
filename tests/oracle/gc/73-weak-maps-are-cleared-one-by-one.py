# clear() of a weak map takes one entry after the other, the youngest first: what dies with an entry
# finds the older ones in the map. A WeakSet is cleared at once.
import gc
import weakref

gc.disable()
gc.collect()
keys = weakref.WeakKeyDictionary()
values = weakref.WeakValueDictionary()
members = weakref.WeakSet()


class D:
    def __init__(self, n):
        self.n = n

    def __del__(self):
        print("del", self.n, len(keys), len(values), len(members))


def key(n):
    k = D(n)
    keys[k] = [k, D(-n)]


for i in range(1, 5):
    key(i)
hold = [D(i) for i in range(10, 14)]
for d in hold:
    values[d.n] = d
    members.add(d)
d = None
print(keys.popitem()[0].n)
print([type(x).__name__ for x in values.popitem()])
keys.clear()
print("values", len(values))
values.clear()
members.clear()
print(len(keys), len(values), len(members))
try:
    values.popitem()
except KeyError as e:
    print(repr(e))
values.clear()


def highest(m):
    t = 1
    while t < 50:
        gc.disable()
        gc.collect(1)
        m[hold[0]] = hold[1]
        gc.set_threshold(t, 1000, 1000)
        before = sum([s["collections"] for s in gc.get_stats()])
        gc.enable()
        m.clear()
        gc.disable()
        if sum([s["collections"] for s in gc.get_stats()]) == before:
            return t
        t = t + 1


highest(keys)
print("objects at a time", highest(keys))
