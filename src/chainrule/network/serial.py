"""Layers to plain data and back: what a file or a configuration holds. The set of types is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from chainrule.errors import InputError, unknown_name
from chainrule.network.activations import ACTIVATIONS, ActivationFunction
from chainrule.network.initialisers import Constant, Normal, Orthogonal, VarianceScaling
from chainrule.network.layers import (
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    GaussianNoise,
    Layer,
    LayerNorm,
    Pool,
    Residual,
)

_TYPES: dict[str, type[Any]] = {
    known.__name__: known
    for known in (
        *(Dense, Activation, BatchNorm, LayerNorm, Dropout, AlphaDropout, GaussianNoise, Residual, Pool),
        *(VarianceScaling, Normal, Constant, Orthogonal),
    )
}


def to_data(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Layers as JSON-ready data.

    Examples
    --------
    >>> to_data([Dropout(0.5)])
    [{'type': 'Dropout', 'rate': 0.5}]
    """
    return [_out(layer) for layer in layers]


def from_data(data: Sequence[Mapping[str, Any]]) -> tuple[Layer, ...]:
    """The layers that `to_data` wrote.

    Raises
    ------
    InputError
        For an unknown type or field, or a value that the layer refuses.
    """
    layers = tuple(_in(one) for one in data)
    for layer in layers:
        if not isinstance(layer, Layer):
            raise InputError("layers", "layers", repr(layer), "An initialiser belongs inside a Dense.")
    return layers


def _out(value: Any) -> Any:
    if isinstance(value, ActivationFunction):
        if ACTIVATIONS.get(value.name) != value:
            raise InputError(
                "to_data(layers)", "built-in activations", f"the custom activation {value.name!r}",
                "Functions cannot be written as data: keep the code and pass the activation again.",
            )  # fmt: skip
        return value.name
    if isinstance(value, tuple):
        return [_out(one) for one in value]
    if type(value).__name__ in _TYPES:
        content = {field.name: _out(getattr(value, field.name)) for field in fields(value)}
        return {"type": type(value).__name__, **content}
    return value


def _in(value: Any) -> Any:
    if isinstance(value, Mapping):
        content = {name: _in(one) for name, one in value.items()}
        name = content.pop("type", None)
        if name not in _TYPES:
            raise unknown_name("layers, type", name, _TYPES)
        known = {field.name for field in fields(_TYPES[name])}
        for field in content:
            if field not in known:
                raise unknown_name(f"layers, {name}", field, known)
        return _TYPES[name](**content)
    if isinstance(value, list):
        return tuple(_in(one) for one in value)
    return value
