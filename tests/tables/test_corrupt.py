"""Changed Parquet and Arrow files are read, or refused in our form: none kills the process, whatever columns hold."""

import contextlib
import datetime
import decimal
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import chainrule
from chainrule.errors import InputError, InputTypeError
from chainrule.tables import arrow_files, frames, table_file
from chainrule.tables.files import open_file

ROWS = 40
DAY = datetime.datetime(2020, 1, 1)
TIMES = [DAY + datetime.timedelta(hours=k) if k % 6 else None for k in range(ROWS)]
WORDS = [f"wörd {k % 9}" if k % 5 else None for k in range(ROWS)]

#: A column of every type that is read.
COLUMNS = {
    "int8": pa.array([k if k % 7 else None for k in range(ROWS)], pa.int8()),
    "uint64": pa.array(range(ROWS), pa.uint64()),
    "float16": pa.array(np.arange(ROWS, dtype=np.float16)),
    "float64": pa.array([k / 2 if k % 5 else None for k in range(ROWS)]),
    "bool": pa.array([k % 2 == 0 if k % 5 else None for k in range(ROWS)]),
    "string": pa.array(WORDS),
    "large string": pa.array(WORDS, pa.large_string()),
    "string view": pa.array([f"a long word, {k % 9}" for k in range(ROWS)], pa.string_view()),
    "dictionary": pa.array(WORDS).dictionary_encode(),
    "timestamp": pa.array(TIMES, pa.timestamp("us")),
    "timestamp of a zone": pa.array(TIMES, pa.timestamp("ns", "UTC")),
    "date": pa.array([one and one.date() for one in TIMES]),
    "duration": pa.array([one and one - DAY for one in TIMES]),
    "decimal": pa.array([decimal.Decimal(k) / 4 for k in range(ROWS)], pa.decimal128(10, 2)),
    "decimal of 256 bits": pa.array([decimal.Decimal(k) / 4 for k in range(ROWS)], pa.decimal256(50, 2)),
    "null": pa.nulls(ROWS),
}


def arrow(compression=None, new=pa.ipc.new_file):
    def write(path, table):
        options = pa.ipc.IpcWriteOptions(compression=compression)
        with new(path, table.schema, options=options) as writer:
            writer.write_table(table, max_chunksize=20)

    return write


def parquet(**options):
    return lambda path, table: pq.write_table(table, path, row_group_size=20, **options)


FORMS = {
    "plain.arrow": arrow(),
    "lz4.arrow": arrow("lz4"),
    "zstd.feather": arrow("zstd"),
    "stream.arrow": arrow(new=pa.ipc.new_stream),
    "stream.arrows": arrow("lz4", pa.ipc.new_stream),
    "plain.parquet": parquet(compression="none", use_dictionary=False),
    "snappy.parquet": parquet(compression="snappy"),
    "zstd.parquet": parquet(compression="zstd", data_page_version="2.0"),
}


def written(form, folder):
    """Sound files of this form: one of all columns, and one of each."""
    for number, names in enumerate([list(COLUMNS), *([name] for name in COLUMNS)]):
        place = folder / f"sound-{number}-{form}"
        FORMS[form](place, pa.table({name: COLUMNS[name] for name in names}))
        yield place.read_bytes()


def changed(content, chance):
    """The bytes cut, shortened, or some of them replaced."""
    found, how = bytearray(content), chance.random()
    place = chance.randrange(len(found))
    if how < 0.15:
        del found[place:]
    elif how < 0.25:
        del found[place : place + chance.choice([1, 4, 8, 64, 512])]
    else:
        for _ in range(chance.choice([1, 1, 2, 4, 16])):
            place = chance.randrange(len(found))
            values = [
                bytes([chance.randrange(256)]),
                b"\xff\xff\xff\xff",
                b"\xff\xff\xff\x7f",
                b"\0\0\0\x80",
                b"\0" * 4,
            ]
            new = chance.choice(values)
            found[place : place + len(new)] = new
    return bytes(found)


