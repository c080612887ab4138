"""What `numba_set.draws` draws, bit for bit, as whole arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.engine.kernels.normal import upper_quantile
from chainrule.network.activations import SELU_LOW

factor: Any = None  # placeholders
shift: Any = None
slope: Any = None


def _finalise(h: Any) -> Any:
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def _bits(noise: Any, like: Any) -> Any:
    key = np.zeros(1, np.uint32)
    for word in (noise[0:1], noise[1:2], noise[2:3]):
        key = _finalise(key ^ word) + np.uint32(0x9E3779B9)
    index = np.arange(like.size, dtype=np.uint32).reshape(like.shape)
    return _finalise((index * np.uint32(0x9E3779B1)) ^ key)


def _two_values(noise: Any, like: Any, stays: Any, dropped: Any) -> Any:
    real = like.dtype.type
    return np.where(_bits(noise, like) >= noise[3], real(stays), real(dropped))


def drawn(a: Any, noise: Any) -> Any:
    return a * factor(noise, a) + shift(noise, a)


def one(noise: Any, like: Any) -> Any:
    return like.dtype.type(1)


def zero(noise: Any, like: Any) -> Any:
    return like.dtype.type(0)


def as_it_is(a: Any, noise: Any) -> Any:
    return a


def _dropout(noise: Any) -> Any:
    return 4294967296.0 / (4294967296.0 - noise[3])


def dropout_factor(noise: Any, like: Any) -> Any:
    return _two_values(noise, like, _dropout(noise), 0)


def undropped(a: Any, noise: Any) -> Any:
    return a / a.dtype.type(_dropout(noise))


def _alpha_dropout(noise: Any) -> Any:
    """Factor and shift of a unit that stays."""
    rate = noise[3] / 4294967296.0
    scale = 1.0 / np.sqrt((1.0 - rate) * (1.0 + rate * SELU_LOW * SELU_LOW))
    return scale, -scale * rate * SELU_LOW


def alpha_dropout_factor(noise: Any, like: Any) -> Any:
    return _two_values(noise, like, _alpha_dropout(noise)[0], 0)


def alpha_dropout_shift(noise: Any, like: Any) -> Any:
    scale, centre = _alpha_dropout(noise)
    return _two_values(noise, like, centre, scale * SELU_LOW + centre)


def alpha_undropped(a: Any, noise: Any) -> Any:
    scale, centre = map(a.dtype.type, _alpha_dropout(noise))
    return (a - centre) / scale


def gaussian_noise_shift(noise: Any, like: Any) -> Any:
    h, real = _bits(noise, like), like.dtype.type
    p = ((h >> np.uint32(1)).astype(like.dtype) + real(0.5)) * real(2.0**-32)
    size = real(noise[3:4].view(np.float32)[0]) * upper_quantile(p)
    return np.where(h & np.uint32(1), size, -size)


#: kind of draw -> the functions that a kernel takes in place of its placeholders
KINDS: dict[str, dict[str, Callable[..., Any]]] = {
    "": {"factor": one, "shift": zero, "undrawn": as_it_is},
    "dropout": {"factor": dropout_factor, "shift": zero, "undrawn": undropped},
    "alpha_dropout": {"factor": alpha_dropout_factor, "shift": alpha_dropout_shift, "undrawn": alpha_undropped},
    "gaussian_noise": {"factor": one, "shift": gaussian_noise_shift, "undrawn": as_it_is},
}


def slope_of_a(z: Any, a: Any) -> Any:
    return slope(a)


def slope_of_z(z: Any, a: Any) -> Any:
    return slope(z)
