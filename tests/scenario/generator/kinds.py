# SPDX-License-Identifier: MIT
"""The kinds of programs. A kind is a function that writes one to a Text."""
KINDS = {}


def kind(name, weight=10):
    def add(function):
        KINDS[name] = (weight, function)
        return function
    return add


def names():
    load()
    return sorted(KINDS)


def load():
    """The modules register their kinds when they are imported."""
    from . import (annotated, classes, collector, exits, graph, language, managers,     # noqa: F401
                   numbers, orders, reentrant, references, sizes, weak)
