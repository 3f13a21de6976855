"""Reading, translating and searching."""

import numpy
import pytest

import memsh

BANNER = b"Linux version 6.1."


def banner(img) -> int:
    return next(hit.address for hit in img.scan("Linux version 6.1."))


def test_bytes_are_read_from_every_space(img):
    init = img.process("lab")
    code = init.maps()[0].start
    assert init.read(code, 4) == b"\x7fELF" == img.space(1).read(code, 4)
    assert img.read_phys(banner(img), len(BANNER)) == BANNER
    symbol = img.symbols("linux_banner")[0].address
    assert img.read(symbol, len(BANNER)) == BANNER == img.kernel.read(symbol, len(BANNER))
    assert img.kernel.pointer(symbol) == int.from_bytes(BANNER[:8], "little")
    whole = img.read_phys(0, 50331648)
    assert len(whole) == 50331648 and whole[banner(img) :].startswith(BANNER)
    assert img.read_phys(0, 0) == b""


def test_what_is_missing_is_never_silently_zero(img):
    end = 50331648
    with pytest.raises(memsh.Unreadable) as failed:
        img.read_phys(end - 8, 16)
    assert (failed.value.address, failed.value.gaps) == (end, [(end, end + 8)])
    assert failed.value.data[:8] == img.read_phys(end - 8, 8) and failed.value.data[8:] == bytes(8)
    assert img.read_phys(end - 8, 16, missing="zero") == failed.value.data
    data, gaps = img.phys.read_gaps(end - 8, 16)
    assert data == failed.value.data and gaps == failed.value.gaps
    with pytest.raises(ValueError):
        img.read_phys(0, 1, missing="maybe")
    with pytest.raises(OverflowError):
        img.read_phys(-1, 1)
    with pytest.raises(OverflowError):
        img.read_phys(1 << 64, 1)


def test_the_highest_address_is_an_address(img):
    top = 2**64 - 1
    for space in (img.kernel, img.phys, img.space(1)):
        assert space.read_gaps(top, 1) == (b"\0", [(top, top + 1)])
        assert space.read_gaps(top - 7, 8) == (bytes(8), [(top - 7, top + 1)])
        with pytest.raises(memsh.Unreadable, match="8 of 8 bytes"):
            space.read(top - 7, 8)
        # Nothing goes on at address 0.
        for beyond in (lambda: space.read(top - 7, 16), lambda: space.read_into(top, bytearray(2))):
            with pytest.raises(ValueError, match="beyond the last address"):
                beyond()


def test_bytes_of_memory_become_no_objects(img):
    at = banner(img)
    for dtype in (object, [("a", "u1"), ("b", object)]):
        with pytest.raises(BufferError, match="Python objects"):
            img.phys.read_into(at, numpy.zeros(4, dtype))
    named = numpy.zeros(4, [("O", "u1")])
    assert img.phys.read_into(at, named) == [] and named.tobytes() == BANNER[:4]


def test_buffers_are_filled_in_place(img):
    at = banner(img)
    buffer = bytearray(64)
    img.phys.read_into(at, memoryview(buffer)[16:32])
    assert buffer == bytes(16) + BANNER[:16] + bytes(32)
    out = numpy.zeros(8, "<u8")
    before = out.ctypes.data
    assert img.phys.read_into(at, out) == [] and out.tobytes()[: len(BANNER)] == BANNER and out.ctypes.data == before
    numbers = img.phys.array(at, 4, "<u4")
    assert numbers.dtype == numpy.dtype("<u4") and numbers.tobytes() == img.read_phys(at, 16)
    assert img.phys.array(at, 0).size == 0
    for refused in (bytes(8), numpy.zeros((4, 4), "u1")[:, 0], memoryview(b"abc")):
        with pytest.raises(BufferError):
            img.phys.read_into(at, refused)
    with pytest.raises(memsh.Unreadable):
        img.phys.read_into(1 << 40, bytearray(4))


def test_a_view_is_the_image_itself(img, mapped, raw):
    at = banner(mapped)
    view = mapped.phys.view(at, 4096)
    assert view.readonly and bytes(view[: len(BANNER)]) == BANNER
    array = numpy.frombuffer(view, "u1")
    assert not array.flags.owndata and not array.flags.writeable
    assert array.ctypes.data == numpy.frombuffer(mapped.phys.view(at, 16), "u1").ctypes.data, "the same place, so no copy"
    with pytest.raises(TypeError):
        view[0] = 1
    page = mapped.process(1).maps()[0].start
    assert bytes(mapped.space(1).view(page, 4)) == b"\x7fELF"
    with pytest.raises(memsh.Unreadable, match="one piece"):
        mapped.phys.view(50331648 - 8, 16)
    # It outlives the image.
    with memsh.open(raw) as other:
        kept = other.phys.view(at, len(BANNER))
    assert bytes(kept) == BANNER


