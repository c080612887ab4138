"""Prediction by an ensemble: what its members predict alone, put together by the loss."""

import pickle

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from chainrule import Activation, BatchNorm, Dense, Dropout, Network
from chainrule.engine import threads
from chainrule.engine.parameters import Members
from chainrule.engine.predictor import Predictor
from chainrule.engine.team import team
from chainrule.engine.work import bind
from chainrule.errors import InputError
from chainrule.network import losses

LAYERS = [Dense(16), BatchNorm(), Activation("tanh"), Dropout(0.3), Dense(4)]


@pytest.fixture
def ensemble(shaken):
    def make(loss="cross_entropy", layers=LAYERS, count=3):
        network = Network(layers, 5)
        alone = [shaken(network, seed, np.float32) for seed in range(count)]
        chosen = losses.get(loss)
        members = Members.of(alone)
        return Predictor(network, members, chosen), [Predictor(network, one, chosen) for one in members]

    return make


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(5000, 5)).astype(np.float32)  # more than a chunk


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_it_predicts_the_mean_of_its_members(n_threads, kernels, ensemble, X, monkeypatch):
    monkeypatch.setattr(threads, "PER_THREAD", 1)
    predict, alone = ensemble()
    each = np.stack([one(X, 1) for one in alone])
    np.testing.assert_array_equal(predict.each(X, n_threads), each)
    found = predict(X, n_threads)
    np.testing.assert_allclose(found, each.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    mean, spread = predict.spread(X, n_threads)
    np.testing.assert_allclose(mean, found, rtol=1e-6)
    np.testing.assert_allclose(spread, each.std(axis=0), rtol=1e-5)


def test_chosen_rows_sparse_rows_and_bound_rows(kernels, ensemble, X):
    predict, _ = ensemble()
    chosen = np.array([7, 4999, 3])
    expected = predict(X)[chosen]
    np.testing.assert_array_equal(predict(X, chosen=chosen), predict(X[chosen]))
    np.testing.assert_allclose(predict(X, chosen=chosen), expected, rtol=1e-5)
    np.testing.assert_array_equal(predict(csr_matrix(X[chosen])), predict(X[chosen]))
    bound = predict.bound(3)
    np.testing.assert_array_equal(bound(X[chosen]), predict(X[chosen]))
    predict.parameters.vector[...] *= 0.5
    np.testing.assert_array_equal(bound(X[chosen]), predict(X[chosen]))


@pytest.mark.parametrize("first", [Activation("tanh"), BatchNorm()], ids=str)
def test_a_first_layer_that_works_in_place_leaves_the_batch_to_the_others(first, kernels, ensemble, X):
    predict, alone = ensemble("squared_error", [first, Dense(2)])
    np.testing.assert_array_equal(predict.each(X), [one(X) for one in alone])


def test_one_network_is_an_ensemble_of_one(kernels, ensemble, X):
    _, (alone, *_) = ensemble("gaussian", [Dense(4, "tanh"), Dropout(0.5), Dense(2)])
    members = Predictor(alone.network, Members.of([alone.parameters]), alone.loss)
    assert alone.members == members.members == 1
    np.testing.assert_array_equal(members(X), alone(X))
    np.testing.assert_array_equal(members.each(X), alone.each(X))
    np.testing.assert_array_equal(alone.spread(X)[1], 0)
    for one, other in zip(members.sample(X, 3), alone.sample(X, 3), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_pickle_predicts_the_same(kernels, ensemble, X):
    predict, _ = ensemble()
    before = predict(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(predict))(X), before)


def test_gaussians_are_mixed(kernels, ensemble, X):
    """Mean and deviation of as many draws from each member's normal distribution."""
    predict, alone = ensemble("gaussian")
    gaussian, rows = predict.loss, X[:2]
    generator, draws = np.random.default_rng(0), []
    for one in alone:
        mean, deviation = gaussian.split(gaussian.predict(one(rows)))
        draws.append(generator.normal(mean, deviation, (200_000, 2, 2)))
    drawn = np.concatenate(draws)
    mean, deviation = gaussian.split(gaussian.predict(predict(rows)))
    np.testing.assert_allclose(mean, drawn.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(deviation, drawn.std(axis=0), rtol=0.02)


def test_gaussians_without_any_variance(ensemble):
    predict, _ = ensemble("gaussian", [Dense(2)], count=2)
    predict.parameters.vector[...] = 0
    predict.parameters["0.b"][:, 1] = -1e4
    found = predict.loss.predict(predict(np.zeros((1, 5), np.float32)))
    np.testing.assert_allclose(found, [[0, predict.loss.floor**0.5]], rtol=1e-6)


def test_samples_are_of_all_members(kernels, ensemble, X):
    predict, alone = ensemble("squared_error")
    rows = X[:200]
    mean, spread = predict.sample(rows, 300, seed=1)
    each = [one.sample(rows, 300, seed=2) for one in alone]
    np.testing.assert_allclose(mean, np.mean([m for m, _ in each], axis=0), atol=0.25)
    variance = np.mean([s**2 for _, s in each], axis=0) + np.var([m for m, _ in each], axis=0)
    assert np.corrcoef(spread.ravel() ** 2, variance.ravel())[0, 1] > 0.98
    np.testing.assert_array_equal(predict.sample(rows, 3, seed=1)[0], predict.sample(rows, 3, seed=1)[0])
    with pytest.raises(InputError, match="samples"):
        predict.sample(rows, 0)


def test_members_draw_each_for_itself(kernels, shaken, X):
    network = Network([Dense(16), Dropout(0.5), Dense(4)], 5)
    twins = Members.of([shaken(network, 0, np.float32)] * 2)
    _, spread = Predictor(network, twins, losses.get("squared_error")).sample(X[:50], 1)
    assert (spread > 0).mean() > 0.9


def test_samples_where_nothing_is_drawn_are_the_spread(kernels, ensemble, X):
    predict, _ = ensemble("squared_error", [Dense(3, "tanh"), Dense(2)])
    for found, expected in zip(predict.sample(X, 1), predict.spread(X), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_works_side_by_side_do_what_each_does(count, shaken, numba_kernels):
    network = Network(LAYERS, 5)
    plans = [network.plan(shaken(network, seed), 8, loss="squared_error") for seed in range(5)]
    runs = [plan.run(8) for plan in plans]
    for run in runs:
        run.arrays["x"][...] = 1
        run.arrays["w"][...] = 1
        run()
    expected = [plan.gradients.vector.copy() for plan in plans]
    work = bind("numba", np.dtype(float), [run.steps for run in runs], rows=8)
    with team("numba", count) as together:
        for of_the_team in (together, None):
            for plan in plans:
                plan.gradients.vector[...] = 0
            work(of_the_team)
            for plan, gradient in zip(plans, expected, strict=True):
                assert abs(gradient).max() > 0
                np.testing.assert_array_equal(plan.gradients.vector, gradient)
