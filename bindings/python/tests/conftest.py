import sys
from pathlib import Path

import pytest

import memsh


@pytest.fixture(scope="session")
def img():
    with memsh.sample() as img:
        yield img


@pytest.fixture(scope="session")
def raw(img, tmp_path_factory):
    """The sample as a raw file, which is mapped and not unpacked."""
    path: Path = tmp_path_factory.mktemp("raw") / "sample.raw"
    img.rows("dump", "--phys", "-o", str(path))
    return path


@pytest.fixture(scope="session")
def mapped(raw):
    with memsh.open(raw) as img:
        yield img


def resident() -> int:
    """Bytes of this process in memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    sys.exit("no VmRSS")
