"""Address spaces, and the processes that have one."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ._errors import Unreadable
from ._rows import Row, Rows, Scan

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    from collections.abc import Callable, Iterable
    from typing_extensions import Buffer

    from ._image import Image
    from ._memsh import Space as _Space

Gaps = list[tuple[int, int]]


class Translated(NamedTuple):
    """Where a batch of addresses lies."""

    #: Physical addresses (``uint64``); 0 where there is none.
    physical: numpy.typing.NDArray[numpy.uint64]
    #: Whether there is one (``bool``).
    valid: numpy.typing.NDArray[numpy.bool_]


class Space:
    """An address space: of a process, the kernel's, or physical memory."""

    def __init__(self, space: _Space) -> None:
        self._space = space

    def __repr__(self) -> str:
        return f"<memsh.Space: {self._space.kind}{'' if self._space.pid is None else f' {self._space.pid}'}>"

    @property
    def kind(self) -> str:
        """``phys``, ``kernel`` or ``pid``."""
        return self._space.kind

    @property
    def pointer_size(self) -> int:
        """Bytes of a pointer."""
        return self._space.pointer_size

    def read(self, address: int, n: int, *, missing: str = "error") -> bytes:
        """``n`` bytes from ``address``. Where some are missing: with ``missing="error"`` (the default) :class:`Unreadable`, which has the
        others as ``data`` and the holes as ``gaps``; with ``missing="zero"`` zeros."""
        data, gaps = self._space.read(address, n)
        if missing == "error":
            self._whole(address, n, gaps, data)
        elif missing != "zero":
            raise ValueError(f'missing={missing!r}: it is "error" or "zero"')
        return data

    def read_gaps(self, address: int, n: int) -> tuple[bytes, Gaps]:
        """``n`` bytes from ``address``, with zeros for those that are missing, and the holes as ``(start, end)``."""
        return self._space.read(address, n)

    def read_into(self, address: int, buffer: Buffer | numpy.typing.NDArray[Any], *, missing: str = "error") -> Gaps:
        """Fills a writable buffer (``bytearray``, ``memoryview``, a numpy array) in place; ``missing`` as in :meth:`read`. Gives the
        holes, which are zeros."""
        gaps = self._space.read_into(address, buffer)
        if missing == "error":
            self._whole(address, memoryview(cast("Buffer", buffer)).nbytes, gaps, None)
        elif missing != "zero":
            raise ValueError(f'missing={missing!r}: it is "error" or "zero"')
        return gaps

    def array(self, address: int, count: int, dtype: Any = "u1", *, missing: str = "error") -> numpy.typing.NDArray[Any]:
        """``count`` values of a numpy type from ``address``, read into a new array."""
        import numpy

        out = numpy.empty(count, dtype)
        self.read_into(address, out.view("u1") if out.nbytes else out, missing=missing)
        return out

    def view(self, address: int, n: int) -> memoryview:
        """``n`` bytes from ``address`` in place, without a copy: the mapped image itself, read-only. Only where the image holds them
        as they are (raw, ELF core, LiME ...) and next to each other; else :class:`Unreadable`, and :meth:`read` gives them. It may be
        kept after the image was closed."""
        window = self._space.window(address, n)
        if window is None:
            raise Unreadable(
                f"{n} bytes at {address:#x} do not lie in the image as they are, in one piece",
                kind="unreadable",
                layer="physical memory" if self.kind == "phys" else "virtual memory",
                address=address,
                space="physical" if self.kind == "phys" else "virtual",
                hint="read() or read_into() gives a copy",
            )
        return memoryview(window)

    def pointer(self, address: int) -> int:
        """The pointer at ``address`` (little-endian; of the target's width)."""
        return int.from_bytes(self.read(address, self.pointer_size), "little")

    def translate(self, addresses: Any) -> Translated:
        """Where many addresses lie: a numpy array of ``uint64`` (or of other whole numbers, or what becomes one) in, an array of physical
        addresses and one of their validity out, in the same shape. Floats have no room for an address: ``TypeError``."""
        import numpy

        given = numpy.asarray(addresses)
        if given.size and given.dtype.kind not in "uiO" or given.dtype.kind == "O" and not all(map(_whole_number, given.flat)):
            raise TypeError(f"translate: addresses are whole numbers, not {given.dtype}: numpy.array(..., numpy.uint64)")
        wanted = numpy.ascontiguousarray(given, dtype=numpy.uint64).reshape(given.shape)
        physical = numpy.empty(wanted.shape, numpy.uint64)
        valid = numpy.empty(wanted.shape, numpy.bool_)
        flat = (wanted.reshape(-1), physical.reshape(-1), valid.reshape(-1).view(numpy.uint8))
        if wanted.size:
            self._space.translate_into(*flat)
        return Translated(physical, valid)

    def _whole(self, address: int, n: int, gaps: Gaps, data: bytes | None) -> None:
        if not gaps:
            return
        start, end = gaps[0]
        lost = sum(end - start for start, end in gaps)
        physical = self.kind == "phys"
        raise Unreadable(
            f"{lost} of {n} bytes at {address:#x} are not {'in the image' if physical else 'mapped or not in the image'}"
            f" (the first at {start:#x})",
            kind="unreadable",
            layer="physical memory" if physical else "virtual memory",
            address=start,
            space="physical" if physical else "virtual",
            hint='missing="zero" reads them as zeros; the exception has the others as .data',
            data=data,
            gaps=gaps,
        )


def _whole_number(value: Any) -> bool:
    return hasattr(value, "__index__")


class Process(Row):
    """A process: the row of ``ps``, and what can be asked of it."""

    __slots__ = ("_image",)
    _image: Image

    def __init__(self, fields: dict[str, Any], image: Image) -> None:
        super().__init__(fields)
        object.__setattr__(self, "_image", image)

    @property
    def space(self) -> Space:
        """Its address space."""
        return self._image.space(self["pid"])

    def rows(self, command: str, *words: str, progress: Callable[[str, int, int], object] | None = None) -> Rows[Row]:
        """What a command says of this process: ``process.rows("files")``."""
        first = [command] if words else shlex.split(command)
        return self._image.rows(*first, "-p", str(self["pid"]), *words, progress=progress)

    def maps(self) -> Rows[Row]:
        """What it has mapped."""
        return self.rows("maps")

    def modules(self) -> Rows[Row]:
        """Programs and libraries in it."""
        return self.rows("modules")

    def files(self) -> Rows[Row]:
        """Its open files."""
        return self.rows("files")

    def read(self, address: int, n: int, *, missing: str = "error") -> bytes:
        """:meth:`Space.read`."""
        return self.space.read(address, n, missing=missing)

    def read_into(self, address: int, buffer: Buffer | numpy.typing.NDArray[Any], *, missing: str = "error") -> Gaps:
        """:meth:`Space.read_into`."""
        return self.space.read_into(address, buffer, missing=missing)

    def array(self, address: int, count: int, dtype: Any = "u1", *, missing: str = "error") -> numpy.typing.NDArray[Any]:
        """:meth:`Space.array`."""
        return self.space.array(address, count, dtype, missing=missing)

    def translate(self, addresses: Iterable[int]) -> Translated:
        """:meth:`Space.translate`."""
        return self.space.translate(addresses)

    def scan(self, *words: str, progress: Callable[[str, int, int], object] | None = None) -> Scan:
        """Searches its memory; words as in :meth:`Image.scan`."""
        return self._image.scan("-p", str(self["pid"]), *words, progress=progress)
