# SPDX-License-Identifier: MIT
"""python3 with one thing wrong, for the selftest: a sitecustomize that $FAULT tells what to do."""
import atexit
import gc
import os
import signal
import sys
import time


def program():
    with open(sys.orig_argv[-1], encoding="utf-8") as f:
        return f.read()


def collect(*arguments, real=gc.collect, **keywords):
    found = real(*arguments, **keywords)
    return found + 1 if found > 2 else found


def sizeof(o, real=sys.getsizeof):
    return real(o) + 8 if type(o) is dict and len(o) > 5 else real(o)


def words(kind, value, traceback):
    sys.stderr.write("Traceback (most recent call last):\n%s: %s.\n" % (kind.__name__, value))


fault = os.environ["FAULT"]
if fault == "collect":
    gc.collect = collect
elif fault == "sizeof":
    sys.getsizeof = sizeof
elif fault == "words":
    sys.excepthook = words
elif fault == "newline":
    atexit.register(sys.stdout.write, "\n")
elif fault == "status":
    # Written out by hand: what ends here does not flush.
    sys.excepthook = lambda *_: (sys.stdout.flush(), os._exit(0))
elif fault == "refused" and "__slots__" in program():
    os._exit(2)
elif fault == "crash" and "yield" in program():
    os.kill(os.getpid(), signal.SIGSEGV)
elif fault == "hang" and "weakref.ref(" in program():
    time.sleep(100)
