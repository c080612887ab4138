"""Kinds that are found, encodings that are fitted, and what happens to rows unlike those of fit."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from chainrule.engine.blocks import Clip, Curve, Levels, Missing, Smooth
from chainrule.errors import InputError
from chainrule.tables import encoder, learn, numbers
from chainrule.tables.encodings import PARTS, Category, Date, Days, Number
from chainrule.tables.field import Field
from chainrule.tables.frames import table
from chainrule.tables.learn import Said, Seen
from chainrule.tables.schema import Nothing, Schema
from chainrule.tables.serial import ENCODINGS
from chainrule.tables.targets import TargetScale

RANDOM = np.random.default_rng(0)
ROWS = 240
FRAME = pd.DataFrame(
    {
        "number": RANDOM.normal(size=ROWS),
        "gaps": np.where(RANDOM.random(ROWS) < 0.2, np.nan, RANDOM.normal(size=ROWS)),
        "few": RANDOM.integers(0, 4, ROWS),
        "word": RANDOM.choice(["a", "b", "c"], ROWS),
        "truth": RANDOM.random(ROWS) < 0.5,
        "text number": [str(v) for v in RANDOM.integers(0, 9, ROWS)],
        "text day": pd.date_range("2026-01-01", periods=ROWS).strftime("%Y-%m-%d"),
        "time": pd.date_range("2026-01-01", periods=ROWS, freq="5h"),
        "name": [f"person {k}" for k in range(ROWS)],
        "row_id": np.arange(1, ROWS + 1),
        "same": 1,
        "nothing": [None] * ROWS,
        "one and gaps": np.where(RANDOM.random(ROWS) < 0.5, np.nan, 3.0),
    }
)
KINDS = {
    "number": "number", "gaps": "number", "few": "number", "word": "category", "truth": "boolean",
    "text number": "number", "text day": "date", "time": "date", "name": "id", "row_id": "id", "same": "constant",
    "nothing": "constant", "one and gaps": "number",
}  # fmt: skip


@pytest.fixture
def fitted(fitted):
    """The encoder of `FRAME` where no other table is given."""
    return lambda frame=FRAME, **settings: fitted(frame, **settings)


def test_the_kind_is_found(fitted):
    assert {field.name: field.kind for field in fitted().schema.fields} == KINDS


def test_an_encoder_knows_its_columns_and_what_it_leaves_out(fitted):
    found = fitted()
    assert found.names == tuple(n for n, kind in KINDS.items() if kind not in ("id", "constant"))
    assert {one.name: one.kind for one in found.left_out} == {n: k for n, k in KINDS.items() if n not in found.names}
    assert len(found.feature_names()) == found.expansion.width == len(set(found.feature_names()))
    assert np.isfinite(found.code(table(FRAME), "X").toarray()).all()


def test_what_is_said_goes_before_what_is_found(fitted):
    found = fitted(said={"few": "category", "row_id": "number", "word": "leave out"})
    by_name = {one.name: one for one in found.encodings}
    assert isinstance(by_name["few"], Category) and by_name["few"].levels == ("0", "1", "2", "3")
    assert isinstance(by_name["row_id"], Number)
    assert "word" not in by_name


@pytest.mark.parametrize(
    ("said", "message"),
    [({"wrod": "category"}, "Did you mean 'word'"), ({"word": "catgory"}, "Did you mean 'category'")],
)
def test_what_is_said_wrongly_is_refused(fitted, said, message):
    with pytest.raises(InputError, match=message):
        fitted(said=said)


def test_a_table_without_anything_to_learn_from_is_refused(fitted):
    with pytest.raises(InputError, match="same: the same value in every row"):
        fitted(FRAME[["same"]])


def test_an_encoder_is_a_value(fitted):
    found = fitted()
    assert ENCODINGS.back("encoder", ENCODINGS.out("encoder", found)) == found == pickle.loads(pickle.dumps(found))
    assert fitted() == found


# Rows unlike those of fit -----------------------------------------------------------------------------------


def inputs(found, name, value):
    """The network's inputs of one column of one row."""
    row = FRAME.iloc[:1].assign(**{name: [value]})
    names = found.feature_names()
    own = [k for k, n in enumerate(names) if n.split("=")[0].split(":")[0].split(".")[0] == name]
    return found.code(table(row), "X").toarray()[0, own]


