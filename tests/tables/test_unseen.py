"""What rows hold that fit did not see: levels, dates."""

from dataclasses import replace

import numpy as np
import pytest

from chainrule.tables import numbers, unseen
from chainrule.tables.column import Column, words
from chainrule.tables.encoder import fit
from chainrule.tables.encodings import Category
from chainrule.tables.field import Field
from chainrule.tables.schema import Schema
from chainrule.tables.unseen import Levels, Portion


def test_unknown_levels_are_counted_and_missing_cells_are_none():
    column = words(["a", "c", None, "b", "c", "d"])
    assert unseen.levels(Category("x", ("a", "b")), column) == {"c": 2, "d": 1}
    assert unseen.levels(Category("x", ("a", "b"), rare=True), column) == {}
    assert unseen.levels(Category("x", ("a", "b", "c", "d")), column) == {}


def counted(*parts):
    found = Levels()
    for counts in parts:
        found.add(counts)
    return found.among(40)


def test_the_most_frequent_are_shown_first():
    found = counted({"a": 1, "c": 5, "b": 5, "d": 2})
    assert found == counted({"d": 2, "a": 1}, {"b": 4, "c": 5}, {"b": 1}) == Portion(13, 40, ("b", "c", "d"))
    assert found.share == 13 / 40 and Portion().share == 0


@pytest.mark.parametrize(("remembered", "shown"), [(6, ("x", "y", "a0")), (5, ("x", "y", "c0"))])
def test_of_very_many_levels_few_are_remembered_and_all_cells_counted(monkeypatch, remembered, shown):
    """A table of any length is predicted in the same memory."""
    monkeypatch.setattr(unseen, "REMEMBERED", remembered)
    parts = [{"x": 2, f"{part}0": 1, f"{part}1": 1, "y": 2} for part in "abc"]
    assert counted(*parts) == Portion(18, 40, shown)


def dated(days, how="piecewise"):
    column = Column("times", np.asarray(days, float))
    (found,) = fit({"day": column}, Schema((Field("day", "date"),)), {}, how).encodings
    return found


@pytest.mark.parametrize("count", [40, 4000])
@pytest.mark.parametrize("how", ["piecewise", "quantile"])
def test_dates_before_the_first_and_after_the_last_are_counted(count, how):
    days = 19_000 + np.random.default_rng(0).permutation(count) * 1.1
    encoding = dated(days, how)
    last = days.max()
    assert unseen.dates(encoding, Column("times", days)) == Portion(0, count)
    given = np.array([19_000.0, last, np.nan, last + 1, 18_999.0, last + 3])
    found = unseen.dates(encoding, Column("times", given))
    assert (found.cells, found.of) == (3, 6)
    assert found.shown[0] == "2022-01-07"


def test_whatever_the_encoding_dates_outside_of_fit_are_found():
    for how in numbers.HOW:
        assert unseen.dates(dated(19_000 + np.arange(40), how), Column("times", np.array([1.0, 19_001]))).cells == 1


@pytest.mark.parametrize("how", numbers.HOW)
def test_numbers_outside_of_fit_are_counted(how):
    made = numbers.encode("x", np.array([1e-3, 2.0, np.nan, 1e12]), how)
    asked = Column("numbers", np.array([1e-3, 1e12, np.nan, np.nextafter(1e-3, 0), np.nextafter(1e12, np.inf), -5.0]))
    assert unseen.beyond(made, asked) == 3


def test_files_before_version_5_tell_where_a_curve_ends():
    made = replace(numbers.encode("x", np.array([1.0, 2.0, 4.0])), span=None)
    assert unseen.beyond(made, Column("numbers", np.array([0.5, 1.0, 4.0, 4.5]))) == 2
    without = replace(numbers.encode("x", np.array([1.0, 2.0, 4.0]), "standard"), span=None)
    assert unseen.beyond(without, Column("numbers", np.array([0.5]))) == 0


def test_what_is_no_number_lies_nowhere():
    assert unseen.beyond(Category("town", ("a", "b")), words(["c"])) == 0


def test_numbers_hundreds_of_powers_apart_are_encoded():
    made = numbers.encode("x", np.array([-1.5e-295] * 6 + [0.0, 6.9e12]))
    assert np.isfinite(made.fill)
