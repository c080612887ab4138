"""Networks that are monotone by the signs of their weights: from the first draw on, whatever steps do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import (
    GLU,
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    LayerNorm,
    Network,
    Periodic,
    Residual,
    Rows,
    Trainer,
)
from chainrule.averaging import EMA
from chainrule.errors import InputError
from chainrule.network.activations import ACTIVATIONS
from chainrule.network.signs import has_signs
from chainrule.training.optimisers import OPTIMISERS
from chainrule.training.step_options import StepOptions

RISING = sorted(name for name, function in ACTIVATIONS.items() if function.rises)
SIGNS = (1, -1, 0)


def falls(network, parameters, directions, rows=400, seed=1):
    """By how much outputs fall at most where they must not, of random rows that differ in one input."""
    random, worst = np.random.default_rng(seed), 0.0
    for place, sign in enumerate(directions):
        low = random.normal(0, 2, (rows, len(directions)))
        high = low.copy()
        high[:, place] += random.exponential(1, rows)
        below, above = (network.forward(parameters, X).output for X in (low, high))
        worst = min(worst, float((sign * (above - below)).min()))
    return worst


def trained(network, optimiser="adam", options=None, members=1, dtype=np.float64):
    """Parameters after steps towards a target that goes the other way in every input."""
    random = np.random.default_rng(0)
    X = random.normal(size=(64, network.inputs)).astype(dtype)
    y = -(X @ np.sign(network.monotone))[:, None] + np.sin(3 * X[:, :1])
    parameters = network.init(0, dtype) if members == 1 else None
    trainer = Trainer(
        network, "squared_error", optimiser, parameters, options=options, n_members=members, seed=0, n_threads=2
    )
    for _ in range(5):
        trainer.epoch(Rows(X, y.astype(dtype)), 16)
    return trainer


@settings(max_examples=25, deadline=None)
@given(
    directions=st.lists(st.sampled_from(SIGNS), min_size=1, max_size=4),
    widths=st.lists(st.integers(1, 7), min_size=0, max_size=3),
    activation=st.sampled_from(RISING),
    normed=st.booleans(),
    seed=st.integers(0, 99),
)
def test_fresh_networks_keep_directions(directions, widths, activation, normed, seed):
    norm = [BatchNorm()] if normed else []
    layers = [layer for width in widths for layer in (Dense(width), *norm, Activation(activation), Dropout(0.1))]
    network = Network([*layers, Dense(2)], len(directions), directions)
    parameters = network.init(seed, np.float64)
    assert all(has_signs(p, parameters[p.name]) for p in network.layout.parameters)
    assert falls(network, parameters, directions) > -1e-12


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
def test_every_optimiser_leaves_signs_as_they_are(name, kernels):
    network = Network([Dense(8), BatchNorm(), Activation("relu"), Dense(6, "tanh"), Dense(1)], 3, (1, -1, 0))
    trainer = trained(network, name, StepOptions(averaging=EMA(0.9)))
    for parameters in (trainer.parameters, trainer.model):
        assert all(has_signs(p, parameters[p.name]) for p in network.layout.parameters)
        assert falls(network, parameters, network.monotone) > -1e-12


def test_members_have_signs_each(kernels):
    network = Network([Dense(9, "relu"), Dense(1)], 2, (1, 0))
    members = trained(network, members=3, dtype=np.float32).model
    assert len(members) == 3
    assert all(has_signs(p, members[p.name]) for p in network.layout.parameters)


def test_without_directions_the_same_training_breaks_them(kernels):
    """So that the tests above can fail."""
    directions = (1, -1, 0)
    free = Network([Dense(8, "relu"), Dense(1)], 3)
    random = np.random.default_rng(0)
    X = random.normal(size=(64, 3))
    trainer = Trainer(free, "squared_error", "adam", free.init(0, np.float64), seed=0)
    for _ in range(5):
        trainer.epoch(Rows(X, -(X @ directions)[:, None]), 16)
    assert falls(free, trainer.model, directions) < -1e-3


def test_what_has_a_sign_is_kept_and_the_rest_is_free(kernels):
    network = trained(Network([Dense(8, "relu"), Dense(1)], 2, (1, 0))).network
    of_first, of_last = (p.signs for p in network.layout.signed)
    assert of_first == ((1, 1, -1, -1, 0, 0, 0, 0), (1, 0))
    assert of_last == ((1,), of_first[0])
    W = trained(network).parameters["0.W"]
    assert (W[:2, 0] >= 0).all() and (W[2:4, 0] <= 0).all() and not W[4:, 0].any()
    assert (W[:, 1] > 0).any() and (W[:, 1] < 0).any()


def test_a_divergence_still_shows(kernels):
    network = Network([Dense(4, "relu"), Dense(1)], 2, (1, 0))
    X = np.full((16, 2), np.nan, np.float32)
    trainer = Trainer(network, "squared_error", "adam", seed=0)
    trainer.epoch(Rows(X, np.zeros((16, 1), np.float32)), 16)
    assert np.isnan(trainer.parameters["1.b"]).all()


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_which_functions_never_fall(name):
    z = np.linspace(-8, 8, 4001)
    assert (np.diff(ACTIVATIONS[name].value(z)) >= 0).all() == ACTIVATIONS[name].rises


REFUSED = {
    "a norm of rows": ([Dense(4), LayerNorm(), Dense(1)], (1, 0), "keep directions"),
    "gates": ([GLU(4), Dense(1)], (1, 0), "keep directions"),
    "a sum with what came in": ([Residual([Dense(2)]), Dense(1)], (1, 0), "keep directions"),
    "a function that falls": ([Dense(4, "gelu"), Dense(1)], (1, 0), "never falls"),
    "one behind a norm": ([Dense(4), BatchNorm(), Activation("silu"), Dense(1)], (1, 0), "never falls"),
    "a code": ([Embedding([3], [2]), Dense(1)], (0, 1), "without a direction"),
    "a wave": ([Periodic(1), Dense(1)], (1, 0), "without a direction"),
    "too many": ([Dense(1)], (1, 0, 0), "each of 2 inputs"),
    "another number": ([Dense(1)], (2, 0), "1, -1 or 0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_keep_directions_is_refused(case):
    layers, directions, said = REFUSED[case]
    with pytest.raises(InputError, match=said):
        Network(layers, 2, directions)


def test_no_directions_are_those_of_any_network():
    layers = [Dense(4), LayerNorm(), Dense(1)]
    assert Network(layers, 2, (0, 0)) == Network(layers, 2)
