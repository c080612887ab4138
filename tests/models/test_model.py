"""A model without its estimator: what it reads and refuses, what it answers, and what it does not import."""

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_matrix

from chainrule import (
    MLPClassifier,
    MLPRegressor,
    Rows,
    SequenceClassifier,
    SequenceRegressor,
    TableClassifier,
    TableRegressor,
    losses,
)
from chainrule.errors import InputError, InputTypeError
from chainrule.models.answers import r2

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(80, 3)).astype(np.float32)
Y = X[:, 0] - X[:, 1]
FRAME = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "word": np.array(["low", "high"])[(X[:, 2] > 0).astype(int)]})
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def rows():
    """A classifier that has seen names of columns."""
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    return MLPClassifier((4,), max_iter=3, random_state=0).fit(frame, Y > 0), frame


@pytest.fixture(scope="module")
def table():
    y = np.array(["n", "y"])[(Y > 0).astype(int)]
    return TableClassifier(preset="fast", max_iter=2, random_state=0).fit(FRAME.assign(y=y), "y")


def test_it_predicts_what_the_estimator_predicts_of_arrays_frames_and_sparse_rows(rows):
    estimator, frame = rows
    model = estimator.model_
    expected = estimator.predict_proba(frame)
    for given in (X, X.tolist(), frame, pl.DataFrame({name: frame[name].to_numpy() for name in frame})):
        np.testing.assert_array_equal(model.predict_proba(given), expected)
        np.testing.assert_array_equal(model.predict(given), estimator.predict(frame))
    np.testing.assert_allclose(model.predict_proba(csr_matrix(X)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (X[:, :2], InputError, "rows of 3 features"),
        (X[0], InputError, "rows of 3 features"),
        (X[:0], InputError, "rows of 3 features"),
        ([["a", "b", "c"]], InputTypeError, "numbers"),
        (np.where(X > 2, np.nan, X), InputError, "NaN in"),
        (X.astype(float) * 1e300, InputError, "infinity"),
        (X + 1j, InputError, "real numbers; received complex ones"),
        ((X + 1j).tolist(), InputError, "real numbers; received complex ones"),
        (csr_matrix(X + 1j), InputError, "real numbers; received complex ones"),
        (csr_matrix(np.where(X > 2, np.inf, X)), InputError, "infinity"),
        (pd.DataFrame(X, columns=["a", "c", "b"]), InputError, "columns of fit"),
    ],
)
def test_rows_that_cannot_be_read_are_refused(given, error, said, rows):
    with pytest.raises(error, match=f"MLPClassifier: X: expected .*{said}|{said}"):
        rows[0].model_.predict(given)


def test_tables_are_read_by_name_or_in_the_order_of_fit(table, tmp_path):
    model, expected = table.model_, table.predict(FRAME)
    np.testing.assert_array_equal(model.predict(FRAME), expected)
    np.testing.assert_array_equal(model.predict({name: FRAME[name] for name in ("word", "b", "a")}), expected)
    FRAME.assign(other=1).to_csv(tmp_path / "t.csv", index=False)
    np.testing.assert_array_equal(model.predict(tmp_path / "t.csv"), expected)
    with pytest.raises(InputError, match="in their order"):
        model.predict(FRAME[["b", "a", "word"]])
    with pytest.raises(InputError, match="X has 2 features"):
        model.predict(FRAME[["a", "b"]].to_numpy())
    with pytest.raises(InputError, match="at least 1 row"):
        model.predict(FRAME[:0])


def test_what_a_model_has_not_is_refused(rows):
    numbers = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(X, Y).model_
    sequences = SequenceRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit([X[:2], X[2:5]], [0.0, 1.0])
    with pytest.raises(InputError, match="a loss that gives probabilities"):
        numbers.predict_proba(X)
    with pytest.raises(InputError, match="a model of numbers"):
        rows[0].model_.predict_interval(X)
    with pytest.raises(InputError, match="a calibrated model"):
        numbers.predict_interval(X)
    with pytest.raises(InputError, match="a model of rows"):
        sequences.model_.bound(1)
    with pytest.raises(InputError, match="3 features"):
        sequences.model_.predict([X[:, :2]])


