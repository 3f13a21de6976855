"""A command over a folder or bucket of images, or one search of one huge image, on a cluster of Ray.

    python fleet.py ask ps --images /cases/42
    python fleet.py search 'Linux version' --image huge.raw --split 4
    python fleet.py --address auto ask net --images s3://cases/42

Without --address it starts Ray on this machine. What a lost worker had not finished is done again; each result belongs to its image or
its range, so none is there twice. Rows go to stdout as JSON lines.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterator
from typing import Any

import ray

from memsh import fleet

RETRIES = 3


@ray.remote(num_cpus=1, max_retries=RETRIES, retry_exceptions=[OSError])
def asked(image: str, words: list[str], options: dict[str, Any]) -> fleet.Answered:
    """What an image answers. A lost worker, a link or a disk that failed: again."""
    return fleet.ask(image, *words, **options)


@ray.remote(num_cpus=1, max_retries=RETRIES, retry_exceptions=[OSError])
def searched(image: str, start: int, end: int, words: list[str], options: dict[str, Any]) -> list[dict[str, Any]]:
    """The hits in a range."""
    return fleet.search(image, start, end, *words, **options)


@ray.remote(num_cpus=1, max_retries=RETRIES, retry_exceptions=[OSError])
def parts(image: str, size: int, options: dict[str, Any]) -> list[tuple[int, int]]:
    """The ranges of an image."""
    return fleet.split(image, size, **options)


def as_completed(refs: list[ray.ObjectRef]) -> Iterator[ray.ObjectRef]:
    """Results as they come."""
    while refs:
        done, refs = ray.wait(refs)
        yield from done


def ask(images: list[str], *words: str, **options: Any) -> Iterator[fleet.Answered]:
    """What each image answers, as the answers come."""
    for ref in as_completed([asked.remote(image, list(words), options) for image in images]):
        yield ray.get(ref)


def search(image: str, size: int, *words: str, **options: Any) -> list[dict[str, Any]]:
    """All hits of a search of one image, in parts of at most `size` bytes, ascending. Every worker must have the image at that path."""
    ranges = ray.get(parts.remote(image, size, options))
    refs = [searched.remote(image, start, end, list(words), options) for start, end in ranges]
    hits = {ref: ray.get(ref) for ref in as_completed(refs)}
    return [hit for ref in refs for hit in hits[ref]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", help="a running cluster; else one on this machine")
    what = parser.add_subparsers(dest="what", required=True)
    many = what.add_parser("ask", help="a command over many images")
    many.add_argument("command")
    many.add_argument("--images", required=True, help="a folder or a bucket")
    many.add_argument("--pattern", default="*")
    one = what.add_parser("search", help="one search of one image, in parts")
    one.add_argument("words", help="what `scan` takes")
    one.add_argument("--image", required=True)
    one.add_argument("--split", type=float, default=1.0, metavar="GiB")
    args = parser.parse_args()

    ray.init(address=args.address, include_dashboard=False, log_to_driver=False)
    bad = 0
    if args.what == "ask":
        for answered in ask(fleet.images(args.images, args.pattern), *shlex.split(args.command)):
            for line in filter(None, [answered["error"], answered["partial"], *answered["warnings"]]):
                print(f"{answered['image']}: {line}", file=sys.stderr)
            bad += answered["error"] is not None
            for row in answered["table"].to_pylist() if answered["table"] else []:
                print(json.dumps(row, default=str))
    else:
        for hit in search(args.image, int(args.split * (1 << 30)), *shlex.split(args.words)):
            print(json.dumps(hit))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
