# SPDX-License-Identifier: MIT
"""Compares what print_code says of scenarios with the code of this Python, which is 3.11.

sim-bytecode.py PRINT_CODE SEED CASES FILE...: the files, then as many random programs.

Two codes are the same when every path through them has the same instructions, with the same handlers
and the same lines: where blocks are laid out, and which jump leads to a jump, does not matter.
"""
import collections
import dis
import os
import random
import re
import subprocess
import sys
import tempfile
import types
import warnings

LEFT_OUT = {'RESUME', 'PRECALL', 'CACHE', 'NOP', 'EXTENDED_ARG'}
NAMED = {'LOAD_NAME', 'STORE_NAME', 'DELETE_NAME', 'STORE_GLOBAL', 'DELETE_GLOBAL', 'LOAD_ATTR',
         'STORE_ATTR', 'DELETE_ATTR', 'LOAD_METHOD', 'IMPORT_NAME', 'IMPORT_FROM'}
SLOTTED = {'LOAD_FAST', 'STORE_FAST', 'DELETE_FAST', 'LOAD_CLOSURE', 'MAKE_CELL', 'LOAD_DEREF',
           'STORE_DEREF', 'DELETE_DEREF', 'LOAD_CLASSDEREF'}
BRANCHES = {'POP_JUMP_IF_FALSE', 'POP_JUMP_IF_TRUE', 'POP_JUMP_IF_NONE', 'POP_JUMP_IF_NOT_NONE',
            'JUMP_IF_FALSE_OR_POP', 'JUMP_IF_TRUE_OR_POP', 'FOR_ITER'}
ENDS = {'RETURN_VALUE', 'RAISE_VARARGS', 'RERAISE'}
NO_OPERAND = {'GET_ITER', 'POP_TOP'} | ENDS - {'RAISE_VARARGS', 'RERAISE'}

Code = collections.namedtuple('Code', 'name line args slots stack flags ins handlers')


def show(k):
    """A constant, as code_print() writes it."""
    if isinstance(k, float):
        return 'float %.17g' % k
    if isinstance(k, (str, bytes)):
        data = k.encode('utf-8', 'surrogatepass') if isinstance(k, str) else k
        text = ''.join(chr(b) if 32 <= b <= 126 and b not in b"'\\" else '\\x%02x' % b for b in data)
        return ('b' if isinstance(k, bytes) else '') + "'" + text + "'"
    if isinstance(k, tuple):
        return '(' + ''.join(show(x) + ', ' for x in k) + ')'
    if isinstance(k, frozenset):
        return 'frozenset(' + ''.join(show(x) + ', ' for x in k) + ')'
    if isinstance(k, types.CodeType):
        return 'code ' + k.co_qualname
    return '...' if k is ... else str(k)


def operand(code, i):
    if i.opname in ('LOAD_CONST', 'KW_NAMES'):
        return show(code.co_consts[i.arg])
    if i.opname in NAMED:
        return code.co_names[i.arg]
    if i.opname == 'LOAD_GLOBAL':
        return ('NULL + ' if i.arg & 1 else '') + code.co_names[i.arg >> 1]
    if i.opname in SLOTTED:
        return i.argval
    return '0' if i.arg is None or i.opname in NO_OPERAND else str(i.arg)


def of_python(code):
    """A code of this Python in the form of print_code."""
    ins, index = [], {}
    for i in dis.get_instructions(code):
        index[i.offset] = len(ins)
        if i.opname in LEFT_OUT:
            continue
        op = 'JUMP' if i.opname.startswith(('JUMP_FORWARD', 'JUMP_BACKWARD')) else i.opname
        op = op.replace('_FORWARD_', '_').replace('_BACKWARD_', '_')
        is_jump = i.opcode in dis.hasjrel or i.opcode in dis.hasjabs
        ins.append((op, i.argval if is_jump else operand(code, i), i.positions.lineno or 0))
    ins = [(op, index[arg], line) if op == 'JUMP' or op in BRANCHES else (op, arg, line)
           for op, arg, line in ins]
    handlers = [(index[e.start], index.get(e.end, len(ins)), index[e.target], e.depth, e.lasti)
                for e in dis._parse_exception_table(code)]
    nr = len(code.co_varnames) + len(set(code.co_cellvars) - set(code.co_varnames)) + len(code.co_freevars)
    flags = tuple(bool(code.co_flags & bit) for bit in (0x1, 0x20, 0x4, 0x10))
    return Code(code.co_qualname, code.co_firstlineno, code.co_argcount,
                [code._varname_from_oparg(i) for i in range(nr)], code.co_stacksize, flags, ins, handlers)


