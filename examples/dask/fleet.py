"""A command over a folder or bucket of images, or one search of one huge image, on a cluster of Dask.

    python fleet.py ask ps --images /cases/42 --out ps
    python fleet.py search 'Linux version' --image huge.raw --split 4 --out hits.jsonl
    python fleet.py --scheduler tcp://10.0.0.1:8786 ask 'net --where pid>1' --images s3://cases/42 --out net

Without --scheduler it starts workers on this machine, a process each. A worker that is lost is replaced by the others: what it had not
finished is done again, and what it had is not counted twice, because a result belongs to its key (the image, the range).
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dask.distributed import Client, LocalCluster, as_completed

from memsh import fleet

RETRIES = 3


def ask(client: Client, images: list[str], *words: str, **options: Any) -> Iterator[fleet.Answered]:
    """What each image answers, as the answers come."""
    keys = [f"ask-{shlex.join(words)}-{image}-{sorted(options.items())}" for image in images]
    futures = [
        client.submit(fleet.ask, image, *words, key=key, retries=RETRIES, **options)
        for image, key in zip(images, keys, strict=True)
    ]
    # A reference to a future keeps its result in the cluster; each goes when its result is here.
    waiting = as_completed(futures)
    del futures
    for future in waiting:
        yield future.result()


def search(client: Client, image: str, size: int, *words: str, **options: Any) -> list[dict[str, Any]]:
    """All hits of a search of one image, in parts of at most `size` bytes, ascending. Every worker must have the image at that path."""
    parts = client.submit(fleet.split, image, size, pure=False, retries=RETRIES, **options).result()
    # Who else searches on this scheduler shares results of the same key: it says all that the result depends on.
    what = f"search-{shlex.join(words)}-{image}-{sorted(options.items())}"
    futures = [
        client.submit(fleet.search, image, start, end, *words, key=f"{what}-{start:#x}-{end:#x}", retries=RETRIES, **options)
        for start, end in parts
    ]
    done, hits = 0, {}
    for future in as_completed(futures):
        hits[future.key] = future.result()
        done += 1
        print(f"{done} of {len(parts)} parts", file=sys.stderr)
    return [hit for future in futures for hit in hits[future.key]]


def save(answers: Iterator[fleet.Answered], folder: Path) -> tuple[int, int]:
    """A Parquet file per image. Gives how many images answered, and how many could not."""
    import pyarrow.parquet

    folder.mkdir(parents=True, exist_ok=True)
    good = bad = 0
    for answered in answers:
        for line in filter(None, [answered["error"], answered["partial"], *answered["warnings"]]):
            print(f"{answered['image']}: {line}", file=sys.stderr)
        if answered["error"]:
            bad += 1
            continue
        path = target(folder, answered["image"])
        # Whole or not at all: what is there was finished, and a second run goes on from it.
        part = path.with_suffix(".part")
        pyarrow.parquet.write_table(answered["table"], part)
        part.replace(path)
        good += 1
    return good, bad


def target(folder: Path, image: str) -> Path:
    """Where the rows of an image go."""
    return folder / (image.strip("/").replace("://", "-").replace("/", "-") + ".parquet")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scheduler", help="a running cluster; else one on this machine")
    parser.add_argument("--workers", type=int, default=2, help="processes of the one on this machine")
    what = parser.add_subparsers(dest="what", required=True)
    many = what.add_parser("ask", help="a command over many images")
    many.add_argument("command")
    many.add_argument("--images", required=True, help="a folder or a bucket")
    many.add_argument("--pattern", default="*")
    many.add_argument("--out", type=Path, required=True, help="a folder")
    one = what.add_parser("search", help="one search of one image, in parts")
    one.add_argument("words", help="what `scan` takes: 'Linux version', '--hex \"7f 45\"'")
    one.add_argument("--image", required=True)
    one.add_argument("--split", type=float, default=1.0, metavar="GiB")
    one.add_argument("--out", type=Path, required=True, help="a file of JSON lines")
    args = parser.parse_args()

    cluster = None if args.scheduler else LocalCluster(n_workers=args.workers, threads_per_worker=1, dashboard_address=None)
    with Client(args.scheduler or cluster) as client:
        words = shlex.split(args.command if args.what == "ask" else args.words)
        if args.what == "ask":
            images = [i for i in fleet.images(args.images, args.pattern) if not target(args.out, i).exists()]
            good, bad = save(ask(client, images, *words), args.out)
            print(f"{good} images answered, {bad} could not", file=sys.stderr)
            return 1 if bad else 0
        hits = search(client, args.image, int(args.split * (1 << 30)), *words)
        with args.out.open("w") as out:
            out.writelines(json.dumps(hit) + "\n" for hit in hits)
        print(f"{len(hits)} hits", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