def test_an_unknown_level_is_none_of_them(fitted):
    assert inputs(fitted(), "word", "z").tolist() == [0, 0, 0]
    assert inputs(fitted(), "word", "b").tolist() == [0, 1, 0]


def test_an_unknown_level_counts_as_rare_where_there_were_rare_ones(fitted):
    frame = pd.DataFrame({"word": ["a"] * 2000 + ["b"] * 2000 + [f"w{k}" for k in range(50)]})
    found = fitted(frame)
    assert found.encodings[0] == Category("word", ("a", "b"), rare=True)
    assert found.code(table(pd.DataFrame({"word": ["new", "w3", "a"]})), "X").toarray().tolist() == [
        [0, 0, 1], [0, 0, 1], [1, 0, 0],
    ]  # fmt: skip


def test_a_missing_level_is_one_where_fit_saw_any(fitted):
    frame = pd.DataFrame({"word": ["a", "b", None] * 100})
    assert fitted(frame).encodings[0] == Category("word", ("a", "b"), absent=True)
    assert inputs(fitted(), "word", None).tolist() == [0, 0, 0]


def test_a_missing_number_is_the_median_and_says_so_where_fit_saw_any(fitted):
    found = fitted()
    median = float(np.nanmedian(FRAME["gaps"]))
    np.testing.assert_allclose(inputs(found, "gaps", np.nan)[:-1], inputs(found, "gaps", median)[:-1], atol=1e-6)
    assert (inputs(found, "gaps", np.nan)[-1], inputs(found, "gaps", median)[-1]) == (1, 0)
    assert len(inputs(found, "number", np.nan)) == len(inputs(found, "number", 0.0))


def test_words_are_read_as_numbers_and_numbers_as_words(fitted):
    found = fitted(said={"few": "category"})
    np.testing.assert_array_equal(inputs(found, "number", "1.5"), inputs(found, "number", 1.5))
    np.testing.assert_array_equal(inputs(found, "few", "2"), inputs(found, "few", 2.0))
    np.testing.assert_array_equal(inputs(found, "truth", "True"), inputs(found, "truth", True))
    np.testing.assert_array_equal(
        inputs(found, "time", "2026-01-05T07:00"), inputs(found, "time", pd.Timestamp("2026-01-05 07:00"))
    )


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("number", ["1", "abc", "?"], "column 'number', row 1: expected a number, as in fit; received 'abc'"),
        ("number", [1.0, np.inf, 2.0], "column 'number', row 1: expected finite numbers"),
        ("number", pd.date_range("2026-01-01", periods=3), "expected numbers, as in fit; received times"),
        ("time", [1.0, 2.0, 3.0], "expected dates, as in fit; received numbers"),
        ("time", ["2026-01-01", "soon", None], "row 1: expected a date such as"),
    ],
)
def test_cells_that_cannot_be_read_are_named(fitted, name, values, message):
    rows = FRAME.iloc[:3].assign(**{name: values})
    with pytest.raises(InputError, match=message):
        fitted().code(table(rows), "X")


def test_order_and_others_do_not_matter_but_absence_does(fitted):
    found, rows = fitted(), FRAME.iloc[:5]
    expected = found.code(table(rows), "X").values
    np.testing.assert_array_equal(found.code(table(rows[rows.columns[::-1]].assign(more=1)), "X").values, expected)
    with pytest.raises(InputError, match="without 'word'"):
        found.code(table(rows.drop(columns="word")), "X")


# Numbers ----------------------------------------------------------------------------------------------------


def alone(number):
    """The encoder of a column of numbers."""
    return encoder.Encoder((number,), (), Schema((Field("x0", "number"),)))


def matrix(values, how="piecewise", probe=None):
    number = numbers.encode("x0", np.asarray(values, float), how)
    probe = values if probe is None else probe
    return number, alone(number).code(table(np.asarray(probe, float)[:, None]), "X").toarray()


VALUES = RANDOM.lognormal(size=3000)


def test_standard_is_mean_and_deviation():
    _, x = matrix(VALUES, "standard")
    np.testing.assert_allclose(x[:, 0], (VALUES - VALUES.mean()) / VALUES.std(), rtol=1e-4, atol=1e-5)


def test_quantile_is_the_normal_quantile_of_the_rank_standardised():
    _, x = matrix(VALUES, "quantile")
    expected = ndtri((np.argsort(np.argsort(VALUES)) + 0.5) / len(VALUES))
    inner = np.abs(expected) < 2
    np.testing.assert_allclose(x[inner, 0], expected[inner], atol=0.1)
    assert abs(x.mean()) < 1e-3 and abs(x.std() - 1) < 1e-3


