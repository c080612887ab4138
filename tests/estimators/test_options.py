"""What stands around a step, and what training draws, through the estimators."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale

from chainrule import AlphaDropout, Dense, Dropout, MLPClassifier, MLPRegressor, optimisers, schedules
from chainrule.errors import InputError, InputTypeError
from chainrule.estimators.rules import OF_ADAM_AND_SGD
from chainrule.training.averaging import EMA, SWA

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X = scale(X)
BOTH = pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])


def quick(Estimator=MLPClassifier, **parameters):
    settings = {"hidden_layer_sizes": (16, 8), "max_iter": 20, "learning_rate_init": 0.02, "random_state": 0}
    return Estimator(**settings | {"batch_size": 32, "n_iter_no_change": np.inf} | parameters)


OPTIONS = {
    "clip_norm": 0.1,
    "clip_value": 0.01,
    "max_norm": 0.5,
    "rate_factors": {"bias": 0.0, "last": 0.1},
    "averaging": EMA(0.9),
    "input_noise": 0.5,
    "mixup": 0.3,
}


@pytest.mark.parametrize("option", OPTIONS)
@BOTH
def test_every_option_makes_another_fit_that_still_learns(Estimator, option):
    plain, other = quick(Estimator).fit(X, Y), quick(Estimator, max_iter=60, **{option: OPTIONS[option]}).fit(X, Y)
    again = quick(Estimator, max_iter=60, **{option: OPTIONS[option]}).fit(X, Y)
    assert not np.array_equal(plain.parameters_.vector, other.parameters_.vector)
    assert_array_equal(other.parameters_.vector, again.parameters_.vector)
    assert other.score(X, Y) > 0.7


NOT_SMOOTH = OPTIONS | {"dropout": 0.1, "l1": 0.1, "weight_decay": 0.1}


@pytest.mark.parametrize("option", NOT_SMOOTH)
def test_no_option_goes_with_lbfgs(option):
    with pytest.raises(InputError, match=rf"{option}=.*solver='lbfgs'"):
        quick(solver="lbfgs", **{option: NOT_SMOOTH[option]}).fit(X, Y)


def test_max_norm_bounds_every_unit_but_the_last_layer_s():
    model = quick(max_norm=0.5).fit(X, Y)
    for W in model.coefs_[:-1]:
        assert np.linalg.norm(W, axis=0).max() <= 0.5 + 1e-6


def test_a_frozen_layer_stays():
    model = quick(rate_factors={"first": 0.0}, max_iter=1, warm_start=True).fit(X, Y)
    before = model.coefs_[0].copy()
    model.set_params(max_iter=20).fit(X, Y)
    assert_array_equal(model.coefs_[0], before)


@pytest.mark.parametrize("averaging", [EMA(0.95), SWA(start=40)], ids=repr)
def test_the_average_is_the_model(averaging):
    """Validation, prediction, attributes, pickles and what is restored are all of the average."""
    model = quick(averaging=averaging, early_stopping=True, norm="batch", validation_fraction=0.3).fit(X, Y)
    raw, average = model._model.continuation.trainer.parameters, model._model.continuation.trainer.model
    assert model.parameters_ is average
    assert not np.array_equal(raw.vector, average.vector)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), model.predict_proba(X))
    model.partial_fit(X, Y, X_val=X, y_val=Y)
    assert_array_equal(model._model.continuation.trainer.model.vector, model.parameters_.vector)
    assert not np.array_equal(model._model.continuation.trainer.parameters.vector, model.parameters_.vector)


def test_monte_carlo_dropout_of_a_classifier():
    model = quick(dropout=0.1).fit(X, Y)
    mean, spread = model.predict_proba(X, samples=200, return_std=True)
    assert_allclose(mean, model.predict_proba(X), atol=0.2)
    assert_allclose(mean.sum(axis=1), 1, rtol=1e-5)
    assert spread.max() > 0.02
    assert_array_equal(mean, model.predict_proba(X, samples=200))


def test_monte_carlo_dropout_of_two_classes_and_of_numbers():
    p, spread = quick(dropout=0.3).fit(X, Y == 1).predict_proba(X, samples=50, return_std=True)
    assert p.shape == spread.shape == (150, 2)
    assert_array_equal(spread[:, 0], spread[:, 1])
    layers = [Dense(16, "selu"), AlphaDropout(0.2), Dense(8, "selu"), Dropout(0.1)]
    values, deviation = quick(MLPRegressor, layers=layers).fit(X, Y).predict(X, return_std=True, samples=50)
    assert values.shape == deviation.shape == (150,)
    assert (deviation > 0).all()


def test_where_nothing_draws_there_is_no_deviation():
    words = r"return_std=\): expected .*; received loss .*, n_members=1, samples=3, no layer that draws.*dropout=0.1"
    with pytest.raises(InputError, match=words):
        quick().fit(X, Y).predict_proba(X, samples=3, return_std=True)
    numbers = quick(MLPRegressor).fit(X, Y)
    with pytest.raises(InputError, match=words):
        numbers.predict(X, samples=3, return_std=True)
    assert_allclose(numbers.predict(X, samples=3), numbers.predict(X), rtol=1e-5)
    several = quick(MLPRegressor, n_members=2).fit(X, Y)
    assert (several.predict(X, samples=3, return_std=True)[1] > 0).any()
    assert (quick(input_noise=0.5).fit(X, Y).predict_proba(X, samples=9, return_std=True)[1] > 0).any()


@pytest.mark.parametrize(
    "call",
    [
        lambda: quick().fit(X, Y).predict_proba(X, samples=0),
        lambda: quick().fit(X, Y).predict_proba(X, return_std=True),
        lambda: quick(MLPRegressor).fit(X, Y).predict(X, return_std=True),
        lambda: quick(MLPRegressor).fit(X, Y).predict(X, samples=1.5),
    ],
)
def test_bad_samples(call):
    with pytest.raises((InputError, InputTypeError), match="expected .*; received"):
        call()


@pytest.mark.parametrize("name", [name for name in optimisers.OPTIMISERS if name != "sgd"])  # by parameters of its own
def test_a_name_is_the_optimiser_with_its_defaults(name, numpy_kernels):
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    settings = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
    named = MLPClassifier(solver=name, learning_rate="cosine", **settings).fit(X, y)
    made = MLPClassifier(solver=optimisers.get(name), learning_rate=schedules.Cosine(), **settings).fit(X, y)
    assert np.array_equal(named.parameters_.vector, made.parameters_.vector)
    constant = MLPClassifier(solver=name, **settings).fit(X, y)
    assert not np.array_equal(named.parameters_.vector, constant.parameters_.vector)


@pytest.mark.parametrize("parameter", OF_ADAM_AND_SGD)
def test_what_a_name_refuses_is_known_by_its_default(parameter):
    assert MLPClassifier().get_params()[parameter] == OF_ADAM_AND_SGD[parameter][0]
