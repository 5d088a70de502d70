# weakref.finalize: once those for the exit have run, no other one does, whatever dies then.
import gc
import weakref


class C:
    pass


def told(what):
    print(what, gc.isenabled())


a = C()
a.me = a
late = weakref.finalize(a, told, "never told")
late.atexit = False
b = C()
at_exit = weakref.finalize(b, told, "told at the exit")
c = C()
weakref.finalize(c, told, "told at once")
del a, c
