"""What the cells of a column show is the same in one part or in many, as words or as texts of Arrow, in any order."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.tables import distinct, evidence
from chainrule.tables.arrays import of_array
from chainrule.tables.column import Column, whole, words
from chainrule.tables.distinct import Distinct
from chainrule.tables.evidence import Evidence

CELLS = st.lists(
    st.none()
    | st.sampled_from(
        [
            "",
            "NA",
            "-",
            "1",
            "1.0",
            "1e3",
            "007",
            "-01",
            "1.234",
            "1,234",
            "0,5",
            "5%",
            "2026-01-31",
            "01/02/2026",
            "x y",
        ]
    )
    | st.text("01.,-e a", max_size=6)
    | st.integers(-(2**63), 2**64 - 1).map(str),
    max_size=30,
)


def text(cells):
    return Column("text", pa.chunked_array([pa.array(cells, pa.string())]))


def seen(columns, apart=False):
    found = Evidence(("", "NA"), apart)
    for column in columns:
        found.add(column)
    return found


def shown(found):
    """All that is told of a column, but for an example and for the second and third cell of a sort."""
    sorts = {sort: (cells.rows, cells.first[0]) for sort, cells in found.sorts.items()}
    counts = found.distinct.count, found.distinct.repeated, found.texts.count, found.levels & {"true", "false"}
    numbers = found.rows, found.missing, found.known, found.pieces, found.low, found.high, found.whole
    return numbers, dict(found.typed), sorts, counts, found.declared, found.unread


@given(CELLS, st.integers(1, 7), st.booleans())
def test_evidence_is_the_same_in_one_part_or_in_many_and_in_every_storage(cells, size, apart):
    parts = [cells[start : start + size] for start in range(0, len(cells), size)]
    expected = shown(seen([words(cells)], apart))
    assert shown(seen([text(cells)], apart)) == expected
    assert shown(seen([words(part) for part in parts], apart)) == expected
    assert shown(seen([text(part) for part in parts], apart)) == expected


@given(CELLS, st.integers(1, 7))
def test_cells_of_a_sort_are_the_first_of_different_ones(cells, size):
    one = seen([words(cells)])
    many = seen([words(cells[start : start + size]) for start in range(0, len(cells), size)])
    assert {sort: found.first for sort, found in one.sorts.items()} == {s: f.first for s, f in many.sorts.items()}
    for found in one.sorts.values():
        assert all(cells.index(cell) == place for place, cell in found.first)
        assert len(dict(found.first)) == len(found.first) <= evidence.EXAMPLES


@pytest.mark.parametrize("step", [3, 1 << 16])
@pytest.mark.parametrize(
    "column",
    [
        of_array(np.array([1.5, np.nan, 2, 2, 7, 1.5, 0]), "X"),
        of_array(np.array([2**60, 2**60 + 1, 3, 4, 5, 6, 7]), "X"),
        whole(np.array([2**60, 0, 3, 3, 5, 6, 7]), np.array([False, True, False, False, False, False, False])),
        of_array(np.array(["2026-01-31", "NaT", "2026-02-01"] * 3, "datetime64[D]"), "X"),
        of_array(np.array([1, 2, 3, 4, 4], "timedelta64[s]"), "X"),
        of_array(np.array([True, False, True, None], object), "X"),
        words(["x", None, "y", "x"]),
    ],
    ids=["numbers", "whole", "gaps", "times", "spans", "truth", "words"],
)
def test_a_long_part_is_looked_at_in_steps(column, step, monkeypatch):
    expected = shown(seen([column]))
    monkeypatch.setattr(evidence, "_STEP", step)
    assert shown(seen([column])) == expected
    halves = [column.take(np.arange(start, min(start + 2, len(column)))) for start in range(0, len(column), 2)]
    assert shown(seen(halves)) == expected


def test_rows_are_numbered_only_when_they_are_asked_for():
    """A CSV file is read from its beginning for the number of a line."""
    asked = []

    def line(row):
        asked.append(row)
        return 100 + row

    column = Column("words", words(["1", "x", "2"]).values, ("1", "2", "x"), numbering=line)
    found = seen([column, column])
    assert not asked
    assert [found.row(place) for place in range(6)] == [100, 101, 102, 100, 101, 102]
    assert seen([words(["1"]), words(["2", "3"])]).row(2) == 2


# Different values -------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 9), st.randoms())
def test_different_values_are_counted_in_any_order_and_in_any_parts(values, size, chance):
    def counted(numbers):
        found = Distinct()
        for start in range(0, len(numbers), size):
            found.add(distinct.of_numbers(np.array(numbers[start : start + size])))
        return found

    shuffled = chance.sample(values, len(values))
    one, other = counted(values), counted(shuffled)
    np.testing.assert_array_equal(one.hashes, other.hashes)
    np.testing.assert_array_equal(one.counts, other.counts)
    assert one.exact and one.count == len(set(values)) and one.repeated == (len(set(values)) < len(values))


@pytest.mark.parametrize("count", [20_000, 100_000, 1_000_000])
@pytest.mark.parametrize("seed", range(3))
def test_an_estimate_is_within_three_percent(count, seed):
    random = np.random.default_rng(seed)
    values = (
        random.choice(1 << 50, count, replace=False) if count < 50_000 else random.permutation(count) + seed * count
    )
    one, other = Distinct(), Distinct()
    for part in np.array_split(values, 7):
        one.add(distinct.of_numbers(part))
    for part in np.array_split(np.concatenate([values[::-1], values[: count // 2]]), 3):
        other.add(distinct.of_numbers(part.astype(float)))
    assert not one.exact and one.count == other.count == pytest.approx(count, rel=0.03)
    assert not one.repeated and other.repeated
    assert one.count == pytest.approx(count, rel=0.03)


def test_equal_values_have_one_hash_whatever_holds_them():
    numbers = [0, 1, -5, 2**53, -(2**53)]
    for kind in (np.int64, np.int8, np.float32, np.float64):
        some = [n for n in numbers if kind is not np.int8 or abs(n) < 100]
        expected = distinct.of_numbers(np.array(some, np.float64))
        np.testing.assert_array_equal(distinct.of_numbers(np.array(some, kind)), expected)
    assert distinct.of_numbers(np.array([-0.0])) == distinct.of_numbers(np.array([0.0]))
    assert len(set(distinct.of_numbers(np.array([2**60 + k for k in range(99)])).tolist())) == 99


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_whole_numbers_in_texts_have_the_hashes_of_the_numbers(numbers):
    texts = list(map(str, numbers))
    found = distinct.of_written(np.array([float(t) for t in texts]), texts.__getitem__)
    np.testing.assert_array_equal(found, distinct.of_numbers(np.array(numbers, np.int64)))
