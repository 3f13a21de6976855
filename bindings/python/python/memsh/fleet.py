"""Work on many images, or on parts of one, for whatever distributes it: plain functions of plain values.

Each does the same however often it is called, so that a scheduler may repeat what a lost worker did not finish. examples/dask and
examples/ray call them.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from . import _image, _split
from ._errors import Error, IoError

if TYPE_CHECKING:
    import pyarrow

    from ._image import Image

#: A URL that the feature http or fsspec understands; one letter and a colon is a drive of Windows.
_URL = re.compile(r"[a-z][a-z0-9+.-]+://")


class Answered(TypedDict):
    """What one image answered."""

    image: str
    #: The rows, with the image in the first column; none where there is an error.
    table: pyarrow.Table | None
    partial: str | None
    warnings: list[str]
    error: str | None


def images(where: str, pattern: str = "*") -> list[str]:
    """Paths of the files in a folder, or URLs of the objects in a bucket (``s3://bucket/folder``, through fsspec), sorted."""
    if _URL.match(where):
        import fsspec

        files, root = fsspec.core.url_to_fs(where)
        found = files.glob(f"{root.rstrip('/')}/{pattern}")
        return sorted(files.unstrip_protocol(path) for path in found if files.isfile(path))
    return sorted(str(path) for path in Path(where).glob(pattern) if path.is_file())


@contextmanager
def local(image: str) -> Iterator[str]:
    """The path of an image on this machine. What lies in a bucket is fetched, and removed afterwards."""
    if not _URL.match(image):
        yield image
        return
    import fsspec

    with tempfile.TemporaryDirectory(prefix="memsh-") as folder:
        path = os.path.join(folder, image.rstrip("/").rsplit("/", 1)[-1] or "image")
        files, source = fsspec.core.url_to_fs(image)
        files.get_file(source, path)
        yield path


def ask(image: str, *words: str, **options: Any) -> Answered:
    """What an image answers to a command. That it answers nothing (it is no image, its system is unknown) is an answer, too, as ``error``:
    asking again would change nothing. What may pass (a link, a disk) is raised, to be tried again."""
    import pyarrow

    answered = Answered(image=image, table=None, partial=None, warnings=[], error=None)
    try:
        with local(image) as path, _image.open(path, **options) as opened:
            rows = opened.rows(*words)
            table = rows.to_arrow()
            table = table.add_column(0, "image", pyarrow.array([image] * len(table), pyarrow.string()))
            answered["table"] = table
            answered["partial"], answered["warnings"] = rows.partial, rows.warnings
    except IoError:
        raise
    except Error as failed:
        answered["error"] = str(failed)
    return answered


_kept: dict[tuple[str, str], Image] = {}
_lock = threading.Lock()


def _opened(image: str, options: dict[str, Any]) -> Image:
    """An image that this process keeps open: its next part is likely to come."""
    key = (image, repr(sorted(options.items())))
    with _lock:
        if key not in _kept:
            while _kept:
                # Whoever still searches it keeps it until then.
                _kept.pop(next(iter(_kept)))
            _kept[key] = _image.open(image, **options)
        return _kept[key]


def split(image: str, size: int = 1 << 30, **options: Any) -> list[tuple[int, int]]:
    """Ranges of an image's physical memory, of at most ``size`` bytes each."""
    return _split.ranges(_opened(image, options), size)


def search(image: str, start: int, end: int, *words: str, **options: Any) -> list[dict[str, Any]]:
    """The hits of ``scan`` that begin in ``start..end``; those of all ranges are those of the image, each once."""
    return _split.scan_range(_opened(image, options), start, end, *words)
