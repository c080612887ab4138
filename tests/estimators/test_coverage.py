"""On real data: intervals cover what they promise, and a temperature makes an overfitted classifier less sure."""

import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, scale

from chainrule import MLPClassifier, MLPRegressor, losses
from chainrule.datasets import load_adult, load_california_housing

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def housing():
    """X and y of rows to train on, to calibrate on (16 %), and to test on (20 %)."""
    table = load_california_housing()
    X = scale(np.column_stack(list(table.columns.values())).astype(np.float64)).clip(-3, 3).astype(np.float32)
    training, calibration = train_test_split(np.flatnonzero(table.train), test_size=0.2, random_state=0)
    return [(X[rows], table.target[rows]) for rows in (training, calibration, table.test)]


def fitted(loss, X, y, **others):
    settings = {"hidden_layer_sizes": (64, 64), "batch_size": 256, "learning_rate_init": 3e-3, "max_iter": 15}
    return MLPRegressor(loss=loss, random_state=0, early_stopping=True, scoring="loss", **settings | others).fit(X, y)


def coverage(model, X, y):
    low, high = model.predict_interval(X, 0.9)
    assert (low < high).all()
    return ((low <= y) & (y <= high)).mean()


@pytest.mark.parametrize("loss", ["squared_error", "gaussian", losses.Quantile((0.05, 0.95))], ids=str)
def test_intervals_cover_nine_houses_in_ten(housing, loss):
    training, calibration, test = housing
    model = fitted(loss, *training)
    if isinstance(loss, losses.Quantile):
        assert 0.85 <= coverage(model, *test) <= 0.95
    assert 0.88 <= coverage(model.calibrate(*calibration), *test) <= 0.92


def test_a_fit_that_calibrates_on_the_rows_that_stopped_it(housing):
    training, calibration, test = housing
    X, y = (np.concatenate(both) for both in zip(training, calibration, strict=True))
    model = fitted("squared_error", X, y, validation_fraction=0.2, calibration=True)
    assert 0.88 <= coverage(model, *test) <= 0.92


def test_a_temperature_lowers_the_log_loss_of_an_overfitted_classifier():
    adult = load_adult()
    numbers = scale(np.log1p(np.column_stack([adult.columns[name] for name in adult.numbers])))
    categories = np.column_stack([adult.columns[name] for name in adult.categories])
    X = np.hstack([numbers, OneHotEncoder(sparse_output=False).fit_transform(categories)]).astype(np.float32)
    y = (adult.target == ">50K").astype(int)
    rows = np.random.default_rng(0).permutation(np.flatnonzero(adult.train))
    training, calibration = rows[:6000], rows[6000:10_000]
    model = MLPClassifier((64, 64), batch_size=64, alpha=0.0, learning_rate_init=2e-3, max_iter=25, random_state=0)
    model.fit(X[training], y[training])
    before = log_loss(y[adult.test], model.predict_proba(X[adult.test]))
    after = log_loss(y[adult.test], model.calibrate(X[calibration], y[calibration]).predict_proba(X[adult.test]))
    assert model.temperature_ > 1.5
    assert after < before - 0.1
    assert after < 0.42
