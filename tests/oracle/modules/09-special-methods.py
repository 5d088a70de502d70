import sys


class Sized:
    def __sizeof__(self):
        return 1000


class Slotted:
    __slots__ = ("a", "b")

    def __sizeof__(self):
        return 1000


class Plain:
    pass


print(sys.getsizeof(Sized()), sys.getsizeof(Slotted()), sys.getsizeof(Plain()))
print(Sized().__sizeof__(), object.__sizeof__(Sized()), Plain().__sizeof__(), [].__sizeof__(), Exception().__sizeof__())


class Index:
    def __init__(self, n):
        self.n = n

    def __index__(self):
        return self.n

    def translate(self):
        return "mine"


two = Index(2)
print("ab" * two, two * [1], (3,) * two, b"x" * two, [1, 2, 3][two], range(two), hex(two), chr(Index(65)), int(two))
for wrong in ("ab", None, 2.5):
    try:
        print("ab" * wrong)
    except TypeError as error:
        print(error)
try:
    print("ab" * Index("x"))
except TypeError as error:
    print(error)
print(two.translate())
