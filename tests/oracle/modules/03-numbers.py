# built-in functions on numbers and characters
def caught(f, *args):
    try:
        print(f(*args))
    except Exception as e:
        print(type(e).__name__, e)
print(abs(-3), abs(-2.5), abs(-2 ** 80), abs(True))
print(divmod(7, 2), divmod(-7, 2), divmod(7.5, 2), divmod(7, -2), divmod(2 ** 70, 3))
print(pow(2, 10), pow(2, -1), pow(3, 100, 7), pow(2, 5, -7), pow(2.0, 3), pow(7, 0, 1), pow(base=2, exp=3), pow(2 ** 70, 3, 10 ** 9))
print(round(2.5), round(3.5), round(-2.5), round(2.675, 2), round(1e16), round(12345, -2), round(15, -1), round(25, -1), round(-15, -1), round(5, 3), round(1.5, None))
print(round(1234.5678, 2), round(1234.5678, -2), round(0.5, 0), round(1e300, 5), round(2 ** 70, -10), round(True), round(55, -1), round(50.0, -2), round(150.0, -2))
print(chr(65), chr(233), chr(8364), chr(128512), ord("A"), ord("é"), ord("😀"), ord(b"a"))
print(bin(5), bin(-5), oct(8), hex(255), hex(-255), bin(2 ** 70), hex(0), bin(True))
caught(abs, "a")
caught(divmod, 1, 0)
caught(divmod, 1.0, 0)
caught(divmod, "a", 1)
caught(pow, "a", 1)
caught(pow, 2, 3, 0)
caught(pow, 2.0, 3, 5)
caught(pow, 0, -1)
caught(round, "a")
caught(round, 1.5, "a")
caught(round, 1e308, -400)
caught(round)
caught(chr, -1)
caught(chr, 0x110000)
caught(chr, "a")
caught(chr, 2 ** 80)
caught(ord, "ab")
caught(ord, "")
caught(ord, 5)
caught(bin, "a")
caught(hex, 1.5)
class R:
    def __round__(self, n=None):
        return ("rounded", n)
    def __index__(self):
        return 10
    def __abs__(self):
        return "absolute"
print(round(R()), round(R(), 2), hex(R()), bin(R()), abs(R()), chr(R()) == "\n")
