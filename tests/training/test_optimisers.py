"""Optimisers against optax, and the penalties against the conditions that define them.

LAMB and Muon have their trajectories in test_whole_arrays.py.
"""

import inspect
import json
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

from chainrule import BatchNorm, Dense, LayerNorm, Network
from chainrule.errors import InputError, InputTypeError
from chainrule.training.optimisers import (
    LAMB,
    SGD,
    AdaBelief,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Lion,
    Muon,
    Nadam,
    Optimiser,
    RAdam,
    RMSprop,
)
from chainrule.training.penalty import Penalty
from chainrule.training.update import Update

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "optimizer_trajectories.json").read_text())
A, B, W0 = (np.array(REFERENCE[name]) for name in ("A", "b", "w0"))

OPTIMISERS = {
    "sgd": SGD(0.01),
    "momentum": SGD(0.01, momentum=0.9),
    "nesterov": SGD(0.01, momentum=0.9, nesterov=True),
    "adam": Adam(0.05),
    "adamw": AdamW(0.05),
    "nadam": Nadam(0.05),
    "radam": RAdam(0.05),
    "adabelief": AdaBelief(0.05),
    "rmsprop_torch": RMSprop(0.01),
    "adagrad_torch": Adagrad(0.1),
    "adadelta": Adadelta(1.0),
    "lion": Lion(0.01, weight_decay=0.001),
    "lamb": LAMB(0.05, weight_decay=0.01),
    "muon": Muon(0.02, weight_decay=0.01, rest=AdamW(0.05)),
}
#: those whose step is one of whole arrays, which optax has otherwise or not, and which take no L1
WHOLE = {"lamb", "muon"}
every_optimiser = pytest.mark.parametrize("name", OPTIMISERS)


def descend(optimiser, steps, penalty=None, cooling=1.0):
    """The path of six weights down the quadratic of the reference, at a rate that shrinks by `cooling` a step."""
    network = Network([Dense(2, bias=False)], 3)
    parameters = network.init(0, np.float64)
    parameters.vector[...] = W0
    gradients = parameters.like()
    step = Update(optimiser, penalty or Penalty(), parameters).bind(parameters, gradients)
    path = []
    for t in range(steps):
        gradients.vector[...] = A @ parameters.vector - B
        step(optimiser.learning_rate * cooling**t, 1.0)
        path.append(parameters.vector.copy())
    return np.array(path)


def rest(name, penalty):
    """Where an optimiser comes to rest. Adam needs a falling rate for that, descent with momentum a steady one."""
    return descend(OPTIMISERS[name], 20_000, penalty, 0.9995 if name.startswith("adam") else 1.0)[-1]


def subclasses(kind):
    return {kind, *(deep for direct in kind.__subclasses__() for deep in subclasses(direct))}


def test_every_optimiser_is_here():
    made = {type(optimiser) for optimiser in OPTIMISERS.values()}
    assert made == {kind for kind in subclasses(Optimiser) if not inspect.isabstract(kind)}


@pytest.mark.parametrize("name", sorted(set(OPTIMISERS) - WHOLE))
def test_trajectory_of_optax(name, kernels):
    expected = np.array(REFERENCE["traj"][name])
    assert expected.shape == (50, 6)
    np.testing.assert_allclose(descend(OPTIMISERS[name], 50), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", sorted(set(OPTIMISERS) - WHOLE - {"lion"}))
@pytest.mark.one_in(4)
def test_l1_makes_exact_zeros_and_rests_where_the_objective_does(name, kernels):
    """At rest g = -l1 sign(w) where w is not 0, and |g| <= l1 where it is. AdamW's decay counts as a gradient."""
    w = rest(name, Penalty(l1=1.0))
    gradient = A @ w - B
    gradient += OPTIMISERS[name].weight_decay * np.abs(gradient) * w
    zero = w == 0
    assert 0 < zero.sum() < 6
    assert (np.abs(gradient[zero]) <= 1).all()
    close = 1e-3 if name == "adabelief" else 1e-6  # which divides by next to nothing where gradients no longer move
    np.testing.assert_allclose(gradient[~zero], -np.sign(w[~zero]), atol=close)


def test_l1_of_lion_is_a_decay_of_its_own(kernels):
    """Without a gradient, rate * l1 a step towards 0 and no further."""
    parameters = Network([Dense(2, bias=False)], 3).init(0, np.float64)
    parameters.vector[...] = W0
    step = Update(Lion(0.1), Penalty(l1=2.0), parameters).bind(parameters, parameters.like())
    for expected in (0.8, 0.6, 0.4, 0.2, 0.0, 0.0):
        step(0.1, 1.0)
        np.testing.assert_allclose(parameters.vector, expected, atol=1e-12)
    assert (parameters.vector == 0).all()


def test_lion_remembers_by_the_second_beta_and_steps_by_the_first(kernels):
    """m = 0.01 after a gradient of 1, so that 0.9 m + 0.1 g has the sign of the next."""
    parameters = Network([Dense(1, bias=False)], 1).init(0, np.float64)
    parameters.vector[...], gradients = 0.0, parameters.like()
    step = Update(Lion(0.1), Penalty(), parameters).bind(parameters, gradients)
    for gradient, expected in ((1.0, -0.1), (-0.2, 0.0), (-0.2, 0.1), (0.2, 0.0)):
        gradients.vector[...] = gradient
        step(0.1, 1.0)
        np.testing.assert_allclose(parameters.vector, expected, atol=1e-12)


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_l1_is_refused_where_a_step_has_no_size_per_entry(name):
    with pytest.raises(InputError, match="expected l1 = 0"):
        descend(OPTIMISERS[name], 1, Penalty(l1=0.1))


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "adam"])
def test_l2_rests_at_the_ridge_solution(name, kernels):
    ridge = np.linalg.solve(A + 0.7 * np.eye(6), B)
    np.testing.assert_allclose(rest(name, Penalty(l2=0.7)), ridge, atol=1e-6)


