"""Backpropagation against finite differences in float64, for every activation, layer and loss, and random stacks.

Numba compiles a kernel per activation, so its set takes three activations where the NumPy set takes all:
what differs between activations is one scalar function, and each is checked alone.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from chainrule.network import activations, losses
from chainrule.network.activations import ACTIVATIONS
from chainrule.network.losses import LOSSES

TOLERANCE = 1e-6
SOFTSIGN = activations.custom("softsign", lambda z: z / (1.0 + abs(z)), lambda z: 1.0 / (1.0 + abs(z)) ** 2)

BEHIND = {
    "alone": [],
    "batch norm": [BatchNorm()],
    "layer norm": [LayerNorm()],
    "rms norm": [RMSNorm()],
}
#: Gradients are checked with what is drawn frozen: a plan draws the same in every run, until its step is moved on.
DRAWN = [[], [Dropout(0.4)], [AlphaDropout(0.4)], [GaussianNoise(0.4)]]
#: One that backward reads off a, one off z, one that leaves nothing to compute.
FEW = ("tanh", "gelu", "identity")


@pytest.fixture(scope="session")
def error(shaken, clear_rows, targets):
    """A function that gives the largest relative error of a network's gradient."""

    def largest(layers, loss="squared_error", inputs=4, rows=6, seed=0):
        network = Network(layers, inputs)
        parameters = shaken(network, seed)
        X = clear_rows(network, parameters, rows, seed)
        return network.check_gradients(parameters, X, targets(loss, rows, network.outputs), loss)

    return largest


@pytest.mark.parametrize("drawn", DRAWN, ids=repr)
@pytest.mark.parametrize("norm", BEHIND)
@pytest.mark.parametrize("f", ACTIVATIONS)
def test_activations(f, norm, drawn, error, numpy_kernels):
    assert error([Dense(5), *BEHIND[norm], Activation(f), *drawn, Dense(2)]) < TOLERANCE


def test_more_directions_find_no_smaller_error(shaken, numpy_kernels):
    network = Network([Dense(5, "tanh"), Dense(2)], 4)
    X, y = np.random.default_rng(0).normal(size=(6, 4)), np.ones((6, 2))
    found = [network.check_gradients(shaken(network), X, y, "squared_error", directions=n) for n in range(1, 9)]
    assert found[0] > 0 and found == sorted(found)


@pytest.mark.parametrize("f", ACTIVATIONS)
@pytest.mark.one_in(3)
def test_activations_in_dense(f, error, kernels):
    assert error([Dense(5, f), Dense(3, f), Dense(2)]) < TOLERANCE


@pytest.mark.parametrize("drawn", DRAWN, ids=repr)
@pytest.mark.parametrize("norm", BEHIND)
@pytest.mark.parametrize("f", [FEW[0], *(pytest.param(f, marks=pytest.mark.slow) for f in FEW[1:])])
@pytest.mark.one_in(4)
def test_a_few_activations_compiled(f, norm, drawn, error, numba_kernels):
    assert error([Dense(5), *BEHIND[norm], Activation(f), *drawn, Dense(2)]) < TOLERANCE


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("f", ACTIVATIONS)
def test_gates(f, bias, error, numpy_kernels):
    for drawn in DRAWN:
        assert error([GLU(5, f, bias), *drawn, GLU(2, f, bias)]) < TOLERANCE


@pytest.mark.parametrize("f", ACTIVATIONS)
def test_activations_right_before_the_loss(f, error, numpy_kernels):
    for drawn in DRAWN:
        assert error([Dense(5, "tanh"), Dense(3, f), *drawn]) < TOLERANCE
    assert error([Dense(5, "tanh"), Dense(3), BatchNorm(), Activation(f)]) < TOLERANCE


def test_custom_activation(error, kernels):
    assert error([Dense(5, SOFTSIGN), Dense(2)]) < TOLERANCE


@pytest.mark.parametrize("loss", LOSSES)
def test_losses(loss, error, kernels):
    assert error([Dense(5, "tanh"), Dense(LOSSES[loss].outputs(3))], loss) < TOLERANCE


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_behind_what_they_may_not_overwrite(loss, error, kernels):
    outputs = LOSSES[loss].outputs(3)
    assert error([Dense(5), Dense(outputs, "tanh")], loss) < TOLERANCE
    assert error([Dense(outputs), LayerNorm()], loss) < TOLERANCE


