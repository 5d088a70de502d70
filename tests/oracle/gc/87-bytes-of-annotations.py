# What functions with annotations take, by traced memory: a tuple, whose items are names and annotations in turns, made
# anew unless all are constants; the dict that replaces it when somebody asks; a class's dict.
import tracemalloc


def variables():
    def f(a: variables, b: int = 1, *c: tracemalloc) -> None:
        d: variables = a
        return d
    return f


def constants():
    def f(a: 1, b: "text") -> None:
        pass
    return f


def asked():
    def f(a: variables, b: "text") -> None:
        pass
    f.__annotations__
    return f


def forgotten():
    def f(a: variables, b: "text") -> None:
        pass
    f.__annotations__ = None
    return f


def traced(make):
    tracemalloc.start()
    made = make()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size


for make in (variables, constants, asked, forgotten):
    for i in range(3):
        traced(make)
    print(make.__name__, traced(make))
