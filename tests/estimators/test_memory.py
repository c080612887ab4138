"""What fit and predict keep in memory: X is not copied where its type is right, and once where it is not."""

import tracemalloc

import numpy as np
import pytest

from chainrule import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ROWS, FEATURES = 50_000, 100
X32 = np.random.default_rng(0).normal(size=(ROWS, FEATURES)).astype(np.float32)
Y = X32[:, 0] > 0


def peak(call):
    """Bytes at the highest, over what there was before."""
    tracemalloc.start()
    call()
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return highest


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"solver": "sgd", "shuffle": False}], ids=str)
@pytest.mark.parametrize(
    ("given", "asked", "copies"),
    [
        ("float32", None, 0),
        ("float32", "float32", 0),
        ("float64", "float32", 1),
        ("float64", None, 0),
        ("fortran", None, 1),
    ],
)
def test_fit_copies_x_at_most_once(given, asked, copies, settings):
    """Of the rows held out by early_stopping, a tenth, each epoch makes a passing copy."""
    X = {"float32": X32, "float64": X32.astype(np.float64), "fortran": np.asfortranarray(X32)}[given]
    model = MLPClassifier((16,), dtype=asked, max_iter=1, random_state=0, **settings)
    model.fit(X[:1000], Y[:1000])  # compiles
    trained_on = X.size * model.coefs_[0].itemsize
    parts = copies + (0.1 if "early_stopping" in settings else 0)
    targets_and_order, surveyed = 60 * ROWS, 2 * 8 * 2000 * FEATURES  # rows that are looked at, and what they are less
    assert peak(lambda: model.fit(X, Y)) < parts * trained_on + targets_and_order + surveyed + 1_000_000


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_predict_goes_in_chunks(Estimator):
    model = Estimator(hidden_layer_sizes=(64,), max_iter=1).fit(X32[:1000], Y[:1000])
    model.predict(X32[:1000])
    assert peak(lambda: model.predict(X32)) < 0.25 * X32.nbytes
