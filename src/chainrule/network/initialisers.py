"""How weights start: distributions whose variance keeps signals alive through depth.

He, Xavier (Glorot) and LeCun differ in one number, the variance of a weight:

    He       2 / fan_in               He et al. 2015, for ReLU and its kin
    Xavier   2 / (fan_in + fan_out)   Glorot and Bengio 2010, for tanh, sigmoid, identity
    LeCun    1 / fan_in               LeCun et al. 1998; Klambauer et al. 2017 for SELU
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputTypeError, unknown_name
from chainrule.network.activations import ActivationFunction

Float64 = NDArray[np.float64]


@runtime_checkable
class Initialiser(Protocol):
    """Draws a weight of shape (units, inputs) in float64."""

    def draw(self, generator: np.random.Generator, shape: tuple[int, int]) -> Float64: ...


@dataclass(frozen=True)
class VarianceScaling:
    """Zero mean, variance `scale / fan`, normal or uniform."""

    scale: float
    fan: Literal["in", "average"]
    distribution: Literal["normal", "uniform"]

    def draw(self, generator: np.random.Generator, shape: tuple[int, int]) -> Float64:
        fan_out, fan_in = shape
        fan = fan_in if self.fan == "in" else (fan_in + fan_out) / 2
        deviation = sqrt(self.scale / fan)
        if self.distribution == "normal":
            return generator.normal(0.0, deviation, shape)
        bound = sqrt(3) * deviation
        return generator.uniform(-bound, bound, shape)


@dataclass(frozen=True)
class Normal:
    """Zero mean and a standard deviation of your choice, whatever the layer's size."""

    std: float

    def draw(self, generator: np.random.Generator, shape: tuple[int, int]) -> Float64:
        return generator.normal(0.0, self.std, shape)


@dataclass(frozen=True)
class Uniform:
    """Anything from -bound to bound, whatever the layer's size."""

    bound: float

    def draw(self, generator: np.random.Generator, shape: tuple[int, int]) -> Float64:
        return generator.uniform(-self.bound, self.bound, shape)


@dataclass(frozen=True)
class Constant:
    """Every weight the same: all units of a layer then stay equal, the textbook's failure."""

    value: float

    def draw(self, generator: np.random.Generator, shape: tuple[int, int]) -> Float64:
        return np.full(shape, self.value)


@dataclass(frozen=True)
class Orthogonal:
    """Rows (or columns, where fewer) orthonormal, times `gain` (Saxe et al. 2013)."""

    gain: float = 1.0

    def draw(self, generator: np.random.Generator, shape: tuple[int, int]) -> Float64:
        tall = max(shape), min(shape)
        q, r = np.linalg.qr(generator.normal(size=tall))
        q *= np.sign(np.diagonal(r))  # makes the draw uniform over the orthogonal matrices
        return self.gain * (q if shape == tall else q.T)


INITIALISERS: dict[str, Initialiser] = {
    "he_normal": VarianceScaling(2, "in", "normal"),
    "he_uniform": VarianceScaling(2, "in", "uniform"),
    "xavier_normal": VarianceScaling(1, "average", "normal"),
    "xavier_uniform": VarianceScaling(1, "average", "uniform"),
    "lecun_normal": VarianceScaling(1, "in", "normal"),
    "lecun_uniform": VarianceScaling(1, "in", "uniform"),
    "orthogonal": Orthogonal(),
    "zeros": Constant(0.0),
}
AUTO = {"he": "he_normal", "xavier": "xavier_uniform", "lecun": "lecun_normal"}
ALIASES = AUTO | {"glorot_normal": "xavier_normal", "glorot_uniform": "xavier_uniform"}


def get(init: str | Initialiser, activation: ActivationFunction) -> Initialiser:
    """The initialiser of a name; "auto" takes the one that suits the activation after the weights.

    Examples
    --------
    >>> from chainrule.network.initialisers import get
    >>> from chainrule.network import activations
    >>> get("auto", activations.get("relu"))
    VarianceScaling(scale=2, fan='in', distribution='normal')
    """
    if isinstance(init, str):
        name = AUTO[activation.family] if init == "auto" else ALIASES.get(init, init)
        if name not in INITIALISERS:
            raise unknown_name("init", init, ["auto", *INITIALISERS, *ALIASES])
        return INITIALISERS[name]
    if not isinstance(init, Initialiser):
        raise InputTypeError("init", "a name or an initialiser", repr(init), "For example 'he_normal' or Normal(0.01).")
    return init
