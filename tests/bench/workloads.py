# SPDX-License-Identifier: MIT
"""What the benchmarks run: installed programs on made inputs, and loops of our own.

A workload's full size takes an untraced run of about 0.5 to 3 seconds; its quick size is for seeing
that everything works. Inputs are made once, in the build folder, and named by their size.
"""
import os
import random
import shutil
import subprocess

PYTHON = """
import json, sys
rows = [{"id": i, "name": "n%d" % i, "tags": ["a%d" % (i % 100), i / 2, None]} for i in range(5000)]
for turn in range(int(sys.argv[1])):
    text = json.dumps(rows)
    rows = json.loads(text)
print(len(text))
"""

LUA = """
local function tree(depth)
	if depth == 0 then return {} end
	return { tree(depth - 1), tree(depth - 1) }
end
local function count(t)
	return t[1] and 1 + count(t[1]) + count(t[2]) or 1
end
local long, nodes = tree(14), 0
for turn = 1, tonumber(arg[1]) do
	nodes = nodes + count(tree(12))
end
print(nodes, count(long))
"""

CXX = """
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>
%s
std::map<std::string, std::vector<int>> table;
int add(const std::string &name, int value)
{
	table[name].push_back(value);
	std::sort(table[name].begin(), table[name].end());
	return static_cast<int>(table.size());
}
"""

PERL = """
my %words;
for my $turn (1 .. $ARGV[0]) {
	my %part;
	$part{"word" . ($_ * 7919 % 20011)} .= "x$_" for 1 .. 20000;
	$words{$_} += length $part{$_} for keys %part;
}
print scalar(keys %words), "\\n";
"""

SQL = """
CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, value REAL);
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %(rows)d)
INSERT INTO t SELECT i, 'name' || (i * 7919 %% 100003), i * 1.5 FROM c;
CREATE INDEX by_name ON t (name);
SELECT count(*) FROM (SELECT name, sum(value) AS s FROM t GROUP BY name ORDER BY s DESC);
SELECT sum(length(n)) FROM (SELECT upper(name) || id AS n FROM t ORDER BY n);
"""
SQL_INSERT = "INSERT INTO t VALUES (%d, 'later%d', %d.25);\n"


class Workload:
    """One thing to run.

    kind   "cpu": the run's whole CPU time counts; "rate": it runs for a fixed time, and what counts
           is how many events it prints
    group  "program", "micro" or "threads"
    """

    def __init__(self, name, command, group="program", kind="cpu", stdin=None, **env):
        self.name = name
        self.command = [str(word) for word in command]
        self.group = group
        self.kind = kind
        self.stdin = stdin
        self.env = env

    def is_missing(self):
        return not shutil.which(self.command[0])


def _made(folder, name, write):
    """The path of an input; WRITE makes its pieces of text if the file is not there yet."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        with open(path + ".part", "w", encoding="ascii") as out:
            for piece in write():
                out.write(piece)
        os.rename(path + ".part", path)
    return path


def _xml(megabytes):
    draw = random.Random(1)
    yield '<?xml version="1.0"?>\n<list>\n'
    written = number = 0
    while written < megabytes * 1000000:
        text = '<item id="%d" kind="k%d"><name>name %d</name>' % (
            number,
            number % 50,
            draw.random() * 1e6,
        )
        text += (
            "".join("<p>%s</p>" % ("word " * draw.randrange(1, 20)) for _ in range(3)) + "</item>\n"
        )
        yield text
        written += len(text)
        number += 1
    yield "</list>\n"


def _json(megabytes):
    draw = random.Random(2)
    yield "[\n"
    written = number = 0
    while written < megabytes * 1000000:
        text = '{"id": %d, "name": "name %d", "tags": ["t%d", %.3f, null], "text": "%s"},\n' % (
            number,
            number,
            number % 100,
            draw.random(),
            "word " * draw.randrange(20, 60),
        )
        yield text
        written += len(text)
        number += 1
    yield "{}]\n"


def _sql(rows):
    yield SQL % {"rows": rows}
    for i in range(rows // 10):
        yield SQL_INSERT % (rows + 1 + i, i, i)


def _cc1plus():
    """The compiler proper of g++ and what the driver would tell it."""
    try:
        ask = lambda word: subprocess.run(
            ["g++", word], capture_output=True, text=True
        ).stdout.strip()
        return [
            ask("-print-prog-name=cc1plus"),
            "-quiet",
            "-imultiarch",
            ask("-print-multiarch"),
            "-D_GNU_SOURCE",
            "-O1",
            "-std=gnu++17",
            "-frandom-seed=1",
        ]
    except OSError:
        return ["cc1plus"]


def programs(folder, quick):
    """The workloads on programs that are installed."""
    size = (lambda full, small: small) if quick else (lambda full, small: full)
    megabytes = size(50, 2)
    script = lambda name, text: _made(folder, name, lambda: [text])
    cxx = script("input-%d.cc" % size(1, 0), CXX % size("#include <regex>", ""))
    xml = _made(folder, "input-%d.xml" % megabytes, lambda: _xml(megabytes))
    document = _made(folder, "input-%d.json" % megabytes, lambda: _json(megabytes))
    sql = _made(folder, "input-%d.sql" % size(200000, 10000), lambda: _sql(size(200000, 10000)))
    return [
        Workload(
            "python3",
            ["/usr/bin/python3", "-S", script("input.py", PYTHON), size(36, 2)],
            PYTHONMALLOC="malloc",
            PYTHONHASHSEED="0",
        ),
        Workload("lua5.4", ["lua5.4", script("input.lua", LUA), size(350, 8)]),
        Workload("cc1plus", _cc1plus() + [cxx, "-o", "/dev/null"]),
        Workload("xmllint", ["xmllint", "--noout", xml]),
        Workload("perl", ["perl", script("input.pl", PERL), size(60, 3)], PERL_HASH_SEED="0"),
        Workload("sqlite3", ["sqlite3", ":memory:"], stdin=sql),
        Workload("jq", ["jq", "-c", "map(.id // 0) | add", document]),
    ]


def loops(build, quick):
    """The loops of micro.c and threads.c."""
    size = 20 if quick else 1
    micro = os.path.join(build, "tests/bench/micro")
    threads = os.path.join(build, "tests/bench/threads")
    found = [
        Workload(name, [micro, loop, number // size], group="micro")
        for name, loop, number in (
            ("hot", "hot", 10000000),
            ("deep-20", "deep20", 5000000),
            ("deep-200", "deep200", 2000000),
            ("dive-200", "dive200", 500000),
            ("stacks-100k", "stacks", 800000),
            ("blocks-10M", "blocks", 10000000),
            ("realloc", "grow", 400000),
        )
    ]
    for mode in ("private", "cross"):
        found += [
            Workload(
                "%s-%d" % (mode, nr), [threads, mode, nr, 800 // size], group="threads", kind="rate"
            )
            for nr in (1, 2, 4, 8)
        ]
    return found


def all_workloads(build, folder, quick):
    """Every workload, in the order of the table."""
    return programs(folder, quick) + loops(build, quick)
