"""What can be predicted, from what kind of X: every form of target, dense and sparse, both float types."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.datasets import load_iris, make_multilabel_classification, make_regression
from sklearn.preprocessing import scale

from chainrule import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

IRIS, SPECIES = load_iris(return_X_y=True)
IRIS = scale(IRIS)
NAMES = np.array(["setosa", "versicolor", "virginica"])


def quick(Estimator, **parameters):
    settings = {"hidden_layer_sizes": (16,), "max_iter": 30, "learning_rate_init": 0.02, "random_state": 0}
    return Estimator(**settings | parameters)


@pytest.mark.parametrize("labels", [NAMES, NAMES.astype(object), np.array([10, 20, 30]), np.array([0.0, 1.0, 2.0])])
@pytest.mark.parametrize("classes", [2, 3])
def test_classes_of_any_kind(labels, classes):
    chosen = classes > SPECIES
    X, y = IRIS[chosen], labels[SPECIES[chosen]]
    model = quick(MLPClassifier).fit(X, y)
    assert list(model.classes_) == list(labels[:classes])
    assert model.score(X, y) > 0.93
    proba = model.predict_proba(X)
    assert proba.shape == (len(X), classes)
    assert_allclose(proba.sum(axis=1), 1)
    assert np.array_equal(model.classes_[proba.argmax(axis=1)], model.predict(X))
    assert_allclose(model.predict_log_proba(X), np.log(proba))
    assert model.n_outputs_ == (1 if classes == 2 else 3)
    assert [W.shape for W in model.coefs_] == [(4, 16), (16, model.n_outputs_)]
    assert [b.shape for b in model.intercepts_] == [(16,), (model.n_outputs_,)]


def test_booleans_and_frames():
    frame = pd.DataFrame(IRIS, columns=["a", "b", "c", "d"])
    y = pd.Series(SPECIES == 0)
    model = quick(MLPClassifier).fit(frame, y)
    assert list(model.feature_names_in_) == ["a", "b", "c", "d"]
    assert model.predict(frame).dtype == bool
    assert model.score(frame, y) > 0.95
    names = pd.Series(NAMES[SPECIES]).astype("category")
    assert quick(MLPClassifier).fit(frame, names).score(frame, names) > 0.93


@pytest.mark.parametrize("as_sparse", [False, True])
def test_many_labels(as_sparse):
    X, Y = make_multilabel_classification(80, 8, n_classes=4, random_state=0)
    model = quick(MLPClassifier, max_iter=200).fit(scale(X), sparse.csr_array(Y) if as_sparse else Y)
    assert model.predict(scale(X)).shape == model.predict_proba(scale(X)).shape == (80, 4)
    assert (model.predict(scale(X)) == Y).mean() > 0.97
    assert list(model.classes_) == [0, 1, 2, 3]
    assert (model.out_activation_, model.n_outputs_) == ("logistic", 4)


@pytest.mark.parametrize("targets", [1, 3])
def test_regression(targets):
    X, y = make_regression(100, 5, n_targets=targets, random_state=0)
    y = scale(y)
    model = quick(MLPRegressor, max_iter=100).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > 0.97
    assert (model.n_outputs_, model.out_activation_, model.n_layers_) == (targets, "identity", 3)


@pytest.mark.parametrize("targets", [1, 3])
def test_rows_of_weight_0_do_not_count_in_the_score_of_a_regression(targets):
    X, y = make_regression(40, 5, n_targets=targets, random_state=0)
    model, weight = quick(MLPRegressor, max_iter=5).fit(X, y), np.arange(40) % 2
    assert model.score(X, y, weight) == pytest.approx(model.score(X[1::2], y[1::2]))
    assert model.score(X, y, weight) != pytest.approx(model.score(X, y))


def test_counts():
    X = np.linspace(0, 2, 100)[:, None]
    y = np.random.default_rng(0).poisson(np.exp(X.ravel()))
    model = quick(MLPRegressor, loss="poisson", max_iter=100).fit(X, y)
    assert model.predict(X).min() > 0
    assert_allclose(model.predict(X), np.exp(X.ravel()), rtol=0.35)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix, sparse.coo_array])
@pytest.mark.parametrize("settings", [{}, {"solver": "lbfgs"}, {"early_stopping": True}, {"shuffle": False}], ids=str)
def test_sparse_is_dense(container, settings):
    X = IRIS * (IRIS > 0)
    parameters = {"max_iter": 10, "batch_size": 32} | settings
    dense = quick(MLPClassifier, **parameters).fit(X, SPECIES)
    thin = quick(MLPClassifier, **parameters).fit(container(X), SPECIES)
    assert_allclose(thin.predict_proba(container(X)), dense.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize(
    ("given", "asked", "expected"),
    [
        (np.float32, None, np.float32),
        (np.float64, None, np.float64),
        (np.int64, None, np.float64),
        (np.float16, None, np.float64),
        (np.float64, "float32", np.float32),
        (np.float32, np.float64, np.float64),
        (np.int64, np.dtype("float32"), np.float32),
    ],
)
def test_float_types(given, asked, expected):
    X = (IRIS * 10).astype(given)
    model = quick(MLPRegressor, dtype=asked, max_iter=2).fit(X, IRIS[:, 0])
    assert model.parameters_.vector.dtype == model.predict(X).dtype == model.predict(IRIS).dtype == expected
    assert all(part.dtype == expected for part in model.coefs_ + model.intercepts_)
    assert quick(MLPClassifier, dtype=asked, max_iter=2).fit(X, SPECIES).predict_proba(X).dtype == expected


def test_float32_and_float64_agree():
    models = [quick(MLPClassifier, dtype=dtype).fit(IRIS, SPECIES) for dtype in ("float32", "float64")]
    assert_allclose(*(model.predict_proba(IRIS) for model in models), atol=1e-3)
