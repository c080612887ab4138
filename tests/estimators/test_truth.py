"""y as it is given: whatever holds it, of all six estimators; what is missing, or cannot be, is told by its row."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from chainrule import (
    MLPClassifier,
    MLPRegressor,
    SequenceClassifier,
    SequenceRegressor,
    TableClassifier,
    TableRegressor,
    diagnose,
)
from chainrule.errors import InputError, InputTypeError
from chainrule.estimators import base
from chainrule.estimators.prepare import ready
from chainrule.estimators.table import fitting

CLASSIFIERS, REGRESSORS = (
    (MLPClassifier, SequenceClassifier, TableClassifier),
    (MLPRegressor, SequenceRegressor, TableRegressor),
)
of_classes = pytest.mark.parametrize("Estimator", CLASSIFIERS, ids=lambda kind: kind.__name__)
of_numbers = pytest.mark.parametrize("Estimator", REGRESSORS, ids=lambda kind: kind.__name__)
every = pytest.mark.parametrize("Estimator", CLASSIFIERS + REGRESSORS, ids=lambda kind: kind.__name__)
pytestmark = [
    pytest.mark.usefixtures("numpy_kernels"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:The temperature ended:UserWarning"),
]

ROWS = 40
X = np.random.default_rng(0).normal(size=(ROWS, 3))
TRUE = X[:, 0] > 0
CODES, WORDS, NUMBERS = TRUE.astype(int), np.where(TRUE, "yes", "no"), np.round(X[:, 0] + 3, 2)
STAMPS = pd.Timestamp("2021-01-01") + pd.to_timedelta(np.arange(ROWS), "D")


def rows(Estimator, some=slice(None)):
    if Estimator.__name__.startswith("Sequence"):
        return [row[None] for row in X[some]]
    return pd.DataFrame(X[some], columns=list("abc")) if Estimator.__name__.startswith("Table") else X[some]


def made(Estimator, **given):
    return Estimator(**{"hidden_layer_sizes": (6,), "max_iter": 4, "random_state": 0, "n_threads": 1} | given)


def with_gap(values, gap):
    """A list with this in place of the value of row 7."""
    return [*values[:7], gap, *values[8:]]


OF_TWO = {
    "int64": CODES,
    "uint8": CODES.astype(np.uint8),
    "a list": CODES.tolist(),
    "objects": CODES.astype(object),
    "objects of a frame": pd.DataFrame({"word": "x", "y": CODES}).to_numpy()[:, 1],
    "floats as objects": CODES.astype(float).astype(object),
    "truth values": TRUE,
    "truth values as objects": TRUE.astype(object),
    "truth values in a list": TRUE.tolist(),
    "both": [bool(v) if k % 2 else int(v) for k, v in enumerate(TRUE)],
    "decimals": [Decimal(int(v)) for v in TRUE],
    "pandas Int64": pd.Series(CODES, dtype="Int64"),
    "pandas boolean": pd.Series(TRUE, dtype="boolean"),
    "pandas objects": pd.Series(TRUE, dtype=object),
    "a pandas category": pd.Series(CODES, dtype="category"),
    "polars": pl.Series(CODES),
    "polars truth": pl.Series(TRUE),
    "Arrow": pa.array(CODES),
    "chunks of Arrow": pa.chunked_array([TRUE.tolist()]),
    "nothing masked": np.ma.masked_array(CODES, False),
}
OF_WORDS = {
    "an array": WORDS,
    "a list": WORDS.tolist(),
    "objects": WORDS.astype(object),
    "NumPy's words as objects": np.array(list(WORDS), object),
    "NumPy's own type": WORDS.astype(np.dtypes.StringDType()),
    "a pandas string": pd.Series(WORDS, dtype="string"),
    "a pandas category": pd.Series(WORDS, dtype="category"),
    "polars": pl.Series(WORDS),
    "a polars category": pl.Series(WORDS, dtype=pl.Categorical),
    "Arrow": pa.array(WORDS.tolist()),
    "an Arrow dictionary": pa.array(WORDS.tolist()).dictionary_encode(),
}


@of_classes
@pytest.mark.parametrize("kind", OF_TWO)
def test_two_classes_are_the_same_whatever_holds_them(kind, Estimator, tmp_path):
    y = OF_TWO[kind]
    model, plain = (made(Estimator).fit(rows(Estimator), one, X_val=rows(Estimator), y_val=one) for one in (y, CODES))
    assert model.classes_.dtype.kind in "biuf"
    assert list(model.classes_) == [0, 1]
    assert_array_equal(model.predict_proba(rows(Estimator)), plain.predict_proba(rows(Estimator)))
    assert model.score(rows(Estimator), y) == plain.score(rows(Estimator), CODES)
    assert model.calibrate(rows(Estimator), y).temperature_ == plain.calibrate(rows(Estimator), CODES).temperature_
    model.save(tmp_path / "a.model")


@of_classes
@pytest.mark.parametrize("kind", OF_TWO)
def test_classes_of_a_first_part_may_be_held_by_anything(kind, Estimator):
    model = made(Estimator).partial_fit(rows(Estimator), OF_TWO[kind], classes=np.array([0, 1], object))
    assert list(model.classes_) == [0, 1]


@of_classes
@pytest.mark.parametrize("kind", OF_WORDS)
def test_words_are_the_same_whatever_holds_them(kind, Estimator, tmp_path):
    y = OF_WORDS[kind]
    model, plain = (made(Estimator).fit(rows(Estimator), one) for one in (y, WORDS))
    assert list(model.classes_) == ["no", "yes"]
    assert_array_equal(model.predict(rows(Estimator)), plain.predict(rows(Estimator)))
    assert (
        model.score(rows(Estimator), y) == model.model_.score(rows(Estimator), y) == plain.score(rows(Estimator), WORDS)
    )
    model.save(tmp_path / "a.model")


OF_NUMBERS = {
    "a list": NUMBERS.tolist(),
    "objects": NUMBERS.astype(object),
    "words": NUMBERS.astype(str),
    "words as objects": NUMBERS.astype(str).astype(object),
    "words among numbers": [str(v) if k % 2 else v for k, v in enumerate(NUMBERS.tolist())],
    "decimals": [Decimal(str(v)) for v in NUMBERS],
    "pandas Float64": pd.Series(NUMBERS, dtype="Float64"),
    "pandas objects": pd.Series(NUMBERS, dtype=object),
    "polars": pl.Series(NUMBERS),
    "polars decimals": pl.Series([Decimal(str(v)) for v in NUMBERS]),
    "Arrow": pa.array(NUMBERS),
    "Arrow decimals": pa.array([Decimal(str(v)) for v in NUMBERS]),
}


@of_numbers
@pytest.mark.parametrize("kind", OF_NUMBERS)
def test_numbers_are_the_same_whatever_holds_them(kind, Estimator):
    y = OF_NUMBERS[kind]
    model, plain = (made(Estimator).fit(rows(Estimator), one) for one in (y, NUMBERS))
    assert_array_equal(model.predict(rows(Estimator)), plain.predict(rows(Estimator)))
    assert model.score(rows(Estimator), y) == plain.score(rows(Estimator), NUMBERS)


MISSING = {
    "None among words": with_gap(WORDS.tolist(), None),
    "None among objects": np.array(with_gap(WORDS, None), object),
    "NaN among words": with_gap(WORDS.tolist(), np.nan),
    "pd.NA": pd.Series(with_gap(WORDS, pd.NA), dtype="string"),
    "a gap in a category": pd.Series(with_gap(WORDS, None), dtype="category"),
    "NaN": np.array(with_gap(CODES, np.nan), float),
    "NaN of float32": np.array(with_gap(CODES, np.nan), np.float32),
    "None among numbers": with_gap(CODES.tolist(), None),
    "None among truth values": with_gap(TRUE.tolist(), None),
    "decimal NaN": with_gap([Decimal(int(v)) for v in TRUE], Decimal("nan")),
    "pd.NA of Int64": pd.Series(with_gap(CODES, pd.NA), dtype="Int64"),
    "pd.NA of boolean": pd.Series(with_gap(TRUE, pd.NA), dtype="boolean"),
    "NaT": pd.Series(with_gap(STAMPS, pd.NaT)),
    "NaT of a duration": pd.Series(with_gap(STAMPS - STAMPS[0], pd.NaT)),
    "NaT of NumPy": np.array(with_gap(STAMPS, "NaT"), "datetime64[s]"),
    "null of polars": pl.Series(with_gap(WORDS.tolist(), None)),
    "null of polars numbers": pl.Series(with_gap(CODES.tolist(), None)),
    "null of Arrow": pa.array(with_gap(TRUE.tolist(), None)),
    "masked": np.ma.masked_array(CODES, np.arange(ROWS) == 7),
    "masked words": np.ma.masked_array(WORDS, np.arange(ROWS) == 7),
}


@every
@pytest.mark.parametrize("kind", MISSING)
def test_a_missing_target_is_told_by_its_row_wherever_it_is_given(kind, Estimator):
    y, good = MISSING[kind], WORDS if Estimator in CLASSIFIERS else NUMBERS
    model, some = made(Estimator).fit(rows(Estimator), good), rows(Estimator)
    asked = {
        "y": lambda: made(Estimator).fit(some, y),
        "y_val": lambda: made(Estimator).fit(some, good, X_val=some, y_val=y),
        "score": lambda: model.score(some, y),
        "calibrate": lambda: model.calibrate(some, y),
        "Model.score": lambda: model.model_.score(some, y),
        "diagnose": lambda: diagnose(model, X_val=some, y_val=y),
    }
    for what, call in asked.items():
        with pytest.raises(
            InputError, match="expected a value in every row; received 1 missing, the first in row 7"
        ) as caught:
            call()
        assert ("y_val" in str(caught.value)) == (what == "y_val")


TIMES = {
    "datetime64": STAMPS.to_numpy(),
    "stamps": STAMPS,
    "stamps of a time zone": pd.Series(STAMPS.tz_localize("Europe/Berlin")),
    "dates": [stamp.date() for stamp in STAMPS],
    "periods": pd.Series(pd.period_range("2021-01-01", periods=ROWS)),
    "polars": pl.Series([stamp.date() for stamp in STAMPS]),
    "Arrow": pa.array(STAMPS),
    "durations": STAMPS - STAMPS[0],
    "durations of Python": [datetime.timedelta(days=k) for k in range(ROWS)],
    "durations of polars": pl.Series([datetime.timedelta(days=k) for k in range(ROWS)]),
}


@of_numbers
@pytest.mark.parametrize("kind", TIMES)
def test_times_and_durations_are_no_numbers(kind, Estimator):
    model = made(Estimator).fit(rows(Estimator), NUMBERS)
    for call in (lambda y: made(Estimator).fit(rows(Estimator), y), lambda y: model.score(rows(Estimator), y)):
        with pytest.raises(InputTypeError, match="days since a date"):
            call(TIMES[kind])


@pytest.mark.parametrize("kind", ["stamps", "durations"])
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table, dict])
def test_nor_are_they_in_a_column(frame, kind):
    columns = {"a": X[:, 0], "y": (TIMES[kind]).to_numpy()}
    with pytest.raises(InputTypeError, match="target 'y': expected numbers; received .*days since a date"):
        made(TableRegressor).fit(frame(columns), "y")


@of_numbers
@pytest.mark.parametrize(
    ("cell", "mend"), [("3.l4", "Mend it"), ("3,14", "decimal comma as a point: 3.14"), ("1_000", "Mend it")]
)
@pytest.mark.parametrize("holds", [list, np.array, pd.Series, pl.Series], ids=lambda one: one.__name__)
def test_what_is_no_number_is_told_by_its_row(holds, cell, mend, Estimator):
    y = holds(with_gap(NUMBERS.astype(str).tolist(), cell))
    with pytest.raises(InputError, match=f"y, row 7: expected a number; received '{cell}'.*{mend}"):
        made(Estimator).fit(rows(Estimator), y)


@of_numbers
def test_infinite_and_strange_targets_are_told_by_their_row(Estimator):
    for cell, said in (
        (np.inf, "row 7: expected finite"),
        ({}, "row 7: expected a number"),
        (10**400, "row 7: expected fin"),
    ):
        with pytest.raises((InputError, InputTypeError), match=said):
            made(Estimator).fit(rows(Estimator), with_gap(NUMBERS.tolist(), cell))


@every
@pytest.mark.parametrize("y", [3, {"a": 1}, [[1, 2], [3]] * (ROWS // 2)], ids=["number", "dict", "lists"])
def test_what_is_no_array_is_none(y, Estimator):
    with pytest.raises(InputError, match="y: expected a value for every row"):
        made(Estimator).fit(rows(Estimator), y)


@of_classes
@pytest.mark.parametrize(
    ("y", "said"),
    [
        (with_gap(WORDS.tolist(), 3), "row 7.*classes of one kind.*received 3"),
        (with_gap(CODES.tolist(), "three"), "row 7.*classes of one kind.*received 'three'"),
        (with_gap(CODES.tolist(), datetime.date(2020, 1, 1)), "row 7.*classes of one kind"),
        (with_gap(CODES.tolist(), 2**70), "numbers of 64 bits"),
        (with_gap(CODES.astype(float).tolist(), np.inf), "row 7: expected finite"),
        (NUMBERS.astype(object), "continuous"),
    ],
    ids=["number", "word", "date", "large", "infinity", "measures"],
)
def test_classes_that_cannot_be_are_told_by_their_row(y, said, Estimator):
    with pytest.raises((InputError, InputTypeError), match=said) as caught:
        made(Estimator).fit(rows(Estimator), y)
    assert not any(word in str(caught.value) for word in ("partial_fit", "warm_start", "NoneType", "'<'"))


@of_classes
def test_a_class_that_fit_did_not_see_is_told_by_its_row(Estimator):
    model, y = made(Estimator).fit(rows(Estimator), WORDS), with_gap(WORDS.tolist(), "perhaps")
    for call in (
        lambda: made(Estimator).fit(rows(Estimator), WORDS, X_val=rows(Estimator), y_val=y),
        lambda: model.calibrate(rows(Estimator), y),
    ):
        with pytest.raises(
            InputError, match="row 7: expected one of the classes 'no', 'yes'; received 'perhaps'"
        ) as caught:
            call()
        assert "partial_fit" not in str(caught.value)


# Columns of files ----------------------------------------------------------------------------------------


def written(folder, y, name="t.csv"):
    pd.DataFrame({"a": X[: len(y), 0], "y": list(y)}).to_csv(folder / name, index=False)
    return folder / name


@pytest.mark.parametrize("some", [slice(None), slice(0, 20)], ids=["all of them", "rows that are all numbers"])
@pytest.mark.parametrize("memory", ["auto", 1])
def test_a_column_is_read_like_the_classes_of_fit(some, memory, tmp_path):
    """Of the second file all classes are numbers, and were words in fit."""
    y = np.array(["1", "2"] * 10 + ["1", "x"] * 10)
    whole, part = written(tmp_path, y), written(tmp_path, y[some], "part.csv")
    model = made(TableClassifier, memory=memory).fit(whole, "y")
    assert list(model.classes_) == ["1", "2", "x"]
    expected = np.mean(model.predict(part) == y[some])
    assert model.score(part, "y") == model.model_.score(part, "y") == expected
    model.calibrate(part, "y")
    assert len(model.importances(part, "y")) == 1
    assert diagnose(model, X_val=part) is not None
    model.fit(whole, "y", X_val=part) if memory == "auto" else None


@pytest.mark.parametrize("Estimator", [TableClassifier, TableRegressor])
@pytest.mark.parametrize("memory", ["auto", 1])
def test_what_cannot_be_in_a_file_is_told_by_the_line_of_an_editor(memory, Estimator, tmp_path):
    good = list(map(str, np.round(X[:, 0], 3)))
    for y in (good, WORDS):
        path = written(tmp_path, with_gap(y, None))
        with pytest.raises(
            InputError, match="t.csv, target 'y': expected a value in every row; received 1 missing.*row 9"
        ):
            made(Estimator, memory=memory).fit(path, "y")
    path = written(tmp_path, with_gap(good, "inf"))
    with pytest.raises(InputError, match="t.csv, target 'y', row 9: expected finite numbers.* received infinity"):
        made(Estimator, memory=memory).fit(path, "y")
    path = written(tmp_path, with_gap(good, "0.l"))
    with pytest.raises(InputError, match="t.csv, target 'y', row 9: expected a number.*; received '0.l'"):
        made(Estimator, memory=memory).fit(path, "y")


def test_a_class_of_a_file_that_fit_did_not_see_is_told_by_the_line_of_an_editor(tmp_path):
    model = made(TableClassifier).fit(written(tmp_path, WORDS), "y")
    other = written(tmp_path, ["strange" if place == 7 else word for place, word in enumerate(WORDS)], "other.csv")
    with pytest.raises(InputError, match="other.csv, target 'y', row 9: .*'strange'"):
        model.calibrate(other, "y")


@pytest.mark.filterwarnings("ignore:The number of unique classes:UserWarning")
def test_numbers_with_a_slip_are_no_classes_unless_somebody_says_so(tmp_path):
    y = with_gap(NUMBERS.astype(str).tolist(), "3.l")
    frame, table = rows(TableClassifier), rows(TableClassifier).assign(y=y)
    for refused in (
        (frame, y),
        (frame, pd.Series(y)),
        (frame, pl.Series(y)),
        (table, "y"),
        (written(tmp_path, y), "y"),
    ):
        with pytest.raises(InputError, match=r"row [79]: expected a number, as nearly all .* received '3.l'.*category"):
            made(TableClassifier).fit(*refused)
    commas = [v.replace(".", ",") for v in NUMBERS.astype(str)]
    with pytest.raises(InputError, match="decimal comma as a point"):
        made(TableClassifier).fit(frame, commas)
    for said in (pd.Series(y, dtype="category"), pl.Series(y, dtype=pl.Categorical), pa.array(y).dictionary_encode()):
        assert "3.l" in made(TableClassifier).fit(frame, said).classes_
    for given in (table, written(tmp_path, y)):
        assert "3.l" in made(TableClassifier, columns={"y": "category"}).fit(given, "y").classes_
    few = ["1", "2", "3", "other"] * 10
    assert len(made(TableClassifier).fit(frame, few).classes_) == 4


# Weights -------------------------------------------------------------------------------------------------


@every
@pytest.mark.parametrize("factor", [0.001, 7.0, 1e-60, 1e60])
def test_what_all_weights_are_multiplied_by_changes_nothing(factor, Estimator):
    weight, some = np.random.default_rng(1).uniform(0, 2, ROWS), rows(Estimator)
    y = WORDS if Estimator in CLASSIFIERS else NUMBERS
    more = {} if Estimator.__name__.startswith("Table") else {"alpha": 0.0, "l2": 0.1, "early_stopping": True}

    def of(weight):
        model = made(Estimator, calibration=True, max_iter=8, **more).fit(some, y, sample_weight=weight)
        fitted = model.predict_proba(some) if Estimator in CLASSIFIERS else np.c_[model.predict_interval(some, 0.5)]
        model.calibrate(some, y, sample_weight=weight)
        found = model.predict_proba(some) if Estimator in CLASSIFIERS else np.c_[model.predict_interval(some, 0.9)]
        return fitted, found, model.predict(some), model.score(some, y, sample_weight=weight), model.loss_curve_

    for one, other in zip(of(weight), of(weight * factor), strict=True):
        if Estimator in CLASSIFIERS and np.asarray(one).dtype.kind in "UO":
            assert_array_equal(one, other)
        else:
            assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@of_classes
def test_what_all_weights_of_classes_are_multiplied_by_changes_nothing(Estimator):
    some, more = rows(Estimator), {} if Estimator is TableClassifier else {"alpha": 0.0}
    one, other = (
        made(Estimator, class_weight={"no": factor, "yes": 3 * factor}, **more).fit(some, WORDS).predict_proba(some)
        for factor in (1, 1e30)
    )
    assert_allclose(one, other, rtol=1e-4)


def test_nor_does_it_of_a_file_that_is_read_in_parts(tmp_path):
    for name, factor in (("one.csv", 1.0), ("many.csv", 1e60)):
        weight = factor * (1 + np.arange(ROWS) % 3)
        pd.DataFrame({"a": X[:, 0], "y": NUMBERS, "w": weight}).to_csv(tmp_path / name, index=False)
    one, many = (
        made(TableRegressor, memory=1).fit(tmp_path / name, "y", sample_weight="w").predict(tmp_path / "one.csv")
        for name in ("one.csv", "many.csv")
    )
    assert_allclose(one, many, rtol=1e-4)


@of_classes
@pytest.mark.parametrize(
    ("y", "weights", "said"),
    [
        (WORDS, {"Yes": 9, "no": 1}, "received 'Yes'. Did you mean 'yes'?"),
        (WORDS, {1: 9, 0: 1}, "of 'no', 'yes'; received 1"),
        (WORDS, {"no": 1, "yes": 9, "perhaps": 2}, "received 'perhaps'"),
        (CODES, {"1": 9.0}, "of 0, 1; received '1'. Did you mean 1?"),
        (WORDS, {"yes": "9"}, "expected a number of at least 0; received '9'"),
        (WORDS, {"yes": None}, "expected a number of at least 0; received None"),
    ],
    ids=str,
)
def test_class_weights_name_classes_and_hold_numbers(y, weights, said, Estimator):
    with pytest.raises((InputError, InputTypeError), match=r"class_weight=\)") as caught:
        made(Estimator, class_weight=weights).fit(rows(Estimator), y)
    assert said in str(caught.value)


@of_classes
def test_a_part_of_the_rows_may_lack_a_class_that_weighs(Estimator):
    model, some = made(Estimator, class_weight={"yes": 9.0}), rows(Estimator)
    model.partial_fit(some, WORDS, classes=["no", "yes"])
    without = WORDS == "no"
    model.partial_fit(rows(Estimator, without), WORDS[without])
    assert list(model.classes_) == ["no", "yes"]


# Classes of one row --------------------------------------------------------------------------------------


SINGLE = {
    "two classes": (np.where(np.arange(ROWS) == 3, "rare", "no"), None),
    "seven classes": (np.array([*map("rare {}".format, range(5)), *WORDS[5:]]), None),
    "rows of weight 0": (np.where(np.arange(ROWS) < 5, "rare", WORDS), (np.arange(ROWS) >= 4).astype(float)),
}


@of_classes
@pytest.mark.parametrize("kind", SINGLE)
def test_a_class_of_one_row_is_trained_on_whatever_the_seed(kind, Estimator, monkeypatch):
    (y, weight), seen = SINGLE[kind], []

    def watched(estimator, starts, answer, *rest):
        seen.append(set(answer.back(starts[0].parts.training.counted()[0])))
        return ready(estimator, starts, answer, *rest)

    monkeypatch.setattr(fitting if Estimator is TableClassifier else base, "ready", watched)
    stops = {} if Estimator is TableClassifier else {"early_stopping": True}
    for seed in range(12):
        model = made(Estimator, max_iter=1, random_state=seed, validation_fraction=0.3, **stops)
        model.fit(rows(Estimator), y, sample_weight=weight)
        assert seen.pop() == set(y)
        assert model.outlook_.held_out > 1


@pytest.mark.parametrize("Estimator", [MLPClassifier, SequenceClassifier])
def test_classes_of_one_row_each_leave_none_to_validate_on(Estimator):
    with pytest.raises(InputError, match="2 rows to validate on; received 0.*a row stays to train on"):
        made(Estimator, early_stopping=True).fit(rows(Estimator, slice(20)), np.arange(20))
