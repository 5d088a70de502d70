# SPDX-License-Identifier: MIT
"""Runs the cells of a notebook text, echoing a cell's last expression as a notebook does.
usage: notebook.py --cells FILE

A cell starts after a heading `In [..]:` or a fence ```python. It holds the longest run of lines that
compiles: what follows is a transcript of its output, or prose. A pasted output that happens to
compile (`2`, `[]`) is a last line that is nothing but literals, and is not run either."""
import ast
import gc
import re
import sys

HEADING = re.compile(r"In \[[^\]]*\]:\s*$")


def blocks(lines):
    """The lines after each heading, up to the next heading or fence."""
    at = 0
    while at < len(lines):
        fence = lines[at].strip().startswith("```python")
        start = fence or HEADING.match(lines[at])
        at += 1
        if not start:
            continue
        first = at
        while at < len(lines) and not HEADING.match(lines[at]) and not lines[at].startswith("```"):
            at += 1
        yield lines[first:at]
        if fence:
            at += 1


def cell_of(lines):
    for end in range(len(lines), 0, -1):
        try:
            tree = ast.parse("".join(lines[:end]))
        except SyntaxError:
            continue
        while tree.body and isinstance(tree.body[-1], ast.Expr) and is_literal(tree.body[-1].value):
            tree.body.pop()
        return tree
    return ast.parse("")


def is_literal(node):
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def compiled(tree, number):
    """The statements, and the last expression or None."""
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = compile(ast.Expression(tree.body.pop().value), "<cell %d>" % number, "eval")
    return compile(tree, "<cell %d>" % number, "exec"), last


def main():
    with open(sys.argv[2], encoding="utf-8") as f:
        lines = f.read().splitlines(keepends=True)
    cells = [compiled(cell_of(b), n) for n, b in enumerate(blocks(lines), 1)]
    gc.collect()    # the trash of parsing is none of the cells'
    names = {"__name__": "__main__"}
    for body, last in cells:
        exec(body, names)
        value = eval(last, names) if last else None
        if value is not None:
            print(repr(value))


main()
