"""Files of every kind give the same table; what is broken is refused with the place."""

import bz2
import gzip

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import InputError
from chainrule.tables import table_file
from chainrule.tables.csv_file import CSVFile
from chainrule.tables.files import open_file

FRAME = pd.DataFrame(
    {
        "number": [1.5, 2.0, None, 4.0],
        "a, name": ["plain", 'with "quotes"', "with, comma", "two\nlines"],
        "day": ["2026-01-31", "2026-02-01", None, "2026-02-03"],
        "truth": ["True", "False", "True", None],
    }
)
WRITERS = {
    "t.csv": lambda path: FRAME.to_csv(path, index=False),
    "semicolon.csv": lambda path: FRAME.to_csv(path, index=False, sep=";"),
    "bar.txt": lambda path: FRAME.to_csv(path, index=False, sep="|"),
    "t.tsv": lambda path: FRAME.to_csv(path, index=False, sep="\t"),
    "t.csv.gz": lambda path: path.write_bytes(gzip.compress(FRAME.to_csv(index=False).encode())),
    "t.csv.bz2": lambda path: path.write_bytes(bz2.compress(FRAME.to_csv(index=False).encode())),
    "t.csv.zst": lambda path: pl.DataFrame(FRAME).write_csv(path, compression="zstd"),
    "crlf.csv": lambda path: path.write_bytes(
        b"\xef\xbb\xbf" + FRAME.to_csv(index=False, lineterminator="\r\n").encode()
    ),
    "t.parquet": lambda path: FRAME.to_parquet(path, row_group_size=2),
    "t.arrow": lambda path: FRAME.to_feather(path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_form_is_the_same_table(tmp_path, name, learned):
    WRITERS[name](tmp_path / name)
    found = open_file(tmp_path / name)
    assert found.names == tuple(FRAME.columns)
    whole, _ = learned(list(found.parts())).schema.read(found.read(), found.names, "X")
    np.testing.assert_array_equal(whole["number"].values, FRAME["number"])
    words = whole["a, name"]
    assert [words.levels[code] for code in words.values] == FRAME["a, name"].tolist()
    assert whole["truth"].missing.tolist() == [False, False, False, True]
    assert list(found.read(["day"]).columns) == ["day"]


def test_dates_as_text_are_times_in_csv(tmp_path, learned):
    WRITERS["t.csv"](tmp_path / "t.csv")
    table = open_file(tmp_path / "t.csv").read()
    day = learned(table).schema.read(table, ["day"], "X")[0]["day"]
    assert day.storage == "times"
    np.testing.assert_array_equal(day.values, [20484, 20485, np.nan, 20487])


def test_a_folder_is_all_its_parquet_files(tmp_path):
    for part, rows in enumerate(np.array_split(np.arange(10), 3)):
        pd.DataFrame({"a": rows}).to_parquet(tmp_path / f"part-{part}.parquet")
    found = open_file(tmp_path)
    assert found.read()["a"].values.tolist() == list(range(10))
    assert len(list(found.parts())) == 3


@pytest.mark.parametrize("name", WRITERS)
def test_no_part_has_more_rows_than_a_step(tmp_path, name, monkeypatch):
    WRITERS[name](tmp_path / name)
    whole = open_file(tmp_path / name).read()
    monkeypatch.setattr(table_file, "STEP", 3)
    file = open_file(tmp_path / name)
    parts = list(file.parts())
    assert sum(map(len, parts)) == 4 and max(map(len, parts)) <= 3
    first = 2 if isinstance(file, CSVFile) else 0  # the line, as an editor counts
    assert [part["number"].row(0) for part in parts] == [first, first + len(parts[0])]
    again = file.read()
    for column in whole.names:
        again_words, words = again[column].as_words(), whole[column].as_words()
        assert again_words.levels == words.levels
        np.testing.assert_array_equal(again_words.values, words.values)


def test_short_lines_of_csv_come_in_parts_of_so_many_rows_too(tmp_path):
    """A block of text holds millions of them."""
    (tmp_path / "t.csv").write_bytes(b"a,b\n" + b"1,2\n" * 150_000)
    assert [len(part) for part in open_file(tmp_path / "t.csv").parts()] == [1 << 16, 1 << 16, 150_000 - (1 << 17)]


@pytest.mark.parametrize(
    ("cells", "storage"),
    [
        (["01", "02", "03", "A"], "words"),  # the first part holds numbers only, and 01 is another word than 1
        (["", "1", "", "2.50"], "numbers"),
        (["2026-01-31", "", "2026-02-01", ""], "times"),
        (["2026-01-31", "1", "2", "3"], "words"),
        (["", "", "", "x"], "words"),
    ],
)
def test_all_parts_of_a_block_are_read_alike(tmp_path, monkeypatch, cells, storage, learned):
    (tmp_path / "t.csv").write_text("\n".join(["a,b", *(f"{cell},0" for cell in cells), ""]))
    monkeypatch.setattr(table_file, "STEP", 2)
    tables = list(open_file(tmp_path / "t.csv").parts())
    schema = learned(tables).schema
    parts = [schema.read(table, ["a"], "X")[0]["a"] for table in tables]
    assert [part.storage for part in parts] == [storage, storage]
    assert storage != "words" or {word for part in parts for word in part.levels} == set(cells) - {""}


def test_rows_are_numbered_as_an_editor_does_in_every_part(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_bytes(b"a,b\n" + b"1,2\n" * 4 + b"1,\xff\n")
    for step in (2, 1 << 16):
        monkeypatch.setattr(table_file, "STEP", step)
        with pytest.raises(InputError, match=r"t\.csv, column 'b', row 6: expected text in UTF-8"):
            open_file(tmp_path / "t.csv").read()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "names of columns"),
        (b"\n1,2\n", "names of columns"),
        (b"a,b\n", "a table with rows"),
        (b"a,a\n1,2\n", "more than once"),
        (b"a,b\n1,2\n3\n", "Row #3: Expected 2 columns, got 1"),
        (b"a,b\n1,2\n3,4,5\n", "Row #3: Expected 2 columns, got 3"),
        (b"a,b\n1,\xff\xfe\n", "expected text in UTF-8; received other bytes"),
    ],
)
def test_broken_csv_is_refused_with_the_row(tmp_path, content, message):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        open_file(tmp_path / "x.csv").read()


