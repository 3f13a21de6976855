"""One search of one image, split by ranges of physical memory among many workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._errors import UsageError

if TYPE_CHECKING:
    from ._image import Image

#: Options of ``scan`` under which a hit depends on nothing but its own bytes, without and with a value.
_ALONE = {"-u", "--utf16", "--utf16be", "-b", "--both", "-i", "--ignore-case", "-x", "--hex", "-n", "--number", "--unaligned"}
_ALONE |= {"--pointer-to", "--guid", "--owner"}
_VALUED = {"--encoding", "-t", "--type", "--tolerance", "--also", "--align", "--around", "--context", "--where"}


def _check(words: tuple[str, ...]) -> None:
    """Refuses what would give other hits in parts than in one."""
    rest = iter(words)
    patterns = 0
    for word in rest:
        option, given, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            patterns += 1
        elif option in _VALUED:
            value = value if given else next(rest, "")
            if option == "--also" and value.startswith("regex:"):
                _refuse(f"{option} {value}")
        elif option not in _ALONE:
            _refuse(option)
    if patterns != 1:
        raise UsageError(f"scan_range: {patterns} patterns; there is one, and more with --also", kind="usage", status=2)


def _refuse(what: str) -> None:
    raise UsageError(
        f"scan_range: {what}: hits in a range would depend on what lies outside",
        kind="usage",
        status=2,
        hint="matches of a regular expression depend on the one before: look for text they contain, or scan the image as a whole",
    )


def ranges(image: Image, size: int = 1 << 30) -> list[tuple[int, int]]:
    """Physical memory cut into ranges ``(start, end)`` of at most ``size`` bytes, without what the image does not have."""
    cut: list[tuple[int, int]] = []
    for start, length in image.ranges():
        end = start + length
        while start < end:
            stop = min(end, (start // size + 1) * size)
            if cut and cut[-1][1] == start and cut[-1][0] // size == (stop - 1) // size:
                cut[-1] = (cut[-1][0], stop)
            else:
                cut.append((start, stop))
            start = stop
    return cut


def scan_range(
    image: Image,
    start: int,
    end: int,
    *words: str,
    reach: int = 4096,
    progress: Callable[[str, int, int], object] | None = None,
) -> list[dict[str, Any]]:
    """The hits that begin in ``start..end`` of physical memory. The search goes on for ``reach`` bytes behind the end, so that a hit across
    the border belongs to the range in which it begins, and to no other: hits of all ranges are those of the whole, each once.

    That holds for text, bytes and numbers no longer than ``reach``. What depends on more is refused: regular expressions (where a match
    begins depends on the one before), ``--max``, ``--unique`` and the like."""
    _check(words)
    with image.scan(*words, "--phys", "--range", start, end + reach, progress=progress) as hits:
        return [hit.to_dict() for hit in hits if hit.address < end]
