"""What training draws, from a counter, so that backward draws it again instead of storing it.

Whatever is drawn takes a unit from a to `factor * a + shift`; a kind of draw says what these are. `noise` is
uint32 [seed, step, site, word]; the word is the rate of a dropout in 2^-32, or the bits of a deviation in float32.
The hash is the finaliser of MurmurHash3 (Appleby 2011), twice over a counter.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from chainrule.network.activations import SELU_LOW

real: Any = None  # placeholders: the float type
upper_quantile: Any = None
factor: Any = None
shift: Any = None
slope: Any = None

_inline = numba.njit(error_model="numpy", forceinline=True)


@_inline
def _finalise(h: Any) -> Any:
    h = np.uint32(np.uint32(h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B))
    h = np.uint32(np.uint32(h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35))
    return np.uint32(h ^ (h >> np.uint32(16)))


@_inline
def _key(noise: Any) -> Any:
    h = np.uint32(0)
    for word in (noise[0], noise[1], noise[2]):
        h = np.uint32(_finalise(np.uint32(h ^ word)) + np.uint32(0x9E3779B9))
    return h


@_inline
def _bits(key: Any, index: Any) -> Any:
    """32 random bits for the unit at this place."""
    return _finalise(np.uint32(np.uint32(index * np.uint32(0x9E3779B1)) ^ key))


def drawn(a: Any, draw: Any, index: Any) -> Any:
    return a * factor(draw, index) + shift(draw, index)


def open_nothing(noise: Any) -> Any:
    return 0


def one(draw: Any, index: Any) -> Any:
    return real(1)


def zero(draw: Any, index: Any) -> Any:
    return real(0)


def as_it_is(a: Any, draw: Any) -> Any:
    return a


def open_dropout(noise: Any) -> Any:
    """key, threshold, factor of a unit that stays, 1 / factor."""
    keep = 4294967296.0 / (4294967296.0 - noise[3])
    return _key(noise), noise[3], real(keep), real(1.0 / keep)


def dropout_factor(draw: Any, index: Any) -> Any:
    key, threshold, scale, _ = draw
    return scale if _bits(key, index) >= threshold else real(0)


def undropped(a: Any, draw: Any) -> Any:
    return a * draw[3]


def open_alpha_dropout(noise: Any) -> Any:
    """key, threshold, factor and shift of a unit that stays, what a dropped one becomes, 1 / factor.

    A unit of mean 0 and variance 1 that is SELU_LOW with probability `rate` has mean rate * SELU_LOW and variance
    (1 - rate) (1 + rate * SELU_LOW^2): factor and shift undo both.
    """
    rate = noise[3] / 4294967296.0
    scale = 1.0 / math.sqrt((1.0 - rate) * (1.0 + rate * SELU_LOW * SELU_LOW))
    centre = -scale * rate * SELU_LOW
    return _key(noise), noise[3], real(scale), real(centre), real(scale * SELU_LOW + centre), real(1.0 / scale)


def alpha_dropout_factor(draw: Any, index: Any) -> Any:
    key, threshold, scale, _, _, _ = draw
    return scale if _bits(key, index) >= threshold else real(0)


def alpha_dropout_shift(draw: Any, index: Any) -> Any:
    key, threshold, _, centre, low, _ = draw
    return centre if _bits(key, index) >= threshold else low


def alpha_undropped(a: Any, draw: Any) -> Any:
    _, _, _, centre, _, unscale = draw
    return (a - centre) * unscale


def open_gaussian_noise(noise: Any) -> Any:
    """key, deviation."""
    return _key(noise), real(np.int32(noise[3]).view(np.float32))


def gaussian_noise_shift(draw: Any, index: Any) -> Any:
    """A normal number: 31 bits for its size, one for its sign."""
    key, deviation = draw
    h = _bits(key, index)
    p = (real(np.int32(h >> np.uint32(1))) + real(0.5)) * real(2.0**-32)
    size = deviation * upper_quantile(p)
    return size if h & np.uint32(1) else -size


#: kind of draw -> the functions that a kernel takes in place of its placeholders
KINDS: dict[str, dict[str, Callable[..., Any]]] = {
    "": {"open_draw": open_nothing, "factor": one, "shift": zero, "undrawn": as_it_is},
    "dropout": {"open_draw": open_dropout, "factor": dropout_factor, "shift": zero, "undrawn": undropped},
    "alpha_dropout": {
        "open_draw": open_alpha_dropout, "factor": alpha_dropout_factor, "shift": alpha_dropout_shift,
        "undrawn": alpha_undropped,
    },
    "gaussian_noise": {
        "open_draw": open_gaussian_noise, "factor": one, "shift": gaussian_noise_shift, "undrawn": as_it_is,
    },
}  # fmt: skip


def slope_of_a(z: Any, a: Any) -> Any:
    return slope(a)


def slope_of_z(z: Any, a: Any) -> Any:
    return slope(z)
