"""Commands answer in rows: attributes, mappings, JSON, Arrow, pandas."""

import json
import pickle

import pandas
import pyarrow
import pytest

import memsh


def test_a_row_is_attributes_and_a_mapping(img):
    init = img.processes()[0]
    assert (init.pid, init["name"], dict(init)["ppid"]) == (1, "lab", 0)
    assert "address" in init and "nonsense" not in init and len(init) == len(list(init))
    assert isinstance(init.address, int) and init.address > 1 << 63
    assert repr(init.address).startswith("0xffff") and f"{init.address:d}".isdigit()
    with pytest.raises(AttributeError, match="there are: pid, ppid"):
        init.nonsense
    with pytest.raises(KeyError):
        init["nonsense"]
    with pytest.raises(AttributeError):
        init.pid = 2


def test_objects_are_one_row_with_rows_in_it(img):
    info = img.info()
    assert info.os.kind == "linux" and info.image.ranges[0].end == 50331648
    assert isinstance(info.paging.root, memsh.Address)
    assert info == img.command("info") and info.to_dict()["os"]["kind"] == "linux"


def test_rows_are_those_of_the_command_line(img):
    rows = img.rows("ps --where 'pid > 1' --sort -pid --limit 3")
    assert [r.pid for r in rows] == sorted((r.pid for r in rows), reverse=True) and len(rows) == 3
    assert len(rows[1:]) == 2 and rows[-1].pid == rows[2].pid
    with pytest.raises(IndexError):
        rows[3]
    plain = json.loads(rows.to_json())
    assert plain[0]["address"] == hex(rows[0].address) and plain[0]["pid"] == rows[0].pid
    assert rows.partial is None and rows.warnings == []
    words = img.rows("pslist")
    assert len(words) == len(img.processes()) and words[0].address == img.processes()[0].address


def test_every_command_is_known_and_has_a_schema():
    commands = {c.name: c for c in memsh.commands()}
    assert {"ps", "maps", "scan", "vtop", "plugins-info"} <= commands.keys()
    for name in commands:
        assert memsh.schema(name)["title"].startswith("memsh")
    assert "pid" in commands["ps"]["keys"] and commands["ps"].summary
    with pytest.raises(LookupError):
        memsh.schema("nonsense")


def test_what_is_an_address_is_said_by_the_schema(img):
    hits = img.rows("scan", "--hex", "41", "--max", "3")
    # A match is bytes in hex, and text.
    assert all(isinstance(h.address, memsh.Address) and isinstance(h.match, str) for h in hits)
    table = img.rows("symbols", "init_task").to_arrow()
    assert table.schema.field("address").type == pyarrow.uint64()
    assert table.schema.field("name").type == pyarrow.large_string()


def test_arrow_holds_exactly_what_the_rows_hold(img):
    for words in (["ps"], ["maps", "-p", "1"], ["modules"], ["symbols", "init_*"], ["files"], ["threads"], ["pages", "-p", "1"]):
        rows = img.rows(*words)
        table = pyarrow.table(rows)
        assert table.num_rows == len(rows)
        back = table.to_pylist()
        for row, same in zip(rows.to_dicts(), back, strict=True):
            for key, value in row.items():
                if pyarrow.types.is_timestamp(table.schema.field(key).type) and value is not None:
                    assert pandas.Timestamp(value) == same[key], (words, key)
                else:
                    assert value == same[key], (words, key)
    addresses = img.processes().to_arrow()["address"].to_pylist()
    assert addresses == [p.address for p in img.processes()] and max(addresses) > 1 << 63


def test_arrow_is_handed_over_without_a_copy(img):
    rows = img.rows("symbols", "*")
    assert len(rows) > 10_000
    array = pyarrow.array(rows)
    batch = pyarrow.record_batch(rows)
    before = pyarrow.total_allocated_bytes()
    kept = [pyarrow.table(rows) for _ in range(3)]
    # What pyarrow did not allocate, it did not copy.
    assert pyarrow.total_allocated_bytes() - before < 1 << 16
    assert len(array) == batch.num_rows == kept[2].num_rows == len(rows)
    del rows
    assert kept[0]["address"][0].as_py() == array[0]["address"].as_py()