def stepped(optimiser, penalty, slopes, weight=8.0):
    """Parameters before and after one step from given gradients."""
    network = Network([Dense(4), BatchNorm(), Dense(3), LayerNorm()], 5)
    parameters = network.init(0, np.float64)
    parameters.vector[...] = np.random.default_rng(0).uniform(0.5, 1, parameters.vector.size)
    before, gradients = parameters.copy(), parameters.like()
    gradients.vector[...] = slopes(before)
    Update(optimiser, penalty, parameters).bind(parameters, gradients)(optimiser.learning_rate, weight)
    return before, parameters


def weights_only(parameters):
    """A vector that holds the weights where they stand, and zeros for all else."""
    found = parameters.like()
    for p in parameters.layout.parameters:
        if p.kind == "weight":
            found[p.name][...] = parameters[p.name]
    return found.vector


#: what shrinks weights: optimiser, penalty, and what a step of rate 0.1 makes of a weight without a gradient
SHRINKING = {
    "weight decay": (SGD(0.1, weight_decay=0.5), Penalty(), lambda W: 0.95 * W),
    "l1": (SGD(0.1), Penalty(l1=0.5), lambda W: W - 0.05),
    "l2": (SGD(0.1), Penalty(l2=0.5), lambda W: 0.95 * W),
}


@pytest.mark.parametrize("what", SHRINKING)
def test_biases_gains_and_statistics_are_spared(what, kernels):
    optimiser, penalty, shrunk = SHRINKING[what]
    before, after = stepped(optimiser, penalty, slopes=lambda p: 0.0)
    for p in before.layout.parameters:
        expected = shrunk(before[p.name]) if p.kind == "weight" else before[p.name]
        np.testing.assert_allclose(after[p.name], expected, rtol=1e-14, err_msg=p.name)


@every_optimiser
@pytest.mark.parametrize(
    ("penalty", "factor"), [(Penalty(l2=0.3), 0.3), (Penalty(alpha=2.0), 0.25)], ids=["l2", "alpha"]
)
def test_a_step_with_l2_is_a_step_along_its_gradient(name, penalty, factor, kernels):
    slopes = np.random.default_rng(1).normal(size=stepped(SGD(0.1), Penalty(), lambda p: 0.0)[0].vector.size)
    _, penalised = stepped(OPTIMISERS[name], penalty, lambda p: slopes)
    _, explicit = stepped(OPTIMISERS[name], Penalty(), lambda p: slopes + factor * weights_only(p))
    np.testing.assert_allclose(penalised.vector, explicit.vector, rtol=1e-13)


def test_penalty_value_and_gradient():
    network = Network([Dense(4), LayerNorm(), Dense(3)], 5)
    parameters = network.init(0, np.float64)
    W = np.concatenate([parameters["0.W"].ravel(), parameters["2.W"].ravel()])
    assert Penalty().value(parameters, 8.0) == 0
    np.testing.assert_allclose(Penalty(l2=0.3).value(parameters, 8.0), 0.15 * W @ W)
    np.testing.assert_allclose(Penalty(alpha=0.3).value(parameters, 8.0), 0.15 * W @ W / 8)
    np.testing.assert_allclose(Penalty(l1=0.3).value(parameters, 8.0), 0.3 * np.abs(W).sum())


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(0.0), lambda: SGD(-1.0), lambda: SGD(float("inf")), lambda: SGD(float("nan")), lambda: SGD("0.1"),
        lambda: SGD(True), lambda: SGD(momentum=1.5), lambda: SGD(momentum=-0.1),
        lambda: SGD(weight_decay=-1), lambda: Adam(beta_1=1.0), lambda: Adam(beta_2=-0.1), lambda: Adam(epsilon=0),
        lambda: Muon(momentum=1.0), lambda: Muon(0.0), lambda: LAMB(epsilon=0),
        lambda: Penalty(l1=-1), lambda: Penalty(l2=None), lambda: Penalty(alpha=float("inf")),
    ],
)  # fmt: skip
def test_hyperparameters_outside_their_range(make):
    with pytest.raises((InputError, InputTypeError), match="expected a number .*; received"):
        make()


@pytest.mark.parametrize("rest", [SGD(0.1), LAMB(), AdamW, None], ids=repr)
def test_what_cannot_take_the_rest_of_muon(rest):
    with pytest.raises(InputTypeError, match="an Adam of one kernel"):
        Muon(rest=rest)


@every_optimiser
def test_an_optimiser_is_a_frozen_value(name):
    optimiser = OPTIMISERS[name]
    assert hash(optimiser) == hash(eval(repr(optimiser)))
    assert optimiser == eval(repr(optimiser))
    with pytest.raises(FrozenInstanceError):
        optimiser.learning_rate = 1.0
