#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes objects-expected.h: what CPython 3.11 gives for the expressions of objects-expressions.txt.

Usage: objects-record.py <objects-expressions.txt >objects-expected.h
"""
import gc
import sys

if sys.version_info[:2] != (3, 11):
    sys.exit("objects-record.py: CPython 3.11 is wanted, this is " + sys.version.split()[0])


def do(obj, name, *args):
    getattr(obj, name)(*args)
    return obj


def put(obj, key, value):
    obj[key] = value
    return obj


def drop(obj, key):
    del obj[key]
    return obj


names = {"getsizeof": sys.getsizeof, "is_tracked": gc.is_tracked, "do": do, "put": put, "drop": drop}


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


print("/* SPDX-License-Identifier: MIT */")
print("/* Made by objects-record.py from objects-expressions.txt; do not edit. */")
print("static const struct {\n\tconst char *expression, *result;\n} expected[] = {")
for line in sys.stdin:
    line = line.rstrip("\n")
    if not line or line.startswith("#"):
        continue
    try:
        result = repr(eval(line, dict(names)))
    except Exception as error:
        text = str(error)
        result = type(error).__name__ + (": " + text if text else "")
    row = "\t{%s, %s}," % (quote(line), quote(result))
    print(row if len(row) < 112 else row.replace("\", \"", "\",\n\t\t\"", 1))
print("};")
