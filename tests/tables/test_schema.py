"""How the cells of a column are read once it is known what it is: the same value from every source."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from chainrule.errors import InputError
from chainrule.tables.column import Column, words
from chainrule.tables.field import Bad, Field
from chainrule.tables.frames import table
from chainrule.tables.schema import Nothing, Schema
from chainrule.tables.serial import ENCODINGS
from chainrule.tables.written import truth
from chainrule.tables.written.dates import WrittenDate
from chainrule.tables.written.numbers import WrittenNumber

NOTHING = ("", "NA")


def text(cells):
    return Column("text", pa.chunked_array([pa.array(cells, pa.string())]))


def cells(field, column, where="X"):
    """What is read of a column, as plain values, None where one is missing."""
    read, _ = field.read(column, NOTHING, where)
    if read.storage == "words":
        return [None if code < 0 else read.levels[code] for code in read.values]
    return [None if value != value else value for value in read.values.tolist()]


def column(values):
    """Values as a Column by way of the frames that can hold them."""
    return table({"a": np.array(values, object)})["a"]


NOON = datetime.datetime(2026, 1, 31, 12)
#: A field, what is read, and the same cells from every storage.
SAME = {
    "number": (
        Field("a", "number"), [1, None, 2.5],
        [
            text(["1", None, "2.5"]), text(["1.0", "NA", "25e-1"]), words([" 1 ", "-", "+2.5"]),
            text(["1", "-", "2.5"]),
            column([1, None, 2.5]), column([1, np.nan, 2.5]), column(["1", pd.NA, "2.5"]), words(["True", "", "2.5"]),
            text(["true", "", "2.5"]), column([True, None, 2.5]),
        ],
    ),
    "whole number": (
        Field("a", "number"), [3.0, None, 2.0**60],
        [
            text(["3", None, str(2**60)]), words(["3.0", "NA", str(2**60)]), column([3, None, 2**60]),
            column([3, pd.NA, 2**60 + 1]), table(pl.DataFrame({"a": [3, None, 2**60]}))["a"],
            table(pd.DataFrame({"a": pd.array([3, None, 2**60], "Int64")}))["a"],
        ],
    ),
    "number with a comma": (
        Field("a", "number", number=WrittenNumber(",", ".")), [1.5, None, 1234],
        [text(["1,5", "-", "1.234"]), words(["1,50", None, "1234"]), column([1.5, None, 1234])],
    ),
    "per cent": (
        Field("a", "number", number=WrittenNumber(unit="%")), [0.125, None, 1.0],
        [text(["12.5%", "", "100 %"]), words(["12.5 %", "--", "100%"]), column([0.125, None, 1])],
    ),
    "date": (
        Field("a", "date"), [20484.0, None, 20484.5],
        [
            text(["2026-01-31", None, "2026-01-31 12:00"]), words(["31 Jan 2026", "-", "2026-01-31T13:00+01:00"]),
            column([datetime.datetime(2026, 1, 31), None, NOON]), column([pd.Timestamp("2026-01-31"), pd.NaT, NOON]),
            table({"a": np.array(["2026-01-31", "NaT", "2026-01-31T12"], "datetime64[s]")})["a"],
            table(pl.DataFrame({"a": [datetime.datetime(2026, 1, 31), None, NOON]}))["a"],
            table(pa.table({"a": [datetime.datetime(2026, 1, 31), None, NOON]}))["a"],
        ],
    ),
    "date by its day": (
        Field("a", "date", date=WrittenDate(day_first=True)), [20484.0, None, 20456.0],
        [text(["31.01.2026", "NA", "03/01/2026"]), words(["2026-01-31", None, "3.1.26"])],
    ),
    "boolean": (
        Field("a", "boolean"), ["True", None, "False"],
        [
            *(
                storage([spelt(yes), None, spelt(no)])
                for storage in (text, words)
                for no, yes in (*truth.PAIRS, ("0", "1"), ("0.0", "1.0"))
                for spelt in (str, str.upper, str.title, lambda word: f" {word} ")
            ),
            column([True, None, False]), column([1, None, 0]), column([1.0, np.nan, 0.0]),
            column([np.True_, pd.NA, False]),
            table(pd.DataFrame({"a": pd.array([True, None, False], "boolean")}))["a"],
            table(pl.DataFrame({"a": [1, None, 0]}))["a"], table(pa.table({"a": [True, None, False]}))["a"],
        ],
    ),
    "category of words": (
        Field("a", "category"), ["x", None, "y"],
        [
            text(["x", "NA", "y"]), words(["x", None, "y"]), column(["x", np.nan, "y"]),
            table(pd.DataFrame({"a": pd.Categorical(["x", None, "y"])}))["a"],
        ],
    ),
    "category of numbers": (
        Field("a", "category", compared="number"), ["1", None, "-2.5"],
        [
            text(["1", "", "-2.5"]), text(["1.0", "NA", "-2.50"]), words(["+1", None, "-25e-1"]),
            column([1, None, -2.5]), column(["1", None, -2.5]),
            table(pd.DataFrame({"a": pd.Categorical([1.0, None, -2.5])}))["a"],
        ],
    ),
    "category of dates": (
        Field("a", "category", compared="date"), ["2026-01-31", None, "2026-01-31T12:00:00.000000"],
        [
            text(["2026-01-31", "", "2026-01-31 12:00"]), words(["2026/01/31", "NA", "2026-01-31T12:00:00Z"]),
            column([datetime.datetime(2026, 1, 31), None, NOON]),
        ],
    ),
    "category of codes": (
        Field("a", "category", compared="text"), ["01", None, "1.0"],
        [text(["01", "", "1.0"]), words(["01", None, "1.0"])],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SAME)
def test_a_cell_is_read_as_the_same_from_every_storage(what):
    field, expected, columns = SAME[what]
    for one in columns:
        assert cells(field, one) == expected, one


@pytest.mark.parametrize("what", SAME)
def test_a_cell_is_read_as_the_same_in_any_part(what):
    field, expected, columns = SAME[what]
    for one in columns:
        for row in range(3):
            assert cells(field, one.take(np.array([row]))) == [expected[row]]


def test_a_number_that_was_learned_as_a_category_takes_every_form_of_it(fitted):
    X = {"a": [1, 2, 3] * 9}
    found = fitted(X, {"a": "category"})
    expected = found.code(table({"a": [2, 3, 9]}), "X").values
    for same in ([2.0, 3.0, 9.0], ["2", "3", "9"], ["2.0", "3.00", "nine"], np.array([2, 3, 9], np.int8)):
        np.testing.assert_array_equal(found.code(table({"a": same}), "X").values, expected)
    assert expected.ravel().tolist() == [1, 2, -1]


@pytest.mark.parametrize("kind", ["number", "date", "boolean"])
@pytest.mark.parametrize("storage", [text, words])
def test_a_cell_that_is_none_is_refused_with_its_row_or_counted(kind, storage):
    good = {"number": "1", "date": "2026-01-31", "boolean": "yes"}[kind]
    one = storage([good, "soon", None, "maybe", "soon", "never", good])
    named = Column(one.storage, one.values, one.levels, numbering=lambda row: 10 + row)
    with pytest.raises(InputError, match="^here, column 'a', row 11: expected .*, as in fit; received 'soon'"):
        Field("a", kind).read(named, NOTHING, "here")
    read, bad = Field("a", kind, lenient=True).read(named, NOTHING, "here")
    assert read.missing.tolist() == [False, True, True, True, True, True, False]
    assert bad == Bad(4, ((11, "soon"), (13, "maybe"), (14, "soon")))
    assert str(bad) == "4 ('soon' in row 11, 'maybe' in row 13, 'soon' in row 14, ...)"
    assert Field("a", kind, lenient=True).read(storage([good]), NOTHING, "here")[1] is None


@pytest.mark.parametrize(
    ("kind", "values", "received"),
    [
        ("number", np.array(["2026-01-31"], "datetime64[D]"), "times"),
        ("date", np.array([1.5]), "numbers"),
        ("date", np.array([3]), "numbers"),
        ("date", np.array([3], "timedelta64[s]"), "numbers"),
        ("number", np.array([1, np.inf]), "infinity"),
        ("number", np.array(["1", "-inf"]), "infinity"),
    ],
)
def test_another_kind_of_column_is_refused(kind, values, received):
    with pytest.raises(InputError, match=f"here, column 'a'.*received {received}"):
        Field("a", kind).read(table({"a": values})["a"], NOTHING, "here")


def test_unknown_words_are_kept_for_the_encoding(fitted):
    found = fitted({"a": ["x", "y", None] * 9})
    assert found.code(table({"a": ["x", "new", None]}), "X").values.ravel().tolist() == [0, -1, 2]


# As values --------------------------------------------------------------------------------------------------

SCHEMA = Schema(
    (
        *(field for field, *_ in SAME.values()),
        Field("b", "id", "numbers the rows", "1"), Field("c", "text"), Field("d", "constant"), Field("e", "unread"),
        Field("f", "number", lenient=True, number=WrittenNumber(",", "\u202f", "zł")),
    ),
    Nothing(("", "none"), (("a", ("x",)), ("größer", ()))),
)  # fmt: skip


def test_a_schema_goes_to_plain_data_and_back():
    assert ENCODINGS.back("here", ENCODINGS.out("here", SCHEMA)) == SCHEMA
    for field in SCHEMA.fields:
        assert ENCODINGS.back("here", ENCODINGS.out("here", field)) == field
    again = ENCODINGS.back("here", ENCODINGS.out("here", SCHEMA))
    assert (
        again.nothing.of("a") == {"", "x"}
        and again.nothing.of("größer") == {""}
        and again.nothing.of("b") == {"", "none"}
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: Field("a", "word"), lambda: Field("a", "category", compared="size"), lambda: Schema(("a",)),
        lambda: Schema((Field("a", "number"),), ("", "NA")),
    ],
)  # fmt: skip
def test_a_schema_that_is_none_is_refused(make):
    with pytest.raises(InputError):
        make()


def test_columns_are_read_by_their_names_and_what_is_bad_is_told():
    schema = Schema((Field("a", "number", lenient=True), Field("b", "category")), Nothing(columns=(("a", ("9",)),)))
    given = table({"b": ["9", "NA"], "a": ["9", "x"], "c": [1, 2]})
    found, bad = schema.read(given, ["b", "a"], "X")
    assert list(found) == ["b", "a"] and list(bad) == ["a"] and bad["a"].count == 1
    assert found["b"].missing.tolist() == [False, True] and found["a"].missing.tolist() == [True, True]
