# SPDX-License-Identifier: MIT
"""ledgers.py HEAPLEDGER FOLDER: loads every ledger of a folder and prints one line about them.

The exit status is 1 when there is none, one does not load, or one has lost an event.
"""
import json
import os
import subprocess
import sys

# A program that was killed while it started.
NOT_BEGUN = "its program ended while starting"
LOST = ("missed_frees", "lost_events", "lost_blocks", "refused_bytes", "refused_stacks")


def look(heapledger, path):
    """The info of one ledger, or a text that says what is wrong with it."""
    run = subprocess.run([heapledger, "info", "--format=json", path], capture_output=True)
    if run.returncode:
        return run.stderr.decode(errors="replace").strip()
    info = json.loads(run.stdout)
    totals, lost = info["totals"], info["completeness"]
    wrong = [f"{key}={lost[key]}" for key in LOST if lost[key]]
    for what in ("count", "bytes"):
        if totals["alloc_" + what] - totals["free_" + what] != totals["live_" + what]:
            wrong.append(f"live_{what} is not allocated - freed")
        if totals["peak_" + what] < 0 or totals["live_" + what] < 0:
            wrong.append(f"negative {what}")
    return f"{path}: " + ", ".join(wrong) if wrong else info


def main():
    heapledger, folder = sys.argv[1:]
    paths = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    events = unknown = partial = unborn = 0
    errors = []
    for path in paths:
        info = look(heapledger, path)
        if isinstance(info, str) and NOT_BEGUN in info:
            unborn += 1
            continue
        if isinstance(info, str):
            errors.append(info)
            continue
        events += info["completeness"]["events"]
        unknown += info["completeness"]["unknown_frees"]
        partial += info["completeness"]["partial_stacks"]
    print(f"{len(paths)} ledgers, {unborn} of them not begun, {events} events, {unknown} unknown frees, {partial} partial stacks",
          *errors[:10], sep="\n    ")
    sys.exit(1 if errors or not paths else 0)


main()
