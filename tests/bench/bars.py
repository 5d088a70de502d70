# SPDX-License-Identifier: MIT
"""The limits that `make bench-check` holds the shim to.

Each bar is a figure and the limit that it must not pass. A bar without a figure (its tool or program
is not installed or was not asked for) is told as not measured, and is not met: --check wants all of
them, unless --only or --tools left some out.
"""
import statistics

import workloads

# Rounds of untraced, passing on and sampled runs for bar 6.
SAMPLE_ROUNDS = 15

WARM = ("python3", "lua5.4", "xmllint", "perl", "sqlite3", "jq")


def _bar(number, text, figure, limit, least=False, unit=""):
    met = None if figure is None else figure >= limit if least else figure <= limit
    return {
        "bar": number,
        "text": text,
        "figure": figure,
        "limit": limit,
        "least": least,
        "unit": unit,
        "met": met,
    }


def _figure(results, workload, tool, figure):
    return results.get(workload, {}).get("tools", {}).get(tool, {}).get(figure)


def _ratio(a, b):
    return None if a is None or not b else a / b


def _added_ratio(results, workload, tool, other):
    """Added CPU of TOOL as a share of OTHER's; nothing if OTHER adds less than can be measured."""
    added, base = (_figure(results, workload, name, "added_cpu") for name in (tool, other))
    return None if base is None or base <= 0.002 else _ratio(added, base)


def _cpu(results):
    """Bars 1 to 3: added CPU against other tools."""
    found = []
    for name in ("python3", "lua5.4", "xmllint", "perl", "jq", "cc1plus"):
        found.append(
            _bar(
                1,
                "%s: added CPU against heaptrack's" % name,
                _added_ratio(results, name, "ours", "heaptrack"),
                1 / 4 if name == "cc1plus" else 1 / 8,
            )
        )
    for name in WARM:
        found.append(
            _bar(
                2,
                "%s: added CPU against the reference's" % name,
                _added_ratio(results, name, "ours", "reference"),
                0.45,
            )
        )
    for name in ("python3", "lua5.4", "perl"):
        found.append(
            _bar(
                3,
                "%s: added CPU against memusage's" % name,
                _added_ratio(results, name, "ours", "memusage"),
                3.0,
            )
        )
    return found


def _threads(results):
    """Bar 4: throughput of allocation-only threads."""
    rate = lambda nr, tool: _figure(results, "private-%d" % nr, tool, "rate")
    scaling = {tool: _ratio(rate(2, tool), rate(1, tool)) for tool in ("none", "ours")}
    return [
        _bar(
            4,
            "2 threads: share of the untraced throughput",
            _ratio(rate(2, "ours"), rate(2, "none")),
            0.45,
            True,
        ),
        _bar(
            4,
            "1 to 2 threads: scaling against the untraced program's",
            _ratio(scaling["ours"], scaling["none"]),
            0.85,
            True,
        ),
        _bar(
            4,
            "8 threads: throughput against 2 threads",
            _ratio(rate(8, "ours"), rate(2, "ours")),
            0.90,
            True,
        ),
    ]


def _medians(bench, tools, command, figure, runs, env=None):
    """Interleaved runs of one command; the median of FIGURE for each tool."""
    values = {tool.name: [] for tool in tools}
    for _ in range(runs):
        for tool in tools:
            values[tool.name].append(bench.run(tool, command, env=env)[figure])
    return {name: statistics.median(each) for name, each in values.items()}


def _tools(bench, *names):
    return [tool for tool in bench.tools if tool.name in names]


def _memory(bench, results, runs):
    """Bar 5: peak resident memory, as the kernel tells it."""
    tools = _tools(bench, "none", "ours")
    blocks = _figure(results, "blocks-10M", "ours", "added_kib")
    python = _medians(bench, tools, ["/usr/bin/python3", "-c", "pass"], "peak_kib", runs)
    threads = bench.build + "/tests/bench/threads"
    idle = {
        nr: _medians(bench, tools, [threads, "idle", str(nr), "100"], "peak_kib", runs)
        for nr in (1, 65)
    }
    added = {nr: each["ours"] - each["none"] for nr, each in idle.items()}
    return [
        _bar(
            5,
            "10 million blocks: added memory as a share of the program's",
            _ratio(blocks, _figure(results, "blocks-10M", "none", "peak_kib")),
            0.15,
        ),
        _bar(
            5,
            "python3 -c pass: added memory",
            (python["ours"] - python["none"]) / 1024,
            6,
            unit="MiB",
        ),
        _bar(5, "each thread of 64: added memory", (added[65] - added[1]) / 64, 64, unit="KiB"),
    ]


