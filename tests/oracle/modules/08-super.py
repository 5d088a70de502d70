import gc


class Base:
    def __init__(self, name):
        self.name = name

    def hello(self):
        return "base " + self.name


class Middle(Base):
    def hello(self):
        return "middle " + super().hello()


class Derived(Middle):
    def __init__(self, name):
        super().__init__(name.upper())
        self.me = self

    def hello(self):
        inner = lambda: __class__.__name__
        return inner() + " " + super().hello() + "/" + super(Middle, self).hello()

    def cell(self):
        def nested():
            return self.name
        return super().hello(), nested()


d = Derived("x")
print(d.hello(), d.cell())
del d
print(gc.collect())


class Wrong(Base):
    def no_self():
        return super().hello()

    def rebound(self):
        del self
        return super().hello()

    def other(self):
        self = 5
        return super().hello()


for name in ("no_self", "rebound", "other"):
    method = getattr(Wrong, name)
    try:
        print(method() if name == "no_self" else method(Wrong("w")))
    except (RuntimeError, TypeError) as error:
        print(type(error).__name__, error)


def outside(self):
    return super().hello()


try:
    outside(1)
except RuntimeError as error:
    print(error)


class Coded(Exception):
    def __init__(self, code, text="bad"):
        super().__init__(text)
        self.code = code

    def __str__(self):
        return f"[{self.code}] {super().__str__()}"

    def __repr__(self):
        return "Coded: " + super().__repr__()

    def __hash__(self):
        return super().__hash__()

    def __eq__(self, other):
        return super().__eq__(other)

    def __format__(self, spec):
        return "<" + super().__format__("") + spec + ">"


class Plain:
    def __str__(self):
        return "plain " + super().__str__()[:13]

    def __eq__(self, other):
        return super().__eq__(other) is NotImplemented

    def __hash__(self):
        return super().__hash__() * 0 + 1

    def __format__(self, spec):
        return super().__format__(spec)


error = Coded(42)
print(error, repr(error), error.args, f"{error:x}", {error: 1}[error], error == Coded(42))
plain = Plain()
print(plain, f"{plain}", plain == plain, {plain: 2}[plain])
try:
    print(f"{plain:x}")
except TypeError as error:
    print(error)
