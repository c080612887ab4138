"""Layers and losses to plain data and back: what a file or a configuration holds. The set of types is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chainrule.errors import InputError
from chainrule.network.activations import ACTIVATIONS, ActivationFunction
from chainrule.network.initialisers import Constant, Normal, Orthogonal, Uniform, VarianceScaling
from chainrule.network.layers import LAYERS, Layer
from chainrule.network.losses import LOSSES, Loss
from chainrule.values import Codec


def _name(where: str, function: ActivationFunction) -> str:
    if ACTIVATIONS.get(function.name) != function:
        raise InputError(
            where, "built-in activations", f"the custom activation {function.name!r}",
            "Functions cannot be written as data: keep the code and pass the activation again.",
        )  # fmt: skip
    return function.name


#: The frozen values of this floor.
KINDS: list[type[Any]] = [
    *LAYERS,
    *(VarianceScaling, Normal, Uniform, Constant, Orthogonal),
    *(type(loss) for loss in LOSSES.values()),
]
NAMES = {ActivationFunction: _name}
_CODEC = Codec(KINDS, NAMES)


def to_data(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Layers as JSON-ready data.

    Examples
    --------
    >>> from chainrule.network.serial import to_data
    >>> from chainrule.network.layers import Dropout
    >>> to_data([Dropout(0.5)])
    [{'type': 'Dropout', 'rate': 0.5}]
    """
    return [_CODEC.out("to_data(layers)", layer) for layer in layers]


def from_data(data: Sequence[Mapping[str, Any]]) -> tuple[Layer, ...]:
    """The layers that `to_data` wrote.

    Raises
    ------
    InputError, InputTypeError
        For an unknown type or field, or a value that the layer refuses.
    """
    layers = tuple(_CODEC.back("layers", one) for one in data)
    for layer in layers:
        if not isinstance(layer, Layer):
            raise InputError("layers", "layers", repr(layer), "An initialiser belongs inside a Dense.")
    return layers


def loss_to_data(loss: Loss) -> dict[str, Any]:
    """A built-in loss as JSON-ready data; one of your own is code, and refused."""
    data: dict[str, Any] = _CODEC.out("loss", loss)
    return data


def loss_from_data(data: Mapping[str, Any]) -> Loss:
    """The loss that `loss_to_data` wrote."""
    loss = _CODEC.back("loss", data)
    if not isinstance(loss, Loss):
        raise InputError("loss", "a loss", repr(loss)[:80], "See chainrule.losses.table().")
    return loss
