# built-in functions that go through iterables
def caught(f, *args):
    try:
        print(f(*args))
    except Exception as e:
        print(type(e).__name__, e)
def gen(n):
    i = 0
    while i < n:
        yield i
        i = i + 1
    return "the end"
print(sum([1, 2, 3]), sum([]), sum([1.5, 2]), sum([[1], [2]], []), sum(gen(4), start=10), sum([2 ** 62, 2 ** 62, 1, -1]), sum([True, 2]), sum([1, 2.5, 3]))
print(min(3, 1, 2), max([3, 1, 2]), min("b", "a"), max("abc"), min([], default=5), max([[1, 2], [3]], key=len), min([-3, 2], key=abs))
print(sorted([3, 1, 2]), sorted("bca", reverse=True), sorted([-3, 1, 2], key=abs), sorted([]))
print(any([0, 0]), any([0, 1]), all([1, 0]), all([]), any(x > 2 for x in gen(4)), all(gen(3)))
print(list(enumerate("ab")), list(enumerate("ab", 5)), list(zip([1, 2], "ab", (3, 4, 5))), list(map(abs, [-1, 2])), list(filter(None, [0, 1, 2])), list(reversed([1, 2])))
print(list(map(max, [1, 5], [4, 2])), list(filter(callable, [1, len])), list(zip()))
it = iter([1, 2])
print(next(it), next(it), next(it, "over"))
caught(next, it)
caught(next, 5)
caught(next, [])
g = gen(1)
print(next(g))
try:
    next(g)
except StopIteration as e:
    print("value", e.value, e.args)
print(next(g, "over"))
calls = [0]
def count():
    calls[0] = calls[0] + 1
    return calls[0]
print(list(iter(count, 4)))
class It:
    def __init__(self):
        self.n = 0
    def __iter__(self):
        return self
    def __next__(self):
        self.n = self.n + 1
        if self.n > 3:
            raise StopIteration("done")
        return self.n
print(list(It()), sum(It()), max(It()), sorted(It(), reverse=True))
class Plain:
    pass
caught(iter, 5)
caught(iter, 5, 6)
caught(next, Plain())
caught(sum, ["a"])
caught(sum, ["a"], "b")
caught(sum)
caught(sum, 5)
caught(sum, [1], 2, 3)
caught(min)
caught(max, [])
caught(min, [])
caught(max, 1)
caught(max, [1, "a"])
caught(sorted)
caught(sorted, 1)
caught(sorted, [1, "a"])
caught(sorted, [1], 2)
caught(any, 1)
caught(all)
try:
    max(1, 2, default=3)
except TypeError as e:
    print(e)
try:
    max([1], nothing=3)
except TypeError as e:
    print(e)
try:
    sorted([1], nothing=3)
except TypeError as e:
    print(e)