LAYERS = [
    Dense(4), Dense(4, "tanh", bias=False), Dense(4, bias=False), Activation("tanh"), Activation("identity"),
    BatchNorm(), LayerNorm(), Dropout(0.3), Dropout(0.0),
    AlphaDropout(0.3), GaussianNoise(0.3), Residual([GaussianNoise(0.3)]),
    Residual([Dense(4, "tanh")]), Residual([Dense(5, "tanh")]), Residual([Dropout(0.3)]),
    Residual([LayerNorm()]), Residual([Residual([Dense(3, "tanh")]), Dense(4)]),
]  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
@pytest.mark.one_in(3)
def test_every_layer_first_between_and_last(layer, error, kernels):
    assert error([layer, Dense(3)]) < TOLERANCE
    assert error([Dense(4, "tanh"), layer, Dense(3)]) < TOLERANCE
    assert error([Dense(4, "tanh"), layer]) < TOLERANCE
    assert error([Dense(4), layer]) < TOLERANCE
    assert error([layer, layer, Dense(3)]) < TOLERANCE


@pytest.mark.parametrize("layers", [[Activation("tanh")], [LayerNorm()], [Residual([LayerNorm()])]], ids=repr)
def test_a_network_without_a_product_has_no_gradient_of_the_input(layers, shaken, kernels):
    network = Network(layers, 3)
    plan = network.plan(shaken(network), 5, loss="squared_error")
    plan.run(5)()
    assert np.isfinite(plan.gradients.vector).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_row_weights(loss, shaken, targets, value_and_gradient, kernels):
    network = Network([Dense(5, "tanh"), Dense(LOSSES[loss].outputs(3))], 4)
    parameters, generator = shaken(network), np.random.default_rng(1)
    X, y = generator.normal(size=(6, 4)), targets(loss, 6, network.outputs)
    w = np.array([0.0, 1.0, 2.0, 0.5, 0.0, 7.0])
    value, gradient = value_and_gradient(network, parameters, X, y, w, loss)

    v, start, h = generator.normal(size=gradient.size), parameters.vector.copy(), 1e-5
    values = []
    for side in (h, -h):
        parameters.vector[...] = start + side * v
        values.append(value_and_gradient(network, parameters, X, y, w, loss)[0])
    np.testing.assert_allclose(gradient @ v, (values[0] - values[1]) / (2 * h), rtol=1e-7)

    # A weight of 2 is a row that stands there twice, and a weight of 0 one that does not.
    parameters.vector[...] = start
    rows = np.repeat(np.arange(6), (2 * w).astype(int))
    repeated = value_and_gradient(network, parameters, X[rows], y[rows], np.ones(len(rows)), loss)
    np.testing.assert_allclose(value, repeated[0], rtol=1e-12)
    np.testing.assert_allclose(gradient, repeated[1], rtol=1e-9, atol=1e-14)


def stacks(functions):
    """Random lists of layers, all of one width but where a Dense or a projection changes it."""
    width = st.integers(3, 6)
    simple = st.one_of(
        st.builds(Dense, width, st.sampled_from(functions), st.booleans()),
        st.builds(Activation, st.sampled_from(functions)),
        st.builds(BatchNorm, st.just(0.1), st.sampled_from([1e-2, 1e-1])),
        st.builds(LayerNorm, st.sampled_from([1e-2, 1e-1])),
        st.builds(Dropout, st.sampled_from([0.0, 0.3])),
        st.builds(AlphaDropout, st.sampled_from([0.0, 0.3])),
        st.builds(GaussianNoise, st.sampled_from([0.0, 0.3])),
    )
    block = st.recursive(
        simple, lambda inner: st.builds(Residual, st.lists(inner, min_size=1, max_size=3)), max_leaves=6
    )
    return st.lists(block, min_size=1, max_size=6)


@settings(max_examples=60)
@given(layers=stacks([*ACTIVATIONS, SOFTSIGN]), seed=st.integers(0, 100))
def test_random_stacks(layers, seed, error):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_KERNELS", "numpy")
        assert error(layers, rows=8, seed=seed) < TOLERANCE


@settings(max_examples=40)
@given(layers=stacks(FEW), seed=st.integers(0, 100))
def test_random_stacks_in_numba(layers, seed, error):
    assert error(layers, rows=8, seed=seed) < TOLERANCE


def test_losses_of_ones_own_by_one_name(kernels):
    """Two losses of one name are two kernels."""
    for factor in (1.0, 3.0):

        def mine(z, y, f=factor):
            return f * (z - y) * (z - y), 2.0 * f * (z - y)

        network = Network([Dense(2)], 3)
        plan = network.plan(network.init(0, np.float64), 4, loss=losses.custom("mine", mine))
        run = plan.run(4)
        run.arrays["x"][...], run.arrays["y"][...], run.arrays["w"][...] = 0, 1, 1
        run()
        assert run.arrays["total"][0] / 4 == pytest.approx(2 * factor)