def test_robust_never_leaves_its_cap():
    number, x = matrix(VALUES, "robust", probe=[-1e30, np.median(VALUES), 1e30])
    assert [type(part) for part in number.parts] == [Smooth]
    np.testing.assert_allclose(x[:, 0], [-3, 0, 3], atol=1e-5)


def test_piecewise_bins_add_up_to_the_rank():
    number, x = matrix(VALUES)
    clip = number.parts[0]
    assert isinstance(clip, Clip) and clip.width == numbers.BINS
    rank = np.argsort(np.argsort(VALUES)) / (len(VALUES) - 1)
    np.testing.assert_allclose(x[:, : clip.width].sum(axis=1) / numbers.HEIGHT / clip.width, rank, atol=0.02)


def test_piecewise_goes_on_beyond_what_was_seen_up_to_a_bound():
    number, x = matrix(VALUES, probe=[-1e9, 1e9])
    width = number.parts[0].width
    assert x[0, 0] == pytest.approx(-numbers.HEIGHT) and x[1, width - 1] == pytest.approx(2 * numbers.HEIGHT)


def test_few_values_have_a_bin_between_each():
    number, x = matrix([1, 2, 5] * 10)
    assert number.parts[0].width == 2
    np.testing.assert_allclose(np.unique(x[:, :2], axis=0), [[0, 0], [0.3, 0], [0.3, 0.6 - 0.3]], atol=1e-6)


def test_log_tells_sizes_apart_over_many_orders_and_beyond_those_seen():
    values = np.exp(RANDOM.uniform(np.log(1e-3), np.log(1e6), 3000))
    _, x = matrix(values, "log", probe=[1e-3, 1.0, 1e3, 1e6, 1e9])
    steps = np.diff(x[:, 0])
    np.testing.assert_allclose(steps[1:], steps[1:].mean(), rtol=0.02)  # the first is near the unit, where it bends
    _, x = matrix(values, "log")
    assert abs(x.mean()) < 1e-3 and abs(x.std() - 1) < 1e-3


def test_log_has_a_sign():
    values = np.r_[-(10.0 ** np.arange(6)), 0, 10.0 ** np.arange(6)]
    _, x = matrix(values, "log")
    np.testing.assert_allclose(x[:6], -x[7:], atol=1e-6)
    assert x[6] == pytest.approx(0, abs=1e-6) and (np.diff(x[np.argsort(values), 0]) > 0).all()
    np.testing.assert_allclose(np.diff(x[-5:, 0]), np.diff(x[-5:, 0]).mean(), rtol=0.2)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.45])
def test_log_takes_its_unit_from_sizes_that_are_not_0(share):
    values = np.exp(RANDOM.normal(4, 1.5, 2000))
    values[RANDOM.random(2000) < share] = 0
    number, x = matrix(values, "log", probe=[0, *np.quantile(values[values > 0], [0.05, 0.5]), values.max()])
    assert number.parts[0].knots[0] == np.float32(number.scale(np.zeros(1))[0])  # nothing is below
    assert x[1, 0] - x[0, 0] < 0.2 * (x[3, 0] - x[0, 0])


def test_log_of_numbers_far_from_0_is_a_line():
    values = np.arange(5000) + 2.0**40
    np.testing.assert_array_equal(matrix(values, "log")[1], matrix(values, "standard")[1])


@pytest.mark.parametrize("offset", [0, 1, 1990])
def test_cyclic_numbers_go_round(offset):
    hours = RANDOM.permutation(np.repeat(np.arange(24), 5)) + offset
    number, x = matrix(hours, "cyclic", probe=np.arange(48) + offset)
    turn = 2 * np.pi * np.arange(48) / 24
    np.testing.assert_allclose(x, np.stack([np.sin(turn), np.cos(turn)], axis=1), atol=1e-3)
    names = alone(number).feature_names()
    assert len(set(names)) == 2
    angles = matrix(RANDOM.uniform(0, 360, 5000), "cyclic", probe=[0.1, 359.9, 719.9])[1]
    np.testing.assert_allclose(angles[1:], angles[[0, 0]], atol=0.02)