def _sample_error(results, single_runs, sample_bytes):
    """The largest error of a sampled run's total, in standard errors.

    A block of s bytes is in the sample with probability p = 1 - exp(-s / R) and weighs s / p, so
    the variance of the sum is at most R times the total, whatever the sizes are.
    """
    worst = None
    for name, runs in single_runs.items():
        exact = [run["alloc_bytes"] for run in runs.get("ours", []) if "alloc_bytes" in run]
        # A fixed time allocates something else in each run; few samples are not normal.
        if results[name]["kind"] == "rate" or not exact or exact[0] < 100 * sample_bytes:
            continue
        total = statistics.median(exact)
        for run in runs.get("sample", []):
            worst = max(worst or 0, abs(run["alloc_bytes"] - total) / (sample_bytes * total) ** 0.5)
    return worst


def _shares(bench, workload, rounds, added_cpu):
    """CPU that `pass` and `sample` add to a program, as shares of the untraced run's."""
    tools = _tools(bench, "none", "pass", "sample")
    runs = {tool.name: [] for tool in tools}
    for _ in range(rounds):
        for tool in tools:
            runs[tool.name].append(bench.run(tool, workload.command, workload.stdin, workload.env))
    base = statistics.median(run["cpu"] for run in runs["none"])
    return {name: added_cpu(each, runs["none"]) / base for name, each in runs.items()}


def _sample(bench, results, single_runs, sample_bytes, added_cpu):
    """Bar 6: sampling every 512 KiB. So small a share wants more rounds than the table has."""
    found = []
    rounds = 3 if bench.quick else SAMPLE_ROUNDS
    for workload in workloads.programs(bench.work, bench.quick):
        if workload.name not in results or workload.name not in WARM + ("cc1plus",):
            continue
        shares = _shares(bench, workload, rounds, added_cpu)
        text = "%s: added CPU with --sample=512KiB (hooks alone %+.3f)"
        found.append(_bar(6, text % (workload.name, shares["pass"]), shares["sample"], 0.02))
    found.append(
        _bar(
            6,
            "hot loop with --sample=512KiB",
            _figure(results, "hot", "sample", "ns_per_event"),
            5,
            unit="ns per event",
        )
    )
    # Of some fifty draws one beyond four standard errors is a fault, not chance.
    found.append(
        _bar(
            6,
            "worst total of a sampled run",
            _sample_error(results, single_runs, sample_bytes),
            4,
            unit="standard errors",
        )
    )
    return found


def _start(bench, runs):
    """Bar 7: wall time of `true`, in milliseconds above that under an empty library."""
    empty = type(bench.tools[0])("empty", LD_PRELOAD=bench.build + "/tests/bench/.libs/empty.so")
    loud = next(tool for tool in bench.tools if tool.name == "record")
    loud = type(empty)("loud", [word for word in loud.prefix if word != "-q"])
    wall = _medians(bench, [empty, loud] + _tools(bench, "record"), ["true"], "wall", runs)
    return [
        _bar(
            7, "true: start-up under record", (wall["loud"] - wall["empty"]) * 1000, 10, unit="ms"
        ),
        _bar(
            7,
            "true: start-up under record -q",
            (wall["record"] - wall["empty"]) * 1000,
            10,
            unit="ms",
        ),
    ]


def evaluate(bench, report, sample_bytes, added_cpu):
    """All bars, from the REPORT; what the table does not hold is measured here."""
    results, runs = report["workloads"], max(report["runs"], 3)
    return (
        _cpu(results)
        + _threads(results)
        + _memory(bench, results, runs)
        + _sample(bench, results, report["single_runs"], sample_bytes, added_cpu)
        + _start(bench, runs * 7)
    )


def tell(found, partial):
    """Prints all bars and returns those that are missed; PARTIAL: some were not to be measured."""
    missed = [bar for bar in found if bar["met"] is False or (bar["met"] is None and not partial)]
    print()
    for bar in found:
        figure = "not measured" if bar["figure"] is None else "%.3f" % bar["figure"]
        verdict = {None: "", True: "met", False: "MISSED"}[bar["met"]]
        print(
            "bar %d  %-66s %12s  (at %s %.3g%s)  %s"
            % (
                bar["bar"],
                bar["text"],
                figure,
                "least" if bar["least"] else "most",
                bar["limit"],
                " " + bar["unit"] if bar["unit"] else "",
                verdict,
            )
        )
    print(
        "%d bars: %d met, %d missed, %d not measured"
        % (
            len(found),
            sum(bar["met"] is True for bar in found),
            sum(bar["met"] is False for bar in found),
            sum(bar["met"] is None for bar in found),
        )
    )
    for bar in missed:
        print(
            "%s: bar %d: %s"
            % ("not measured" if bar["met"] is None else "missed", bar["bar"], bar["text"])
        )
    return missed
