"""An opened target."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import _memsh
from ._rows import Row, Rows, Scan
from ._space import Process, Space

if TYPE_CHECKING:
    from typing_extensions import Self

#: Is told what is being done, and how much of how much (mostly bytes; a total of 0 is not known). What it raises ends the work.
Progress = Callable[[str, int, int], object]

_Path = str | os.PathLike[str]


def _options(options: dict[str, Any]) -> list[str]:
    """Keyword arguments as options of memsh: ``no_cache=True`` is ``--no-cache``, ``dtb=0x1000`` is ``--dtb=0x1000``, a list is the option
    several times."""
    words: list[str] = []
    for name, value in options.items():
        option = "--" + name.rstrip("_").replace("_", "-")
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is None or one is False:
                continue
            # With `=`: an option whose value may be left out (`--write`) takes it in no other way.
            words.append(option if one is True else f"{option}={hex(one) if isinstance(one, int) else os.fspath(one)}")
    return words


def open(path: _Path | None = None, *, words: Sequence[str] = (), progress: Progress | None = None, **options: Any) -> Image:
    """Opens an image, or with ``words`` what memsh's command line would open (``words=["-C", "qemu"]``).

    Options are memsh's, with underscores: ``symbols=[...]``, ``dtb=0x29f6000``, ``base=0``, ``arch="x86_64"``, ``swap=...``,
    ``no_cache=True``. Opening is quick: the operating system is looked for when it is first needed."""
    first = [] if path is None else [_file(os.fspath(path))]
    return Image([*_options(options), *words, *first], progress)


def _file(path: str) -> str:
    # What begins with a dash is an option on memsh's command line.
    return os.path.join(os.curdir, path) if path.startswith("-") else path


def sample(**options: Any) -> Image:
    """The image inside the package: a small Linux machine to try things on."""
    return open("sample", **options)


def commands() -> list[Row]:
    """Every command: ``name``, ``aliases``, ``summary``, whether it answers in a ``list`` of rows, ``needs_target``, and the ``keys``
    of its rows."""
    return [Row(about) for about in _memsh.commands()]


def schema(command: str) -> dict[str, Any]:
    """The JSON Schema of what a command answers."""
    import json

    found = _memsh.schema(command)
    if found is None:
        raise LookupError(f"no command {command!r}; memsh.commands() lists them")
    parsed: dict[str, Any] = json.loads(found)
    return parsed


class Image:
    """An opened target. Several threads may use it at once."""

    def __init__(self, words: Sequence[str], progress: Progress | None = None) -> None:
        self._words = list(words)
        self._target = _memsh.Target(self._words, progress)
        self._spaces: dict[str, Space] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<memsh.Image: {'closed' if self._target.closed else self._target.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process (of dask, of ray) opens it for itself.
        return (Image, (self._words,))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends what runs on it and lets go of it."""
        self._target.close()
        with self._lock:
            self._spaces.clear()

    def refresh(self) -> None:
        """Forgets what was read of a live target, and whose page tables were whose. Commands do the first by themselves."""
        self._target.refresh()
        with self._lock:
            self._spaces.clear()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._target.closed

    @property
    def name(self) -> str:
        """A short name."""
        return self._target.name

    def stop(self) -> None:
        """Ends what runs on it, soon, whichever thread asked for it: :class:`Interrupted` there."""
        self._target.stop()

    # Commands.

    def rows(self, command: str, *words: str | int, progress: Progress | None = None) -> Rows[Row]:
        """The rows that a command answers with: ``img.rows("ps", "--all")``, ``img.rows("ps --sort pid")``. A single string is split as
        a shell would."""
        return Rows(self._target.ask(_words(command, words), progress))

    def command(self, command: str, *words: str | int, progress: Progress | None = None) -> Any:
        """What a command answers: :class:`Rows`, or one :class:`Row` where the answer is an object (``info``, ``vtop``)."""
        answer = self._target.ask(_words(command, words), progress)
        return Row(answer.row(0)) if answer.object and len(answer) else Rows(answer)

    def stream(self, command: str, *words: str | int, progress: Progress | None = None) -> Scan:
        """The rows of a command one by one, as they are found."""
        return Scan(self._target.stream(_words(command, words), progress))

    def scan(self, *words: str | int, progress: Progress | None = None) -> Scan:
        """Searches memory: an iterator over hits, as they are found. Words are those of memsh's ``scan``: ``img.scan("Linux version")``,
        ``img.scan("--regex", "[a-z]+@[a-z]+", "--all")``."""
        return Scan(self._target.stream(["scan", *map(_word, words)], progress))

    def info(self) -> Row:
        """What the target is."""
        row: Row = self.command("info")
        return row

    def processes(self) -> Rows[Process]:
        """All processes."""
        return Rows(self._target.ask(["ps"], None), lambda fields: Process(fields, self))

    def process(self, which: int | str) -> Process:
        """The process with this id, or the only one with this name."""
        pid = self.space(which)._space.pid
        for process in self.processes():
            if process.pid == pid:
                return process
        raise LookupError(f"no process {which}")

    def modules(self, process: int | str | None = None) -> Rows[Row]:
        """Modules of the kernel, or of a process."""
        return self.rows("modules", *_of(process))

    def maps(self, process: int | str) -> Rows[Row]:
        """What a process has mapped."""
        return self.rows("maps", *_of(process))

    def threads(self, process: int | str | None = None) -> Rows[Row]:
        """Threads, of all processes or of one."""
        return self.rows("threads", *_of(process))

    def files(self, process: int | str | None = None) -> Rows[Row]:
        """Open files, of all processes or of one."""
        return self.rows("files", *_of(process))

    def symbols(self, pattern: str) -> Rows[Row]:
        """Symbols by name, with ``*`` and ``?``."""
        return self.rows("symbols", pattern)

    # Memory.

    def space(self, process: int | str) -> Space:
        """The address space of a process, by its id or name."""
        return self._space(f"={process}")

    @property
    def kernel(self) -> Space:
        """The kernel's address space."""
        return self._space("kernel")

    @property
    def phys(self) -> Space:
        """Physical memory."""
        return self._space("physical")

    def _space(self, which: str) -> Space:
        with self._lock:
            known = self._spaces.get(which)
        if known is None:
            known = Space(self._target.space(which))
            with self._lock:
                self._spaces[which] = known
        return known

    def read(self, address: int, n: int, *, missing: str = "error") -> bytes:
        """Bytes of the kernel's address space, as :meth:`Space.read`."""
        return self.kernel.read(address, n, missing=missing)

    def read_phys(self, address: int, n: int, *, missing: str = "error") -> bytes:
        """Bytes of physical memory, as :meth:`Space.read`."""
        return self.phys.read(address, n, missing=missing)

    def ranges(self) -> list[tuple[int, int]]:
        """The ranges of physical memory that the target has: ``(start, size)``, ascending."""
        return self.phys._space.ranges()


def _word(word: str | int) -> str:
    if not isinstance(word, str) and not hasattr(word, "__index__"):
        # `str(b"MZ")` would be looked for as it is written.
        hint = f'; for scan: "--hex", {word.hex()!r}' if isinstance(word, (bytes, bytearray)) else ""
        raise TypeError(f"a word of a command is a str or an int, not {type(word).__name__}{hint}")
    # An address shows itself in hex; any other number is decimal, which every argument takes (`-p 0x1` would be a name).
    return str(word)


def _words(command: str, words: Sequence[str | int]) -> list[str]:
    import shlex

    return [*(shlex.split(command) if not words else [command]), *map(_word, words)]


def _of(process: int | str | None) -> list[str]:
    return [] if process is None else ["-p", str(process)]
