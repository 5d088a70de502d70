# SPDX-License-Identifier: MIT
"""A million cycles of two objects: `heapledger sim` beside CPython, in turns, by CPU time.

Usage: scenarios.py HEAPLEDGER [--check] [--runs N] [--python PYTHON]
The figures are the least of all runs with the start of the program included; with --check the exit
status is 1 when a scenario takes longer than CPython itself.
"""
import argparse
import os
import resource
import subprocess
import sys
import tempfile

NODE = "class Node:\n    pass\n\n"
INIT = "class Node:\n    def __init__(self):\n        self.o = None\n\n"
NAMED = "class Node:\n    def __init__(self, name):\n        self.name = name\n        self.o = None\n\n"
SLOTS = 'class Node:\n    __slots__ = ("o",)\n\n'
LOOP = "for i in range(1000000):\n"
PAIR = "    a = Node()\n    b = Node()\n    a.o = b\n    b.o = a\n"


def function(body):
    lines = "".join("    " + line + "\n" for line in (LOOP + body).splitlines())
    return "def main():\n" + lines + "\nmain()\n"


PROGRAMS = {
    "module": NODE + LOOP + PAIR,
    "function": NODE + function(PAIR),
    "init": INIT + LOOP + PAIR,
    "init-function": INIT + function(PAIR),
    "init-argument": NAMED + function(PAIR.replace("Node()", 'Node("n")')),
    "slots": SLOTS + LOOP + PAIR,
    "list-append": LOOP + "    a = []\n    b = []\n    a.append(b)\n    b.append(a)\n",
    "list-display": function("    a = []\n    b = [a]\n    a.append(b)\n"),
    "dict": LOOP + '    a = {}\n    b = {}\n    a["o"] = b\n    b["o"] = a\n',
}


def cpu_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(name, args, path):
    ours, theirs = [], []
    for _ in range(args.runs):
        ours.append(cpu_seconds([args.heapledger, "sim", path]))
        theirs.append(cpu_seconds([args.python, path]))
    ratio = min(ours) / min(theirs)
    print(f"scenario-{name:<16} {min(ours) * 1e3:9.0f} {min(theirs) * 1e3:10.0f} ms {ratio:6.2f}", flush=True)
    return ratio


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("heapledger")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--python", default=os.environ.get("HL_PYTHON", "python3"))
    args = parser.parse_args()
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        for name, text in PROGRAMS.items():
            path = os.path.join(folder, name + ".py")
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
            if compare(name, args, path) > 1:
                missed.append(name)
    for name in missed:
        print("missed: scenario-" + name)
    sys.exit(1 if missed and args.check else 0)


main()
