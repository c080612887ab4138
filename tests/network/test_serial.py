"""Layers survive a round trip through JSON, and nothing strange gets in."""

import json

import pytest

from chainrule.errors import InputError
from chainrule.network import activations
from chainrule.network.initialisers import Constant, Normal, Orthogonal, VarianceScaling
from chainrule.network.layers import (
    GLU,
    Activation,
    AlphaDropout,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    Periodic,
    Pool,
    Residual,
)
from chainrule.network.layers.norms import BatchNorm, LayerNorm, RMSNorm
from chainrule.network.serial import from_data, to_data

LAYERS = (
    *(Dense(3, name) for name in activations.ACTIVATIONS),
    Dense(4, activations.get("relu"), bias=False, init=Normal(0.01)),
    Dense(4, init=VarianceScaling(1 / 3, "in", "uniform")),
    Dense(4, init=Constant(0.5)),
    Dense(4, init=Orthogonal(2.0)),
    Activation("gelu"),
    BatchNorm(0.2, 1e-3),
    LayerNorm(1e-4),
    RMSNorm(1e-4),
    GLU(3, "silu", bias=False),
    Dropout(0.3),
    AlphaDropout(0.3),
    GaussianNoise(0.3),
    Embedding([5, 3], [2, 4]),
    Periodic(2, 3, 4, 0.5),
    Residual([Dense(4, "tanh"), Residual([LayerNorm()])]),
    Pool("max"),
)


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_round_trip(layer):
    text = json.dumps(to_data([layer]))
    (found,) = from_data(json.loads(text))
    assert to_data([found]) == to_data([layer])
    assert found.parameters(4) == layer.parameters(4)


def test_custom_activations_are_refused():
    own = activations.custom("own", lambda z: z, lambda z: 1.0)
    with pytest.raises(InputError, match="custom activation 'own'"):
        to_data([Dense(3, own)])


@pytest.mark.parametrize(
    "data",
    [
        [{"type": "os.system"}],
        [{"units": 3}],
        [{"type": "Dense", "units": 3, "unit": 4}],
        [{"type": "Dense", "units": -3}],
        [{"type": "Dropout", "rate": 2}],
        [{"type": "GaussianNoise", "std": -1}],
        [{"type": "Normal", "std": 1.0}],
        [{"type": "Dense", "units": 3, "activation": "evil"}],
    ],
    ids=str,
)
def test_strange_data_is_refused(data):
    with pytest.raises(InputError):
        from_data(data)


def test_a_function_of_ones_own_is_code_whatever_its_name():
    own = activations.custom("relu", lambda z: z, lambda z: 1.0)
    with pytest.raises(InputError, match="custom activation 'relu'"):
        to_data([Dense(3, own)])
