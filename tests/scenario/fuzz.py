# SPDX-License-Identifier: MIT
"""Random scenario programs, run by CPython and by `heapledger sim`: the same standard output, exit
status and, when a program fails, last line of standard error. A difference is minimised and shown.
fuzz-oracle finds the two commands and passes its arguments on; --help tells them."""
import argparse
import concurrent.futures
import os
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import minimise     # noqa: E402
from generator import kinds, program     # noqa: E402

class Result:
    """What one run showed. `hang` is a run that was ended for its time."""

    def __init__(self, stdout, stderr, status):
        self.stdout = stdout
        self.status = status
        lines = stderr.decode("utf-8", "replace").splitlines()
        self.last = lines[-1] if lines else ""

    def difference(self, other):
        """How a run of ours differs from CPython's (self), in a word; None when it does not."""
        if other.status == "hang":
            return "hang"
        if self.status != other.status:
            if other.status == 2:
                return "refused"
            return "crash" if other.status < 0 else "exit status"
        if self.stdout != other.stdout:
            return "stdout"
        # Where nothing failed, stderr has at most what a finalizer raised, with addresses.
        if self.status != 0 and self.last != other.last:
            return "stderr"
        return None

    def show(self, name):
        text = self.stdout.decode("utf-8", "replace")
        print("---- %s: exit status %s%s" % (name, self.status, self.status and " " + self.last or ""))
        print(text[:4000] + ("...\n" if len(text) > 4000 else ""), end="")