def read_all(paths):
    """Of each file that was read or refused, a line; the last one of a process that was killed is missing."""
    for path in paths:
        for mapped in (1 << 26, 0):
            arrow_files._MAPPED = mapped
            print(f"{path} ", end="", flush=True)
            try:
                open_file(path).read()
            except (InputError, InputTypeError) as error:
                print("refused" if Path(path).name in str(error) else f"without its name: {error}", flush=True)
            else:
                print("read", flush=True)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("times", [60, pytest.param(3_000, marks=pytest.mark.slow)])
def test_changed_files_are_read_or_refused(tmp_path, form, times):
    sound, chance, places = list(written(form, tmp_path)), random.Random(form), []
    for number in range(times):
        places.append(tmp_path / f"changed-{number}-{form}")
        places[-1].write_bytes(changed(chance.choice(sound), chance))
    for first in range(0, times, 500):
        some = places[first : first + 500]
        source = str(Path(chainrule.__file__).parent.parent)
        done = subprocess.run(
            [sys.executable, __file__, source, *map(str, some)], capture_output=True, text=True, timeout=600
        )  # fmt: skip
        assert done.returncode == 0, (done.returncode, done.stdout.splitlines()[-1:], done.stderr[-2000:])
        assert "without its name" not in done.stdout, done.stdout
        assert done.stdout.count(" refused\n") >= len(some) and done.stdout.count(" read\n")


@pytest.mark.parametrize("form", FORMS)
def test_sound_files_are_read_whole(tmp_path, form, monkeypatch):
    """What is refused above is not refused for its form or its types; small pieces and mapped files are the same."""
    for mapped, step in ((1 << 26, 1 << 16), (0, 7)):
        monkeypatch.setattr(arrow_files, "_MAPPED", mapped)
        monkeypatch.setattr(table_file, "STEP", step)
        for number, _ in enumerate(written(form, tmp_path)):
            file = open_file(tmp_path / f"sound-{number}-{form}")
            whole = file.read()
            assert len(whole) == ROWS and whole.names == file.names
            for name, column in whole.columns.items():
                np.testing.assert_array_equal(column.missing, COLUMNS[name].is_null().to_numpy(False))
            assert [*file.read([file.names[-1]]).columns] == [file.names[-1]]


def corrupt(kind, change):
    """A column of which one buffer was changed: what a file or another library may have left in memory."""
    array = COLUMNS[kind]
    buffers = [None if one is None else bytearray(one.to_pybytes()) for one in array.buffers()]
    change(buffers)
    parts = [None if one is None else pa.py_buffer(bytes(one)) for one in buffers]
    if kind == "dictionary":
        codes = pa.Array.from_buffers(pa.int32(), ROWS, parts)
        return pa.DictionaryArray.from_arrays(codes, array.dictionary, safe=False)
    return pa.Array.from_buffers(array.type, ROWS, parts)


def far_offset(buffers):
    buffers[1][4 * 17 : 4 * 18] = (2**30).to_bytes(4, "little")


def far_code(buffers):
    buffers[1][4 * 17 : 4 * 18] = (2**30).to_bytes(4, "little")


def no_text(buffers):
    start = int.from_bytes(buffers[1][4 * 17 : 4 * 18], "little")
    buffers[2][start] = 0xFF


CORRUPT = {
    "offset": ("string", far_offset, 16),
    "code": ("dictionary", far_code, 17),
    "text": ("string", no_text, 17),
}


@pytest.mark.parametrize("what", CORRUPT)
def test_corrupt_columns_in_memory_are_refused_with_the_row(what):
    kind, change, row = CORRUPT[what]
    with pytest.raises(
        InputError, match=rf"^X, column 'a', row {row}: expected (values that can be read|text in UTF-8)"
    ):
        frames.table(pa.table({"a": corrupt(kind, change)}))


