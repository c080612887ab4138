"""Temperatures and intervals: what they are, what they leave alone, when they are forgotten, what is refused."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, ndtri, softmax
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss
from sklearn.preprocessing import scale

from chainrule import MLPClassifier, MLPRegressor, losses
from chainrule.errors import InputError, InputTypeError
from chainrule.models.intervals import Band, Margins, interval
from chainrule.models.temperature import BOUNDS, fit_temperature

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

IRIS, KINDS = load_iris(return_X_y=True)
IRIS = scale(IRIS)
CANCER, BENIGN = load_breast_cancer(return_X_y=True)
CANCER = scale(CANCER)
X, Y = load_diabetes(return_X_y=True)
X, Y = scale(X), Y / 100
BOTH = pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
RANDOM = np.random.default_rng(0)


def quick(Estimator, **parameters):
    settings = {"hidden_layer_sizes": (16,), "learning_rate_init": 0.02, "max_iter": 20, "random_state": 0}
    return Estimator(**settings | {"batch_size": 32} | parameters)


def z_of(model, rows):
    return model.network_.forward(model.parameters_, rows).output


# The temperature ------------------------------------------------------------------------------------------


def drawn(T, classes):
    """z, and y drawn from what z says at temperature T."""
    z = RANDOM.normal(size=(20_000, classes)) * 4
    if classes == 1:
        return z, (RANDOM.random(z.shape) < expit(z / T)).astype(int)
    return z, (softmax(z / T, axis=1).cumsum(axis=1) < RANDOM.random((len(z), 1))).sum(axis=1)


@pytest.mark.parametrize("classes", [1, 4])
@pytest.mark.parametrize("T", [0.5, 1.0, 3.0])
def test_the_temperature_that_rows_were_drawn_at_is_found(T, classes):
    z, y = drawn(T, classes)
    assert_allclose(fit_temperature(z[None], y), T, rtol=0.08)
    assert_allclose(fit_temperature(z[None].astype(np.float32), y), fit_temperature(z[None], y), rtol=1e-3)


def test_weights_are_repetitions():
    z, y = drawn(2.0, 3)
    z, y, weight = z[:300], y[:300], RANDOM.integers(0, 3, 300)
    assert_allclose(
        fit_temperature(z[None], y, weight), fit_temperature(z[None].repeat(weight, 1), y.repeat(weight)), rtol=1e-3
    )


def test_of_several_members_the_mean_of_the_probabilities_is_scaled():
    random = np.random.default_rng(0)
    z, y = 6 * random.normal(size=(3, 200, 1)), random.integers(0, 2, (200, 1))
    z += 4 * (2 * y - 1)
    temperatures = np.geomspace(0.2, 20, 2000)
    losses = [log_loss(y, expit(z / T).mean(axis=0)) for T in temperatures]
    assert_allclose(fit_temperature(z, y), temperatures[np.argmin(losses)], rtol=0.01)


def test_rows_that_know_no_temperature():
    z = np.array([[[5.0, -5.0], [-5.0, 5.0]]])
    assert BOUNDS[0] <= fit_temperature(z, np.array([0, 1])) < 0.5  # from where on the loss is 0 to the last digit
    assert fit_temperature(z, np.array([1, 0])) == pytest.approx(BOUNDS[1], rel=1e-2)
    assert fit_temperature(z, np.array([0, 0])) > 10  # half of them right: p is 1/2
    assert fit_temperature(z * 0, np.array([0, 1])) == 1.0
    assert 0.1 <= fit_temperature(z * 1e4, np.array([0, 1])) <= 1.0


DATA = {
    "two classes": (CANCER, BENIGN),
    "several classes": (IRIS, KINDS),
    "labels": (IRIS, np.c_[KINDS == 0, KINDS == 1].astype(int)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("parameters", [{}, {"loss": "focal"}, {"mixup": 0.2}], ids=str)
@pytest.mark.parametrize("case", DATA)
def test_probabilities_are_at_the_temperature_and_predictions_stay(case, parameters, dtype):
    rows, y = DATA[case]
    flipped = np.where(RANDOM.random(len(y)) < 0.2, np.roll(y, 7, axis=0).T, y.T).T
    model = quick(MLPClassifier, dtype=dtype, **parameters).fit(rows, y)
    assert model.temperature_ == 1.0
    classes, weights = model.predict(rows), model.parameters_.vector.copy()
    rows = rows.astype(dtype)
    z = z_of(model, rows)
    T = model.calibrate(rows, flipped).temperature_
    assert abs(T - 1) > 0.02
    p = model.predict_proba(rows)
    expected = softmax(z / T, axis=1) if case == "several classes" else expit(z / T)
    assert_allclose(p[:, -expected.shape[1] :], expected, rtol=1e-4)
    assert_allclose(model.predict_log_proba(rows), np.log(p))
    assert_allclose(model.predict_function(len(rows))(rows), expected, rtol=1e-4)
    assert_allclose(model.predict_proba(rows, samples=2), p, rtol=1e-4)
    assert_array_equal(model.predict(rows), classes)
    assert_array_equal(model.parameters_.vector, weights)
    model.intercepts_[-1][0] += 3  # the views are still the model
    assert not np.allclose(model.predict_proba(rows), p)


def test_an_overfitted_classifier_loses_log_loss():
    y = np.where(RANDOM.random(len(BENIGN)) < 0.15, 1 - BENIGN, BENIGN)
    model = quick(MLPClassifier, max_iter=150, alpha=0.0).fit(CANCER[::3], y[::3])
    before = log_loss(y[2::3], model.predict_proba(CANCER[2::3]))
    after = log_loss(y[2::3], model.calibrate(CANCER[1::3], y[1::3]).predict_proba(CANCER[2::3]))
    assert after < before - 0.1


# What both estimators keep and forget ---------------------------------------------------------------------


def state(model):
    """What calibration left."""
    if isinstance(model, MLPClassifier):
        return model.predict_proba(IRIS)
    return np.stack(model.predict_interval(IRIS))


def test_a_temperature_at_its_bound_is_told(numpy_kernels):
    y = IRIS[:, 2] > 0
    model = MLPClassifier(solver="lbfgs", max_iter=20, random_state=0).fit(IRIS, y)
    with pytest.warns(UserWarning, match="ended at its bound, 100"):
        model.calibrate(IRIS, ~y)
    model.calibrate(IRIS, y)  # all right, which asks for the lowest: nothing to tell
    flipped = quick(MLPClassifier, calibration=True, max_iter=1, learning_rate_init=1.0)
    with pytest.warns(UserWarning, match="ended at its bound, 100"):
        flipped.fit(IRIS, y, X_val=IRIS, y_val=~y)


def known(model):
    try:
        return isinstance(model, MLPRegressor) or model.temperature_ != 1 if state(model) is not None else False
    except InputError:
        return False


HELD_OUT = {
    "early stopping": ({"early_stopping": True, "validation_fraction": 0.3}, {}),
    "a split": ({"validation_split": [(np.arange(0, 150, 2), np.arange(1, 150, 2))]}, {}),
    "rows": ({}, {"X_val": IRIS[1::2], "y_val": KINDS[1::2]}),
}


@pytest.mark.parametrize("case", HELD_OUT)
@BOTH
def test_a_fit_calibrates_on_its_held_out_rows(Estimator, case):
    parameters, given = HELD_OUT[case]
    model = quick(Estimator, calibration=True, **parameters).fit(IRIS, KINDS, **given)
    assert known(model)
    plain = quick(Estimator, **parameters).fit(IRIS, KINDS, **given)
    assert_array_equal(model.parameters_.vector, plain.parameters_.vector)
    if case != "early stopping":
        assert_array_equal(state(plain.calibrate(IRIS[1::2], KINDS[1::2])), state(model))


@BOTH
def test_pickles_keep_it_and_clones_and_training_forget_it(Estimator):
    model = quick(Estimator, warm_start=True).fit(IRIS, KINDS).calibrate(IRIS, KINDS)
    assert_array_equal(state(pickle.loads(pickle.dumps(model))), state(model))
    assert not hasattr(clone(model), "temperature_")
    before = state(model)
    with pytest.raises(InputError):
        model.fit(IRIS * np.nan, KINDS)
    assert_array_equal(state(model), before)
    model.fit(IRIS, KINDS)
    assert not known(model)
    assert known(model.calibrate(IRIS, KINDS))
    assert not known(model.partial_fit(IRIS, KINDS))
    assert known(model.set_params(calibration=True).partial_fit(IRIS, KINDS, X_val=IRIS, y_val=KINDS))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@BOTH
def test_a_fit_without_held_out_rows_cannot_calibrate(Estimator, solver):
    with pytest.raises(InputError, match=r"calibration=\): expected held-out rows"):
        quick(Estimator, calibration=True, solver=solver).fit(IRIS, KINDS)


@BOTH
def test_bad_rows_to_calibrate_on(Estimator):
    model = quick(Estimator)
    with pytest.raises(NotFittedError):
        model.calibrate(IRIS, KINDS)
    model.fit(IRIS, KINDS)
    for rows, y, weight, word in (
        (IRIS[:, :2], KINDS, None, "expecting 4 features"),
        (IRIS * np.nan, KINDS, None, "NaN"),
        (IRIS, KINDS[:-1], None, "inconsistent"),
        (IRIS, KINDS, -1, "sample_weight"),
        (IRIS[:0], KINDS[:0], None, "0 sample"),
        (IRIS, None, None, "y"),
    ):
        with pytest.raises(InputError, match=r"(?s): expected .+; received .+\. ") as caught:
            model.calibrate(rows, y, weight)
        assert word in str(caught.value)
    assert not known(model)


def test_targets_that_are_not_those_of_the_fit():
    with pytest.raises(InputError, match=r"calibrate\(y=\): expected as many columns"):
        quick(MLPRegressor).fit(X, Y).calibrate(X, np.c_[Y, Y])
    model = quick(MLPClassifier).fit(IRIS, KINDS)
    with pytest.raises(InputError, match="row 100: expected one of the classes"):
        model.calibrate(IRIS, KINDS + 1)
    with pytest.raises(InputError, match="at least 2 rows"):
        model.calibrate(IRIS[:1], KINDS[:1])
    with pytest.raises(InputError, match=r"calibrate\(\): expected a loss that gives probabilities"):
        quick(MLPClassifier, loss="hinge").fit(IRIS, KINDS).calibrate(IRIS, KINDS)
    with pytest.raises(InputError, match=r"loss=\): expected a loss that gives probabilities"):
        quick(MLPClassifier, loss="hinge", calibration=True, early_stopping=True).fit(IRIS, KINDS)


# Intervals ------------------------------------------------------------------------------------------------


def test_the_margin_is_the_rank_of_finitely_many_rows():
    margins = Margins.of(RANDOM.permutation(100)[:, None] + 1.0)
    assert margins.at(0.9) == [91]  # ceil(101 * 0.9)
    assert margins.at(0.5) == [51]
    assert margins.at(100 / 101) == [100]
    with pytest.raises(InputError, match="expected 199 calibration rows or more .*; received 100"):
        margins.at(0.995)


@pytest.mark.parametrize(("coverage", "rows"), [(0.9, 9), (0.95, 19), (0.99, 99), (0.8, 4), (0.5, 1)])
def test_rows_that_a_coverage_needs(coverage, rows):
    assert Margins.of(np.arange(1.0, rows + 1)[:, None]).at(coverage) == [rows]
    if rows > 1:
        with pytest.raises(InputError, match=f"expected {rows} calibration rows"):
            Margins.of(np.arange(1.0, rows)[:, None]).at(coverage)


def test_weights_of_calibration_rows():
    distances = RANDOM.normal(size=(200, 2))
    assert_array_equal(Margins.of(distances, np.full(200, 0.3)).at(0.8), Margins.of(distances).at(0.8))
    some = RANDOM.random(200) < 0.5
    assert_array_equal(Margins.of(distances, some * 7.0).at(0.8), Margins.of(distances[some]).at(0.8))
    ascending = np.arange(100.0)[:, None]
    heavy_end = Margins.of(ascending, np.arange(1.0, 101)).at(0.5)
    assert heavy_end > Margins.of(ascending).at(0.5) + 15


def test_exchangeable_rows_are_covered_as_promised():
    """Over many small calibrations the coverage is between c and c + 1 / (n + 1)."""
    scores = RANDOM.exponential(size=(4000, 20))
    covered = [Margins.of(row[:19, None]).at(0.8)[0] >= row[19] for row in scores]
    assert 0.78 < np.mean(covered) < 0.87


LOSSES = [
    "squared_error",
    "absolute_error",
    "poisson",
    "gamma",
    "quantile",
    "gaussian",
    losses.Quantile((0.1, 0.5, 0.9)),
]


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_intervals_of_every_loss(loss, dtype):
    model = quick(MLPRegressor, loss=loss, dtype=dtype).fit(X[:200], Y[:200]).calibrate(X[200:], Y[200:])
    low, high = model.predict_interval(X[200:], 0.8)
    assert low.shape == high.shape == Y[200:].shape
    assert low.dtype == high.dtype == dtype
    inside = (low <= Y[200:]) & (Y[200:] <= high)
    assert inside.sum() in (195, 196)  # ceil(243 * 0.8) of the rows it was found on, and perhaps a tie
    wide = model.predict_interval(X[200:], 0.95)
    assert (wide[0] <= low).all() and (high <= wide[1]).all()
    if loss in ("poisson", "gamma"):
        assert low.min() >= -1e-30


def test_a_gaussian_s_intervals_are_as_wide_as_it_is_unsure():
    model = quick(MLPRegressor, loss="gaussian").fit(X, Y)
    mean, deviation = model.predict(X, return_std=True)
    low, high = model.predict_interval(X, 0.9)
    assert_allclose(low, mean - ndtri(0.95) * deviation)
    assert_allclose(high, mean + ndtri(0.95) * deviation)
    low, high = model.calibrate(X, Y).predict_interval(X, 0.9)
    assert_allclose((high - low) / deviation, ((high - low) / deviation)[0])


def test_quantiles_are_intervals_of_their_levels_only():
    model = quick(MLPRegressor, loss=losses.Quantile((0.05, 0.25, 0.75, 0.95))).fit(X, Y)
    q = model.predict(X)
    assert_allclose(np.stack(model.predict_interval(X, 0.9), 1), q[:, [0, 3]])
    assert_allclose(np.stack(model.predict_interval(X, 0.5), 1), q[:, [1, 2]])
    with pytest.raises(InputError, match=r"coverage=\): expected levels 0.1 and 0.9 in the loss"):
        model.predict_interval(X, 0.8)


def test_a_negative_margin_never_turns_an_interval_round():
    band = Band.of(losses.Quantile((0.1, 0.9)), np.array([[0.0, 1.0], [0.0, 10.0]]))
    assert_array_equal(band.widened(np.array([-2.0])), [[[0.5], [2.0]], [[0.5], [8.0]]])


@pytest.mark.parametrize("loss", ["squared_error", "gaussian", losses.Quantile((0.1, 0.9))], ids=str)
def test_several_targets_have_each_their_own(loss):
    y = np.c_[Y, 100 * Y, -Y]
    model = quick(MLPRegressor, loss=loss).fit(X, y).calibrate(X, y)
    low, high = model.predict_interval(X, 0.9)
    assert low.shape == high.shape == y.shape
    inside = ((low <= y) & (y <= high)).sum(axis=0)
    assert ((inside >= 399) & (inside <= 400)).all()  # ceil(443 * 0.9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ends_are_rounded_outwards(dtype):
    """Where many rows have the very distance of the end, rounding must not put them all outside."""
    y = np.repeat([0.0, 1.0, 2.0, 3.0], 50)[:, None]
    prediction = np.full((200, 1), 0.7, dtype)
    loss = losses.get("squared_error")
    for coverage in (0.4, 0.6, 0.9):
        low, high = interval(loss, prediction, Margins.of(Band.of(loss, prediction).distances(y)), coverage)
        assert ((low <= y) & (y <= high)).mean() >= coverage


def test_bad_questions():
    model = quick(MLPRegressor)
    with pytest.raises(NotFittedError):
        model.predict_interval(X)
    model.fit(X, Y)
    with pytest.raises(InputError, match="expected a calibrated model; received one that is not. Call calibrate"):
        model.predict_interval(X)
    model.calibrate(X[:1], Y[:1])
    with pytest.raises(InputError, match="expected 9 calibration rows or more"):
        model.predict_interval(X, 0.9)
    for coverage in (0, 1, -0.1, 1.5, np.nan, "much", True, None):
        with pytest.raises((InputError, InputTypeError), match=r"coverage=\): expected a number in \(0, 1\)"):
            model.predict_interval(X, coverage)
    with pytest.raises(InputError, match="expecting 10 features"):
        model.predict_interval(X[:, :3])
    with pytest.raises(InputError, match="NaN"):
        model.predict_interval(X * np.nan)
