# SPDX-License-Identifier: MIT
"""Random traces, statistics, differences, filters and tracebacks: what Python's tracemalloc says of
them, and what `heapledger` says through its command line, byte for byte.
usage: oracle-random.py HEAPLEDGER SEED NR-CASES, in an empty folder"""
import random
import subprocess
import sys
import tracemalloc

heapledger, seed, nr_cases = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sys.path[:] = []    # linecache would look for files there
r = random.Random(seed)
NAMES = ["a.c", "b.c", "lib/a.c", "lib/z.c", "main.c", "<unknown>", "x y.c", "mod.pyc", "mod.py", "é.c", "日本.c",
         "[x].c", "^a", "-", "!", "].c", "a-c", "\\.c", "C:\\x.c", "a:7", ".hidden", "", "&&~|", "\U0001f600"]
ALPHABET = "ab]][[^!--*?.c\\é日&~|/xz"


def write_sources():
    lines = ["int a;", "\tb\tc  ", "", "   ", "\x0cform feed\x0c", "\u3000wide\u00a0", "é日", "  last\x1f"]
    for name in ["a.c", "b.c", "main.c", "x y.c", "é.c", "].c"]:
        end = r.choice(["\n", "\r\n", "\r"])
        text = end.join(r.choice(lines) for _ in range(6)) + r.choice(["", end])
        data = r.choice([b"", b"\xef\xbb\xbf"]) + text.encode()
        if name == "b.c":
            data += b"\xff\n"
        with open(name, "wb") as f:
            f.write(data)


def make_traces():
    frames = [(r.choice(NAMES), r.choice([0, 1, 2, 3, 4, 5, 6, 7, 99999])) for _ in range(r.randrange(1, 12))]
    stacks = []
    for _ in range(r.randrange(1, 10)):
        depth = r.choice([1, 1, 2, 3, 5, 9])
        stacks.append((tuple(r.choice(frames) for _ in range(depth)), depth + r.choice([0, 0, 4])))
    sizes = [0, 1, 8, 512, 1023, 1024, 10239, 10240, 102399, 102400, 1 << 20, 10485760, 1 << 33, 1 << 44]
    return [(r.choice([0, 0, 0, 1, 2, 3]), r.choice(sizes + [r.randrange(1, 100000)])) + r.choice(stacks)
            for _ in range(r.choice([0, 1, 5, 30, 60]))]


def write_traces(path, traces):
    with open(path, "w", encoding="utf-8") as f:
        f.write(r.choice(["", "# a comment\n", "\n"]))
        for domain, size, frames, total in traces:
            f.write("%d\t%d\t%d\t%s\n" % (domain, size, total, ";".join("%s:%d" % x for x in frames)))
        if not traces:
            f.write("#\n")


def random_pattern():
    if r.random() < 0.5:
        name = list(r.choice(NAMES))
        for _ in range(r.choice([0, 1, 2])):
            name.insert(r.randrange(len(name) + 1), r.choice("*?"))
        if name and r.random() < 0.5:
            at = r.randrange(len(name))
            name[at] = "[" + r.choice(["", "!", "^"]) + name[at] + r.choice(["", "x", "a-z", "z-a", "-"]) + "]"
        return "".join(name)
    return "".join(r.choice(ALPHABET) for _ in range(r.randrange(0, 9)))


def random_filter():
    inclusive = r.random() < 0.5
    option = "--include=" if inclusive else "--exclude="
    domain = r.choice([None, None, 0, 1, 2])
    if domain is not None and r.random() < 0.4:
        return option + "%%%d" % domain, tracemalloc.DomainFilter(inclusive, domain)
    while True:     # a pattern whose end reads as another part of the option would be another filter
        pattern = random_pattern()
        if pattern and not pattern.endswith("!"):
            break
    lineno = r.choice([None, None, 0, 2])
    all_frames = r.random() < 0.5
    text = pattern + ("@%d" % lineno if lineno is not None else "") + ("!" if all_frames else "")
    text += "%%%d" % domain if domain is not None else ""
    return option + text, tracemalloc.Filter(inclusive, pattern, lineno, all_frames, domain)


def random_case(number):
    old, new = make_traces(), make_traces()
    if r.random() < 0.5:    # what only grows, shrinks, or stays equal
        new = old + new if r.random() < 0.5 else old[:len(old) // 2] + new[:3]
    write_traces("old.tsv", old)
    write_traces("new.tsv", new)
    snapshots = [tracemalloc.Snapshot(t, 25) for t in (old, new)]
    arguments = []
    if r.random() < 0.6:
        pairs = [random_filter() for _ in range(r.choice([1, 1, 2, 3]))]
        arguments += [p[0] for p in pairs]
        snapshots = [s.filter_traces([p[1] for p in pairs]) for s in snapshots]
    kind = r.choice(["top", "top", "diff", "format"])
    if kind == "format":
        limit = r.choice([None, 0, 1, 2, -1, -2, 100, -100])
        newest_first = r.random() < 0.5
        arguments += ["-g", "traceback", "--format=traceback"]
        arguments += [] if limit is None else ["--frames=%d" % limit]
        arguments += ["--most-recent-first"] if newest_first else []
        lines = []
        for s in snapshots[1].statistics("traceback"):
            lines.append("%d memory blocks: %.1f KiB" % (s.count, s.size / 1024))
            lines += s.traceback.format(limit, newest_first)
        return ["top"] + arguments + ["new.tsv"], lines
    key = r.choice(["lineno", "filename", "traceback"])
    cumulative = key != "traceback" and r.random() < 0.4
    arguments += ["-g", key, "--format=tracemalloc"] + (["--cumulative"] if cumulative else [])
    if kind == "top":
        return ["top"] + arguments + ["new.tsv"], map(str, snapshots[1].statistics(key, cumulative))
    return (["diff"] + arguments + ["old.tsv", "new.tsv"],
            map(str, snapshots[1].compare_to(snapshots[0], key, cumulative)))


write_sources()
failures = 0
for number in range(nr_cases):
    arguments, lines = random_case(number)
    expected = "".join(line + "\n" for line in lines).encode()
    got = subprocess.run([heapledger] + arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if got.returncode or got.stderr or got.stdout != expected:
        failures += 1
        print("seed %d, case %d: heapledger %r: exit status %d %r\nexpected:\n%s\ngot:\n%s" % (
            seed, number, arguments, got.returncode, got.stderr, expected.decode("utf-8", "replace"),
            got.stdout.decode("utf-8", "replace")))
        if failures == 3:
            break
print("%d cases" % (number + 1))
sys.exit(failures > 0)
