# SPDX-License-Identifier: MIT
"""Random programs of objects, references, finalizers and weak references, run by CPython.

Prints the same log as tests/gcsim/model-run.c for the same seeds.  Nothing that is not part of the
program may make an object that the collector counts: so there are no tuples, no bound methods and
no local variables that hold a node longer than the C program does.

Usage: model.py FIRST-SEED NR
"""
import gc
import sys
import weakref

NR_ROOTS = 8
NR_REFS = 6
SLOTS = ["e0", "e1", "e2"]
MASK = (1 << 64) - 1

roots = [None] * NR_ROOTS
refs = [None] * NR_REFS
log = []
state = 0
seed = 0
counter = 0
is_quiet = False
is_deep = False


def rnd(n):
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) & MASK
    return (state >> 33) % n


# What a node does when it dies depends on its number and the seed only.
def mix(number, salt, n):
    x = (number * 2654435761 + salt * 40503 + seed * 97) & 0xffffffff
    x ^= x >> 15
    x = (x * 2246822519) & 0xffffffff
    x ^= x >> 13
    return x % n


class Plain:
    __slots__ = ("e0", "e1", "e2", "num", "w", "__weakref__")


class Node:
    __slots__ = ("e0", "e1", "e2", "num", "w", "__weakref__")

    def __del__(self):
        finalizer(self)


class Callback:
    __slots__ = ("node", "num")

    def __call__(self, ref):
        callback(self, ref)


def prepared(o):
    global counter
    counter += 1
    o.num = counter
    o.e0 = o.e1 = o.e2 = o.w = None
    return o


def new(kind):
    return prepared(Node() if kind else Plain())


def finalizer(o):
    num = o.num
    if is_quiet:
        return
    log.append("del " + str(num) + (" again" if gc.is_finalized(o) else ""))
    what = mix(num, 1, 12)
    p = mix(num, 2, NR_ROOTS)
    k = mix(num, 3, 3)
    if what == 4:
        roots[p] = o
    elif what == 5:
        setattr(o, SLOTS[k], None)
    elif what == 6:
        roots[p] = None
    elif what == 7:
        roots[p] = new(1)
    elif what == 8:
        log.append("inner collect " + str(gc.collect()))
    elif what == 9:
        setattr(o, SLOTS[k], roots[p])
    elif what == 10 and roots[p] is not None:
        setattr(roots[p], SLOTS[k], o)
    elif what == 11 and not is_deep:
        refs[mix(num, 4, NR_REFS)] = weakref.ref(o)


def callback(c, ref):
    num = c.num
    if is_quiet:
        return
    log.append("cb " + str(num) + (" dead" if ref() is None else " alive"))
    what = mix(num, 5, 8)
    p = mix(num, 6, NR_ROOTS)
    if what == 3:
        roots[p] = c.node
    elif what == 4:
        roots[p] = None
    elif what == 5:
        roots[p] = new(1)
    elif what == 6:
        log.append("inner collect " + str(gc.collect()))
    elif what == 7:
        refs[mix(num, 7, NR_REFS)] = None


def make_ref(j, m):
    global counter
    if m < 0:
        return weakref.ref(roots[j])
    c = Callback()
    counter += 1
    c.num = counter
    c.node = roots[m]
    return weakref.ref(roots[j], c)


# From the first chain on no finalizer makes a weak reference: the tuple of its argument would wait at
# the trashcan's limit, and keep the dying object alive.
def chain(i, length, kinds):
    global is_deep
    is_deep = True
    n = 0
    while n < length:
        if n % 7 == 3:
            roots[i] = link_two(new(kinds), roots[i], new(1))
        else:
            roots[i] = link_two(new(1 if kinds else n % 2), roots[i], None)
        n += 1


def link_two(o, a, b):
    o.e0 = a
    o.e1 = b
    return o


def numbers(objects):
    text = ""
    for o in objects:
        if isinstance(o, (Node, Plain)):
            text += " " + str(o.num)
    return text


def show_ref(k):
    o = refs[k]() if refs[k] is not None else None
    return "None" if o is None else str(o.num)


def op_graph(op):
    i = rnd(NR_ROOTS)
    j = rnd(NR_ROOTS)
    k = rnd(3)
    if op < 5:
        roots[i] = new(rnd(3))
    elif op < 9:
        if roots[i] is not None:
            setattr(roots[i], SLOTS[k], roots[j])
    elif op < 10:
        if roots[i] is not None:
            setattr(roots[i], SLOTS[k], None)
    else:
        roots[i] = None