def run(command, path, hash_seed, seconds, **more):
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": str(hash_seed)}
    for name in ("LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    env.update(more)
    # A session of its own: the command may be a wrapper, and a hang of what it started would stay.
    with subprocess.Popen(command + [path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=env, start_new_session=True) as child:
        try:
            stdout, stderr = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            return Result(b"", b"", "hang")
    return Result(stdout, stderr, child.returncode)


class Fuzzer:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.python = shlex.split(options.python)
        self.sim = shlex.split(options.sim)
        self.lock = threading.Lock()
        self.deadline = time.monotonic() + options.seconds
        self.nr_run = self.nr_failing = self.nr_lines = 0
        self.rejected = []
        self.found = []
        # python3 runs it before the program: no young objects, and all counters at zero.
        self.site = os.path.join(folder, "site")
        os.mkdir(self.site)
        with open(os.path.join(self.site, "sitecustomize.py"), "w", encoding="utf-8") as f:
            f.write("import gc\nimport weakref\ngc.collect()\n")

    def both(self, path, seed):
        return self.ask(path, seed), run(self.sim, path, 0, self.options.run_seconds)

    def ask(self, path, hash_seed, option=(), **env):
        """CPython's answer."""
        return run(self.python + list(option), path, hash_seed % 4294967295, self.options.run_seconds, **env)

    def one(self, seed):
        """Program number `seed`; nothing is started after the time is over or enough was found."""
        if time.monotonic() > self.deadline or len(self.found) >= self.options.differences:
            return
        text = program.make(seed, self.options.kind, self.options.size, self.options.level)
        if program.kind_of(text) in self.options.without:
            return
        path = os.path.join(self.folder, "%d.py" % seed)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        wanted, got = self.both(path, seed)
        what = wanted.difference(got)
        why = self.reject(path, wanted, seed, what)
        with self.lock:
            self.nr_run += 1
            self.nr_failing += wanted.status != 0
            self.nr_lines += wanted.stdout.count(b"\n")
            if why:
                self.rejected.append((seed, why))
            elif what:
                self.found.append((seed, what, text))
        os.unlink(path)

    def reject(self, path, wanted, seed, what):
        """Why CPython's answer is no oracle: it depends on hashes, or on what start-up left behind (more
        and older objects, other counters). That is asked where it matters."""
        if wanted.status not in (0, 1) or "SyntaxError" in wanted.last or "MemoryError" in wanted.last:
            return "exit status %s %s" % (wanted.status, wanted.last)
        if not what and not self.options.always:
            return None
        if wanted.difference(self.ask(path, seed + 1)):
            return "depends on hashes"
        if self.options.any_start_up:
            return None
        if wanted.difference(self.ask(path, 0, ["-S"])):
            return "depends on start-up"
        if wanted.difference(self.ask(path, 0, PYTHONPATH=self.site)):
            return "depends on start-up, too"
        return None

    def minimised(self, seed, what, text):
        path = os.path.join(self.folder, "m%d.py" % seed)
        start = time.monotonic()
        first = True
        smaller = 0
        status = None

        def holds(candidate):
            nonlocal first, smaller, status
            # On a busy machine nothing may have been found in that time: once, something shall be.
            if time.monotonic() > start + self.options.minimise * (1 if smaller else 10) and not first:
                return False
            with open(path, "w", encoding="utf-8") as f:
                f.write(candidate)
            wanted = self.ask(path, seed)
            if first:
                first, status = False, wanted.status
            if wanted.status != status:
                return False
            # Less is awaited than at first: much has to be tried.
            if wanted.difference(run(self.sim, path, 0, min(3, self.options.run_seconds))) != what:
                return False
            if self.reject(path, wanted, seed, what):
                return False
            smaller += candidate != text
            return True

        text = minimise.minimise(text, holds)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return text, self.both(path, seed)

    def report(self, seed, what, text):
        small, results = self.minimised(seed, what, text)
        print("==== seed %d (%s): %s differs; minimised from %d to %d lines:" % (
            seed, program.kind_of(text), what, text.count("\n"), small.count("\n")))
        print(small, end="")
        for name, result in zip(("python3", "sim"), results):
            result.show(name)
        if self.options.save:
            os.makedirs(self.options.save, exist_ok=True)
            for suffix, t in ((".py", small), (".full.py", text)):
                with open(os.path.join(self.options.save, "%d%s" % (seed, suffix)), "w", encoding="utf-8") as f:
                    f.write(t)
        sys.stdout.flush()

    def run_all(self):
        o = self.options
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool:
            for _ in pool.map(self.one, range(o.seed, o.seed + o.count)):
                pass
        took = time.monotonic() - began
        for seed, what, text in self.found[:o.differences]:
            self.report(seed, what, text)
        for seed, why in self.rejected[:20]:
            print("seed %d gives no oracle: %s" % (seed, why))
        print("%d programs from seed %d in %.0f s: %d lines of output, %d ended with an exception, "
              "%d rejected, %d differences" % (self.nr_run, o.seed, took, self.nr_lines, self.nr_failing,
                                              len(self.rejected), len(self.found)))
        if self.nr_run < min(o.count, o.at_least) and not self.found:
            print("that is fewer than %d: the time was over" % min(o.count, o.at_least))
            return 1
        if len(self.rejected) > o.allow_rejected + self.nr_run // 20:
            print("too many programs are no oracle")
            return 1
        return 1 if self.found else 0


def main():
    p = argparse.ArgumentParser(prog="fuzz-oracle")
    p.add_argument("--sim", required=True, help="the command under test, which a file's name follows")
    p.add_argument("--python", required=True, help="the oracle, a CPython 3.11")
    p.add_argument("--seed", type=int, default=1, help="of the first program; the others follow")
    p.add_argument("--count", type=int, default=2000, help="of programs")
    p.add_argument("--seconds", type=float, default=240, help="start no program after this time")
    p.add_argument("--at-least", type=int, default=1, metavar="N", help="fail when the time allowed fewer")
    p.add_argument("--jobs", type=int, default=2, help="programs at a time")
    p.add_argument("--kind", choices=kinds.names() + ["each"], help="only programs of this kind; each: in turn")
    p.add_argument("--size", type=int, help="steps of a program")
    p.add_argument("--level", type=int, default=1, help="1: the promised subset of Python; 2: more")
    p.add_argument("--differences", type=int, default=1, metavar="N", help="stop after this many")
    p.add_argument("--without", type=lambda text: text.split(","), default=[], metavar="KIND,...",
                   help="no programs of these kinds")
    p.add_argument("--minimise", type=float, default=60, metavar="S", help="seconds for each difference")
    p.add_argument("--save", metavar="FOLDER", help="keep what was found, small and in full")
    p.add_argument("--run-seconds", type=float, default=10, metavar="S", help="of one run, which hangs after it")
    p.add_argument("--allow-rejected", type=int, default=2, metavar="N", help="beside 5 in 100")
    p.add_argument("--always", action="store_true", help="ask of each program whether python3 always says the same")
    p.add_argument("--any-start-up", action="store_true", help="this python3's start-up is the one to be equal to")
    p.add_argument("--max-memory", type=int, default=2048, metavar="MIB", help="of each run; 0: no limit")
    options = p.parse_args()
    if options.max_memory:
        limit = options.max_memory << 20
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(Fuzzer(options, os.path.realpath(folder)).run_all())


main()
