"""Activation functions by name, `custom` for one's own, and a `table` of them all."""

from chainrule.network.activations import (
    ACTIVATIONS,
    ActivationFunction,
    custom,
    get,
    table,
)

__all__ = [
    "ACTIVATIONS",
    "ActivationFunction",
    "custom",
    "get",
    "table",
]