def test_nested_lists_and_objects_become_arrow(img):
    table = pyarrow.table(img.rows("info"))
    assert pyarrow.types.is_struct(table.schema.field("os").type)
    steps = table["detection"].to_pylist()[0]
    assert steps and steps[0]["step"]
    args = pyarrow.table(img.rows("cmdline"))
    assert pyarrow.types.is_large_list(args.schema.field("args").type)
    assert args["args"].to_pylist()[0][0] == "/lab/lab"


def test_pandas_keeps_addresses_and_what_is_missing(img):
    frame = img.processes().to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert frame.address.tolist() == [p.address for p in img.processes()]
    assert frame.dtb.isna().sum() == sum(p.dtb is None for p in img.processes()) > 0
    assert int(frame[frame.pid == 1].dtb.iloc[0]) == img.process(1).dtb
    assert str(frame.start_time.dtype).startswith("timestamp[ns")
    assert len(frame[frame.kernel_thread]) == sum(p.kernel_thread for p in img.processes())


def test_columns_have_the_type_that_the_schema_says(img):
    # Nothing is there in any row, and still it is known what would be: answers of many images can be put together.
    schema = img.processes().to_arrow().schema
    assert schema.field("sid").type == pyarrow.large_string() and schema.field("session").type == pyarrow.int64()
    none = img.rows("ps", "--where", "pid == 999999").to_arrow()
    for field in schema:
        assert none.schema.field(field.name).type == field.type, field.name
    assert img.maps(1).to_arrow().schema.field("size").type == pyarrow.uint64()
    both = pyarrow.concat_tables([none, img.processes().to_arrow()], promote_options="default")
    assert len(both) == len(img.processes())


def test_an_answer_without_rows_has_its_columns(img):
    none = img.rows("ps", "--where", "pid == 999999")
    assert len(none) == 0 and "pid" in none.columns and list(none) == []
    assert pyarrow.table(none).num_rows == 0 and "address" in none.to_pandas().columns


def test_rows_and_errors_travel_to_other_processes(img):
    init = pickle.loads(pickle.dumps(img.processes()[0]))
    assert init.pid == 1 and init.address == img.processes()[0].address
    assert len(pickle.loads(pickle.dumps(img.processes()))) == len(img.processes())
    with pickle.loads(pickle.dumps(img)) as other:
        assert other.processes()[0].address == init.address
    with pytest.raises(memsh.Unreadable) as failed:
        img.read_phys(1 << 40, 16)
    same = pickle.loads(pickle.dumps(failed.value))
    assert (type(same), same.address, same.gaps, str(same)) == (memsh.Unreadable, 1 << 40, failed.value.gaps, str(failed.value))


def test_errors_say_where_and_what_next(img):
    with pytest.raises(memsh.UsageError) as usage:
        img.rows("nonsense")
    assert usage.value.status == 2 and usage.value.hint and isinstance(usage.value, ValueError)
    with pytest.raises(memsh.NotFound) as nobody:
        img.maps(999999)
    assert nobody.value.layer == "OS layer" and "ps" in nobody.value.hint and isinstance(nobody.value, LookupError)
    with pytest.raises(memsh.Unreadable) as unmapped:
        img.rows("vtop", 0x10, "-p", 1)
    assert (unmapped.value.address, unmapped.value.space) == (0x10, "virtual")
    assert unmapped.value.rows[0].fault.reason == "not_present"
    with pytest.raises(memsh.Error) as absent:
        memsh.open("/nowhere/at/all")
    assert absent.value.layer == "image" and "/nowhere" in str(absent.value)
    with pytest.raises(memsh.UsageError):
        memsh.sample(no_such_option=True)


def test_a_closed_image_says_so():
    with memsh.sample() as img:
        space = img.phys
        assert not img.closed
    assert img.closed
    for use in (lambda: img.processes(), lambda: space.read(0, 1), lambda: img.scan("x"), lambda: img.name):
        with pytest.raises(ValueError, match="closed"):
            use()
    img.close()
