"""`Network.forward` and `backward`: what they show is right, against finite differences and shorter networks."""

import numpy as np
import pytest

from chainrule import (
    GLU,
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    GaussianNoise,
    LayerNorm,
    Network,
    Residual,
    RMSNorm,
)
from chainrule.errors import InputError

STACKS = {
    "dense": [Dense(5, "tanh"), Dense(6), Dense(3)],
    "no bias": [Dense(5, bias=False), Dense(6, "tanh", bias=False), Dense(3, bias=False)],
    "reads z": [Dense(5, "gelu"), Dense(6), Activation("gelu"), Dense(3)],
    "batch norm": [Dense(5), BatchNorm(), Activation("tanh"), Dense(3)],
    "gate": [RMSNorm(), GLU(5, "tanh"), RMSNorm(), Dense(3)],
    "layer norm": [LayerNorm(), Dense(5, "tanh"), LayerNorm(), Dense(3)],
    "dropout": [Dense(5, "tanh"), Dropout(0.4), Dense(3)],
    "alpha dropout": [Dense(5, "tanh"), AlphaDropout(0.4), Dense(3)],
    "noise": [GaussianNoise(0.4), Dense(5, "tanh"), GaussianNoise(0.4), Dense(3)],
    "nothing to do": [Activation("identity"), Dropout(0.0), Dense(3), Activation("identity")],
    "residual": [Dense(5, "tanh"), Residual([Dense(4, "tanh"), Dense(5)]), LayerNorm(), Dense(3)],
    "projection": [Residual([Dense(5, "tanh")]), Residual([Dense(3)])],
    "residual of nothing": [Dense(5, "tanh"), Residual([Activation("identity")]), Dense(3)],
}
every_stack = pytest.mark.parametrize("name", STACKS)
both_modes = pytest.mark.parametrize("train", [False, True], ids=["evaluate", "train"])
SEED = 5  # of what is drawn


@pytest.fixture
def passed(shaken, kernels):
    """A function that goes through a stack and back: network, parameters, X, pass, d_output, way back."""

    def go(name, train):
        network = Network(STACKS[name], 4)
        parameters = shaken(network)
        X = np.random.default_rng(2).normal(size=(6, 4))
        forward = network.forward(parameters.copy(), X, train=train, seed=SEED)
        d_output = np.random.default_rng(3).normal(size=forward.output.shape)
        return network, parameters, X, forward, d_output, network.backward(parameters, forward, d_output)

    return go


def part(network, parameters, layers, first):
    """A network of these layers, which stand at `first` and behind it in `network`, with its parameters."""
    some = Network(layers, [network.inputs, *network.widths][first])
    own = some.init(0, np.float64)
    for name in own.names():
        place, rest = name.split(".", 1)
        own[name][...] = parameters[f"{int(place) + first}.{rest}"]
    return some, own


@every_stack
@both_modes
@pytest.mark.one_in(3)
def test_input_gradient_against_finite_differences(name, train, passed):
    network, parameters, X, _, d_output, way_back = passed(name, train)
    measured, h = np.empty_like(X), 1e-5
    for place in np.ndindex(X.shape):
        ends = []
        for side in (h, -h):
            moved = X.copy()
            moved[place] += side
            output = network.forward(parameters.copy(), moved, train=train, seed=SEED).output
            ends.append(np.sum(output * d_output))
        measured[place] = (ends[0] - ends[1]) / (2 * h)
    np.testing.assert_allclose(way_back.d_input, measured, rtol=1e-6, atol=1e-8)


@every_stack
@both_modes
def test_parameter_gradients_against_finite_differences(name, train, passed):
    network, parameters, X, _, d_output, way_back = passed(name, train)
    trained, generator, h = parameters.layout.trained, np.random.default_rng(4), 1e-5
    for _ in range(3):
        v = np.zeros(parameters.vector.size)
        v[:trained] = generator.normal(size=trained)
        ends = []
        for side in (h, -h):
            moved = parameters.copy()
            moved.vector[...] += side * v
            ends.append(np.sum(network.forward(moved, X, train=train, seed=SEED).output * d_output))
        measured = (ends[0] - ends[1]) / (2 * h)
        np.testing.assert_allclose(way_back.gradients.vector @ v, measured, rtol=1e-6, atol=1e-8)


@every_stack
@both_modes
def test_deltas_are_the_input_gradients_of_the_rest_of_the_network(name, train, passed):
    """A Residual's delta is that of what comes out of it; any other layer's, that of its pre-activation."""
    network, parameters, _, forward, d_output, way_back = passed(name, train)
    for place, layer in enumerate(network.layers):
        if isinstance(layer, GLU):
            continue  # of gates and values, no input of a layer
        first, z, head = place, forward.pre_activations[place], []
        if isinstance(layer, (Dense, Residual)):
            first = place + 1
        if isinstance(layer, Residual):
            z = forward.activations[place]
        elif isinstance(layer, Dense) and layer.activation != "identity":
            head = [Activation(layer.activation)]
        expected = d_output
        if first < len(network.layers):
            rest, own = part(network, parameters, network.layers[first:], first)
            again = rest.forward(own, forward.activations[place] if first > place else z, train=train, seed=SEED)
            expected = rest.backward(own, again, d_output).d_input
        if head:
            f = Network(head, z.shape[1])
            expected = f.backward(f.init(0, np.float64), f.forward(f.init(0, np.float64), z), expected).d_input
        np.testing.assert_allclose(way_back.deltas[place], expected, rtol=1e-9, atol=1e-12, err_msg=repr(layer))


