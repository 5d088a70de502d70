# SPDX-License-Identifier: MIT
"""The collections of tests/bench/gcsim.c in CPython: name, value, unit."""
import gc
import random
import time

NR = 1000000


class Node:
    __slots__ = ("a", "b", "c")

    def __init__(self):
        self.a = self.b = self.c = None


def link(nodes, shape):
    rng = random.Random(1)
    for i, node in enumerate(nodes):
        if shape == "chain" and i:
            nodes[i - 1].a = node
        elif shape == "tree" and i:
            parent = nodes[(i - 1) // 2]
            node.a = parent
            if i % 2:
                parent.b = node
            else:
                parent.c = node
        elif shape == "random":
            node.a = nodes[rng.randrange(NR)]
            node.b = nodes[rng.randrange(NR)]
    return nodes[0], nodes[-1]


def timed():
    start = time.perf_counter()
    gc.collect()
    return (time.perf_counter() - start) * 1e3


def graph(shape):
    first, last = link([Node() for _ in range(NR)], shape)
    if shape == "chain":
        last.b = first
    return first


def collection(shape):
    first = graph(shape)
    print(f"collect-first-{shape}\t{timed():.1f}\tms")
    print(f"collect-again-{shape}\t{min(timed() for _ in range(5)):.1f}\tms")
    del first
    timed()
    graph(shape)
    print(f"collect-trash-{shape}\t{timed():.1f}\tms", flush=True)


gc.disable()
for shape in ("chain", "tree", "random"):
    collection(shape)