@pytest.mark.parametrize("form", ["plain.arrow", "stream.arrow"])
@pytest.mark.parametrize("kind", ["null", "none"])
def test_more_rows_than_the_bytes_hold_are_refused_at_once(tmp_path, form, kind):
    """A number of rows is only said where no column has a buffer; 2**50 of them would be cut for ever."""
    batch = pa.record_batch({"a": pa.nulls(12_345)}).select(["a"] if kind == "null" else [])
    place, told = tmp_path / form, (12_345).to_bytes(8, "little")
    with (pa.ipc.new_file if form == "plain.arrow" else pa.ipc.new_stream)(place, batch.schema) as writer:
        writer.write_batch(batch)
    content = place.read_bytes()
    assert told in content
    place.write_bytes(content.replace(told, (2**50).to_bytes(8, "little")))
    with pytest.raises(InputError, match="at most 16,777,216 rows"):
        open_file(place).read()


@pytest.mark.parametrize("form", ["plain.arrow", "stream.arrow"])
def test_columns_without_a_value_are_as_long_as_those_beside_them(tmp_path, form, monkeypatch):
    """Whichever stands first, and whichever are read."""
    monkeypatch.setattr(arrow_files, "_BARE_ROWS", 5)
    FORMS[form](tmp_path / form, pa.table({"a": pa.nulls(ROWS), "b": COLUMNS["int8"], "c": pa.nulls(ROWS)}))
    for columns in (None, ["a"], ["b"], ["c", "a"]):
        assert len(open_file(tmp_path / form).read(columns)) == ROWS


@pytest.mark.parametrize("form", FORMS)
def test_names_that_are_no_text_are_refused(tmp_path, form):
    place = tmp_path / form
    FORMS[form](place, pa.table({"a name": COLUMNS["int8"]}))
    content = place.read_bytes()
    assert b"a name" in content
    place.write_bytes(content.replace(b"a name", b"a\xff\xfeame"))
    with pytest.raises(InputError, match=re.escape(form)):
        open_file(place).read()


@pytest.mark.parametrize("form", ["plain.arrow", "stream.arrow", "plain.parquet"])
def test_a_corrupt_value_is_told_with_its_place(tmp_path, form):
    """Batches of twenty rows: row 37 of the file is row 17 of the second."""
    words = [b"word"] * ROWS
    words[37] = b"\xff\xfe"
    FORMS[form](tmp_path / form, pa.table({"a": pa.array(words).view(pa.string())}))
    noun = "row group" if form.endswith("parquet") else "record batch"
    with pytest.raises(InputError, match=rf"{re.escape(form)}, {noun} 1, column 'a', row 17: expected text in UTF-8"):
        open_file(tmp_path / form).read()


@pytest.mark.parametrize("mapped", [0, 1 << 26])
def test_a_file_that_shrinks_while_it_is_read_is_refused(tmp_path, monkeypatch, mapped):
    monkeypatch.setattr(arrow_files, "_MAPPED", mapped)
    monkeypatch.setattr(table_file, "STEP", 10)
    place = tmp_path / "t.arrow"
    arrow()(place, pa.table({"a": np.arange(100_000.0)}))
    parts = open_file(place).parts()
    next(parts)
    with open(place, "r+b") as file:
        file.truncate(1000)
    with pytest.raises(InputError, match=r"t\.arrow"):
        list(parts)


@pytest.mark.parametrize("form", ["plain.arrow", "stream.arrow", "plain.parquet"])
def test_columns_of_one_name_are_refused(tmp_path, form):
    with contextlib.suppress(FileExistsError):
        FORMS[form](tmp_path / form, pa.table([[1], [2]], names=["a", "a"]))
    with pytest.raises(InputError, match=rf"{re.escape(form)}: expected columns of different names"):
        open_file(tmp_path / form).read(["a"])


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    read_all(sys.argv[2:])
