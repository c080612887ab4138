"""Sequences of different lengths: each gives what it gives alone, and padding reaches nothing."""

import numpy as np
import pytest

from chainrule import (
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    GaussianNoise,
    LayerNorm,
    Network,
    Pool,
    Residual,
)
from chainrule.errors import InputError

LENGTHS = [3, 1, 5, 4]
REAL = np.arange(5) < np.array(LENGTHS)[:, None]
POOLS = {"mean": np.mean, "max": np.max, "sum": np.sum}
STACKS = {
    "rows": [Dense(4, "tanh"), LayerNorm(), Dropout(0.4), Residual([Dense(4)]), Dense(2)],
    "noise": [GaussianNoise(0.1), Dense(4, "selu"), AlphaDropout(0.4), Residual([GaussianNoise(0.3)]), Dense(2)],
    **{how: [Dense(4, "tanh"), Pool(how), LayerNorm(), Dense(2)] for how in POOLS},
}
every_stack = pytest.mark.parametrize("name", STACKS)


def sequences(padding=0.0, seed=0):
    """Four sequences of up to five steps of three features, `padding` behind their ends."""
    X = np.random.default_rng(seed).normal(size=(4, 5, 3))
    X[~REAL] = padding
    return X


@every_stack
def test_a_sequence_gives_what_it_gives_alone(name, shaken, kernels):
    network = Network(STACKS[name], 3)
    parameters, X = shaken(network), sequences()
    output = network.forward(parameters, X, lengths=LENGTHS).output
    for s, length in enumerate(LENGTHS):
        alone = network.forward(parameters, X[s : s + 1, :length]).output[0]
        found = output[s] if network.pools else output[s, :length]
        np.testing.assert_allclose(found, alone, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("how", POOLS)
def test_pools(how, kernels):
    network = Network([Pool(how)], 3)
    output = network.forward(network.init(0, np.float64), sequences(), lengths=LENGTHS).output
    expected = [POOLS[how](x[:n], axis=0) for x, n in zip(sequences(), LENGTHS, strict=True)]
    np.testing.assert_allclose(output, expected, rtol=1e-14)


def test_steps_are_rows_to_every_other_layer(shaken, kernels):
    network = Network(STACKS["rows"], 3)
    parameters, X = shaken(network), sequences()
    as_sequences = network.forward(parameters, X, lengths=LENGTHS)
    as_rows = network.forward(parameters, X[REAL])
    np.testing.assert_array_equal(as_sequences.output[REAL], as_rows.output)
    assert not as_sequences.output[~REAL].any()
    assert [a.shape for a in as_sequences.activations] == [(4, 5, n) for n in network.widths]


@every_stack
@pytest.mark.parametrize("train", [False, True], ids=["evaluate", "train"])
@pytest.mark.parametrize("padding", [7.0, np.nan, np.inf])
def test_what_stands_in_the_padding_never_matters(name, train, padding, shaken, kernels):
    network = Network([BatchNorm(), *STACKS[name]], 3)
    results = []
    for content in (0.0, padding):
        parameters = shaken(network)
        forward = network.forward(parameters, sequences(content), train=train, lengths=LENGTHS)
        way_back = network.backward(parameters, forward, np.ones_like(forward.output))
        results.append([forward.output, way_back.gradients.vector, way_back.d_input, parameters.vector])
    for clean, padded in zip(*results, strict=True):
        np.testing.assert_array_equal(padded, clean)


def test_batch_statistics_ignore_padding(shaken, kernels):
    network = Network([BatchNorm(momentum=1.0)], 3)
    parameters, X = shaken(network), sequences(padding=100.0)
    network.forward(parameters, X, train=True, lengths=LENGTHS)
    np.testing.assert_allclose(parameters["0.mean"], X[REAL].mean(0), rtol=1e-12)
    np.testing.assert_allclose(parameters["0.variance"], X[REAL].var(0), rtol=1e-12)


@every_stack
@pytest.mark.one_in(3)
def test_gradients_flow_to_real_cells_only_and_are_right(name, shaken, kernels):
    network = Network(STACKS[name], 3)
    parameters, X = shaken(network), sequences()
    forward = network.forward(parameters, X, lengths=LENGTHS)
    d_output = np.random.default_rng(1).normal(size=forward.output.shape)
    d_input = network.backward(parameters, forward, d_output).d_input
    assert not d_input[~REAL].any()
    measured, h = np.zeros_like(X), 1e-5
    for place in np.ndindex(X.shape):
        ends = []
        for side in (h, -h):
            moved = X.copy()
            moved[place] += side
            ends.append(np.sum(network.forward(parameters, moved, lengths=LENGTHS).output * d_output))
        measured[place] = (ends[0] - ends[1]) / (2 * h)
    np.testing.assert_allclose(d_input, measured, rtol=1e-6, atol=1e-8)


def test_a_gradient_given_for_the_padding_is_ignored(shaken, kernels):
    network = Network(STACKS["rows"], 3)
    parameters = shaken(network)
    forward = network.forward(parameters, sequences(), lengths=LENGTHS)
    d_output = np.random.default_rng(1).normal(size=forward.output.shape)
    clean = network.backward(parameters, forward, np.where(REAL[..., None], d_output, 0))
    given = network.backward(parameters, forward, np.where(REAL[..., None], d_output, np.nan))
    np.testing.assert_array_equal(given.gradients.vector, clean.gradients.vector)


def test_the_largest_of_equals_is_the_first_and_a_nan_wins(kernels):
    network = Network([Pool("max")], 1)
    parameters = network.init(0, np.float64)
    forward = network.forward(parameters, np.array([[[1.0], [2.0], [2.0]], [[1.0], [np.nan], [3.0]]]))
    np.testing.assert_array_equal(forward.output, [[2.0], [np.nan]])
    d_input = network.backward(parameters, forward, np.array([[5.0], [6.0]])).d_input
    np.testing.assert_array_equal(d_input[..., 0], [[0, 5, 0], [0, 6, 0]])


def test_without_lengths_every_step_counts(shaken, kernels):
    network = Network([Dense(4), Activation("tanh"), Pool("mean")], 3)
    parameters, X = shaken(network), np.random.default_rng(0).normal(size=(2, 5, 3))
    full = network.forward(parameters, X, lengths=[5, 5]).output
    np.testing.assert_array_equal(network.forward(parameters, X).output, full)


@pytest.mark.parametrize(
    "lengths", [[3, 1, 5], [3, 0, 5, 4], [3, 6, 5, 4], [3, -1, 5, 4], [3.0, 1, 5, 4], 3, [[3, 1, 5, 4]]]
)
def test_lengths_that_cannot_be(lengths, shaken, numpy_kernels):
    network = Network([Dense(2)], 3)
    with pytest.raises(InputError, match="4 whole numbers between 1 and 5"):
        network.forward(shaken(network), sequences(), lengths=lengths)


@pytest.mark.parametrize("layers", [[Pool("mean")], [Dense(2)]])
def test_rows_have_no_lengths_and_cannot_be_pooled(layers, numpy_kernels):
    network = Network(layers, 3)
    lengths = None if network.pools else [1, 1]
    with pytest.raises(InputError, match="a time axis"):
        network.forward(network.init(0), np.ones((2, 3)), lengths=lengths)
