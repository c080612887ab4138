"""Layers one after the other: their widths, their parameters by name, and what may not stand where."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.errors import InputError, InputTypeError
from chainrule.network import activations
from chainrule.network.layers.base import Layer, Parameter
from chainrule.network.layers.dense import Activation, Dense
from chainrule.network.layers.norms import Norm


def widths(layers: Sequence[Layer], inputs: int) -> list[int]:
    """[inputs, width after layer 0, ..., width after the last layer]."""
    result = [inputs]
    for layer in layers:
        result.append(layer.width(result[-1]))
    return result


def named_parameters(layers: Sequence[Layer], inputs: int) -> tuple[Parameter, ...]:
    """The parameters of all layers, each name led by its layer's place: "0.W", "2.1.gain"."""
    found = []
    for place, (layer, width) in enumerate(zip(layers, widths(layers, inputs), strict=False)):
        for p in _settle_init(layer, layers[place + 1 :]).parameters(width):
            found.append(Parameter(f"{place}.{p.name}", p.shape, p.kind, p.init))
    return tuple(found)


def _settle_init(layer: Layer, behind: Sequence[Layer]) -> Layer:
    """A linear Dense with init="auto" is initialised for the Activation that stands after it."""
    if not (isinstance(layer, Dense) and layer.init == "auto"):
        return layer
    if activations.get(layer.activation).name != "identity":
        return layer
    for following in behind:
        if isinstance(following, Activation):
            family = activations.get(following.name).family
            return Dense(layer.units, layer.activation, layer.bias, family)
        if not isinstance(following, Norm):
            break
    return layer


def check_layers(layers: Sequence[Layer], where: str) -> tuple[Layer, ...]:
    """The layers as a tuple; an empty list, or what is no layer, is refused."""
    found = tuple(layers)
    if not found:
        raise InputError(where, "at least one layer", "none", "For example [Dense(64, 'relu')].")
    for place, layer in enumerate(found):
        if not isinstance(layer, Layer):
            raise InputTypeError(
                f"{where}[{place}]",
                "a layer such as Dense, BatchNorm or Residual",
                repr(layer),
                "Layers are values: Dense(64, 'relu').",
            )
        if layer.reads_codes and place:
            raise InputError(
                f"{where}[{place}]", "layers that read codes in front of all others", f"{layer} after {found[0]}",
                "Noise, products and norms would change the codes.",
            )  # fmt: skip
    return found
