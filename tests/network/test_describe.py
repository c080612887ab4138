"""Layers told one by one, those inside others too."""

from chainrule import Dense, Residual
from chainrule.network.describe import layer, placed


def test_layers_inside_a_residual_read_what_it_reads():
    layers = [Dense(16), Residual([Dense(8, "tanh"), Residual([Dense(8)])]), Dense(1)]
    found = [(one.place, one.inputs, one.outputs, one.parameters, one.inside) for one in placed(layers, inputs=4)]
    assert found == [
        ("0", 4, 16, 80, 0),
        ("1", 16, 8, 136 + 72 + 16 * 8, 0),
        ("1.0", 16, 8, 136, 1),
        ("1.1", 8, 8, 72, 1),
        ("1.1.0", 8, 8, 72, 2),
        ("2", 8, 1, 9, 0),
    ]


def test_a_layer_is_told_without_its_defaults():
    assert layer(Dense(8, bias=False, init="he_normal")) == "Dense(units=8, bias=False)"