@pytest.mark.parametrize(
    ("first", "length"), [(1, 365), (1, 366), (0, 360), (0, 1440), (1_000_000, 9999), (-20_000, 3000)]
)
def test_a_long_cycle_of_numbers_on_a_grid_has_its_length(first, length):
    number = numbers.encode("x0", np.tile(first + np.arange(float(length)), 2), "cyclic")
    assert number.parts[0].period * number.scale.scale == pytest.approx(length, abs=0.01)


@pytest.mark.parametrize(
    "values", [np.arange(20_000.0), RANDOM.random(500), [0, 1, 2.5, 4]], ids=["long", "any", "off"]
)
def test_numbers_on_no_grid_go_round_by_their_range(values):
    number = numbers.encode("x0", np.asarray(values), "cyclic")
    assert number.parts[0].period * number.scale.scale == pytest.approx(np.ptp(values))


def test_hours_of_many_days_are_on_a_grid(fitted):
    frame = pd.DataFrame({"time": pd.date_range("2026-01-01", periods=1003, freq="h")})
    hour = fitted(frame, how="cyclic").encodings[0].numbers[-1]
    assert hour.parts[0].period * hour.scale.scale == pytest.approx(24, abs=1e-4)


def test_how_a_column_is_encoded_may_be_said(fitted):
    found = fitted(said={"few": "cyclic", "number": "log", "gaps": "standard"})
    by_name = {one.name: one for one in found.encodings}
    assert [type(part) for part in by_name["few"].parts] == [Curve, Curve]
    assert [type(part) for part in by_name["number"].parts] == [Curve]
    assert [type(part) for part in by_name["gaps"].parts] == [Clip, Missing]
    with pytest.raises(InputError, match="column 'word', row 0: expected numbers, as said"):
        fitted(said={"word": "log"})


@pytest.mark.parametrize("name", ["time", "text day"])
@pytest.mark.parametrize("how", numbers.HOW)
def test_an_encoding_of_numbers_said_of_a_date_is_that_of_its_parts(fitted, name, how):
    assert fitted(FRAME[[name]], said={name: how}).encodings == fitted(FRAME[[name]], how=how).encodings


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"time": "number"}, "one of 'date', 'category', .*'cyclic' for a column of times; received 'number'"),
        ({"text day": "number"}, "column 'text day', row 0: expected numbers, as said; received '2026-01-01'"),
        ({"few": "date"}, "one of 'number', .* for a column of numbers; received 'date'"),
        *(
            ({"truth": kind}, f"column 'truth', row 0: expected {what}, as said; received '(True|False)'")
            for kind, what in (("number", "numbers"), ("date", "dates"), ("log", "numbers"))
        ),
        ({"row_id": "date"}, "one of 'number', .* for a column of numbers; received 'date'"),
        ({"word": "date"}, "row 0: expected dates, as said; received '[abc]'"),
    ],
)
def test_what_a_column_cannot_be_is_refused_with_what_it_can_be(fitted, said, message):
    with pytest.raises(InputError, match=message):
        fitted(said=said)


def test_parts_of_a_date_that_come_round_are_cyclic(fitted):
    date = next(one for one in fitted(how="cyclic").encodings if one.name == "time")
    curves = {number.name for number in date.numbers if all(isinstance(part, Curve) for part in number.parts)}
    assert curves == {"month", "weekday", "hour"}


@pytest.mark.parametrize(
    "make",
    [
        lambda: Curve(0, (0.0,), (1.0,)), lambda: Curve(0, (0.0, 0.0), (1.0, 2.0)),
        lambda: Curve(0, (0.0, 1.0), (1.0,)),
        lambda: Curve(0, (0.0, 1.0), (1.0, 2.0), -1.0), lambda: Curve(0, (0.0, np.inf), (1.0, 2.0)),
    ],
)  # fmt: skip
def test_curves_that_are_none_are_refused(make):
    with pytest.raises(InputError):
        make()


@pytest.mark.parametrize("how", numbers.HOW)
@pytest.mark.parametrize(
    "values",
    [
        VALUES * 1e300, VALUES * 1e-300, [0, 1], [0] * 99 + [1], np.arange(5000) + 2**40, [1.0, 1.0 + 1e-15] * 50,
        np.r_[np.zeros(5000), RANDOM.lognormal(8, 1, 50)], [1, np.nan, 2], np.r_[[-1e6], RANDOM.normal(size=999)],
        np.r_[[1e34], VALUES], np.r_[[-1e39, 1e39], VALUES],
    ],
    ids=["huge", "tiny", "two", "rare", "offset", "close", "ties", "gap", "outlier", "far", "beyond"],
)  # fmt: skip
def test_any_numbers_are_encoded_finitely(how, values):
    number, x = matrix(values, how)
    assert np.isfinite(x).all() and np.abs(x).max() < 1e4
    assert isinstance(number.parts[-1], Missing) == bool(np.isnan(values).any())


