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


def without_chunks(lines, keep):
    """Runs of lines, halves first. A run that can go is not looked at again, nor what was before it."""
    size = len(lines) // 2
    while size > 1:
        at = 0
        while at < len(lines):
            shorter = lines[:at] + lines[at + size:]
            if keep(shorter):
                lines = shorter
            else:
                at += size
        size //= 2
    return lines


def without_statements(lines, keep):
    """One statement or clause at a time, the last first; what cannot go loses its head or its body."""
    at = len(lines) - 1
    while at >= 0:
        for candidate in less_of_statement(lines, at):
            if keep(candidate):
                lines = candidate
                break
        at = min(at, len(lines)) - 1
    return lines


def less_of_statement(lines, at):
    end = block_end(lines, at)
    for last in sorted({statement_end(lines, at), end}, reverse=True):
        yield lines[:at] + lines[last:]
    if end > at + 1:
        step = indent_of(lines[at + 1]) - indent_of(lines[at])
        unwrapped = [line[step:] for line in lines[at + 1:end]]
        yield lines[:at] + unwrapped + lines[statement_end(lines, at):]
        yield lines[:at] + unwrapped + lines[end:]
        if lines[at + 1].strip() != "pass" or end > at + 2:
            yield lines[:at + 1] + [" " * indent_of(lines[at + 1]) + "pass"] + lines[end:]


def with_smaller_expressions(lines, keep):
    for at in range(len(lines)):
        shorter = True
        while shorter:
            shorter = False
            for text in smaller_lines(lines[at]):
                candidate = lines[:at] + [text] + lines[at + 1:]
                if keep(candidate):
                    lines = candidate
                    shorter = True
                    break
    return lines


def smaller_lines(line):
    """One value printed instead of many, an item left out, a smaller number."""
    lead = " " * indent_of(line)
    stripped = line.strip()
    try:
        body = ast.parse(stripped).body
    except SyntaxError:     # the first line of a compound statement
        body = []
    for text in smaller_statements(body):
        if len(text) < len(stripped):
            yield lead + text
    for number in NUMBER.finditer(line):
        for less in (int(number.group()) // 2, int(number.group()) - 1):
            yield line[:number.start()] + str(less) + line[number.end():]


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

    def keep(candidate):
        joined = "\n".join(candidate) + "\n"
        if joined in seen:
            return False
        seen.add(joined)
        return len(candidate) > 0 and compiles(candidate) and holds(joined)

    before = None
    while before != lines:
        before = lines
        for step in (without_chunks, without_statements, with_smaller_expressions):
            lines = step(lines, keep)
    return "\n".join(lines) + "\n"