def all_of_python(code):
    yield of_python(code)
    for k in code.co_consts:
        if isinstance(k, types.CodeType):
            yield from all_of_python(k)


def of_print_code(text):
    """What print_code printed of one file."""
    codes = []
    for line in text.splitlines():
        if m := re.match(r'code (.*) line (\d+) flags (\d+) args (\d+) .* stack (\d+)$', line):
            flags = int(m[3])
            codes.append(Code(m[1], int(m[2]), int(m[4]), [], int(m[5]),
                              tuple(bool(flags & bit) for bit in (0x1, 0x2, 0x4, 0x80)), [], []))
        elif line.startswith('  slots:'):
            codes[-1].slots.extend(s.rsplit('/', 1)[0] for s in line.split()[1:])
        elif m := re.match(r'  handler (\d+) \.\. (\d+) -> (\d+) depth (\d+)( lasti)?$', line):
            codes[-1].handlers.append((*map(int, m.groups()[:4]), bool(m[5])))
        elif m := re.match(r' *(\d+) +\d+ (\S+) +(.*)$', line):
            arg = int(m[3]) if m[2] == 'JUMP' or m[2] in BRANCHES else m[3]
            codes[-1].ins.append((m[2], arg, int(m[1])))
    return codes


def follow(code, i):
    for _ in range(100):
        if code.ins[i][0] != 'JUMP':
            break
        i = code.ins[i][1]
    return i


def handler_of(code, i):
    for start, end, *rest in code.handlers:
        if start <= i < end:
            return rest
    return None


def is_same_operand(a, b):
    # The order of a frozenset's items is that of a table there, that of the source here.
    return a == b or (str(a).startswith('frozenset(') and sorted(a) == sorted(b))


def compare(a, b):
    """The first difference of our code and Python's, or None."""
    for what in ('args', 'slots', 'stack', 'flags'):
        if getattr(a, what) != getattr(b, what):
            return f'{what}: {getattr(a, what)}, Python has {getattr(b, what)}'
    seen, work = set(), [(0, 0)]
    while work:
        i, j = work.pop()
        i, j = follow(a, i), follow(b, j)
        if (i, j) in seen:
            continue
        seen.add((i, j))
        (op, arg, line), (python_op, python_arg, python_line) = a.ins[i], b.ins[j]
        if op != python_op or (op not in BRANCHES and op != 'JUMP' and not is_same_operand(arg, python_arg)):
            return f'{i} {a.ins[i]}, Python has {j} {b.ins[j]}'
        # Instructions that no line has written, such as the pop after an expression, may have one
        # on one side only.
        # A jump is one of an endless loop of nothing else: which of them is here says nothing.
        if line != python_line and line and python_line and op != 'JUMP':
            return f'{i} {a.ins[i]}: Python has line {python_line}'
        h, python_h = handler_of(a, i), handler_of(b, j)
        if (h and h[1:]) != (python_h and python_h[1:]):
            return f'{i} {a.ins[i]}: handler {h}, Python has {python_h}'
        if h:
            work.append((h[0], python_h[0]))
        if op in BRANCHES:
            work.append((arg, python_arg))
        if op not in ENDS and op != 'JUMP':
            work.append((i + 1, j + 1))
    return None


def check(path, printed):
    """What is wrong with a file, or None."""
    with open(path, 'rb') as f:
        source = f.read()
    error = re.match(r'error (\d+) (.*)', printed)
    try:
        python = compile(source, path, 'exec', dont_inherit=True, optimize=0)
    except SyntaxError as e:
        said = f'{type(e).__name__}: {e.msg}'
        return None if error and error[2] == said else f'Python says {said!r}, {printed[:200]!r}'
    if error:
        return printed.strip()
    ours = collections.defaultdict(list)
    for code in of_print_code(printed):
        ours[code.name, code.line].append(code)
    for theirs in all_of_python(python):
        same = ours[theirs.name, theirs.line]
        if not same:
            return f'no code {theirs.name} of line {theirs.line}'
        # A finally block, and what is in it, is compiled more than once; Python keeps one.
        wrong = compare(same.pop(0) if len(same) > 1 else same[0], theirs)
        if wrong:
            return f'{theirs.name} of line {theirs.line}: {wrong}'
    return None