def test_a_value_that_fills_many_rows_does_not_take_the_bins():
    gains = np.r_[np.zeros(46_000), RANDOM.lognormal(8, 1, 2800)]
    number, _ = matrix(gains)
    assert number.parts[0].width == numbers.BINS


# Dates and targets ------------------------------------------------------------------------------------------


def test_a_date_is_its_parts_that_vary(fitted):
    found = fitted(FRAME[["text day"]]).encodings[0]
    assert isinstance(found, Date) and [one.name for one in found.numbers] == ["elapsed", "month", "weekday"]
    found = fitted(FRAME[["time"]]).encodings[0]
    assert [one.name for one in found.numbers] == ["elapsed", "month", "weekday", "hour"]


TIMES = [
    "2026-01-01 23:00",
    "1969-12-31 12:00",
    None,
    "2026-01-02",
    "2026-01-01",
    "1969-12-31 00:00",
    "2030-05-05",
    "2000-02-29",
]


@pytest.mark.parametrize(("rare", "absent", "codes"), [
    (False, False, [1, 0, -1, 2, 1, 0, -1, -1]), (True, False, [1, 0, 3, 2, 1, 0, 3, 3]),
    (False, True, [1, 0, 3, 2, 1, 0, -1, -1]), (True, True, [1, 0, 4, 2, 1, 0, 3, 3]),
])  # fmt: skip
def test_days_are_levels_whatever_the_hour(rare, absent, codes):
    """Codes are those of the days, then of the rare ones, then of what is missing."""
    one = Days("day", (-1, 20454, 20455), rare, absent)
    column = table(pd.DataFrame({"time": pd.to_datetime(pd.Series(TIMES), format="mixed")})).columns["time"]
    assert one.code(column).ravel().tolist() == codes
    assert one.feature_names()[:3] == ["day=1969-12-31", "day=2026-01-01", "day=2026-01-02"]


def in_days(fitted, days, monkeypatch):
    """A fitted encoder of times at so many days, a few rows each, and the same with these days as levels."""
    monkeypatch.setattr(encoder, "ROWS_OF_A_DAY", 3)
    times = np.datetime64("2026-01-01") + np.arange(4 * days) // 4 * np.timedelta64(1, "D")
    frame = pd.DataFrame({"time": times, "word": np.arange(4 * days) % 3})
    made = fitted(frame, said={"word": "category"})
    return made, encoder.with_days(made, made.told(table(frame), "X")), table(frame)


@pytest.mark.parametrize("days", [30, 150])
def test_days_stand_beside_the_parts_of_a_date(fitted, days, monkeypatch):
    made, found, frame = in_days(fitted, days, monkeypatch)
    known, coded = made.code(frame, "X").toarray(), found.code(frame, "X").toarray()
    names = found.feature_names()
    assert len(names) == coded.shape[1] and set(made.feature_names()) < set(names)
    of_days = [k for k, name in enumerate(names) if name.startswith("time.day")]
    others = [k for k in range(len(names)) if k not in of_days]
    assert [names[k] for k in others] == made.feature_names()
    np.testing.assert_array_equal(coded[:, others], known)
    which = np.arange(4 * days) // 4
    if days > encoder.INDICATORS:
        np.testing.assert_array_equal(coded[:, of_days].ravel(), which)
    else:
        np.testing.assert_array_equal(coded[:, of_days], np.eye(days)[which])


def test_days_are_no_levels_where_they_tell_nothing(fitted, monkeypatch):
    made, found, frame = in_days(fitted, 30, monkeypatch)
    assert encoder.with_days(found, found.told(frame, "X")) is None  # it has them
    monkeypatch.setattr(encoder, "ROWS_OF_A_DAY", 5)  # each has 4
    assert encoder.with_days(made, made.told(frame, "X")) is None