def op_weak(op):
    k = rnd(NR_REFS)
    j = rnd(NR_ROOTS)
    m = rnd(NR_ROOTS + 3) - 3
    i = rnd(NR_ROOTS)
    if roots[j] is None:
        return
    if op == 0:
        if roots[i] is not None:
            setattr(roots[i], "w", make_ref(j, m))
    else:
        refs[k] = make_ref(j, m)


def op_ask(op):
    i = rnd(NR_ROOTS)
    g = rnd(3)
    if op == 0:
        log.append("objects " + str(g) + numbers(gc.get_objects(g)))
    elif op == 1 and roots[i] is not None:
        log.append("referrers" + numbers(gc.get_referrers(roots[i])))
    elif op == 2 and roots[i] is not None:
        log.append("referents" + numbers(gc.get_referents(roots[i])))
    elif op == 3 and roots[i] is not None:
        log.append("weakrefs " + str(weakref.getweakrefcount(roots[i])) + " finalized " +
                   str(int(gc.is_finalized(roots[i]))) + " refs " + str(sys.getrefcount(roots[i]) - 1))
    elif op == 4:
        log.append("ref " + show_ref(i % NR_REFS))


def op_collect(op):
    g = rnd(3)
    length = rnd(220)
    if op < 4:
        log.append("collect " + str(g) + " " + str(gc.collect(g)))
    elif op < 5:
        gc.set_debug(gc.DEBUG_SAVEALL)
        log.append("saved " + str(gc.collect(g)))
        log.append("garbage" + numbers(gc.garbage))
        gc.set_debug(0)
        gc.garbage.clear()
    elif op < 6:
        # For good: the interpreter's own objects would come back with the program's.
        gc.freeze()
        roots[g] = None
        log.append("frozen " + str(gc.collect()))
    elif op < 7:
        chain(g, length, 1)
        if length % 2:
            roots[g] = None
    else:
        op_burst(g, length)


# Automatic collections, seen by when finalizers run.  Without weak references: CPython makes tuples
# for their calls, which count as objects after a full collection took the kept ones away.
def op_burst(g, length):
    global is_deep
    is_deep = True
    n = 0
    while n < 40:
        finish()
        n += 1
    gc.set_threshold(3 + g, 2, 2)
    gc.collect()
    gc.enable()
    chain(g, length, 0)
    n = 0
    while n < length:
        op_graph(rnd(11))
        n += 1
    gc.disable()
    log.append("burst " + str(counter) + " count " + str(gc.get_count()[0]))


def step():
    kind = rnd(20)
    if kind < 11:
        op_graph(rnd(11))
    elif kind < 14:
        op_weak(rnd(3))
    elif kind < 17:
        op_ask(rnd(5))
    elif kind < 19:
        op_collect(rnd(4))
    else:
        op_collect(4 + rnd(4))


def finish():
    i = 0
    while i < NR_ROOTS:
        roots[i] = None
        i += 1
    i = 0
    while i < NR_REFS:
        refs[i] = None
        i += 1
    return gc.collect()


def stats_text(before):
    text = "stats"
    for old, now in zip(before, gc.get_stats()):
        for name in ("collections", "collected", "uncollectable"):
            text += " " + str(now[name] - old[name])
    return text


def run(number, is_printed):
    global state, seed, counter, is_quiet, is_deep
    state = seed = number
    is_deep = False
    counter = 0
    gc.freeze()
    before = gc.get_stats()
    log.append("program " + str(number))
    steps = 10 + rnd(60)
    while steps > 0:
        step()
        steps -= 1
    steps = 0
    while steps < 40:
        n = finish()
        if n:
            log.append("end " + str(n))
        steps += 1
    log.append(stats_text(before))
    if is_printed:
        print("\n".join(log))
    log.clear()
    is_quiet = True
    gc.unfreeze()
    finish()
    gc.collect()
    is_quiet = False


gc.disable()
# Code that CPython has not specialised yet makes tuples for its calls.
for i in range(1000000, 1000040):
    run(i, False)
for i in range(int(sys.argv[1]), int(sys.argv[1]) + int(sys.argv[2])):
    run(i, True)