class Generator:
    """Random programs that compile; they need not run."""

    def __init__(self, seed):
        self.r = random.Random(seed)

    def pick(self, *choices):
        return self.r.choice(choices)

    def name(self):
        return self.r.choice('abcdefxyz')

    def exprs(self, depth, low=0, high=4):
        return [self.expr(depth) for _ in range(self.r.randint(low, high))]

    def atom(self):
        return self.pick(self.name(), self.name(), self.name(), str(self.r.randint(-3, 300)), '1.5', "'s'",
                         'None', 'True', '(1, 2, 3)', '[1, 2, 3]', '{1, 2, 3}', "{'a': 1, 'b': 2}", '[]', '()', '{}')

    def clauses(self, depth):
        text = f'for {self.target()} in {self.expr(depth)}'
        if self.r.random() < .3:
            text += f' if {self.expr(depth)}'
        if self.r.random() < .3:
            text += f' for {self.name()} in {self.expr(depth)}'
        return text

    def call(self, depth):
        args = self.exprs(depth, 0, 3)
        if self.r.random() < .1:
            args.append('*' + self.expr(depth))
        if self.r.random() < .3:
            args += [f'{k}={self.expr(depth)}' for k in self.r.sample('klm', self.r.randint(1, 3))]
        return f"({', '.join(args)})"

    def expr(self, depth=3):
        if depth <= 0 or self.r.random() < .15:
            return self.atom()
        d = depth - 1
        kind = self.r.randrange(20)
        if kind < 3:
            ops = ('+', '-', '*', '//', '%', '**', '<<', '&', '|', '/')
            return f'({self.expr(d)} {self.pick(*ops)} {self.expr(d)})'
        if kind < 5:
            ops = ('<', '==', '!=', '>=', 'is', 'is not', 'in', 'not in')
            text = f'{self.expr(d)} {self.pick(*ops)} {self.expr(d)}'
            return f'({text} {self.pick(*ops)} {self.expr(d)})' if self.r.random() < .3 else f'({text})'
        if kind < 7:
            return '(' + f' {self.pick("and", "or")} '.join(self.exprs(d, 2, 4)) + ')'
        if kind == 7:
            return f'(not {self.expr(d)})'
        if kind == 8:
            return f'({self.expr(d)} if {self.expr(d)} else {self.expr(d)})'
        if kind < 11:
            return self.name() + self.call(d)
        if kind < 13:
            return f'{self.name()}.{self.name()}{self.call(d)}'
        if kind == 13:
            return f'{self.name()}[{self.expr(d)}:{self.expr(d)}]' if self.r.random() < .5 else \
                f'{self.name()}[{self.expr(d)}]'
        if kind == 14:
            return '[' + ', '.join(self.exprs(d)) + ']'
        if kind == 15:
            return '{' + ', '.join(f'{self.expr(d)}: {self.expr(d)}' for _ in range(self.r.randint(0, 3))) + '}'
        if kind == 16:
            return f'[{self.expr(d)} {self.clauses(d)}]'
        if kind == 17:
            return self.pick(f'({self.expr(d)} {self.clauses(d)})', f'{{{self.expr(d)} {self.clauses(d)}}}',
                             f'{{{self.expr(d)}: {self.expr(d)} {self.clauses(d)}}}')
        if kind == 18:
            return f'(lambda {self.name()}, k={self.expr(d)}: {self.expr(d)})'
        return f'f"t{{{self.name()}}} {{{self.name()}.{self.name()}!r:>{{{self.name()}}}}} {{{self.name()}[0]}}"'

    def target(self):
        return self.pick(self.name(), self.name(), f'{self.name()}, {self.name()}',
                         f'({self.name()}, {self.name()}), {self.name()}')

    def manager_target(self):
        return self.pick(self.name(), self.name(), f'{self.name()}.{self.name()}', f'({self.name()}, {self.name()})',
                         f'{self.name()}[{self.expr(1)}]')

    def simple(self, in_function, in_loop):
        kind = self.r.randrange(16)
        if kind < 4:
            return f'{self.name()} = {self.expr()}'
        if kind == 4:
            names = [self.name() for _ in range(self.r.randint(2, 4))]
            return f"{', '.join(names)} = {', '.join(self.expr(1) for _ in names)}"
        if kind == 5:
            return f'{self.name()}.{self.name()} {self.pick("=", "+=", "-=")} {self.expr(2)}'
        if kind == 6:
            return f'{self.name()}[{self.expr(1)}] {self.pick("=", "+=", "//=")} {self.expr(2)}'
        if kind == 7:
            return f'del {self.name()}, {self.name()}.{self.name()}, {self.name()}[{self.expr(1)}]'
        if kind == 8:
            return f'{self.name()} {self.pick("+=", "*=", "|=")} {self.expr(2)}'
        if kind == 9:
            return self.pick('pass', f'assert {self.expr(2)}', f'assert {self.expr(1)}, {self.expr(1)}')
        if kind == 10:
            return self.pick(f'raise {self.expr(1)}', f'raise {self.name()} from {self.name()}', 'raise')
        if kind == 11 and in_function:
            return self.pick('return', f'return {self.expr(2)}', f'return {self.expr(2)}', 'return None')
        if kind == 12 and in_loop:
            return self.pick('break', 'continue')
        if kind == 13 and in_function:
            return self.pick(f'yield {self.expr(2)}', f'{self.name()} = yield', f'{self.name()} = yield {self.expr(1)}')
        if kind == 14:
            target = self.pick(self.name(), self.name(), f'({self.name()})', f'{self.name()}.{self.name()}',
                               f'{self.name()}[{self.expr(1)}]', f'{self.name()}[{self.name()}:{self.expr(1)}, 1]')
            return f'{target}: {self.unjoined(2)}' + self.pick('', f' = {self.expr(2)}')
        return self.expr()

    def annotation(self, sign):
        return sign + self.unjoined(1) if self.r.random() < .3 else ''

    def unjoined(self, depth):
        # A union of classes is refused.
        text = self.expr(depth)
        return f'[{text}]' if '|' in text else text

    def compound(self, depth, pad, in_function, in_loop):
        kind = self.r.randrange(12)
        def body(function=in_function, loop=in_loop):
            return self.block(depth - 1, pad + '  ', function, loop)
        if kind < 3:
            text = f'{pad}if {self.expr(2)}:\n{body()}'
            if self.r.random() < .3:
                text += f'{pad}elif {self.expr(2)}:\n{body()}'
            return text + (f'{pad}else:\n{body()}' if self.r.random() < .5 else '')
        if kind < 6:
            head = f'while {self.expr(2)}' if kind == 3 else f'for {self.target()} in {self.expr(2)}'
            return f'{pad}{head}:\n{body(loop=True)}' + (f'{pad}else:\n{body()}' if self.r.random() < .3 else '')
        if kind < 8:
            text = f'{pad}try:\n{body()}'
            has_clause = self.r.random() < .7
            if has_clause:
                text += f'{pad}except {self.name()}{self.pick("", " as e")}:\n{body()}'
                if self.r.random() < .3:
                    text += f'{pad}except:\n{body()}'
                if self.r.random() < .3:
                    text += f'{pad}else:\n{body()}'
            return text + (f'{pad}finally:\n{body()}' if not has_clause or self.r.random() < .4 else '')
        if kind < 10:
            items = [self.expr(2) + self.pick('', ' as ' + self.manager_target()) for _ in range(self.pick(1, 1, 2, 3))]
            text = ', '.join(items)
            if self.r.random() < .3:
                text = f'({text}{self.pick("", ",")})'
            return f'{pad}with {text}:\n{body()}'
        if kind == 10:
            declared = self.pick('', '', f'{pad}  global g{self.name()}\n')
            a, b, c = (self.annotation(': ') for _ in range(3))
            params = self.pick('', f'a{a}', f'a{a}, b{b}=1', f'b{b}, c{c}={self.expr(1)}', f'a{a}, *d{b}')
            return f'{pad}def {self.name()}({params}){self.annotation(" -> ")}:\n{declared}{body(True, False)}'
        return f'{pad}class {self.name().upper()}{self.pick("", "(a)", "(a, b.c)")}:\n{body(False, False)}'

    def block(self, depth, pad, in_function, in_loop):
        text = ''
        for _ in range(self.r.randint(1, 3)):
            if depth > 0 and self.r.random() < .5:
                text += self.compound(depth, pad, in_function, in_loop)
            else:
                text += pad + self.simple(in_function, in_loop) + '\n'
        return text

    def program(self):
        return ''.join(self.block(4, '', False, False) for _ in range(self.r.randint(1, 4)))


def printed_of(print_code, paths):
    out = subprocess.run([print_code, *paths], capture_output=True, text=True, check=False)
    if out.stderr:
        sys.exit(f'print_code: {out.stderr}')
    parts = re.split(r'^file (.*)\n', out.stdout, flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def main():
    print_code, seed, cases, *paths = sys.argv[1:]
    warnings.simplefilter('ignore')
    with tempfile.TemporaryDirectory() as folder:
        for i in range(int(cases)):
            paths.append(os.path.join(folder, f'random-{seed}-{i}.py'))
            with open(paths[-1], 'w', encoding='utf-8') as f:
                f.write(Generator(f'{seed}-{i}').program())
        bad = 0
        for path, printed in printed_of(print_code, paths).items():
            wrong = check(path, printed)
            if wrong:
                bad += 1
                print(f'{path}: {wrong}')
                if bad == 1 and path.startswith(folder):
                    with open(path, encoding='utf-8') as f:
                        print(f.read())
    print(f'{len(paths)} programs, {bad} differ')
    sys.exit(bad > 0)


main()