def test_prediction_imports_neither_scikit_learn_nor_what_only_training_needs(table, rows, tmp_path):
    table.save(tmp_path / "table")
    rows[0].save(tmp_path / "rows")
    code = f"""
import sys
import numpy as np
from chainrule import Model
model = Model.load({str(tmp_path / "table")!r})
model.predict_proba({{"a": np.zeros(2), "b": np.zeros(2), "word": np.array(["low", None], object)}})
Model.load({str(tmp_path / "rows")!r}).predict(np.zeros((2, 3)))
print(*sorted({{"sklearn", "scipy.stats", "scipy.optimize", "pandas", "pyarrow", "matplotlib"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("weight", [None, RANDOM.random(80)], ids=["plain", "weights"])
@pytest.mark.parametrize("kind", ["one", "several", "same", "exact"])
def test_r2_is_scikit_learns_to_the_bit(kind, weight):
    from sklearn.metrics import r2_score

    true = X[:, :1] if kind != "several" else X
    true = np.ones_like(true) if kind == "same" else true
    predicted = true.copy() if kind == "exact" else true + RANDOM.normal(size=true.shape).astype(np.float32)
    weight = None if weight is None else weight.astype(true.dtype)  # as a fit has them
    assert r2(true, predicted, weight) == r2_score(true, predicted, sample_weight=weight)


SETS = [X[at : at + 1 + at % 3] for at in range(80)]
CLASSES = np.array(["few", "many", "most"])[np.digitize(Y, [-0.5, 0.8])]
LABELS = np.c_[Y > 0, X[:, 2] > 0].astype(int)
WEIGHTS = RANDOM.random(80)
SCORED = {
    "two classes": (MLPClassifier, X, Y > 0, {}),
    "three classes": (MLPClassifier, X, CLASSES, {}),
    "labels": (MLPClassifier, X, LABELS, {}),
    "numbers": (MLPRegressor, X, Y, {}),
    "whole numbers": (MLPRegressor, X, np.round(9 * Y).astype(int), {}),
    "targets": (MLPRegressor, X, np.c_[Y, -Y], {}),
    "quantiles": (MLPRegressor, X, Y, {"loss": losses.Quantile((0.1, 0.6))}),
    "classes of sequences": (SequenceClassifier, SETS, CLASSES, {}),
    "numbers of sequences": (SequenceRegressor, SETS, Y, {}),
    "classes of a table": (TableClassifier, FRAME, CLASSES, {}),
    "labels of a table": (TableClassifier, FRAME, LABELS, {}),
    "numbers of a table": (TableRegressor, FRAME, Y.astype(float), {}),
    "targets of a table": (TableRegressor, FRAME, np.c_[Y, -Y], {"loss": "gaussian"}),
}


@pytest.mark.parametrize("case", SCORED)
def test_it_scores_what_the_estimator_scores(case):
    kind, rows, y, parameters = SCORED[case]
    estimator = kind(hidden_layer_sizes=(4,), max_iter=3, random_state=0, **parameters).fit(rows, y)
    model = estimator.model_
    assert model.score(rows, y) == estimator.score(rows, y)
    assert model.score(rows, y.tolist(), WEIGHTS) == estimator.score(rows, y, sample_weight=WEIGHTS)
    assert y.ndim == 2 or model.score(rows, y[:, None]) == model.score(rows, y)


def test_a_table_is_scored_by_the_name_of_its_column(table, tmp_path):
    y = table.predict(FRAME)[::-1]
    whole, expected = FRAME.assign(y=y), table.score(FRAME, y)
    whole.to_csv(tmp_path / "t.csv", index=False)
    for given in ((FRAME, y), (whole, "y"), (tmp_path / "t.csv", "y"), (str(tmp_path / "t.csv"), None)):
        assert table.model_.score(*given) == expected
    with pytest.raises(InputError, match="unknown name 'yy'|'yy'"):
        table.model_.score(whole, "yy")


@pytest.mark.parametrize(
    ("y", "weight", "said"),
    [(Y[:9] > 0, None, r"shape \(80,\), as predicted; received \(9,\)"), (0, None, "a value for every row"),
     (np.where(Y > 0, "a", "b"), None, "classes as in fit"), (LABELS, None, "shape"),
     (Y > 0, np.ones(9), "a weight of 0 or more"), (Y > 0, -WEIGHTS, "a weight of 0 or more"),
     (Y > 0, np.zeros(80), "a weight of 0 or more")],
)  # fmt: skip
def test_what_cannot_be_scored_is_refused(y, weight, said, rows):
    with pytest.raises(InputError, match=said):
        rows[0].model_.score(X, y, weight)


def test_numbers_that_cannot_be_scored_are_refused():
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(X, Y).model_
    for bad, said in ((np.nan, "a value in every row"), (np.inf, "finite numbers"), ("many", "a number")):
        with pytest.raises(InputError, match=rf"score\(y\).*expected {said}"):
            model.score(X, [bad, *Y[1:]])
    with pytest.raises(InputError, match=r"Rows\(y\): expected shape \(rows, 1\)"):
        model.calibrated(Rows(X, np.c_[Y, Y]))
