# print(), and what it costs: a tuple, a list of pieces, bound methods
import gc
import sys
print()
print("a", 1, 2.5, None, [1, "x"], sep="-")
print("a", "b", sep="", end="|\n")
print("a", sep=None, end=None)
print(1, 2, file=sys.stdout, flush=True)
print("nowhere", file=None and sys.stdout)
for bad in ("sep", "end"):
    try:
        if bad == "sep":
            print(1, 2, sep=3)
        else:
            print(1, end=3)
    except TypeError as e:
        print(e)
try:
    print(1, nothing=2)
except TypeError as e:
    print(e)
try:
    print(1, file=5)
except AttributeError as e:
    print(e)
class Collector:
    def __init__(self):
        self.pieces = []
    def write(self, text):
        self.pieces.append(text)
    def flush(self):
        self.pieces.append("flushed")
c = Collector()
print("a", 2, file=c, flush=True)
print(c.pieces)
old = sys.stdout
sys.stdout = c
print("hidden")
sys.stdout = old
print(c.pieces[-2:], sys.stdout is sys.__stdout__)
print(sys.stdout.write("four"), sys.stdout.write(""))
try:
    sys.stdout.write(5)
except TypeError as e:
    print(e)
class S:
    def __str__(self):
        return "as str"
    def __repr__(self):
        return "as repr"
print(S(), [S()])
class Raises:
    def __str__(self):
        raise ValueError("no text")
try:
    print("before", Raises(), "after")
except ValueError as e:
    print("|", e)
gc.disable()
def measure(n):
    gc.collect()
    a = gc.get_count()[0]
    a = gc.get_count()[0]
    i = 0
    while i < n:
        print(i, "and", i)
        i = i + 1
    b = gc.get_count()[0]
    return b - a
measure(3)
r = [measure(0), measure(1), measure(3)]
print(r)
