# SPDX-License-Identifier: MIT
"""What print shows: numbers, strings, containers in containers, and the arithmetic behind."""
from .kinds import kind


def number(t):
    return t.pick([str(t.int(0, 300)), str(t.int(0, 1 << 31)), str(t.int(0, 1 << 80)), "%d.%d" % (t.int(0, 99), t.int(0, 99)), "1e%d" % t.int(0, 30),
                   "1e-%d" % t.int(1, 12), "0.1", "0.0", "1.0", "2.5", "100000000000000000.0", "True", "False", "0", "1", "3.14"])


def text(t):
    return t.pick(['"plain"', "'quote\"s'", '"it\'s"', "'both\\'\"'", '"line\\nend"', '"tab\\t"', '"back\\\\slash"', '"é€😀"', '""', '"a" * 3', '"ab" + "c"',
                   '"x\\x00y"', '"\\x7f"', 'b"bytes"', 'b"\\x00\\xff"', '"abcdef"[1:4]', '"abcdef"[-2:]', '"abcdef"[::2]' if t.level > 1 else '"abcdef"[:3]'])


def value(t, depth=2):
    shape = t.weighted({"number": 6, "text": 4, "none": 1, "list": 2 if depth else 0, "tuple": 2 if depth else 0, "dict": 2 if depth else 0, "set": 1,
                        "range": 1, "arithmetic": 4})
    if shape == "number":
        return number(t)
    if shape == "text":
        return text(t)
    if shape == "none":
        return "None"
    if shape == "list":
        return "[%s]" % ", ".join(value(t, depth - 1) for _ in range(t.int(0, 3)))
    if shape == "tuple":
        return "(%s)" % "".join(value(t, depth - 1) + ", " for _ in range(t.int(0, 3)))
    if shape == "dict":
        return "{%s}" % ", ".join("%s: %s" % (t.pick([number(t), text(t), "None"]), value(t, depth - 1)) for _ in range(t.int(0, 3)))
    if shape == "set":
        return t.pick(["set()", "{1}", "{3, 1, 2}", "{10, 20, 8}", '{"one"}', "{1, 2, 1}"])
    if shape == "range":
        return t.pick(["range(3)", "range(1, 4)", "range(0, 10, 3)", "range(5, 0, -2)", "list(range(4))", "tuple(range(2))"])
    return arithmetic(t, 2)


def arithmetic(t, depth):
    if depth == 0:
        return number(t)
    a, b = arithmetic(t, depth - 1), arithmetic(t, depth - 1)
    op = t.weighted({"+": 5, "-": 5, "*": 4, "//": 3, "%": 3, "**": 1, "neg": 1})
    if op == "**":
        return "(%s) ** %d" % (a, t.int(0, 5))
    if op == "neg":
        return "(-(%s))" % a
    if op in ("//", "%"):
        return "(%s) %s %s" % (a, op, t.pick([str(t.int(1, 99)), "-%d" % t.int(1, 99), "2.5", str(t.int(1, 1 << 70))]))
    return "(%s %s %s)" % (a, op, b)


WIDE = ["{%s!r}", "{%s!s:>9}", "{%s!r:<12}|"]
NUMERIC = ["{%s:,}", "{%s}"]
WIDE_NUMERIC = ["{%s:>24}", "{%s:.2f}", "{%s:<24}|", "{%s:+}", "{%s:,.1f}", "{%s:024}"]


