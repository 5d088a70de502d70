# SPDX-License-Identifier: MIT
"""A program from a seed: the same seed gives the same text, whatever python3 runs this."""
import random

from . import kinds
from .text import Text


def make(seed, kind=None, size=None, level=1):
    names = kinds.names()
    r = random.Random(seed * 7919 + 1)
    if kind == "each":      # one after the other
        kind = names[seed % len(names)]
    elif kind is None:
        kind = r.choices(names, [kinds.KINDS[n][0] for n in names])[0]
    text = Text(seed, size or r.choice([8, 15, 15, 25, 40, 60]), level)
    text("# kind %s, seed %d" % (kind, seed))
    kinds.KINDS[kind][1](text)
    return text.result()


def kind_of(text):
    return text.split(None, 3)[2].rstrip(",")