@pytest.mark.parametrize("which", ["img", "mapped"])
def test_a_batch_is_translated_as_one_by_one(which, request):
    img = request.getfixturevalue(which)
    runs = img.rows("pages", "-p", "1")
    wanted = numpy.concatenate([numpy.arange(r.virtual, r.virtual + r.size, 512, dtype=numpy.uint64) for r in runs])
    wanted = numpy.concatenate([wanted, numpy.array([0, 0x10, 1 << 47, (1 << 64) - 1], numpy.uint64)])
    physical, valid = img.space(1).translate(wanted)
    assert physical.dtype == numpy.uint64 and valid.dtype == numpy.bool_ and physical.shape == wanted.shape
    truth = {}
    for run in runs:
        for offset in range(0, run.size, 512):
            truth[run.virtual + offset] = run.physical + offset
    expected = [truth.get(int(a)) for a in wanted]
    assert [int(p) if v else None for p, v in zip(physical, valid, strict=True)] == expected
    assert valid.sum() == len(wanted) - 4 and not physical[~valid].any()
    # Any shape, anything that becomes an array.
    square = img.space(1).translate(wanted[:4].reshape(2, 2))
    assert square.physical.shape == (2, 2) and (square.physical.reshape(-1) == physical[:4]).all()
    assert img.space(1).translate([]).valid.size == 0
    assert img.space(1).translate(wanted[::3]).valid.sum() == valid[::3].sum()
    assert img.phys.translate([0, 1 << 40]).valid.tolist() == [True, False]


def test_many_addresses_go_in_batches(img):
    start = img.process(1).maps()[0].start
    wanted = numpy.full(300_001, start, numpy.uint64)
    wanted[-1] = 0
    physical, valid = img.space(1).translate(wanted)
    assert valid[:-1].all() and not valid[-1] and len(set(physical[:-1].tolist())) == 1


def test_hits_come_one_by_one_and_tell_how_far(img):
    told = []
    with img.scan("Linux version", progress=lambda *step: told.append(step)) as hits:
        found = list(hits)
    assert hits.finished and hits.partial is None and hits.warnings == []
    assert [h.address for h in found] == [h.address for h in img.rows("scan", "Linux version")]
    task, done, total = told[-1]
    assert isinstance(task, str) and 0 < done <= total == 50331648
    in_init = list(img.process(1).scan("--hex", "7f 45 4c 46"))
    assert in_init and all(h.pid == 1 for h in in_init)


def test_a_search_is_left_and_the_next_one_runs(img):
    hits = img.scan("--hex", "00")
    first = [next(hits).address for _ in range(5)]
    assert first == sorted(first)
    hits.close()
    assert next(hits, None) is None and not hits.finished
    with img.scan("--hex", "00") as hits:
        next(hits)
    for _ in img.scan("--hex", "00"):
        break
    assert len(img.processes()) > 10
    with pytest.raises(memsh.UsageError):
        next(img.scan("--hex", "not hex at all"))


def test_a_progress_callback_ends_the_work(img):
    def enough(task, done, total):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        img.rows("strings", "--phys", progress=enough)
    with pytest.raises(RuntimeError, match="enough"):
        for _ in img.stream("strings", "--phys", progress=enough):
            pass
    assert len(img.processes()) > 10


def test_ranges_find_each_hit_once(img):
    parts = memsh.ranges(img, 10_000_019)
    assert parts[0][0] == 0 and parts[-1][1] == 50331648
    assert all(a[1] == b[0] for a, b in zip(parts, parts[1:]))
    for words in (["Linux"], ["--hex", "00 00 ?? [0-9] 7f 45 4c 46"], ["-b", "root", "--also", "u32:0xfeedface"]):
        whole = img.rows("scan", *words, "--phys").to_dicts()
        assert whole
        split = [hit for start, end in parts for hit in memsh.scan_range(img, start, end, *words)]
        assert split == whole
    # Borders through every byte of a hit.
    at = banner(img)
    for cut in range(at - 1, at + len(BANNER) + 1):
        first = memsh.scan_range(img, at - 100, cut, BANNER.decode())
        second = memsh.scan_range(img, cut, at + 100, BANNER.decode())
        assert [h["address"] for h in first + second] == [at]
    for refused in (["--regex", "a+"], ["-e", "a+"], ["-ie", "a+"], ["a", "--also", "regex:a+"], ["a", "--max", "3"], ["a", "b"], []):
        with pytest.raises(memsh.UsageError):
            memsh.scan_range(img, 0, 4096, *refused)


def test_addresses_are_whole_numbers_of_any_shape(img):
    symbol = img.symbols("linux_banner")[0].address
    place = img.kernel.translate([symbol]).physical[0]
    for given in (symbol, numpy.uint64(symbol), numpy.array(symbol, numpy.uint64)):
        found = img.kernel.translate(given)
        assert found.physical.shape == () == found.valid.shape and found.physical == place and found.valid
    assert img.kernel.translate(numpy.array([symbol], object)).physical[0] == place
    assert img.kernel.translate([]).physical.shape == (0,)
    for wrong in ([float(symbol)], numpy.array([symbol], float), [symbol, None], ["1"]):
        with pytest.raises(TypeError, match="whole numbers"):
            img.kernel.translate(wrong)


def test_words_are_text_or_numbers(img):
    for wrong in (b"Linux version", 1.5, None, ["a"]):
        with pytest.raises(TypeError, match="a word of a command"):
            img.scan(wrong)
    assert len(list(img.scan("--hex", b"Linux version 6.1.".hex(), "--phys"))) > 0


def test_a_path_is_never_an_option(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(memsh.Error, match="-Onative"):
        memsh.open("-Onative")
    (tmp_path / "-x.raw").write_bytes(bytes(1 << 20))
    with memsh.open("-x.raw") as opened:
        assert opened.ranges() == [(0, 1 << 20)]
