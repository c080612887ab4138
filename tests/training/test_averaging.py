"""Averages of weights against their definitions."""

import numpy as np
import pytest

from chainrule import BatchNorm, Dense, Network
from chainrule.errors import InputError, InputTypeError
from chainrule.training.averaging import EMA, SWA, Averaging
from chainrule.training.optimisers import SGD
from chainrule.training.penalty import Penalty
from chainrule.training.step_options import StepOptions
from chainrule.training.update import Update

AVERAGES = {
    "ema": EMA(0.9, ramp=False),
    "ramped": EMA(0.9),
    "swa": SWA(4),
    "swa, every third": SWA(4, every=3),
}
STEPS = 30


def test_every_averaging_is_here():
    assert {type(averaging) for averaging in AVERAGES.values()} == set(Averaging.__subclasses__())


def walked(averaging, dtype=np.float64):
    """All weights of a walk, those at its start first, and the averages behind each step."""
    parameters = Network([Dense(40), BatchNorm(), Dense(3)], 20).init(0, dtype)
    gradients = parameters.like()
    update = Update(SGD(0.1), Penalty(), parameters, StepOptions(averaging=averaging))
    step = update.bind(parameters, gradients)
    random = np.random.default_rng(0)
    weights, means = [parameters.vector.copy()], []
    for _ in range(STEPS):
        gradients.vector[...] = random.normal(size=gradients.vector.size)
        parameters["1.mean"][...] = random.normal(size=40)  # as a forward pass would
        step(0.1, 1.0)
        weights.append(parameters.vector.copy())
        means.append(update.average.vector.copy())
    return weights, means


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["ema", "ramped"])
def test_exponential_average(name, dtype, kernels):
    weights, means = walked(AVERAGES[name], dtype)
    expected = weights[0].astype(np.float64)
    for s in range(1, STEPS + 1):
        d = min(0.9, (1 + s) / (10 + s)) if name == "ramped" else 0.9
        expected = d * expected + (1 - d) * weights[s]
        np.testing.assert_allclose(means[s - 1], expected, rtol=0, atol=1e-14 if dtype is np.float64 else 2e-6)


@pytest.mark.parametrize("every", [1, 3])
def test_plain_average(every, kernels):
    weights, means = walked(SWA(4, every))
    for s in range(1, STEPS + 1):
        taken = weights[4 : s + 1 : every] if s >= 4 else weights[s : s + 1]
        np.testing.assert_allclose(means[s - 1], np.mean(taken, axis=0), rtol=0, atol=1e-13)


def test_before_its_start_a_plain_average_is_the_weights_to_the_bit(kernels):
    weights, means = walked(SWA(20), np.float32)
    for s in range(1, 21):
        np.testing.assert_array_equal(means[s - 1], weights[s])


def test_the_average_predicts(kernels):
    """It has the network's layout and is no view of the weights."""
    network = Network([Dense(4, "tanh"), BatchNorm(), Dense(3)], 5)
    parameters = network.init(0)
    update = Update(SGD(0.1), Penalty(), parameters, StepOptions(averaging=EMA()))
    X = np.ones((2, 5))
    before = network.forward(parameters, X).output.copy()
    parameters.vector[...] = 0
    np.testing.assert_array_equal(network.forward(update.average, X).output, before)
    assert Update(SGD(0.1), Penalty(), parameters).average is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: EMA(1.0), lambda: EMA(-0.1), lambda: EMA(np.nan), lambda: EMA("0.9"), lambda: EMA(ramp=None),
        lambda: SWA(0), lambda: SWA(1.5), lambda: SWA(None), lambda: SWA(1, every=0), lambda: SWA(1, every=True),
    ],
)  # fmt: skip
def test_bad_input(make):
    with pytest.raises((InputError, InputTypeError), match=r"(EMA|SWA)\((decay|ramp|start|every)="):
        make()
