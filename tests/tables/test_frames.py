"""Whatever holds rows in memory becomes the same table."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.sparse import csr_matrix

from chainrule.errors import InputError, InputTypeError
from chainrule.tables import frames
from chainrule.tables.column import join
from chainrule.tables.frames import table
from chainrule.tables.reading import read_numbers
from chainrule.tables.table import stack
from chainrule.tables.written.missing import WORDS


def test_every_form_is_the_same_table(form):
    found = table(form)
    whole, number, truth, word, time, day = found.columns.values()
    assert len(found) == 3
    np.testing.assert_array_equal(whole.values, [1, 2, 3])
    np.testing.assert_array_equal(number.values, [1.5, np.nan, 2])
    assert (truth.levels, truth.values.tolist()) == (("False", "True"), [1, 0, -1])
    word = word.as_words()
    assert (word.levels, word.values.tolist()) == (("x", "y"), [0, -1, 1])
    np.testing.assert_array_equal(time.values, [18262, np.nan, 18661.5])
    np.testing.assert_array_equal(day.values, [18262, np.nan, 18661])
    assert all(column.missing.tolist() == [False, True, False] for column in (number, word, time, day))


@pytest.mark.parametrize(
    ("values", "storage", "expected"),
    [
        (np.array([1, 2], np.int8), "numbers", [1, 2]),
        (np.array([0.5, np.nan], np.float32), "numbers", [0.5, np.nan]),
        (np.array([True, False]), "words", [1, 0]),
        (np.array(["b", "a"]), "words", [1, 0]),
        (np.array(["2020-01-02", "NaT"], "datetime64[D]"), "times", [18263, np.nan]),
        (np.array([1, 2], "timedelta64[h]"), "spans", [3600, 7200]),
        (np.array([None, None], object), "words", [-1, -1]),
        (np.array([1, "a"], object), "words", [0, 1]),
        (np.array([1.0, "a"], object), "words", [0, 1]),
    ],
)
def test_arrays_of_every_kind(values, storage, expected):
    column = table(values[:, None])["x0"]
    assert column.storage == storage
    np.testing.assert_allclose(column.values, expected)


def test_numbers_as_words_have_their_shortest_text():
    column = table(np.array([[1.0], [2.5], [np.nan], [-3.0]]))["x0"].as_words()
    assert [*column.levels, None][column.values[0]] == "1"
    assert set(column.levels) == {"1", "2.5", "-3"}
    assert column.values[2] == -1


def test_stacked_parts_of_other_storage_are_words():
    found = stack([table(pd.DataFrame({"a": [1, 2]})), table(pd.DataFrame({"a": ["x", None]}))])["a"]
    assert [None if code < 0 else found.levels[code] for code in found.values] == ["1", "2", "x", None]


def test_rows_taken():
    found = table(pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]}))
    assert found.take(np.array([2, 0]))["a"].values.tolist() == [3, 1]
    assert len(found.take(np.array([True, False, True]))) == 2


@pytest.mark.parametrize(("rows", "levels"), [([2, 0, 3], ("x", "z")), ([2, 0, 3, 3], ("x", "y", "z", "zz"))])
def test_few_rows_have_few_levels(rows, levels):
    """Else what looks at every level, such as what splits texts, would look at those of the whole table for a row."""
    found = table({"b": np.array(["x", "y", "z", None, "zz"], object)})["b"].take(np.array(rows))
    assert found.levels == levels
    assert [None if code < 0 else found.levels[code] for code in found.values] == ["z", "x", None, None][: len(rows)]


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros(3), InputError, "Reshape your data"),
        (np.zeros((2, 2), complex), InputError, "Complex data not supported"),
        ({"a": np.zeros(2), "b": np.zeros(3)}, InputError, "columns of one length"),
        ({"a": "one", "b": [1.0, 2.0]}, InputError, r"One row that holds a list is \[row\]"),
        (csr_matrix(np.eye(2)), InputTypeError, "sparse matrix"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), InputError, "'a'"),
        (np.array([[1j], [2]], object), InputError, "Complex data"),
    ],
)
def test_what_is_no_table_is_refused(X, error, message):
    with pytest.raises(error, match=message):
        table(X)


def arrays(columns):
    return {name: np.array(values, object) for name, values in columns.items()}


@pytest.mark.parametrize(
    ("X", "kind"),
    [
        (pd.DataFrame({"a": [["x"], ["y"]]}), "lists of str"),
        (np.array([[{"a": 1}]], object), "dict"),
        (np.array([["a"], [b"b"]], object), "bytes"),
        (pa.table({"a": [["x"], ["y"]]}), "List"),
    ],
)
def test_what_cannot_be_read_does_no_harm_until_it_is_asked_for(X, kind, learned):
    (name, column), *_ = table(X).columns.items()
    assert column.storage == "unread" and len(column) == len(X)
    with pytest.raises(InputError, match=f"X, column '{name}': expected numbers, words, .*; received {kind}"):
        learned(X)
    assert learned(X, {name: "leave out"}).used == ()


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table, arrays])
def test_words_that_stand_for_a_missing_value_are_missing(make, learned):
    X = table(make({"word": ["b", *WORDS, None, "a"]}))
    column = learned(X).schema.read(X, ["word"], "X")[0]["word"]
    assert list(column.levels) == ["a", "b"]
    assert column.values.tolist() == [1, *[-1] * (len(WORDS) + 1), 0]
    assert column.missing.sum() == len(WORDS) + 1


def test_a_cell_that_cannot_be_read_is_named_by_its_row_in_the_whole():
    """A part of a file knows how many rows stand before it."""
    part = table(pd.DataFrame({"x": ["1", "2", "three"]})).numbered(lambda row: 1000 + row)
    for column in (part["x"], part["x"].take(np.array([2, 0])), join([part["x"], part["x"]])):
        with pytest.raises(InputError, match="here, column 'x', row 1002: expected a number"):
            read_numbers(column, "x", "here")


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table, arrays])
def test_rows_have_the_numbers_that_are_given(make, few, monkeypatch):
    """Of short tables, too, which are read by another way."""
    monkeypatch.setattr(frames, "_FEW", few)
    found = table(make({"a": [1, 2], "b": ["x", None]}), "X", lambda row: 7 + row)
    assert [column.row(1) for column in found.columns.values()] == ([1, 1] if make is arrays else [8, 8])
