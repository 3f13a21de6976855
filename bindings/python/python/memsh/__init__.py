"""memsh for Python: the memory of machines, images of it and running ones.

>>> import memsh
>>> with memsh.sample() as img:
...     init = img.process(1)
...     init.name, init.read(init.maps()[0].start, 4)
('lab', b'\\x7fELF')

Rows are attributes and mappings at once; addresses are ``int``. Every command of memsh answers through :meth:`Image.rows`
and :meth:`Image.command`. Whatever takes long releases the GIL, ends on Ctrl-C, and takes ``progress=``.
"""

from ._errors import (
    Difference,
    Error,
    Interrupted,
    Invalid,
    IoError,
    Malformed,
    NotFound,
    Unreadable,
    Unsupported,
    UsageError,
)
from ._image import Image, commands, open, sample, schema
from ._memsh import __version__
from ._rows import Address, Row, Rows, Scan
from ._space import Process, Space
from ._split import ranges, scan_range

__all__ = [
    "Address",
    "Difference",
    "Error",
    "Image",
    "Interrupted",
    "Invalid",
    "IoError",
    "Malformed",
    "NotFound",
    "Process",
    "Row",
    "Rows",
    "Scan",
    "Space",
    "Unreadable",
    "Unsupported",
    "UsageError",
    "__version__",
    "commands",
    "open",
    "ranges",
    "sample",
    "scan_range",
    "schema",
]
