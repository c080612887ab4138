"""Predictions sampled with dropout: their mean and spread, against closed forms and against passes that are kept."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from chainrule import Activation, AlphaDropout, BatchNorm, Dense, Dropout, GaussianNoise, LayerNorm, Network, Residual
from chainrule.engine.moments import Moments
from chainrule.engine.predictor import Predictor, chunk
from chainrule.errors import InputError, InputTypeError
from chainrule.network.losses import LOSSES

STACKS = {
    "dropout": [Dense(6, "tanh"), Dropout(0.5), Dense(3)],
    "alpha dropout": [Dense(6, "selu"), AlphaDropout(0.3), Dense(3)],
    "noise": [GaussianNoise(0.5), Dense(6, "relu"), GaussianNoise(0.2), Dense(3)],
    "norms": [Dense(6), BatchNorm(), Activation("tanh"), Dropout(0.3), Dense(5), LayerNorm(), Dropout(0.1), Dense(3)],
    "residual": [Residual([Dense(6, "gelu"), Dropout(0.3)]), Dense(3)],
}
every_stack = pytest.mark.parametrize("name", STACKS)


@pytest.fixture
def made(shaken):
    """A function that makes a predictor of a stack, and rows for it."""

    def make(layers, loss="squared_error", inputs=4, rows=11):
        network = Network(layers, inputs)
        return Predictor(network, shaken(network), LOSSES[loss]), np.random.default_rng(0).normal(size=(rows, inputs))

    return make


@every_stack
@pytest.mark.parametrize("loss", LOSSES)
def test_mean_and_spread_are_those_of_the_passes(name, loss, made, kernels):
    predictor, X = made(STACKS[name], loss)
    plan = predictor.network.plan(predictor.parameters, len(X), mode="sample", loss=loss)
    run = plan.run(len(X))
    run.arrays["x"][...] = X
    passes = []
    for step in range(7):
        plan.seed_noise(5, step)
        run()
        passes.append(run.arrays[plan.program.output.name].copy())
    mean, spread = predictor.sample(X, 7, seed=5)
    np.testing.assert_allclose(mean, np.mean(passes, axis=0), rtol=1e-12)
    np.testing.assert_allclose(spread, np.std(passes, axis=0), rtol=1e-10)
    assert (spread > 0).all()


@pytest.mark.parametrize("make", [Dropout, AlphaDropout, GaussianNoise])
def test_with_nothing_to_draw_a_sample_is_a_prediction(make, made, kernels):
    layers = [make(0.0), Dense(6), BatchNorm(), Activation("tanh"), make(0.0), Dense(5), LayerNorm(), Dense(3)]
    predictor, X = made(layers, "cross_entropy")
    mean, spread = predictor.sample(X, 9)
    np.testing.assert_allclose(mean, predictor(X), rtol=1e-12)
    np.testing.assert_array_equal(spread, 0)


def test_dropout_of_a_linear_network_in_closed_form(made, kernels):
    """z = sum of w x m / (1 - rate): variance (w x)^2 rate / (1 - rate), summed."""
    rate, samples = 0.3, 4000
    predictor, X = made([Dropout(rate), Dense(2)])
    mean, spread = predictor.sample(X, samples, seed=1)
    W = predictor.parameters["1.W"]
    expected = np.sqrt(X**2 @ (W**2).T * rate / (1 - rate))
    assert (np.abs(mean - predictor(X)) < 5 * expected / samples**0.5).all()
    np.testing.assert_allclose(spread, expected, rtol=5 / (2 * samples) ** 0.5)


def test_noise_of_a_linear_network_in_closed_form(made, kernels):
    samples = 4000
    predictor, X = made([GaussianNoise(0.4), Dense(2)])
    mean, spread = predictor.sample(X, samples, seed=1)
    expected = np.broadcast_to(0.4 * np.linalg.norm(predictor.parameters["1.W"], axis=1), spread.shape)
    assert (np.abs(mean - predictor(X)) < 5 * expected / samples**0.5).all()
    np.testing.assert_allclose(spread, expected, rtol=5 / (2 * samples) ** 0.5)


def test_running_statistics_stay_where_they_are(made, kernels):
    predictor, X = made(STACKS["norms"])
    before = predictor.parameters.vector.copy()
    predictor.sample(100 * X, 5)
    np.testing.assert_array_equal(predictor.parameters.vector, before)


@every_stack
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(name, made, kernels):
    predictor, X = made(STACKS[name])
    once, again, other = predictor.sample(X, 5, seed=2), predictor.sample(X, 5, seed=2), predictor.sample(X, 5, seed=3)
    for first, second, third in zip(once, again, other, strict=True):
        np.testing.assert_array_equal(second, first)
        assert (third != first).any()
    predictor(X)  # lends a plan of its own
    np.testing.assert_array_equal(predictor.sample(csr_matrix(X), 5, seed=2)[0], once[0])


def test_no_two_chunks_share_what_is_drawn(made, kernels):
    predictor, _ = made([Dropout(0.5), Dense(1)])
    size = chunk(predictor.network)
    mean, _ = predictor.sample(np.ones((2 * size + 5, 4)), 2)
    first, second, third = mean[:size], mean[size : 2 * size], mean[2 * size :]
    agree = np.mean(first == second)  # 2 passes of 2^4 masks each
    assert agree < 0.1
    assert (third != first[:5]).any() and (third != second[:5]).any()


def test_a_team_draws_what_one_thread_does(made, numba_kernels):
    layers = [Dense(600, "selu"), AlphaDropout(0.3), GaussianNoise(0.1), Dense(3)]
    predictor, X = made(layers, inputs=300, rows=100)
    alone, together = (predictor.sample(X, 3, n_threads=n) for n in (1, 2))
    for one, two in zip(alone, together, strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-9, atol=1e-12)


def test_float32_in_float32_out_and_no_rows_at_all(kernels):
    network = Network(STACKS["dropout"], 4)
    predictor = Predictor(network, network.init(0), LOSSES["squared_error"])
    mean, spread = predictor.sample(np.ones((3, 4), np.float32))
    assert mean.dtype == spread.dtype == np.float32
    assert [part.shape for part in predictor.sample(np.ones((0, 4), np.float32))] == [(0, 3), (0, 3)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [({"samples": 0}, "at least 1"), ({"samples": 2.5}, "at least 1"), ({"samples": True}, "at least 1"),
     ({"seed": "a"}, "a whole number"), ({"seed": 0.5}, "a whole number")],
)  # fmt: skip
def test_what_cannot_be_sampled(arguments, expected, made, numpy_kernels):
    predictor, X = made(STACKS["dropout"])
    with pytest.raises((InputError, InputTypeError), match=expected):
        predictor.sample(X, **arguments)


def test_moments_are_exact_far_from_zero():
    x = 1e9 + np.random.default_rng(0).normal(size=(50, 3))
    moments = Moments((3,))
    for row in x:
        moments.add(row)
    np.testing.assert_allclose(moments.mean, x.mean(axis=0), rtol=1e-15)
    np.testing.assert_allclose(moments.deviation(), x.std(axis=0), rtol=1e-6)