def test_days_are_no_levels_where_most_rows_are_of_others(fitted, monkeypatch):
    monkeypatch.setattr(encoder, "ROWS_OF_A_DAY", 3)
    days = np.r_[np.arange(40), [100, 100, 100, 101, 101, 101]]  # two of three rows, others of one
    frame = pd.DataFrame({"time": np.datetime64("2026-01-01") + days * np.timedelta64(1, "D")})
    made = fitted(frame)
    assert encoder.with_days(made, made.told(table(frame), "X")) is None


def test_far_days_are_levels_too(fitted, monkeypatch):
    monkeypatch.setattr(encoder, "ROWS_OF_A_DAY", 3)
    times = np.repeat(np.array(["-9000-01-01", "2020-01-01", "150000-01-01"], "datetime64[s]"), 5)
    rows = table({"time": times})
    made = fitted({"time": times})
    found = encoder.with_days(made, made.told(rows, "X"))
    assert len(found.encodings[0].days.levels) == 3


def test_an_encoder_takes_the_days_of_another(fitted, monkeypatch):
    made, found, _ = in_days(fitted, 30, monkeypatch)
    assert encoder.levels_as_in(found, made).encodings == found.encodings


@pytest.mark.parametrize("levels", [(2, 1), (1, 1), (1.5,), ("1",), (10**9,), ()])
def test_days_of_a_broken_file_are_refused(levels):
    with pytest.raises(InputError, match="Days"):
        Days("day", levels)
    with pytest.raises(InputError, match="Date"):
        Date("time", (), levels)


@pytest.mark.parametrize(
    ("levels", "kind"), [(("False", "True"), "boolean"), (("False", "red"), "category"), ((), "category")]
)
def test_a_category_is_called_what_it_is(levels, kind):
    assert Category("word", levels, rare=True).kind == kind


def test_a_category_of_many_levels_is_for_an_embedding(fitted):
    frame = pd.DataFrame({"word": [f"w{k % 150}" for k in range(3000)], "number": np.arange(3000) % 7})
    found = fitted(frame)
    assert found.encodings[0].units > 1
    assert found.feature_names()[-1] == "word"
    assert not any(isinstance(block, Levels) for block in found.expansion.blocks)


@pytest.mark.parametrize("log", [False, True])
def test_a_target_comes_back_within_its_range(log):
    y = RANDOM.lognormal(size=(50, 2))
    scale = TargetScale.of(y, log)
    np.testing.assert_allclose(scale.back(scale(y)), y, rtol=1e-12)
    assert scale.back(np.full((1, 2), 1e9)).tolist() == [y.max(axis=0).tolist()]
    wide = scale.widened(y[:3] * 5)
    assert wide.back(np.full((1, 2), 1e9)).tolist() == [np.maximum(y.max(axis=0), 5 * y[:3].max(axis=0)).tolist()]
    assert (scale.unbounded(scale(7 * y)) / y).ravel().tolist() == pytest.approx([7.0] * 100)


@pytest.mark.parametrize(("count", "levels"), [(2, ("a", "b")), (3, ("a", "b"))])
def test_a_missing_word_has_its_own_level_beside_rare_ones(count, levels):
    """Codes are those of the levels, then of the rare ones, then of what is missing."""
    one = Category("word", levels, rare=count == 3, absent=True)
    column = table(pd.DataFrame({"word": ["a", "b", None, "new"]})).columns["word"]
    codes = one.code(column).ravel().tolist()
    assert codes == [0, 1, one.count - 1, len(levels) if count == 3 else -1]
    assert one.count == len(levels) + count - 1
    assert one.feature_names()[int(codes[2])] == "word=(missing)"


@pytest.mark.parametrize(
    ("part", "when", "expected"),
    [
        ("elapsed", "1970-01-02 12:00", 1.5),
        ("year", "1969-12-31", 1969),
        ("year", "2024-01-01", 2024),
        ("month", "1969-12-31", 12),
        ("month", "2024-01-01", 1),
        ("weekday", "2024-01-01", 0),  # a Monday
        ("weekday", "2023-12-31 23:59", 6),
        ("weekday", "1969-12-29", 0),
        ("hour", "2024-05-05 13:30", 13.5),
        ("hour", "1969-12-31 06:15", 6.25),
    ],
)
def test_parts_of_a_time(part, when, expected):
    days = pd.Timestamp(when).value / 86_400e9
    assert PARTS[part](np.array([days]))[0] == pytest.approx(expected, abs=1e-9)
    assert np.isnan(PARTS[part](np.array([np.nan]))[0])


