# sys
import sys
def caught(f, *args):
    try:
        print(f(*args))
    except Exception as e:
        print(type(e).__name__, e)
a = []
print(sys.getrefcount(a), sys.getrefcount([]), sys.getsizeof(a), sys.getsizeof(a, 5))
class Own:
    __slots__ = ("a",)
    def __sizeof__(self):
        return 1000
class Bad:
    __slots__ = ()
    def __sizeof__(self):
        return "a"
class Negative:
    __slots__ = ()
    def __sizeof__(self):
        return -1
print(sys.getsizeof(Own()), sys.getsizeof(Bad(), "default"))
caught(sys.getsizeof, Bad())
caught(sys.getsizeof, Negative())
caught(sys.getrefcount)
caught(sys.getrefcount, 1, 2)
caught(sys.getsizeof)
caught(sys.intern, 5)
print(sys.intern("a b") is sys.intern("a" + " b"), sys.getdefaultencoding(), sys.getrecursionlimit())
print(sys.version_info[:2], sys.version_info >= (3, 8), sys.version_info.major, sys.version_info < (3, 12), len(sys.version_info), sys.version_info.releaselevel)
print(sys.maxsize, sys.maxunicode, sys.byteorder, sys.platform, sys.hexversion >> 16, sys.version[:4], len(sys.argv))
print(sys.exc_info())
try:
    1 / 0
except ZeroDivisionError as e:
    t = sys.exc_info()
    print(t[0] is ZeroDivisionError, t[1] is e, t[2] is not None)
    del t
print(sys.exc_info(), "sys" in sys.modules, sys.modules["sys"] is sys)
try:
    sys.exit("why")
except SystemExit as e:
    print(repr(e), e.code)
try:
    sys.setrecursionlimit(0)
except ValueError as e:
    print(e)
def deep(n):
    return deep(n + 1)
try:
    deep(0)
except RecursionError as e:
    print(e)
try:
    sys.nothing
except AttributeError as e:
    print(e)
print("last line")
sys.exit(0)