@kind("printing", 12)
def printing(t):
    t("a = 5", 'w = "word"', "l = [1, 'two', 3.0]", "d = {'k': 1, 2: 'v'}")
    for _ in range(t.size):
        step = t.weighted({"print": 6, "many": 3, "f": 6, "compare": 5, "index": 4, "self": 1, "methods": 4, "concat": 2, "fail": 3})
        v = value(t)
        if step == "print":
            t("print(%s)" % v)
        elif step == "many":
            t("print(%s, %s, %s)" % (v, value(t), t.pick(["a", "w", "l", "d"])))
        elif step == "f":
            n = arithmetic(t, 1)
            forms = NUMERIC + (WIDE_NUMERIC if t.level > 1 else [])
            n = n.replace('"', "'")
            t('print(f"v {%s} and %s {{braces}} {%s}")' % (t.pick(["a", "w", "l", "d", "l[1]", "d['k']"]), t.pick(forms) % ("(%s)" % n),
                                                          t.pick(["w", "len(l)", "a + 1", "[a, w]", "({'x': a}['x'])", "(a, l)"])))
            if t.level > 1:
                t('print(f"%s")' % (t.pick(WIDE) % t.pick(["w", "l", "d", "a"])))
        elif step == "compare":
            x, y = value(t, 1), value(t, 1)
            op = t.pick(["==", "==", "!=", "is not" if t.chance(0.1) else "==", "<", "<=", ">"])
            if op in ("==", "!="):
                t("print(%s %s %s)" % (x, op, y))
            elif op == "is not":
                t("print(l is not %s)" % x)
            else:
                x, y = t.pick([(number(t), number(t)), ('"%s"' % t.pick(["a", "b", "ab"]), '"ab"'), ("[1, %s]" % number(t), "[1, 2]"),
                               ("(1, 2, 3)", "(1, %s)" % number(t)), (x, y)])
                t("try:", "    print(%s %s %s)" % (x, op, y), "except TypeError as e:", "    print(e)")
        elif step == "index":
            s = t.pick(["[1, 2, 3, 4]", "(1, 2, 3, 4)", '"abcd"', "list(range(9))", "range(9)"])
            i = t.pick(["%d" % t.int(-5, 5), "%d:" % t.int(-5, 5), ":%d" % t.int(-5, 5), "%d:%d" % (t.int(-5, 5), t.int(-5, 5)), ":"])
            t("try:", "    print(%s[%s])" % (s, i), "except IndexError as e:", "    print(e)")
        elif step == "self":
            t(t.pick(["l.append(l)", "d['me'] = d", "l.append(d)", "d['l'] = l"]), "print(l)", "print(d)", "l = [1]", "d = {'k': 1, 2: 'v'}", "l.append('two')")
        elif step == "methods":
            for line in t.pick([("l.append(%s)" % v,), ("l.insert(%d, %s)" % (t.int(-3, 4), v),), ("l.extend((%s, 2))" % v,), ("l[0:1] = [%s, 0]" % v,),
                                ("d['n'] = %s" % v,), ("d[3] = %s" % v, "d.popitem()"), ("print(d.get('zz', %s))" % v,), ("print(d.pop('zz', %s))" % v,),
                                ("print(l.pop())", "l.append('two')"), ("l = l + l[1:]", "l = l[0:6]"), ("s = {1, 2}", "s.add(%d)" % t.int(0, 5), "print(s)")]):
                t(line)
            t(t.pick(["print(l)", "print(d)", "print(len(l), len(d))"]))
        elif step == "concat":
            t('print("%s" + w + %s)' % (t.pick(["a ", "é", "-"]), t.pick(["'!'", "w * 2", "f'{a}'"])))
        else:
            bad = t.pick(["%s + w" % number(t), "l + (1, )", "w + 1", "1 + None", "[] < 1", "l['a']", "w[9]", "d['none']", "a[0]", "None + 1", "w - w", "{}[l]",
                          "1 // 0", "1.5 % 0", "1.0 // 0", "2 ** 3 ** 2", "range(3)[7]", "(1, 2)[5]", "len(None)", "l.pop(99)", "d.pop(99)", "w * w",
                          "l * 1.5", "-w", "a.x", "w.x", "l.x", "1 in 2", "'a' in 5", "1 in 'abc'"])
            t("try:", "    print(%s)" % bad)
            for h in ("TypeError", "IndexError", "KeyError", "AttributeError", "ZeroDivisionError"):
                t("except %s as e:" % h, '    print(f"%s: {e}")' % h)
