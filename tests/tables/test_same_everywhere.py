"""A table is the same in every file and in every frame, in one block or in many: its schema, encoder and codes."""

import csv
import datetime
import re
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import InputError
from chainrule.tables import csv_file, encoder, frames, table_file
from chainrule.tables.files import open_file
from chainrule.warn import DataWarning

#: Texts that look like something else, and those that are hard to write.
ODD = [
    "",
    "NA",
    "-",
    "?",
    "1",
    "1.0",
    "1e3",
    "007",
    "1,5",
    "1.234",
    "5%",
    "$3",
    "true",
    "No",
    "inf",
    "nan",
    "2026-01-31",
]
ODD += [
    "31.01.2026",
    "02/01/2026",
    " x",
    "x ",
    "a,b",
    "a;b",
    "a\tb",
    "a\nb",
    'a"b',
    "'",
    '"',
    "größer",
    "日本",
    "\u00a0",
    "−1",
]

TYPES = {
    "number": (st.floats(-1e150, 1e150), pa.float64(), pl.Float64, "float64"),
    "tenths": (st.integers(-99, 99).map(lambda v: v / 10), pa.float64(), pl.Float64, "float64"),
    "whole": (st.integers(-9, 9), pa.int64(), pl.Int64, "Int64"),
    "long": (st.integers(-(2**63), 2**63 - 1), pa.int64(), pl.Int64, "Int64"),
    "truth": (st.booleans(), pa.bool_(), pl.Boolean, object),
    "word": (st.sampled_from(["red", "green", "blue"]), pa.string(), pl.String, object),
    "odd": (st.sampled_from(ODD) | st.text("ab1,;\t\n\"'. -é€", max_size=4), pa.string(), pl.String, object),
    "text": (
        st.lists(st.sampled_from(["A", "good", "one.", "or", "not", "3", ""]), min_size=1, max_size=6).map(" ".join),
        pa.string(), pl.String, object,
    ),
    "time": (
        st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1)),
        pa.timestamp("us"), pl.Datetime("us"), "datetime64[us]",
    ),
    "day": (st.dates(datetime.date(1700, 1, 1), datetime.date(2200, 1, 1)), pa.date32(), pl.Date, object),
    "vector": (
        st.lists(st.integers(-99, 99).map(lambda v: v / 10) | st.none(), min_size=3, max_size=3),
        pa.list_(pa.float64()), pl.List(pl.Float64), object,
    ),
    "list": (st.lists(st.floats(-9, 9), max_size=2), pa.list_(pa.float64()), pl.List(pl.Float64), object),
}  # fmt: skip


@st.composite
def tables(draw):
    """Columns by name: their type, and a value or None for each row."""
    rows = draw(st.integers(2, 12) | st.sampled_from([60]))
    kinds = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=4))
    found = {}
    for place, kind in enumerate(kinds):
        few = draw(st.lists(TYPES[kind][0], min_size=1, max_size=rows))
        cells = st.sampled_from(few) if draw(st.booleans()) else st.sampled_from([*few, None])
        name = draw(st.sampled_from([f"c{place}", f"c{place} id"]))
        found[name] = kind, draw(st.lists(cells, min_size=rows, max_size=rows))
    return found


# Every form of them -----------------------------------------------------------------------------------------


def arrow_of(columns):
    return pa.table({name: pa.array(values, TYPES[kind][1]) for name, (kind, values) in columns.items()})


def pandas_of(columns, nullable=False):
    found = {}
    for name, (kind, values) in columns.items():
        dtype = TYPES[kind][3]
        if kind == "whole" and not nullable:
            dtype = "float64" if None in values else "int64"  # beyond 2**53 that would be other numbers
        found[name] = pd.Series(values, dtype=dtype)
    frame = pd.DataFrame(found)
    return frame.convert_dtypes() if nullable else frame


def polars_of(columns):
    return pl.DataFrame(
        {name: values for name, (_, values) in columns.items()},
        {name: TYPES[kind][2] for name, (kind, _) in columns.items()},
    )


