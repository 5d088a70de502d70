# SPDX-License-Identifier: MIT
"""The text of a program that is being written, and its dice."""
import contextlib
import random


class Text:
    """One statement per line, so that the minimiser can work on lines."""

    def __init__(self, seed, size, level):
        self.r = random.Random(seed)
        self.size = size
        self.level = level
        self.lines = []
        self.depth = 0
        self.numbers = {}

    def __call__(self, *lines):
        for line in lines:
            self.lines.append("    " * self.depth + line)

    @contextlib.contextmanager
    def block(self, header):
        self(header)
        self.depth += 1
        yield
        self.depth -= 1

    def text(self, block):
        """Lines of a literal text, at the present depth."""
        for line in block.strip("\n").split("\n"):
            self(line)

    def fresh(self, prefix):
        n = self.numbers.get(prefix, 0)
        self.numbers[prefix] = n + 1
        return "%s%d" % (prefix, n)

    def chance(self, p):
        return self.r.random() < p

    def pick(self, items):
        return self.r.choice(items)

    def some(self, items, low=1, high=None):
        """Some of these, in a random order."""
        items = list(items)
        count = self.r.randint(min(low, len(items)), min(high or len(items), len(items)))
        return self.r.sample(items, count)

    def int(self, low, high):
        return self.r.randint(low, high)

    def weighted(self, table):
        """A key of {key: weight}."""
        keys = sorted(table)
        return self.r.choices(keys, [table[k] for k in keys])[0]

    def quiet(self):
        """The collector off and nothing left of the start-up: what follows does not depend on it."""
        self("gc.disable()", "gc.collect()")

    def result(self):
        return "\n".join(self.lines) + "\n"
