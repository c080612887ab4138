"""One contract for every layer: a value that knows its sizes and refuses what cannot be."""

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from chainrule import (
    GLU,
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    LayerNorm,
    Network,
    Periodic,
    Pool,
    Residual,
    RMSNorm,
    Rows,
    Trainer,
)
from chainrule.errors import InputError, InputTypeError
from chainrule.network.layers import LAYERS, named_parameters, widths

#: layer, width behind 4 inputs, parameters with 4 inputs as name: (shape, kind), flops per row
CONTRACT = [
    (Dense(3, "relu"), 3, {"W": ((3, 4), "weight"), "b": ((3,), "bias")}, 24),
    (Dense(3, bias=False), 3, {"W": ((3, 4), "weight")}, 24),
    (Activation("tanh"), 4, {}, 0),
    (
        BatchNorm(),
        4,
        {"gain": ((4,), "gain"), "offset": ((4,), "offset"), "mean": ((4,), "mean"), "variance": ((4,), "variance")},
        0,
    ),
    (LayerNorm(), 4, {"gain": ((4,), "gain"), "offset": ((4,), "offset")}, 0),
    (RMSNorm(), 4, {"gain": ((4,), "gain")}, 0),
    (GLU(3, "silu"), 3, {"W": ((6, 4), "weight"), "b": ((6,), "bias")}, 48),
    (GLU(3, bias=False), 3, {"W": ((6, 4), "weight")}, 48),
    (Dropout(0.5), 4, {}, 0),
    (AlphaDropout(0.5), 4, {}, 0),
    (GaussianNoise(0.5), 4, {}, 0),
    (Residual([Dense(4)]), 4, {"0.W": ((4, 4), "weight"), "0.b": ((4,), "bias")}, 32),
    (
        Residual([LayerNorm(), Dense(2)]),
        2,
        {
            "0.gain": ((4,), "gain"), "0.offset": ((4,), "offset"),
            "1.W": ((2, 4), "weight"), "1.b": ((2,), "bias"), "projection.W": ((2, 4), "weight"),
        },
        32,
    ),
    (Pool("max"), 4, {}, 0),
    (
        Periodic(2, waves=3, units=2), 8,
        {name: (shape, "embedding") for name, shape in (("F", (2, 3)), ("P", (2, 3)), ("V", (4, 3)), ("b", (4,)))}, 24,
    ),
    (Embedding([5, 3], [2, 4]), 8, {"E0": ((5, 2), "embedding"), "E1": ((3, 4), "embedding")}, 0),
]  # fmt: skip
every_layer = pytest.mark.parametrize(
    ("layer", "width", "parameters", "flops"), CONTRACT, ids=[repr(layer) for layer, *_ in CONTRACT]
)


def test_every_kind_of_layer_is_here():
    assert {type(layer) for layer, *_ in CONTRACT} == set(LAYERS)


@every_layer
def test_sizes(layer, width, parameters, flops):
    assert layer.width(4) == width
    assert {p.name: (p.shape, p.kind) for p in layer.parameters(4)} == parameters
    assert layer.flops(4) == flops


@every_layer
def test_only_running_statistics_are_not_trained(layer, width, parameters, flops):
    assert {p.name for p in layer.parameters(4) if not p.trained} == parameters.keys() & {"mean", "variance"}


@every_layer
def test_a_layer_is_a_frozen_value(layer, width, parameters, flops):
    again = type(layer)(**{field.name: getattr(layer, field.name) for field in fields(layer)})
    assert again == layer and hash(again) == hash(layer)
    assert eval(repr(layer)) == layer
    (first, *_) = [field.name for field in fields(layer)]
    with pytest.raises(FrozenInstanceError):
        setattr(layer, first, None)


@every_layer
def test_what_draws_says_so(layer, width, parameters, flops):
    assert layer.draws == isinstance(layer, (Dropout, AlphaDropout, GaussianNoise))
    if not isinstance(layer, Pool):
        assert Residual([Dense(4), Residual([layer])]).draws == layer.draws


@pytest.mark.parametrize("layer", [Dropout(0), AlphaDropout(0.0), GaussianNoise(0)], ids=repr)
def test_nothing_to_draw(layer):
    assert not layer.draws


def test_lists_become_tuples_so_that_networks_are_values_too():
    network = Network([Residual([Dense(3)]), Dense(1)], 3)
    assert network == Network((Residual((Dense(3),)), Dense(1)), 3)
    assert hash(network) == hash(Network((Residual((Dense(3),)), Dense(1)), 3))


def test_names_lead_from_the_network_to_the_array():
    layers = (Dense(5), BatchNorm(), Residual([Dense(4), Residual([LayerNorm()])]), Dense(2, bias=False))
    assert widths(layers, 3) == [3, 5, 5, 4, 2]
    assert [p.name for p in named_parameters(layers, 3)] == [
        "0.W", "0.b", "1.gain", "1.offset", "1.mean", "1.variance",
        "2.0.W", "2.0.b", "2.1.0.gain", "2.1.0.offset", "2.projection.W", "3.W",
    ]  # fmt: skip


