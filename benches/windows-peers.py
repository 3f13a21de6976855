#!/usr/bin/env python3
"""windows-peers.py IMAGE [--memsh BINARY] [--symbols DIR] [--runs N]

Times memsh, Volatility 3 and MemProcFS on one image of a Windows machine, one after the other, best of N runs each, in a new process for each
run. The peers are taken where they are installed (`pip install volatility3 memprocfs`); nothing is fetched. Volatility needs symbols of
the image's kernel: DIR is one as it has them (`DIR/windows/NAME.pdb/GUID-AGE.json.xz`); without DIR it is left out. MemProcFS takes the
tables that it carries; the time of its interpreter and of loading it is left out of its numbers.

Every tool must answer with rows, and the numbers of rows are printed: they are not always the same question (MemProcFS lists modules with
what it finds by itself, Volatility's handles leave out those of exited processes).
"""
import argparse, json, os, shutil, subprocess, sys, time

TASKS = [
    # name, memsh's words, Volatility's plugin, MemProcFS: an expression for the number of rows with `v` open
    ("processes", ["ps"], "windows.pslist", "len(v.process_list())"),
    ("handles", ["handles"], "windows.handles", "sum(len(p.maps.handle()) for p in v.process_list())"),
    ("threads", ["threads"], "windows.threads", "sum(len(p.maps.thread()) for p in v.process_list())"),
    ("drivers", ["modules"], "windows.modules", "len(v.process(4).module_list())"),
    ("hidden processes", ["ps", "--scan"], "windows.psscan", None),
    ("injected code", ["malfind"], "windows.malfind", None),
]

MEMPROCFS = """
import memprocfs, sys, time
t = time.perf_counter()
v = memprocfs.Vmm(["-device", sys.argv[1], "-disable-symbolserver", "-disable-symbols"])
n = %s
print(n, time.perf_counter() - t)
"""


def best(runs, run):
    """The least of some times, and the last number of rows; None where the tool failed."""
    times, rows = [], None
    for _ in range(runs):
        answer = run()
        if answer is None:
            return None
        rows, seconds = answer
        times.append(seconds)
    return rows, min(times)


def timed(command, rows, ok=(0,)):
    def run():
        start = time.perf_counter()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
        seconds = time.perf_counter() - start
        return (rows(done.stdout), seconds) if done.returncode in ok else None
    return run


def memprocfs(image, expression):
    def run():
        done = subprocess.run([sys.executable, "-c", MEMPROCFS % expression, image], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        words = done.stdout.split()
        return (int(words[-2]), float(words[-1])) if done.returncode == 0 and len(words) >= 2 else None
    return run


def cell(found, base):
    if found is None:
        return "-"
    rows, seconds = found
    return "%.3f s, %d rows%s" % (seconds, rows, " (%.0fx)" % (seconds / base) if base else "")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("image")
    args.add_argument("--memsh", default=os.path.join(os.path.dirname(__file__), "..", "target", "release", "memsh"))
    args.add_argument("--symbols")
    args.add_argument("--runs", type=int, default=3)
    args = args.parse_args()
    # From the page cache, for all of them.
    with open(args.image, "rb") as f:
        while f.read(1 << 24):
            pass
    vol = shutil.which("vol") if args.symbols else None
    peer = subprocess.run([sys.executable, "-c", "import memprocfs"], capture_output=True).returncode == 0
    print("%s, %.2f GiB, %d processors" % (os.path.basename(args.image), os.path.getsize(args.image) / 2**30, os.cpu_count()))
    print("| task | memsh | Volatility 3 | MemProcFS |\n|---|---|---|---|")
    for name, words, plugin, expression in TASKS:
        own = best(args.runs, timed([args.memsh, args.image, "--no-cache", *words, "--jsonl"], lambda out: out.count(b"\n"), (0, 4)))
        if own is None:
            sys.exit("memsh %s failed" % " ".join(words))
        line = [vol, "-q", "--offline", "-r", "json", "-s", args.symbols, "-f", args.image, plugin]
        theirs = vol and best(1 if args.runs < 3 else 2, timed(line, lambda out: len(json.loads(out))))
        third = peer and expression and best(args.runs, memprocfs(args.image, expression))
        print("| %s | %s | %s | %s |" % (name, cell(own, None), cell(theirs or None, own[1]), cell(third or None, own[1])), flush=True)


main()
