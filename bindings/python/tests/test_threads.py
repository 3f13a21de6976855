"""The GIL, threads, signals, and memory that comes back."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy
import pyarrow
import pytest
from conftest import resident

import memsh


def steps_while(work) -> tuple[int, float]:
    """How often another thread of Python got its turn while `work` ran, and how long that took."""
    count, done = 0, threading.Event()

    def runs():
        nonlocal count
        while not done.is_set():
            count += 1
            time.sleep(0.001)

    other = threading.Thread(target=runs)
    other.start()
    before, begun = count, time.monotonic()
    work()
    after, took = count, time.monotonic() - begun
    done.set()
    other.join()
    return after - before, took


@pytest.mark.parametrize("what", ["command", "scan", "read", "translate"])
def test_the_gil_is_released(img, what):
    start = img.process(1).maps()[0].start
    addresses = numpy.full(1 << 20, start, numpy.uint64)
    work = {
        "command": lambda: img.rows("entropy"),
        "scan": lambda: list(img.scan("nothing has this text in it")),
        "read": lambda: [img.read_phys(0, 48 << 20) for _ in range(8)],
        "translate": lambda: img.space(1).translate(addresses),
    }[what]
    work()
    # A thousand steps a second is what the other thread would make alone; from work that keeps the GIL it gets it once per call. A tenth
    # must come through, on a machine with other work as well.
    steps, took = steps_while(work)
    for _ in range(50):
        if took > 0.25:
            break
        more, longer = steps_while(work)
        steps, took = steps + more, took + longer
    assert steps / took > 100, f"{steps} steps in {took:.3f} s"


def test_many_threads_ask_one_image(img):
    def ask(which):
        match which % 4:
            case 0:
                return [p.pid for p in img.processes()]
            case 1:
                return [h.address for h in img.scan("Linux version")]
            case 2:
                return img.read_phys(0x1000, 4096)
            case _:
                return img.space(1).translate(numpy.arange(0x400000, 0x480000, 0x1000, dtype=numpy.uint64)).physical.tolist()

    alone = [ask(i) for i in range(4)]
    with ThreadPoolExecutor(8) as pool:
        for i, answer in enumerate(pool.map(ask, range(32))):
            assert answer == alone[i % 4]


def test_one_iterator_serves_many_threads(img):
    whole = [h.address for h in img.scan("Linux")]
    hits, taken = img.scan("Linux"), []

    def take():
        for hit in hits:
            taken.append(hit.address)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(take) for _ in range(4)]:
            done.result()
    assert sorted(taken) == whole


def test_many_images_at_once(raw):
    def pids(_):
        with memsh.open(raw) as img:
            return [p.pid for p in img.processes()]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(pids, range(8)))
    assert all(a == answers[0] and len(a) > 10 for a in answers)


def test_stop_ends_what_another_thread_asked():
    with memsh.sample() as img:
        img.processes()
        failed = []

        def forever():
            try:
                while True:
                    img.rows("strings", "--phys")
            except memsh.Interrupted as e:
                failed.append(e)

        other = threading.Thread(target=forever)
        other.start()
        deadline = time.monotonic() + 60
        while not failed and time.monotonic() < deadline:
            time.sleep(0.05)
            img.stop()
        other.join(60)
        assert failed and failed[0].kind == "interrupted"
        assert len(img.processes()) > 10


KEYBOARD = """
import memsh, signal, sys
# A program that was started in the background of a script ignores it.
signal.signal(signal.SIGINT, signal.default_int_handler)
img = memsh.sample()
img.processes()
what = sys.argv[1]
print("ready", flush=True)
try:
    while True:
        if what == "rows":
            img.rows("strings", "--phys")
        elif what == "scan":
            for hit in img.scan("--hex", "00 [0-9] 41 [0-9] 42 43 44"):
                pass
        elif what == "read":
            img.read_phys(0, 50331648)
        else:
            with memsh.sample(no_cache=True) as other:
                other.processes()
except KeyboardInterrupt:
    print("interrupted", flush=True)
    print(len(img.processes()))
"""


@pytest.mark.parametrize("what", ["rows", "scan", "read", "open"])
def test_ctrl_c_ends_a_long_call(what):
    child = subprocess.Popen([sys.executable, "-c", KEYBOARD, what], stdout=subprocess.PIPE, text=True)
    # One that does not end must not keep the test waiting.
    limit = threading.Timer(60, child.kill)
    limit.daemon = True
    limit.start()
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.3)
    pressed = time.monotonic()
    os.kill(child.pid, signal.SIGINT)
    assert child.stdout.readline() == "interrupted\n"
    # Far more than it takes, far less than for ever.
    assert time.monotonic() - pressed < 10
    assert int(child.stdout.readline()) > 10
    assert child.wait(60) == 0


@pytest.mark.parametrize(
    ("what", "rounds", "limit"),
    # So many rounds that what they make, were it all kept, is more than twice the limit, in MiB. The allocator keeps some of what
    # threads had.
    [
        ("rows", 8, 4),
        ("table", 60, 4),
        ("capsules", 60, 4),
        ("dicts", 15, 4),
        ("translate", 15, 4),
        ("scan", 8, 16),
        ("errors", 300, 4),
        ("open", 3, 16),
    ],
)
def test_memory_comes_back(img, what, rounds, limit):
    start = img.process(1).maps()[0].start
    addresses = numpy.full(1 << 16, start, numpy.uint64)
    rows = img.rows("symbols", "a*")

    def left():
        hits = img.scan("--hex", "00")
        next(hits)
        hits.close()

    def missing():
        with pytest.raises(memsh.Unreadable):
            img.read_phys(1 << 40, 1 << 15)

    def opened():
        with memsh.sample() as other:
            other.read_phys(0, 4096)

    work = {
        "rows": lambda: img.rows("symbols", "a*"),
        "table": lambda: pyarrow.table(rows),
        "capsules": lambda: (rows.__arrow_c_stream__(), rows.__arrow_c_array__(), rows.__arrow_c_schema__()),
        "dicts": rows.to_dicts,
        "translate": lambda: img.space(1).translate(addresses),
        "scan": left,
        "errors": missing,
        "open": opened,
    }[what]
    for _ in range(3):
        work()
    gc.collect()
    before = resident()
    for _ in range(rounds):
        work()
    gc.collect()
    deadline = time.monotonic() + 10
    # What a search that was left still held goes when its thread ends.
    while resident() - before >= limit << 20 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert resident() - before < limit << 20, f"{resident() - before} bytes more"


def test_files_are_closed(raw):
    def handles():
        return len(os.listdir("/proc/self/fd"))

    before = handles()
    for _ in range(5):
        with memsh.open(raw, base=0) as img:
            img.read_phys(0, 1)
    assert handles() <= before + 1, "five were opened"
