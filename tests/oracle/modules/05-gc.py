# every function of gc, its results and its errors
import gc
def caught(f, *args):
    try:
        print(f(*args))
    except Exception as e:
        print(type(e).__name__, e)
print(gc.isenabled(), gc.disable(), gc.isenabled(), gc.enable(), gc.isenabled())
gc.disable()
print(gc.get_threshold(), gc.set_threshold(5), gc.get_threshold(), gc.set_threshold(6, 7), gc.get_threshold(), gc.set_threshold(8, 9, 11), gc.get_threshold())
gc.set_threshold(700, 10, 10)
print(gc.get_debug(), gc.set_debug(0), gc.DEBUG_STATS, gc.DEBUG_COLLECTABLE, gc.DEBUG_UNCOLLECTABLE, gc.DEBUG_SAVEALL, gc.DEBUG_LEAK)
print(gc.collect() >= 0, gc.collect(0), gc.collect(generation=1), gc.collect(2))
caught(gc.collect, 3)
caught(gc.collect, -1)
caught(gc.collect, "a")
caught(gc.collect, 1, 2)
caught(gc.collect, 2 ** 40)
caught(gc.collect, 1.5)
caught(gc.enable, 1)
caught(gc.set_threshold)
caught(gc.set_threshold, 1, 2, 3, 4)
caught(gc.set_threshold, "a")
caught(gc.set_threshold, 2 ** 40)
caught(gc.set_debug)
caught(gc.set_debug, "a")
caught(gc.is_tracked)
caught(gc.get_objects, 3)
caught(gc.get_objects, -2)
caught(gc.get_objects, "a")
caught(gc.get_objects, 1, 2)
try:
    gc.collect(nothing=1)
except TypeError as e:
    print(e)
s = gc.get_stats()
print(len(s), list(s[0]), type(s), type(s[0]), type(gc.get_count()), len(gc.get_count()))
class N:
    pass
x = N()
l = [x]
d = {"k": x}
print(gc.get_referents(l) == [x], gc.get_referents(d) == [x], gc.get_referents(), gc.get_referents(1, "a"), l in gc.get_referrers(x), d in gc.get_referrers(x), gc.get_referrers())
print(gc.is_tracked(x), gc.is_tracked(1), gc.is_tracked([]), gc.is_tracked({}), gc.is_tracked({"a": []}), gc.is_tracked(()), gc.is_finalized(x), gc.is_finalized(1))
print(x in gc.get_objects(), x in gc.get_objects(generation=0), x in gc.get_objects(None), gc.get_objects() in gc.get_objects())
gc.collect()
print(x in gc.get_objects(0), x in gc.get_objects(1), x in gc.get_objects(2))
gc.freeze()
print(gc.get_freeze_count() > 0, x in gc.get_objects(), gc.get_count()[1:])
gc.unfreeze()
print(gc.get_freeze_count(), x in gc.get_objects(2))
print(gc.garbage, gc.callbacks, type(gc.garbage), gc.is_tracked(gc.garbage))
gc.set_debug(gc.DEBUG_SAVEALL)
y = N()
y.me = y
del y
print(gc.collect(), len(gc.garbage), type(gc.garbage[0]) is N)
gc.set_debug(0)
g = gc.garbage[0]
gc.garbage.clear()
g.me = None
log = []
def cb(phase, info):
    log.append((phase, info["generation"], info["collected"], info["uncollectable"], sorted(info)))
def bad(phase, info):
    raise ValueError("ignored")
gc.callbacks.append(cb)
gc.callbacks.append(bad)
y = N()
y.me = y
del y
print(gc.collect(1))
gc.callbacks.remove(bad)
gc.callbacks.remove(cb)
gc.collect()
for entry in log:
    print(entry)
def count():
    return gc.get_count()[0]
gc.collect()
a = count()
a = count()
b = count()
gc.get_stats()
c = count()
gc.get_threshold()
e = count()
gc.get_referents(a, b)
f = count()
gc.get_objects(1)
h = count()
print(b - a, c - b, e - c, f - e, h - f)
try:
    gc.colect()
except AttributeError as e:
    print(e)
