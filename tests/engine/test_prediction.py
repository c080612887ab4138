"""One network, four ways to its predictions: a pass to look at, the plan, the predictor, and a bound function."""

import pickle
import sys
from types import ModuleType

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.special import expit, softmax

from chainrule import Activation, AlphaDropout, BatchNorm, Dense, Dropout, GaussianNoise, LayerNorm, Network, Residual
from chainrule.engine.feeds import is_sparse
from chainrule.engine.predictor import Predictor
from chainrule.errors import InputError, InputTypeError
from chainrule.network.losses import LOSSES

STACKS = {
    "dense": [Dense(6, "tanh"), Dropout(0.5), Dense(5, "gelu"), Dense(3)],
    "norms": [Dense(6), BatchNorm(), Activation("tanh"), Dropout(0.3), Dense(5), LayerNorm(), Dense(3)],
    "residual": [Residual([Dense(6, "tanh"), Dropout(0.3)]), Residual([Dropout(0.3)]), Dense(3)],
    "noise": [GaussianNoise(0.5), Dense(6, "selu"), AlphaDropout(0.5), Dense(5, "tanh"), GaussianNoise(0.3), Dense(3)],
    "ends in an activation": [Dense(6, "tanh"), Dense(3, "tanh")],
    "nothing to do": [Dropout(0.5)],
}
#: A loss for every link.
LINKS = {
    "squared_error": lambda z: z,
    "cross_entropy": lambda z: softmax(z, axis=1),
    "binary_cross_entropy": expit,
    "poisson": np.exp,
}
CLOSE = {"rtol": 1e-12, "atol": 1e-13}


@pytest.mark.parametrize("loss", LINKS)
@pytest.mark.parametrize("name", STACKS)
def test_all_ways_agree(name, loss, shaken, kernels):
    network = Network(STACKS[name], 4)
    parameters, X = shaken(network), np.random.default_rng(0).normal(size=(11, 4))
    expected = LINKS[loss](network.forward(parameters, X).output)

    plan = network.plan(parameters, 11, mode="predict", loss=loss)
    run = plan.run(11)
    run.arrays["x"][...] = X
    run()
    np.testing.assert_allclose(run.arrays[plan.program.output.name], expected, **CLOSE)

    predictor = Predictor(network, parameters, LOSSES[loss])
    np.testing.assert_allclose(predictor(X), expected, **CLOSE)
    np.testing.assert_allclose(predictor(csr_matrix(X), n_threads=1), expected, **CLOSE)
    np.testing.assert_allclose(predictor.bound(11)(X), expected, **CLOSE)
    np.testing.assert_array_equal(X, np.random.default_rng(0).normal(size=(11, 4)))


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("loss", LINKS)
@pytest.mark.parametrize("name", STACKS)
def test_a_temperature_divides_what_the_link_is_given(name, loss, n_threads, shaken, kernels):
    network = Network(STACKS[name], 4)
    parameters, X = shaken(network), np.random.default_rng(0).normal(size=(40, 4))
    expected = LINKS[loss](network.forward(parameters, X).output / 2.5)
    plan = network.plan(parameters, 40, mode="predict", loss=loss, n_threads=n_threads, temperature=2.5)
    run = plan.run(40)
    run.arrays["x"][...] = X
    with plan.team() as team:
        run.forward(team)
    np.testing.assert_allclose(run.arrays[plan.program.output.name], expected, **CLOSE)
    np.testing.assert_allclose(Predictor(network, parameters, LOSSES[loss]).at(2.5)(X), expected, **CLOSE)


@pytest.mark.parametrize("temperature", [0, -1.0, np.nan, "hot"])
def test_bad_temperatures(temperature, shaken, numpy_kernels):
    network = Network([Dense(3)], 4)
    with pytest.raises((InputError, InputTypeError), match=r"temperature=\): expected a number above 0"):
        network.plan(shaken(network), 1, mode="predict", temperature=temperature)


@pytest.mark.parametrize("name", STACKS)
def test_a_batch_cut_into_pieces_gives_the_same(name, shaken, kernels):
    network = Network(STACKS[name], 4)
    predictor = Predictor(network, shaken(network), LOSSES["cross_entropy"])
    X = np.random.default_rng(0).normal(size=(9001, 4))  # three chunks, the last of them partial
    whole = predictor(X)
    pieces = np.concatenate([predictor(X[:1]), predictor(X[1:4100]), predictor(X[4100:])])
    np.testing.assert_allclose(pieces, whole, **CLOSE)
    expected = LINKS["cross_entropy"](network.forward(predictor.parameters, X).output)
    np.testing.assert_allclose(whole, expected, **CLOSE)
    assert predictor(X[:0]).shape == (0, whole.shape[1])


def test_a_bound_function_follows_the_parameters_and_gives_arrays_of_its_own(shaken, kernels):
    network = Network(STACKS["dense"], 4)
    parameters = shaken(network)
    predict = Predictor(network, parameters, LOSSES["cross_entropy"]).bound(2)
    first = predict(np.ones((2, 4)))
    kept = first.copy()
    parameters.vector[...] *= 2
    second = predict(np.ones((2, 4)))
    assert (second != first).any()
    np.testing.assert_array_equal(first, kept)


def test_a_predictor_survives_pickling_without_its_buffers(shaken, kernels):
    network = Network(STACKS["dense"], 4)
    predictor = Predictor(network, shaken(network), LOSSES["cross_entropy"])
    fresh = len(pickle.dumps(predictor))
    X = np.random.default_rng(0).normal(size=(3000, 4))
    expected = predictor(X)
    assert len(pickle.dumps(predictor)) < fresh + 1000  # the buffers take 200 kB
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(predictor))(X), expected)


def test_nothing_is_sparse_while_another_thread_loads_scipys_module(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.sparse", ModuleType("scipy.sparse"))
    assert not is_sparse(np.zeros(3))
    monkeypatch.delitem(sys.modules, "scipy.sparse")
    assert not is_sparse(np.zeros(3))