@pytest.mark.parametrize(
    "long", ["word " * 30_000, '"' + "line\n" * 30_000 + '"', '"a ""quoted"" word\n' + "word " * 30_000 + '\n"']
)
def test_rows_are_numbered_as_an_editor_does_behind_a_long_cell(tmp_path, long):
    rows = [b"1," + long.encode(), b"", b'1,"two\nlines"', b"1,\xff"]
    (tmp_path / "t.csv").write_bytes(b"\n".join([b"a,b", b"1,2", *rows, b""]))
    line = 3 + long.count("\n") + 1 + 1 + 2
    with pytest.raises(InputError, match=rf"t\.csv, column 'b', row {line}: expected text in UTF-8"):
        open_file(tmp_path / "t.csv").read()


@pytest.mark.parametrize("row", [0, 1, 5, 99])
def test_a_cell_may_be_longer_than_python_reads(tmp_path, row):
    texts = [f"text {k}; of, a row" for k in range(100)]
    texts[row] = "long " * 30_000
    frame = pd.DataFrame({"a": texts, "b": range(100)})
    for separator in (",", ";"):
        frame.to_csv(tmp_path / "t.csv", index=False, sep=separator)
        found = open_file(tmp_path / "t.csv").read()
        assert found.names == ("a", "b")
        assert found["a"].values.to_pylist() == texts


def test_a_name_longer_than_python_reads_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text(f"a,{'b' * 140_000}\n1,2\n")
    with pytest.raises(InputError, match=r"t\.csv: expected names of columns in the first row; received field larger"):
        open_file(tmp_path / "t.csv").read()


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "x.csv.gz", "x.csv.zst"])
def test_other_broken_files_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"no such thing at all")
    with pytest.raises(InputError, match="x\\."):
        open_file(tmp_path / name).read()


@pytest.mark.parametrize(("name", "message"), [("none.csv", "nothing under this name"), ("x.xlsx", "ends in")])
def test_other_files_are_refused(tmp_path, name, message):
    (tmp_path / "x.xlsx").write_bytes(b"")
    with pytest.raises(InputError, match=message):
        open_file(tmp_path / name)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="none in it"):
        open_file(tmp_path).read()


def fuzz(tmp_path_factory, examples):
    place = tmp_path_factory.mktemp("fuzz") / "x.csv"
    sound = bytearray(FRAME.to_csv(index=False).encode() * 3)

    @settings(max_examples=examples, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, len(sound) - 1), st.integers(0, 255)), max_size=12),
        st.integers(0, len(sound)),
        st.binary(max_size=40),
    )
    def mutated(changes, cut, tail):
        content = bytearray(sound)
        for at, byte in changes:
            content[at] = byte
        place.write_bytes(bytes(content[:cut]) + tail)
        try:
            found = open_file(place).read()
        except InputError:
            return
        assert all(len(column) == len(found) for column in found.columns.values())

    mutated()


def test_mutated_files_load_or_are_refused(tmp_path_factory):
    fuzz(tmp_path_factory, 300)


@pytest.mark.slow
def test_ten_thousand_mutated_files_load_or_are_refused(tmp_path_factory):
    fuzz(tmp_path_factory, 10_000)


@pytest.mark.parametrize("name", ["T.CSV", "t.Parquet", "t.ARROW", "t.csv.GZ"])
def test_the_end_of_a_name_may_be_in_capitals(name, tmp_path):
    WRITERS[name.lower()](tmp_path / name)
    assert sum(len(part) for part in open_file(tmp_path / name).parts()) == len(FRAME)


def test_files_in_folders_of_a_folder_are_read(tmp_path):
    for place in ("a", "b/c"):
        (tmp_path / place).mkdir(parents=True)
        FRAME.to_parquet(tmp_path / place / "part.parquet")
    assert sum(len(part) for part in open_file(tmp_path).parts()) == 2 * len(FRAME)
