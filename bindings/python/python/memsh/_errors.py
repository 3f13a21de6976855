"""Why there is no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._rows import Address, Rows

if TYPE_CHECKING:
    from ._memsh import Answer
    from ._rows import Row


class Error(Exception):
    """Something failed; what was tried, where, why, and what to do next."""

    #: The reason without layer and address.
    reason: str
    #: What sort of failure, in a word.
    kind: str
    #: The part of memsh that failed: ``image``, ``connector``, ``physical memory``, ``virtual memory``, ``symbols``,
    #: ``OS layer``, ``search`` or ``command``.
    layer: str
    #: The address at which it failed.
    address: Address | None
    #: Whether that address is ``physical`` or ``virtual``.
    space: str | None
    #: The position in the image's file at which it failed.
    offset: int | None
    #: What to do next.
    hint: str | None
    #: The exit status with which the program memsh would end.
    status: int
    #: Of a read: the bytes, with zeros for those that are missing.
    data: bytes | None
    #: Of a read: the holes, as ``(start, end)``.
    gaps: list[tuple[Address, Address]]
    #: What a command had answered before, as the extension has it.
    answer: Answer | None

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        kind: str = "error",
        layer: str = "command",
        address: int | None = None,
        space: str | None = None,
        offset: int | None = None,
        hint: str | None = None,
        status: int = 1,
        data: bytes | None = None,
        gaps: list[tuple[int, int]] | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = message if reason is None else reason
        self.kind = kind
        self.layer = layer
        self.address = None if address is None else Address(address)
        self.space = space
        self.offset = offset
        self.hint = hint
        self.status = status
        self.data = data
        self.gaps = [(Address(start), Address(end)) for start, end in gaps or []]
        self.answer = None

    @property
    def rows(self) -> Rows[Row] | None:
        """The rows that a command had answered before it failed."""
        return None if self.answer is None else Rows(self.answer)

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}\nhint: {self.hint}" if self.hint else message

    def __reduce__(self) -> tuple[Any, ...]:
        fields = ("reason", "kind", "layer", "address", "space", "offset", "hint", "status", "data", "gaps")
        return (_again, (type(self), self.args[0], {name: getattr(self, name) for name in fields}))


def _again(kind: type[Error], message: str, fields: dict[str, Any]) -> Error:
    """An error that comes from another process."""
    return kind(message, **fields)


class UsageError(Error, ValueError):
    """The words make no sense, or name something that memsh does not have."""


class Unreadable(Error):
    """The bytes are not there: not mapped, or not in the image."""


class Malformed(Error):
    """The bytes are there and make no sense."""


class Unsupported(Error):
    """The thing is known, and not supported."""


class NotFound(Error, LookupError):
    """What was asked for does not exist."""


class Invalid(Error, ValueError):
    """What was asked for is impossible."""


class IoError(Error, OSError):
    """The host's file system or link failed."""

    # OSError has a __reduce__ and a __str__ of its own.
    __reduce__ = Error.__reduce__
    __str__ = Error.__str__


class Interrupted(Error):
    """Someone stopped it."""


class Difference(Error):
    """``check`` found a difference."""
