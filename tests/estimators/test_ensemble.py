"""`n_members=`: an estimator of several networks fits, stops, goes on, is kept and predicts as one of a single does."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from chainrule import Checkpoints, MLPClassifier, MLPRegressor
from chainrule.errors import InputError
from chainrule.training.averaging import EMA

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


@pytest.fixture(scope="module")
def rows():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(150, 4)).astype(np.float32)
    return X, (X[:, 0] * X[:, 1] + 0.3 * generator.normal(size=150)).astype(np.float32)


def classifier(**options):
    given = {"n_members": 3, "max_iter": 5, "random_state": 0, "dropout": 0.1, "learning_rate_init": 0.01}
    return MLPClassifier((8, 8), **given | options)


def regressor(**options):
    return MLPRegressor(hidden_layer_sizes=(8,), **{"n_members": 3, "max_iter": 5, "random_state": 0} | options)


def test_probabilities_are_means_of_the_members(kernels, rows):
    X, y = rows
    labels = np.digitize(y, [-0.3, 0.3])
    model = classifier().fit(X, labels)
    p = model.predict_proba(X)
    each = model._model.predictor.each(X)
    np.testing.assert_allclose(p, each.mean(axis=0), rtol=1e-6)
    assert each.std(axis=0).max() > 0.01
    np.testing.assert_array_equal(model.predict(X), p.argmax(axis=1))
    np.testing.assert_array_equal(model.predict_function(2)(X[:2]), p[:2])


def test_the_first_member_is_what_one_network_becomes(kernels, rows):
    X, y = rows
    one, several = (regressor(n_members=n, n_threads=1).fit(X, y) for n in (1, 3))
    np.testing.assert_array_equal(several.parameters_[0].vector, one.parameters_.vector)
    assert [W.shape for W in several.coefs_] == [(3, *W.shape) for W in one.coefs_] == [(3, 4, 8), (3, 8, 1)]
    assert [b.shape for b in several.intercepts_] == [(3, 8), (3, 1)]
    np.testing.assert_array_equal(several.coefs_[0][0], one.coefs_[0])
    several.coefs_[0][1] = 0
    assert (several.parameters_[1]["0.W"] == 0).all()


@pytest.mark.parametrize("make", [classifier, regressor])
@pytest.mark.parametrize("averaging", [None, EMA(0.9)], ids=["plain", "averaged"])
def test_early_stopping_restores_the_best(make, averaging, kernels, rows):
    X, y = rows
    y = (y > 0).astype(int) if make is classifier else y
    model = make(averaging=averaging, max_iter=60, n_iter_no_change=3, tol=0.0).fit(X, y, X_val=X[:50], y_val=y[:50])
    assert len(model.validation_scores_) == model.n_iter_
    assert model.score(X[:50], y[:50]) == pytest.approx(model.best_validation_score_, abs=1e-6)
    assert all(record.validation_loss > 0 for record in model.history_)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_partial_fit_and_warm_start_go_on(kernels, rows):
    X, y = rows
    whole, parts = regressor(max_iter=2).fit(X, y), regressor()
    for _ in range(2):
        parts = pickle.loads(pickle.dumps(parts)).partial_fit(X, y)
    np.testing.assert_array_equal(parts.parameters_.vector, whole.parameters_.vector)
    warm = regressor(max_iter=2, warm_start=True).fit(X, y)
    before = warm.loss_
    assert warm.fit(X, y).loss_ < before
    for change in (2, 1):
        with pytest.raises(InputError, match="as many members as before, 3"):
            warm.set_params(n_members=change).fit(X, y)


@pytest.mark.parametrize("averaging", [None, EMA(0.9)], ids=["plain", "averaged"])
def test_a_fit_goes_on_from_a_checkpoint_bit_for_bit(averaging, kernels, rows, tmp_path):
    X, y = rows
    whole = regressor(max_iter=6, dropout=0.2, early_stopping=True, averaging=averaging)
    first = clone(whole).set_params(max_iter=3, checkpoints=Checkpoints(tmp_path))
    whole.fit(X, y)
    first.fit(X, y)
    rest = clone(whole).set_params(random_state=5).fit(X, y, resume_from=tmp_path)
    np.testing.assert_array_equal(rest.parameters_.vector, whole.parameters_.vector)
    assert rest.loss_curve_ == whole.loss_curve_
    with pytest.raises(InputError, match="n_members"):
        clone(whole).set_params(n_members=2).fit(X, y, resume_from=tmp_path)


def test_the_same_seed_gives_the_same_bits(kernels, rows):
    X, y = rows
    one, again = (regressor(dropout=0.2).fit(X, y).parameters_.vector for _ in range(2))
    np.testing.assert_array_equal(one, again)


def test_how_far_the_members_are_apart(kernels, rows):
    X, y = rows
    model = regressor().fit(X, y)
    values, deviation = model.predict(X, return_std=True)
    each = model._model.predictor.each(X)[..., 0]
    np.testing.assert_allclose(values, each.mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(deviation, each.std(axis=0), rtol=1e-5)
    p, deviation = classifier().fit(X, y > 0).predict_proba(X, return_std=True)
    assert p.shape == deviation.shape == (150, 2)
    assert (deviation > 0).all()
    with pytest.raises(InputError, match="n_members above 1"):
        classifier(n_members=1).fit(X, y > 0).predict_proba(X, return_std=True)


def test_a_gaussian_ensemble_learns_its_deviation(kernels, rows):
    X, y = rows
    values, deviation = regressor(loss="gaussian").fit(X, y).predict(X, return_std=True)
    assert np.isfinite(values).all()
    assert (deviation > 0).all()


@pytest.mark.parametrize("bad", [0, 1.5, True, "3"])
def test_bad_numbers(bad, rows):
    with pytest.raises((ValueError, TypeError), match=r"MLPRegressor\(n_members=\)"):
        regressor(n_members=bad).fit(*rows)


def test_lbfgs_refuses_an_ensemble(rows):
    with pytest.raises(InputError, match=r"n_members=.*lbfgs"):
        regressor(solver="lbfgs").fit(*rows)
    regressor(solver="lbfgs", n_members=1, max_iter=200, tol=1.0).fit(*rows)
