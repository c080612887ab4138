"""Activations and links as nodes, by name: the formulas of `network.activations` once more."""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt

from chainrule.errors import InputError
from chainrule.formats.onnx.graph import Graph
from chainrule.network.activations import ACTIVATIONS, SELU_ALPHA, SELU_SCALE, ActivationFunction

Emit = Callable[[Graph, str], str]


def _gelu(g: Graph, z: str) -> str:
    inner = g.op("Erf", g.op("Mul", z, g.number(1 / sqrt(2))))
    return _half_of(g, z, inner)


def _gelu_tanh(g: Graph, z: str) -> str:
    cubic = g.op("Mul", g.op("Mul", g.op("Mul", z, z), z), g.number(0.044715))
    inner = g.op("Tanh", g.op("Mul", g.op("Add", z, cubic), g.number(sqrt(2 / pi))))
    return _half_of(g, z, inner)


def _half_of(g: Graph, z: str, inner: str) -> str:
    """z / 2 * (1 + inner)"""
    return g.op("Mul", g.op("Mul", z, g.number(0.5)), g.op("Add", inner, g.number(1.0)))


def _silu(g: Graph, z: str) -> str:
    return g.op("Mul", z, g.op("Sigmoid", z))


def _softplus(g: Graph, z: str) -> str:
    return g.op("Softplus", z)


def _mish(g: Graph, z: str) -> str:
    return g.op("Mul", z, g.op("Tanh", g.op("Softplus", z)))


#: Name of an activation -> its nodes.
EMIT: dict[str, Emit] = {
    "relu": lambda g, z: g.op("Relu", z),
    "leaky_relu": lambda g, z: g.op("LeakyRelu", z, alpha=0.01),
    "elu": lambda g, z: g.op("Elu", z, alpha=1.0),
    "selu": lambda g, z: g.op("Selu", z, alpha=SELU_ALPHA, gamma=SELU_SCALE),
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": _silu,
    "softplus": _softplus,
    "mish": _mish,
    "sigmoid": lambda g, z: g.op("Sigmoid", z),
    "tanh": lambda g, z: g.op("Tanh", z),
    "identity": lambda g, z: z,
}

#: Link of a loss -> its nodes.
LINKS: dict[str, Emit] = {
    "identity": lambda g, z: z,
    "sigmoid": lambda g, z: g.op("Sigmoid", z),
    "softmax": lambda g, z: g.op("Softmax", z, axis=-1),
    "exp": lambda g, z: g.op("Exp", z),
}


def activate(g: Graph, f: ActivationFunction, z: str) -> str:
    """f(z).

    Raises
    ------
    InputError
        For an activation of your own.
    """
    if ACTIVATIONS.get(f.name) != f:
        raise InputError(
            "to_onnx()", "built-in activations", f"the custom activation {f.name!r}",
            "A graph cannot hold Python: use one of chainrule.activations.table().",
        )  # fmt: skip
    return EMIT[f.name](g, z)
