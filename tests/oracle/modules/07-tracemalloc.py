# tracemalloc on lines whose blocks are known; files are shown without their folder
import tracemalloc
def short(x):
    return str(x).split("/")[-1]
def caught(f, *args):
    try:
        print(f(*args))
    except Exception as e:
        print(type(e).__name__, e)
print(tracemalloc.is_tracing(), tracemalloc.get_traced_memory(), tracemalloc.get_traceback_limit(), tracemalloc.get_object_traceback([]))
caught(tracemalloc.take_snapshot)
caught(tracemalloc.start, 0)
caught(tracemalloc.start, 70000)
caught(tracemalloc.start, "a")
caught(tracemalloc.start, 2 ** 70)
print(tracemalloc.stop(), tracemalloc.clear_traces(), tracemalloc.reset_peak())
class Row:
    __slots__ = ("a", "b")
class Big:
    __slots__ = ("a", "b", "c", "d", "e", "f")
def rows(n):
    return [Row() for i in range(n)]
def outer(n):
    return rows(n)
mine = tracemalloc.Filter(True, "*07-tracemalloc.py")
def keep(snapshot):
    return snapshot.filter_traces([mine])
tracemalloc.start(3)
tracemalloc.start(1)
print(tracemalloc.is_tracing(), tracemalloc.get_traceback_limit())
kept = outer(100)
first = keep(tracemalloc.take_snapshot())
more = outer(200)
big = [Big() for i in range(10)]
second = keep(tracemalloc.take_snapshot())
for stat in first.statistics("lineno"):
    print(short(stat), stat.size, stat.count, short(stat.traceback), len(stat.traceback), stat.traceback.total_nframe)
lines = second.statistics("lineno")
top = lines[0]
print(short(top), top.size, top.count, top == top, top != lines[1], top in lines, type(top).__name__)
for diff in second.compare_to(first, "lineno")[:2]:
    print(short(diff), diff.size_diff, diff.count_diff)
for stat in second.statistics("traceback")[:2]:
    print([short(f) for f in stat.traceback], [f.lineno for f in stat.traceback], stat.size)
    for text in stat.traceback.format():
        print(text.split("/")[-1].strip())
    print([t.strip() for t in stat.traceback.format(1, most_recent_first=True)][1:], len(stat.traceback.format(limit=-1)), stat.traceback.format(0))
for stat in second.statistics("filename", cumulative=True):
    print(short(stat) .split(":")[0], stat.count > 300)
for stat in second.statistics("lineno", True)[:3]:
    print(short(stat))
tb = second.statistics("traceback")[0].traceback
frame = tb[0]
print(tb[0] == frame, tb[-1] < frame, tb == tb, tb != tb, tb[0:1] == (frame,), frame in tb, hash(tb) == hash(tb), frame.filename.split("/")[-1], tb < tb, tb <= tb)
caught(lambda: tb[9])
caught(lambda: tb["a"])
caught(lambda: first.statistics("bad"))
caught(lambda: first.statistics("traceback", True))
caught(lambda: first.statistics())
caught(lambda: first.statistics("lineno", 1, 2))
caught(lambda: first.compare_to(second))
caught(lambda: first.compare_to(second, 5))
caught(lambda: first.filter_traces(3))
caught(lambda: first.nothing)
caught(lambda: top < top)
caught(lambda: tracemalloc.Filter())
caught(lambda: tracemalloc.Filter(True))
caught(lambda: tracemalloc.Filter(True, "x", 1, False, None, 3))
caught(lambda: tracemalloc.Filter(True, "x", nothing=3))
caught(lambda: tracemalloc.get_traced_memory(1))
f = tracemalloc.Filter(True, "*.py", lineno=5, all_frames=True, domain=0)
d = tracemalloc.DomainFilter(False, 1)
print(f.inclusive, f.filename_pattern, f.lineno, f.all_frames, f.domain, d.inclusive, d.domain)
def total(filters):
    return sum(s.count for s in second.filter_traces(filters).statistics("lineno"))
everything = total([])
print(total([tracemalloc.Filter(True, "*", lineno=top.traceback[0].lineno)]), total([tracemalloc.Filter(False, "*")]), total([tracemalloc.DomainFilter(True, 0)]) == everything, total([tracemalloc.DomainFilter(True, 1)]), total([tracemalloc.DomainFilter(False, 0)]), total([tracemalloc.Filter(False, "*", top.traceback[0].lineno)]) == everything - top.count, total([tracemalloc.Filter(True, "nothing"), tracemalloc.DomainFilter(True, 0)]) == everything, total([tracemalloc.Filter(True, "*", 2 ** 40)]), total([tracemalloc.Filter(True, "*", domain=3)]))
print(first.traceback_limit, len(first.traces) == sum(s.count for s in first.statistics("lineno")))
x = Row()
where = tracemalloc.get_object_traceback(x)
print(short(where), len(where), tracemalloc.get_object_traceback(1))
class Full:
    pass
print(tracemalloc.get_object_traceback(Full()))
a = tracemalloc.get_traced_memory()
block = bytes(100000)
b = tracemalloc.get_traced_memory()
del block
c = tracemalloc.get_traced_memory()
tracemalloc.reset_peak()
e = tracemalloc.get_traced_memory()
print(b[0] - a[0] >= 100033, b[0] - a[0] < 101000, c[1] >= b[0], e[1] < b[1], c[0] < b[0])
tracemalloc.clear_traces()
print(tracemalloc.get_object_traceback(x), tracemalloc.get_traced_memory()[0] < 1000)
tracemalloc.stop()
print(tracemalloc.is_tracing(), tracemalloc.get_traced_memory(), tracemalloc.get_traceback_limit(), len(first.statistics("lineno")) > 0)
tracemalloc.start()
y = Row()
print(tracemalloc.get_traceback_limit(), len(tracemalloc.get_object_traceback(y)))
