"""One contract for every initialiser of the table: shape, determinism, mean and spread; and what "auto" picks."""

import numpy as np
import pytest

from chainrule import Activation, BatchNorm, Dense, Dropout, LayerNorm, Network, Residual
from chainrule.errors import InputError, InputTypeError
from chainrule.network import activations, initialisers
from chainrule.network.initialisers import ALIASES, INITIALISERS, Constant, Normal

UNITS, INPUTS = 120, 90
#: Standard deviations from the papers (He 2015, Glorot 2010, LeCun 1998); orthogonal columns have length 1.
DEVIATIONS = {
    "he_normal": (2 / INPUTS) ** 0.5,
    "he_uniform": (2 / INPUTS) ** 0.5,
    "xavier_normal": (2 / (INPUTS + UNITS)) ** 0.5,
    "xavier_uniform": (2 / (INPUTS + UNITS)) ** 0.5,
    "lecun_normal": (1 / INPUTS) ** 0.5,
    "lecun_uniform": (1 / INPUTS) ** 0.5,
    "orthogonal": (1 / UNITS) ** 0.5,
    "zeros": 0.0,
}
RELU = activations.get("relu")
every_initialiser = pytest.mark.parametrize("name", INITIALISERS)


def drawn(name, seed=0, shape=(UNITS, INPUTS)):
    return INITIALISERS[name].draw(np.random.default_rng(seed), shape)


@every_initialiser
def test_mean_and_spread(name):
    W = drawn(name)
    assert W.shape == (UNITS, INPUTS) and W.dtype == np.float64
    deviation = DEVIATIONS[name]
    assert abs(W.mean()) <= 4 * deviation / W.size**0.5
    np.testing.assert_allclose(W.std(), deviation, rtol=0.03)


@every_initialiser
def test_shape_of_the_distribution(name):
    W, deviation = drawn(name), DEVIATIONS[name]
    if name.endswith("uniform"):
        bound = 3**0.5 * deviation
        assert 0.98 * bound < np.abs(W).max() <= bound
        np.testing.assert_allclose(np.quantile(W, [0.25, 0.75]), [-bound / 2, bound / 2], rtol=0.05)
    elif name.endswith("normal"):
        inside = [np.mean(np.abs(W) < k * deviation) for k in (1, 2, 3)]
        np.testing.assert_allclose(inside, [0.6827, 0.9545, 0.9973], atol=0.01)


@every_initialiser
def test_the_same_generator_state_gives_the_same_weights(name):
    np.testing.assert_array_equal(drawn(name, seed=3), drawn(name, seed=3))
    if name != "zeros":
        assert (drawn(name, seed=3) != drawn(name, seed=4)).any()


@pytest.mark.parametrize("shape", [(6, 6), (9, 4), (4, 9), (1, 5)], ids=str)
def test_orthogonal(shape):
    W = drawn("orthogonal", shape=shape)
    product = W @ W.T if shape[0] <= shape[1] else W.T @ W
    assert W.shape == shape
    np.testing.assert_allclose(product, np.eye(min(shape)), atol=1e-13)


def test_orthogonal_matrices_turn_and_reflect_alike():
    """Drawn uniformly, every entry has mean 0 and variance 1 / n; without care for signs a diagonal leans one way."""
    entries = np.array([drawn("orthogonal", shape=(3, 3), seed=seed) for seed in range(600)])
    assert np.abs(entries.mean(axis=0)).max() < 5 * (1 / 3 / 600) ** 0.5


def test_normal_and_constant():
    W = Normal(0.01).draw(np.random.default_rng(0), (100, 100))
    np.testing.assert_allclose(W.std(), 0.01, rtol=0.05)
    np.testing.assert_array_equal(Constant(0.5).draw(np.random.default_rng(0), (2, 3)), np.full((2, 3), 0.5))


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases(alias):
    expected = {"he": "he_normal", "xavier": "xavier_uniform", "lecun": "lecun_normal"}
    name = expected.get(alias, alias.replace("glorot", "xavier"))
    assert initialisers.get(alias, RELU) is INITIALISERS[name]


def test_unknown_names_and_strangers():
    with pytest.raises(InputError, match="Did you mean 'he_normal'"):
        initialisers.get("he_norml", RELU)
    with pytest.raises(InputTypeError, match="an initialiser"):
        initialisers.get(0.1, RELU)
    custom = Normal(0.2)
    assert initialisers.get(custom, RELU) is custom


AUTO = {
    "identity": "xavier_uniform", "relu": "he_normal", "leaky_relu": "he_normal", "elu": "he_normal",
    "selu": "lecun_normal", "gelu": "he_normal", "gelu_tanh": "he_normal", "silu": "he_normal",
    "mish": "he_normal", "softplus": "he_normal", "sigmoid": "xavier_uniform", "tanh": "xavier_uniform",
}  # fmt: skip


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_auto_suits_the_activation(name):
    assert initialisers.get("auto", activations.get(name)) is INITIALISERS[AUTO[name]]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([Dense(3, "relu")], "he_normal"),
        ([Dense(3), Activation("relu")], "he_normal"),
        ([Dense(3), BatchNorm(), Activation("relu")], "he_normal"),
        ([Dense(3), LayerNorm(), Activation("selu")], "lecun_normal"),
        ([Dense(3), LayerNorm(), BatchNorm(), Activation("gelu")], "he_normal"),
        ([Residual([Dense(3), BatchNorm(), Activation("relu")])], "he_normal"),
        ([Dense(3)], "xavier_uniform"),
        ([Dense(3), BatchNorm()], "xavier_uniform"),
        ([Dense(3), Dropout(0.1), Activation("relu")], "xavier_uniform"),  # another layer stands between
        ([Dense(3), Dense(3, "relu")], "xavier_uniform"),
        ([Dense(3, "tanh"), Activation("relu")], "xavier_uniform"),  # has an f of its own
        ([Dense(3, init="zeros"), Activation("relu")], "zeros"),
    ],
)
def test_auto_looks_past_a_normalisation(layers, expected):
    (first, *_) = (p for p in Network(layers, 3).layout.parameters if p.kind == "weight")
    assert first.init is INITIALISERS[expected]
