"""What type checkers must understand; `mypy --strict` reads it, nothing runs it."""

import memsh

with memsh.open("dump.raw", no_cache=True) as img:
    pids: list[int] = [p.pid for p in img.processes()]
    data: bytes = img.process(1).read(0x1000, 16)
    physical, valid = img.kernel.translate([0x1000])
    known: bool = bool(valid[0])
    for hit in img.scan("text", progress=lambda task, done, total: None):
        address: memsh.Address = hit.address
    partial: str | None = img.rows("ps").partial