def dict_of(columns):
    found = {name: np.empty(len(values), object) for name, (_, values) in columns.items()}
    for name, (_, values) in columns.items():
        found[name][:] = values
    return found


def rows_of(columns):
    cells = zip(*(values for _, values in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in cells]


HELD = {
    "pandas": pandas_of,
    "pandas nullable": lambda columns: pandas_of(columns, nullable=True),
    "polars": polars_of,
    "arrow": arrow_of,
    "dict": dict_of,
    "rows": rows_of,
}


def csv_of(delimiter, quoting=csv.QUOTE_MINIMAL, end="\n"):
    def write(columns, path, step):
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=end)
            writer.writerow(columns)
            writer.writerows(zip(*(values for _, values in columns.values()), strict=True))
        return open_file(path, delimiter)

    return write


def parquet_of(columns, path, step):
    pq.write_table(arrow_of(columns), path, row_group_size=step)
    return open_file(path)


def feather_of(columns, path, step):
    whole = arrow_of(columns)
    with pa.ipc.new_file(path, whole.schema) as writer:
        writer.write_table(whole, max_chunksize=step)
    return open_file(path)


WRITTEN = {
    "comma.csv": csv_of(","),
    "semicolon.csv": csv_of(";", end="\r\n"),
    "tab.tsv": csv_of("\t"),
    "quoted.csv": csv_of(",", csv.QUOTE_ALL),
    "t.parquet": parquet_of,
    "t.arrow": feather_of,
}


def forms(columns, folder):
    """Every form by name: its parts, and all of its rows."""
    for name, make in HELD.items():
        for few in (0, 1000):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(frames, "_FEW", few)
                whole = frames.table(make(columns))
            yield f"{name}, {few}", [whole], whole
    several = {"vector", "list"} & {kind for kind, _ in columns.values()}
    for name, write in WRITTEN.items():
        if several and "sv" in name:  # texts hold no lists
            continue
        for step, block in ((1 << 16, 1 << 24), (5, 300)):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(table_file, "STEP", step)
                patch.setattr(csv_file, "BLOCK", block)
                file = write(columns, folder / name, step)
                yield f"{name}, {step}", list(file.parts()), file.read()


# What has to be the same ------------------------------------------------------------------------------------


def fitted(learned, parts, whole):
    """The encoder, or what is said against the table, but for the number of a row."""
    try:
        found = learned(parts)
        columns, _ = found.schema.read(whole, found.used, "X")
        return encoder.fit(columns, found.schema, {}, left_out=found.left_out)
    except InputError as error:
        return re.sub(r" row \d+", " row", str(error))


def plain(found):
    """An encoder whose schema shows no cells, which stand as their source has them: 1.0 or 1."""
    if isinstance(found, str):
        return found
    fields = tuple(replace(field, example="") for field in found.schema.fields)
    return replace(found, schema=replace(found.schema, fields=fields))


def check(tmp_path_factory, learned, examples):
    folder = tmp_path_factory.mktemp("same")

    @settings(max_examples=examples)
    @given(tables())
    def same(columns):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            found = list(forms(columns, folder))
            made = [fitted(learned, parts, whole) for _, parts, whole in found]
            first = plain(made[0])
            for (name, *_), one in zip(found, made, strict=True):
                assert plain(one) == first, name
            if isinstance(first, str):
                return
            codes = first.code(found[0][2], "X").values.tobytes()
            for name, parts, whole in found:
                assert first.code(whole, name).values.tobytes() == codes, name
                assert b"".join(first.code(part, name).values.tobytes() for part in parts) == codes, name

    same()


def test_a_table_is_the_same_in_every_form(tmp_path_factory, learned):
    check(tmp_path_factory, learned, 100)


@pytest.mark.slow
def test_five_hundred_tables_are_the_same_in_every_form(tmp_path_factory, learned):
    check(tmp_path_factory, learned, 500)