@pytest.mark.parametrize(("singles", "rare"), [(1, False), (2, True), (3, True)])
def test_rare_words_have_a_level_from_as_many_rows_on_as_a_word_needs(fitted, singles, rare):
    frame = pd.DataFrame({"word": ["a"] * 500 + ["b"] * 500 + [f"w{k}" for k in range(singles)]})
    assert fitted(frame).encodings[0] == Category("word", ("a", "b"), rare=rare)


@pytest.mark.parametrize("how", numbers.HOW)
def test_numbers_encoded_otherwise_are_as_if_fitted_so(fitted, how):
    frame = FRAME.assign(text=[f"word{k % 7} of {k % 11} others" for k in range(ROWS)], vector=list(np.eye(ROWS, 3)))
    said = {"text": "text", "few": "log"}
    first, expected = fitted(frame, said=said, bins=32), fitted(frame, said=said, how=how, bins=8)
    columns, _ = first.read(table(frame), "X")
    made = encoder.other_numbers(first, columns, said, how, 8)
    assert made == expected
    untold = columns | dict.fromkeys(("text", "word", "truth"))  # their codes are those that first made
    found = made.recoded(first.coded(columns, ROWS), first, untold)
    np.testing.assert_array_equal(found.values, expected.coded(columns, ROWS).values)


# Several encodings side by side --------------------------------------------------------------------------


def several():
    """Three encoders of one table, of which the last knows fewer towns, and the columns."""
    random = np.random.default_rng(0)
    rows = table(
        {
            "a": random.normal(size=900),
            "b": np.where(random.uniform(size=900) < 0.2, np.nan, random.uniform(size=900)),
            "word": random.choice(["x", "y"], 900),
            "town": random.choice([f"town {k}" for k in range(200)], 900),
        },
        "X",
    )
    seen = Seen(Said({}, Nothing.said("X", None)))
    seen.add(rows)
    learned = learn.schema(seen, rows.names, "X", None)
    columns, _ = learned.schema.read(rows, learned.used, "X")
    first = encoder.fit(columns, learned.schema, {}, "piecewise", 16)
    second = encoder.other_numbers(first, columns, {}, "periodic", 16)
    third = encoder.other_numbers(first, columns, {}, "robust", 16)
    return [first, second, third, first], columns


def test_networks_read_compact_rows_of_all_as_each_would_read_its_own():
    made, columns = several()
    whole, views = encoder.together(made)
    assert views == [0, 1, 2, 0]
    coded = whole.coded(columns, 900)
    for one, view in zip(made, views, strict=True):
        alone = one.coded(columns, 900)
        np.testing.assert_array_equal(coded.read_by(whole.expansions[view]).toarray(), alone.toarray())
        np.testing.assert_array_equal(whole.alone(view).coded(columns, 900).toarray(), alone.toarray())
        assert whole.alone(view).feature_names() == one.feature_names()


def test_what_is_read_alike_stands_once():
    made, _ = several()
    whole, _ = encoder.together(made)
    first = sum(one.compact for one in made[0].encodings)
    numbers = [sum(one.compact for one in other.encodings if one.kind == "number") for other in made[1:3]]
    assert len(whole.expansion.fills) == first + sum(numbers)
    assert [len(view.encodings) for view in whole.others] == [2, 2]
    assert encoder.together([made[0], made[0]])[0] is made[0]


def test_numbers_for_waves_stand_in_front_whatever_their_columns():
    made, columns = several()
    names = made[1].feature_names()
    assert names[:2] == ["a", "b"]
    assert names[-1] == "town"
    x = made[1].coded(columns, 900).toarray()
    assert x.shape == (900, len(names))
    assert set(np.unique(x[:, names.index("word=x")])) == {0.0, 1.0}


def test_all_compact_columns_of_a_column_are_told():
    whole, _ = encoder.together(several()[0])
    found = [whole.compact_columns(name) for name in whole.names]
    assert sorted(np.concatenate(found).tolist()) == list(range(len(whole.expansion.fills)))
    assert [len(one) for one in found] == [4, 4, 1, 1]


@pytest.mark.parametrize(
    "others",
    [((),), (1,), [], (encoder.View((1,)),), (encoder.View((), -1),), (encoder.View((), 0, "robusd"),)],
)
def test_views_that_are_none_are_refused(others):
    first = several()[0][0]
    with pytest.raises(InputError):
        encoder.Encoder(first.encodings, (), first.schema, 8, "piecewise", others)