def test_parameters_are_named_views_of_one_vector():
    network = Network([Dense(3), BatchNorm(), Dense(2)], 4)
    parameters = network.init(0)
    assert parameters.vector.dtype == np.float32
    assert sum(array.size for _, array in parameters.items()) == parameters.vector.size
    for name, array in parameters.items():
        assert np.shares_memory(array, parameters.vector), name
    assert parameters.layout.trained == parameters.vector.size - 6
    np.testing.assert_array_equal(parameters.vector[-6:], [0, 0, 0, 1, 1, 1])  # running mean and variance
    for name, expected in (("0.b", 0), ("1.gain", 1), ("1.offset", 0), ("2.b", 0)):
        np.testing.assert_array_equal(parameters[name], expected)
    with pytest.raises(InputError, match="Did you mean '1.gain'"):
        parameters["1.gian"]


def test_init_is_the_same_for_the_same_seed_in_both_dtypes():
    network = Network([Dense(3, "relu"), Dense(2)], 4)
    once, again, wide = network.init(1), network.init(1), network.init(1, np.float64)
    np.testing.assert_array_equal(once.vector, again.vector)
    np.testing.assert_array_equal(once.vector, wide.vector.astype(np.float32))
    assert (once.vector != network.init(2).vector).any()
    with pytest.raises(InputError, match="float32 or float64"):
        network.init(0, np.int32)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Dense(0), lambda: Dense(-1), lambda: Dense(2.0), lambda: Dense(True), lambda: Dense("3"),
        lambda: Dense(3, "rleu"), lambda: Dense(3, init="hee"), lambda: Activation("tnh"),
        lambda: BatchNorm(momentum=-0.1), lambda: BatchNorm(momentum=1.1), lambda: BatchNorm(eps=0),
        lambda: LayerNorm(eps=-1), lambda: LayerNorm(eps=float("nan")),
        lambda: Dropout(1), lambda: Dropout(-0.1), lambda: Dropout(float("nan")),
        lambda: AlphaDropout(1), lambda: AlphaDropout(-0.1), lambda: GaussianNoise(-0.1),
        lambda: GaussianNoise(float("inf")), lambda: GaussianNoise(float("nan")), lambda: GaussianNoise(1e39),
        lambda: Residual([]), lambda: Residual([Pool("mean")]), lambda: Pool("median"),
        lambda: Network([], 3), lambda: Network([Dense(1)], 0), lambda: Network([Dense(1)], 2.5),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(make):
    with pytest.raises((InputError, InputTypeError), match=r"^\S.*: expected .*; received .*\. \S"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Dense(3, activation=None), lambda: Dense(3, init=3), lambda: Activation(max),
        lambda: Residual(["relu"]), lambda: Network([Dense], 3),
    ],
)  # fmt: skip
def test_strangers_are_type_errors(make):
    with pytest.raises(InputTypeError, match="expected .*; received"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Dropout("a"), lambda: AlphaDropout(None), lambda: GaussianNoise("b"), lambda: GaussianNoise(True),
        lambda: BatchNorm(momentum=None), lambda: LayerNorm("small"),
    ],
)  # fmt: skip
def test_a_number_that_is_none_is_refused_in_the_same_form(make):
    with pytest.raises((InputError, InputTypeError), match="expected .*; received"):
        make()


def test_one_row_per_sequence_cannot_be_pooled_again(numpy_kernels):
    with pytest.raises(InputError, match="Pool"):
        Network([Pool("mean"), Dense(3), Pool("max")], 4)


def test_describe_names_every_layer_and_adds_up():
    network = Network([Dense(5, "relu"), BatchNorm(), Residual([Dense(5)]), Dense(2)], 3)
    lines = network.describe().splitlines()
    assert len(lines) == 2 + len(network.layers)
    for place, layer in enumerate(network.layers):
        assert lines[place + 1].startswith(f"{place} {type(layer).__name__}")
    assert lines[-1].split() == ["total", str(network.layout.size), str(2 * (3 * 5 + 5 * 5 + 5 * 2))]


def test_vectors_of_codes_begin_as_long_as_one_however_many_there_are():
    vectors = Network([Embedding([1000], [16]), Dense(1)], inputs=1).init(0)["0.E0"]
    assert np.sqrt((vectors**2).sum(axis=1).mean()) == pytest.approx(1, abs=0.05)


def test_by_default_running_statistics_take_a_tenth_of_every_batch():
    X = np.full((8, 2), [3.0, -1.0], np.float32) + np.arange(8, dtype=np.float32)[:, None]
    network = Network([BatchNorm(), Dense(1)], inputs=2)
    trainer = Trainer(network, "squared_error", seed=0)
    trainer.epoch(Rows(X, X[:, :1]), batch_size=8)
    np.testing.assert_allclose(trainer.model["0.mean"], 0.1 * X.mean(axis=0), rtol=1e-5)
