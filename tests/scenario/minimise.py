# SPDX-License-Identifier: MIT
"""Makes a scenario program smaller while a property of it holds: fewer statements first, then smaller
expressions. It works on lines, because which line holds what is part of a scenario."""
import ast
import re

CLAUSE = re.compile(r"(else|elif|except|finally)\b")
NUMBER = re.compile(r"(?<![\w.\"'])\d{2,}(?![\w.])")


def indent_of(line):
    return len(line) - len(line.lstrip())


def block_end(lines, at):
    """One past the last line that belongs to the statement at this line, its other clauses not."""
    end = at + 1
    while end < len(lines) and indent_of(lines[end]) > indent_of(lines[at]):
        end += 1
    return end


def statement_end(lines, at):
    end = block_end(lines, at)
    while (end < len(lines) and indent_of(lines[end]) == indent_of(lines[at])
           and CLAUSE.match(lines[end].lstrip())):
        end = block_end(lines, end)
    return end


def compiles(lines):
    try:
        compile("\n".join(lines) + "\n", "x", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def without_blocks(lines):
    """Without a run of lines, halves first; then without one statement or clause; then unwrapped."""
    size = len(lines) // 2
    while size > 1:
        for at in range(0, len(lines), size):
            yield lines[:at] + lines[at + size:]
        size //= 2
    for at in range(len(lines) - 1, -1, -1):
        for end in sorted({statement_end(lines, at), block_end(lines, at)}, reverse=True):
            yield lines[:at] + lines[end:]
    for at in range(len(lines)):
        end = block_end(lines, at)
        if end > at + 1:
            step = indent_of(lines[at + 1]) - indent_of(lines[at])
            yield lines[:at] + [line[step:] for line in lines[at + 1:end]] + lines[end:]
            yield lines[:at + 1] + [" " * indent_of(lines[at + 1]) + "pass"] + lines[end:]


def smaller_expressions(lines):
    """One line at a time: one value printed instead of many, items left out, smaller numbers."""
    for at, line in enumerate(lines):
        stripped = line.strip()
        lead = " " * indent_of(line)
        try:
            body = ast.parse(stripped).body
        except SyntaxError:     # the first line of a compound statement
            body = []
        for text in smaller_statements(body):
            if len(text) < len(stripped):
                yield lines[:at] + [lead + text] + lines[at + 1:]
        for number in NUMBER.finditer(line):
            for less in (int(number.group()) // 2, int(number.group()) - 1):
                yield lines[:at] + [line[:number.start()] + str(less) + line[number.end():]] + lines[at + 1:]


def smaller_statements(body):
    for node in (n for statement in body for n in ast.walk(statement)):
        if isinstance(node, ast.JoinedStr):
            values = node.values
            for v in values:
                if isinstance(v, ast.FormattedValue):
                    yield "print(%s)" % ast.unparse(v.value)
            yield from without_one(body, values)
        elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            yield from without_one(body, node.elts)
        elif isinstance(node, ast.Call):
            yield from without_one(body, node.args)
        elif isinstance(node, ast.Dict):
            for i in range(len(node.keys)):
                key, value = node.keys.pop(i), node.values.pop(i)
                yield "\n".join(map(ast.unparse, body))
                node.keys.insert(i, key)
                node.values.insert(i, value)


def without_one(body, nodes):
    for i in range(len(nodes)):
        node = nodes.pop(i)
        try:
            yield "\n".join(map(ast.unparse, body))
        except Exception:       # what is left is not a program
            pass
        nodes.insert(i, node)


def minimise(text, holds):
    """The smallest text found for which holds(text); holds(text) is true at the start."""
    lines = [line for line in text.split("\n") if line.strip()]
    if not holds("\n".join(lines) + "\n"):
        return text
    seen = set()
    changed = True
    while changed:
        changed = False
        for candidates in (without_blocks, smaller_expressions):
            progress = True
            while progress:
                progress = False
                for candidate in candidates(lines):
                    key = "\n".join(candidate)
                    if key in seen:
                        continue
                    seen.add(key)
                    if candidate and compiles(candidate) and holds(key + "\n"):
                        lines = candidate
                        progress = changed = True
                        break
    return "\n".join(lines) + "\n"
