"""What a terabyte of images costs, from what this machine measures. docs/scale.md explains the numbers.

    python examples/cost.py guest.raw --price 0.04 --link 500
"""

from __future__ import annotations

import argparse
import os
import time

import memsh

TB = 1e12
QUESTIONS = {
    "ps": ["ps"],
    "files": ["files"],
    "malfind": ["malfind"],
    "scan, one text": ["scan", "nothing has this text in it", "--phys"],
    "scan, a regex": ["scan", "--regex", "[a-z]{3,8}@[a-z]{3,8}[.]example[.]org", "--phys"],
}


def seconds(path: str, words: list[str], runs: int) -> float:
    """The least time to open an image, ask, and close it again: what else the machine does is not its cost. Nothing is remembered from one
    time to the next."""
    took = []
    for _ in range(runs):
        begun = time.perf_counter()
        with memsh.open(path, no_cache=True) as img:
            img.rows(*words)
        took.append(time.perf_counter() - begun)
    return min(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    parser.add_argument("--price", type=float, default=0.04, help="of a core for an hour, in any currency")
    parser.add_argument("--link", type=float, default=500, help="MB/s at which a worker gets images")
    parser.add_argument("--cores", type=int, default=os.cpu_count(), help="cores of a worker")
    parser.add_argument("--size", type=float, default=16, help="GiB of an image of the fleet")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()

    with memsh.open(args.image) as img:
        held = sum(size for _, size in img.ranges())
    fetch = args.size * (1 << 30) / (args.link * 1e6)
    print(f"{args.image}: {held / (1 << 30):.2f} GiB of memory, {args.cores} cores; fleet of {args.size:g} GiB images")
    print(f"{'question':<16} {'s here':>8} {'GB/s':>7} {'s fetch':>8} {'s ask':>8} {'worker h/TB':>12} {'cost/TB':>9} {'if local':>9}")
    for name, words in QUESTIONS.items():
        took = seconds(args.image, words, args.runs)
        # A pass over memory takes longer on a larger image; a walk along lists does not.
        passes = words[0] == "scan"
        ask = took * args.size * (1 << 30) / held if passes else took
        images = TB / (args.size * (1 << 30))
        hours = images * (fetch + ask) / 3600
        price = args.price * args.cores
        rate = f"{held / took / 1e9:.2f}" if passes else "-"
        print(
            f"{name:<16} {took:>8.3f} {rate:>7} {fetch:>8.1f} {ask:>8.2f} {hours:>12.3f} {hours * price:>9.4f}"
            f" {images * ask / 3600 * price:>9.4f}"
        )


if __name__ == "__main__":
    main()
