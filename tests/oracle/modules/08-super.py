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
