"""Rows: attributes and mappings at once, and columns for pandas and Arrow."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    import pandas
    import pyarrow
    from typing_extensions import Self

    from ._memsh import Answer, Stream


class Address(int):
    """A number that shows itself in hex: an address, a mask, a page-table entry."""

    __slots__ = ()

    def __repr__(self) -> str:
        return hex(self)

    __str__ = __repr__


def _wrap(value: Any) -> Any:
    if isinstance(value, dict):
        return Row(value)
    if isinstance(value, list):
        return [_wrap(v) for v in value]
    return value


class Row(Mapping[str, Any]):
    """A row: ``row.pid`` is ``row["pid"]``. Objects in it are rows, too. A field whose name a mapping already uses (``items``,
    ``keys``, ``values``, ``get``) is reached in brackets only."""

    __slots__ = ("_fields",)

    def __init__(self, fields: dict[str, Any]) -> None:
        object.__setattr__(self, "_fields", fields)

    def __getitem__(self, name: str) -> Any:
        return _wrap(self._fields[name])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_fields":
            raise AttributeError(name)
        try:
            return _wrap(self._fields[name])
        except KeyError:
            known = ", ".join(self._fields)
            raise AttributeError(f"no field {name!r}; there are: {known}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"rows don't change: can't set {name!r}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._fields]

    def __hash__(self) -> int:
        return hash(json.dumps(self._fields, sort_keys=True, default=str))

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value!r}" for name, value in self._fields.items() if value is not None)
        return f"{type(self).__name__}({inner})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (Row, (self._fields,))

    def to_dict(self) -> dict[str, Any]:
        """A plain dict, all the way down."""
        copied: dict[str, Any] = copy.deepcopy(self._fields)
        return copied


R = TypeVar("R", bound=Row, covariant=True)


class Rows(Sequence[R], Generic[R]):
    """A whole answer: a sequence of rows, made Python objects when they are looked at.

    Arrow libraries import it as it is, by the Arrow C data interface: ``pyarrow.table(rows)``, ``polars.DataFrame(rows)``."""

    def __init__(self, answer: Answer, make: Callable[[dict[str, Any]], R] | None = None) -> None:
        self._answer = answer
        self._make: Callable[[dict[str, Any]], R] = make or Row  # type: ignore[assignment]

    @property
    def partial(self) -> str | None:
        """What is missing from the answer; ``None`` where it is whole."""
        return self._answer.partial

    @property
    def warnings(self) -> list[str]:
        """What the analyst should know besides."""
        return self._answer.warnings

    @property
    def columns(self) -> list[str]:
        """Fields of the rows, in order."""
        return self._answer.keys

    @property
    def data(self) -> bytes:
        """Bytes that came instead of rows (``read --raw``)."""
        return self._answer.data

    def __len__(self) -> int:
        return len(self._answer)

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> list[R]: ...
    def __getitem__(self, index: int | slice) -> R | list[R]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        return self._make(self._answer.row(at))

    def __iter__(self) -> Iterator[R]:
        return (self._make(self._answer.row(i)) for i in range(len(self)))

    def __repr__(self) -> str:
        partial = f", partial={self.partial!r}" if self.partial else ""
        return f"<{len(self)} rows: {', '.join(self.columns)}{partial}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (list, ([Row(fields) for fields in self.to_dicts()],))

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as plain dicts."""
        return self._answer.rows()

    def to_json(self) -> str:
        """The rows as memsh's ``--json`` has them: addresses are strings."""
        return self._answer.json()

    def to_arrow(self) -> pyarrow.Table:
        """The rows as a table of pyarrow, which reads the columns where they are."""
        import pyarrow

        return pyarrow.table(self._answer)

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a data frame. Its columns are Arrow's: a missing number stays missing, and an address keeps all of its 64
        bits (numpy would make both a float)."""
        import pandas

        return self.to_arrow().to_pandas(types_mapper=pandas.ArrowDtype)

    def __arrow_c_schema__(self) -> object:
        return self._answer.__arrow_c_schema__()

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        return self._answer.__arrow_c_array__(requested_schema)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._answer.__arrow_c_stream__(requested_schema)


class Scan(Iterator[Row]):
    """Rows as they are found. Leave it (``break`` and ``del``, :meth:`close` or ``with``) to end the search."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Row:
        return Row(next(self._stream))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the search. Rows that were found and not taken are dropped."""
        self._stream.close()

    @property
    def finished(self) -> bool:
        """Whether all rows were taken."""
        return self._stream.finished

    @property
    def partial(self) -> str | None:
        """What is missing from the answer; known at its end."""
        return self._stream.partial

    @property
    def warnings(self) -> list[str]:
        """What the analyst should know besides; known at the end."""
        return self._stream.warnings