@every_stack
@both_modes
def test_weight_gradient_is_delta_times_activation(name, train, passed):
    network, _, X, forward, _, way_back = passed(name, train)
    incoming = [X, *forward.activations]
    for place, layer in enumerate(network.layers):
        if isinstance(layer, Dense):
            dz = way_back.deltas[place]
            np.testing.assert_allclose(way_back.gradients[f"{place}.W"], dz.T @ incoming[place], atol=1e-12)
            if layer.bias:
                np.testing.assert_allclose(way_back.gradients[f"{place}.b"], dz.sum(0), atol=1e-12)


@every_stack
@both_modes
def test_activations_are_the_outputs_of_shorter_networks(name, train, passed):
    network, parameters, X, forward, _, _ = passed(name, train)
    assert len(forward.activations) == len(forward.pre_activations) == len(network.layers)
    np.testing.assert_array_equal(forward.activations[-1], forward.output)
    for place in range(len(network.layers)):
        short, own = part(network, parameters, network.layers[: place + 1], 0)
        output = short.forward(own, X, train=train, seed=SEED).output
        np.testing.assert_allclose(forward.activations[place], output, atol=1e-13)


@every_stack
@both_modes
def test_pre_activations(name, train, passed):
    """That of a Dense or a GLU is x W' + b; that of any other layer is what it was given."""
    network, parameters, X, forward, _, _ = passed(name, train)
    incoming = [X, *forward.activations]
    for place, layer in enumerate(network.layers):
        expected = incoming[place]
        if isinstance(layer, Dense | GLU):
            expected = expected @ parameters[f"{place}.W"].T
            expected = expected + parameters[f"{place}.b"] if layer.bias else expected
        np.testing.assert_allclose(forward.pre_activations[place], expected, atol=1e-12, err_msg=repr(layer))


@every_stack
@both_modes
def test_going_back_twice_gives_the_same_twice(name, train, passed):
    network, parameters, X, forward, d_output, first = passed(name, train)
    kept = [array.copy() for array in forward.activations]
    deltas = [array.copy() for array in first.deltas]
    network.backward(parameters, forward, -3 * d_output)
    for before, one in zip(deltas, first.deltas, strict=True):
        np.testing.assert_array_equal(before, one)
    second = network.backward(parameters, forward, d_output)
    for before, again in zip(deltas, second.deltas, strict=True):
        np.testing.assert_array_equal(before, again)
    np.testing.assert_array_equal(first.gradients.vector, second.gradients.vector)
    np.testing.assert_array_equal(first.d_input, second.d_input)
    for before, after in zip(kept, forward.activations, strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(X, np.random.default_rng(2).normal(size=(6, 4)))


@pytest.mark.parametrize("momentum", [0.0, 0.1, 1.0])
def test_only_training_moves_the_running_statistics(momentum, shaken, kernels):
    network = Network([Dense(5), BatchNorm(momentum)], 4)
    parameters, X = shaken(network), np.random.default_rng(2).normal(size=(6, 4))
    before = parameters.copy()
    network.forward(parameters, X)
    np.testing.assert_array_equal(parameters.vector, before.vector)
    z = network.forward(parameters, X, train=True).pre_activations[1]
    for name, statistic in (("1.mean", z.mean(0)), ("1.variance", z.var(0))):
        expected = (1 - momentum) * before[name] + momentum * statistic
        np.testing.assert_allclose(parameters[name], expected, rtol=1e-12)
    assert (parameters.vector[: parameters.layout.trained] == before.vector[: before.layout.trained]).all()


def test_the_seed_picks_the_mask(shaken, kernels):
    network = Network([Dense(50, "tanh"), Dropout(0.5)], 4)
    parameters, X = shaken(network), np.ones((4, 4))
    first, same, other = (network.forward(parameters, X, train=True, seed=s).output for s in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert ((first == 0) != (other == 0)).any()


@pytest.mark.parametrize("X", [np.ones(4), np.ones((3, 5)), np.ones((0, 4)), np.ones((2, 0, 4)), np.ones((1, 1, 1, 4))])
def test_inputs_that_do_not_fit(X, shaken, numpy_kernels):
    network = Network([Dense(2)], 4)
    with pytest.raises(InputError, match=r"forward\(X\): expected shape \(rows, 4\)"):
        network.forward(shaken(network), X)


def test_d_output_that_does_not_fit(shaken, numpy_kernels):
    network = Network([Dense(2)], 4)
    parameters = shaken(network)
    with pytest.raises(InputError, match=r"shape \(3, 2\), that of the output"):
        network.backward(parameters, network.forward(parameters, np.ones((3, 4))), np.ones((3, 1)))
