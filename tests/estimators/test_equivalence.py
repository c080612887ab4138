"""Same weights, same predictions and same steps as scikit-learn's MLP, in float64 to 1e-10."""

import numpy as np
import pytest
import sklearn.neural_network as theirs
from numpy.testing import assert_allclose
from sklearn.datasets import make_classification, make_multilabel_classification, make_regression

import chainrule as ours

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TARGETS = {
    "binary": ("MLPClassifier", make_classification(60, 6, random_state=0)),
    "multiclass": ("MLPClassifier", make_classification(60, 6, n_informative=4, n_classes=4, random_state=0)),
    "multilabel": ("MLPClassifier", make_multilabel_classification(60, 6, n_classes=3, random_state=0)),
    "regression": ("MLPRegressor", make_regression(60, 6, random_state=0)),
    "multioutput": ("MLPRegressor", make_regression(60, 6, n_targets=3, random_state=0)),
}


def pair(kind, **parameters):
    """scikit-learn's estimator and ours, fitted for one epoch, with the same weights; and the data."""
    name, (X, y) = TARGETS[kind]
    y = y if name == "MLPClassifier" else y / y.std()
    common = {"hidden_layer_sizes": (7, 5), "max_iter": 1, "random_state": 0, "warm_start": True} | parameters
    their, our = (getattr(package, name)(**common).fit(X, y) for package in (theirs, ours))
    for mine, given in zip(our.coefs_ + our.intercepts_, their.coefs_ + their.intercepts_, strict=True):
        assert mine.shape == given.shape
        mine[...] = given
    our._model.continuation.take()  # theirs begins every fit with a fresh optimiser, ours would go on with its own
    return their, our, X, y


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("kind", TARGETS)
def test_same_weights_same_predictions(kind, activation):
    their, our, X, _ = pair(kind, activation=activation, solver="sgd")
    for method in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(their, method):
            assert_allclose(getattr(our, method)(X), getattr(their, method)(X), rtol=1e-10, atol=1e-10)
    for attribute in ("n_outputs_", "n_layers_", "out_activation_", "n_features_in_", "n_iter_", "t_"):
        assert getattr(our, attribute) == getattr(their, attribute)


@pytest.mark.parametrize(
    "settings",
    [
        {"momentum": 0.0, "alpha": 0.5},
        {"momentum": 0.9, "nesterovs_momentum": False, "alpha": 0.1},
        {"momentum": 0.9, "nesterovs_momentum": True, "alpha": 0.1},
        {"momentum": 0.5, "batch_size": 16, "alpha": 0.5},
        {"learning_rate": "invscaling", "power_t": 0.3},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", TARGETS)
def test_same_weights_same_sgd_steps(kind, settings):
    settings = {"solver": "sgd", "learning_rate_init": 0.05, "batch_size": 60, "shuffle": False} | settings
    their, our, X, y = pair(kind, **settings)
    for estimator in (their, our):
        estimator.set_params(max_iter=5).fit(X, y)
    for mine, given in zip(our.coefs_ + our.intercepts_, their.coefs_ + their.intercepts_, strict=True):
        assert_allclose(mine, given, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel", "regression"])
def test_same_weights_same_loss(kind):
    """Of several regression outputs scikit-learn reports the mean, we the sum: what both differentiate."""
    settings = {"solver": "sgd", "shuffle": False, "learning_rate_init": 1e-12, "alpha": 0.7}
    their, our, X, y = pair(kind, **settings)
    weight = np.linspace(0.5, 2, len(X))
    assert_allclose(our.fit(X, y, weight).loss_, their.fit(X, y, weight).loss_, rtol=1e-9)


def test_same_adam_steps():
    """scikit-learn adds epsilon before the bias correction, we behind it; a tiny one makes no difference."""
    settings = {"solver": "adam", "epsilon": 1e-30, "shuffle": False, "learning_rate_init": 0.01}
    their, our, X, y = pair("multiclass", **settings)
    for estimator in (their, our):
        estimator.set_params(max_iter=5).fit(X, y)
    for mine, given in zip(our.coefs_, their.coefs_, strict=True):
        assert_allclose(mine, given, rtol=1e-8, atol=1e-9)


def test_every_parameter_of_theirs_has_the_same_default():
    for name in ("MLPClassifier", "MLPRegressor"):
        their, our = (getattr(package, name)().get_params() for package in (theirs, ours))
        assert their.items() <= our.items()
