"""Rows of Python's values are coded as tables are, to the bit; what is not simple is left to these."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import TableRegressor
from chainrule.errors import InputError, InputTypeError
from chainrule.tables import arrays
from chainrule.tables.row_coder import RowCoder
from chainrule.tables.seen import seen
from chainrule.tables.table import Table

ROWS = 300


@pytest.fixture(scope="module")
def encoder():
    """Of columns of all kinds but vectors, read by several networks in ways of their own."""
    random = np.random.default_rng(0)
    table = {
        "number": np.where(np.arange(ROWS) % 9 == 0, np.nan, random.normal(size=ROWS)).tolist(),
        "whole": (np.arange(ROWS) % 50).tolist(),
        "word": random.choice(["a", "b", "c"], ROWS).tolist(),
        "code": [f"{k % 40:03d}" for k in range(ROWS)],
        "day": (np.datetime64("2025-01-01") + random.integers(0, 4, ROWS)).astype(str).tolist(),
        "truth": ["yes" if k % 3 else "no" for k in range(ROWS)],
        "text": [f"word{k % 7} and word{k % 11} of {k}" for k in range(ROWS)],
    }
    columns = {"text": "text", "whole": "number"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = TableRegressor(max_iter=1, columns=columns, random_state=0).fit(
            {name: values * 4 for name, values in table.items()}, random.normal(size=4 * ROWS)
        )
    assert model.encoder_.others
    return model.encoder_


def by_table(encoder, columns, rows):
    """The way through a table: compact rows and what is counted; None where it refuses them."""
    try:
        table = Table({name: arrays.of_list(list(cells)) for name, cells in columns.items()}, rows)
        read, bad = encoder.read(table, "rows")
    except (InputError, InputTypeError):
        return None
    return encoder.coded(read, rows), seen(encoder.encodings, read, bad, rows)


def check(encoder, coder, columns, rows):
    """Whether it was coded at all: if so, as by the table."""
    found, expected = coder(columns, rows), by_table(encoder, columns, rows)
    if found is None:
        return False
    assert expected is not None
    np.testing.assert_array_equal(found[0].values, expected[0].values)
    assert found[1] == expected[1]
    return True


NUMBERS = st.one_of(st.none(), st.integers(-(10**20), 10**20), st.floats(), st.booleans(), st.just(10**400))
WORDS = st.one_of(
    st.none(), st.text(max_size=9), st.sampled_from(["a", "b", " a ", "NA", "", "-", "003", "3", "yes", "no", "True"]),
    st.booleans(), st.integers(-(10**18), 10**18), st.floats(),
)  # fmt: skip
DAYS = st.one_of(WORDS, st.dates().map(str), st.sampled_from(["2025-01-02", "2025-01-03T12:30", "31.12.2024"]))
CELLS = {"number": NUMBERS, "whole": NUMBERS, "word": WORDS, "code": WORDS, "day": DAYS, "truth": WORDS, "text": WORDS}


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_cells_are_coded_as_by_a_table_or_left_to_it(encoder, data):
    rows = data.draw(st.integers(1, 3))
    columns = {n: data.draw(st.lists(cells, min_size=rows, max_size=rows)) for n, cells in CELLS.items()}
    check(encoder, RowCoder(encoder), columns, rows)


USUAL = {
    "number": [1.5, None], "whole": [3, 4.0], "word": ["a", None], "code": ["003", "039"],
    "day": ["2025-01-02", None], "truth": ["no", True], "text": ["word1 and word2 of 5", ""],
}  # fmt: skip


def test_usual_rows_are_coded_here(encoder):
    coder = RowCoder(encoder)
    for _ in range(2):  # met for the first time, and remembered
        assert check(encoder, coder, USUAL, 2)


@pytest.mark.parametrize(
    "more",
    [
        {"number": [99.0, -99.0]}, {"word": ["new", "a"]}, {"day": ["1999-01-01", "2030-01-01"]},
        {"number": [math.nan, None]}, {"code": [3, "003"]}, {"word": [True, None]},
    ],
)  # fmt: skip
def test_unusual_rows_are_counted(more, encoder):
    assert check(encoder, RowCoder(encoder), {**USUAL, **more}, 2)


@pytest.mark.parametrize(
    "more",
    [
        {"number": [math.inf, 1]}, {"number": ["1", 1]}, {"number": [True, 1]}, {"number": [10**400, 1]},
        {"word": [1e20, "a"]}, {"word": [math.nan, "a"]}, {"day": ["soon", None]}, {"truth": ["perhaps", None]},
    ],
)  # fmt: skip
def test_what_is_not_simple_is_left(more, encoder):
    assert not check(encoder, RowCoder(encoder), {**USUAL, **more}, 2)


def test_no_more_is_remembered_than_is_worth_it(encoder, monkeypatch):
    from chainrule.tables import row_coder

    monkeypatch.setattr(row_coder, "REMEMBERED", 3)
    coder = RowCoder(encoder)
    for k in range(9):
        assert check(encoder, coder, {**USUAL, "word": [f"w{k}", "a"], "text": ["x" * 300, str(k)]}, 2)
    assert max(len(one.met) for one in coder._others.values()) <= 3


def test_true_is_not_one():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        words = np.array(["True", "1", "b"])[np.arange(90) % 3]
        model = TableRegressor(preset="fast", max_iter=1, random_state=0).fit({"word": words}, np.arange(90.0))
    coder = RowCoder(model.encoder_)
    cells = [True, 1, 1.0, "True", "1", "b", None]
    for order in (cells, cells[::-1]):
        for cell in order:
            assert check(model.encoder_, coder, {"word": [cell]}, 1)
    assert len({float(coder({"word": [cell]}, 1)[0].values[0, 0]) for cell in (True, 1, "b")}) == 3


def test_vectors_are_left_to_tables():
    random = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = TableRegressor(preset="fast", max_iter=1).fit(
            {"v": random.normal(size=(60, 2))}, random.normal(size=60)
        )
    assert not RowCoder.suits(model.encoder_)
