"""The masks of `numba_set.masks`, bit for bit, as whole arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

slope: Any = None  # placeholder


def mask(noise: Any, shape: tuple[int, int], dtype: Any) -> Any:
    """(mask of factor or 0, factor of a unit that stays)."""
    key = np.zeros(1, np.uint32)
    for word in (noise[0:1], noise[1:2], noise[2:3]):
        key = _finalise(key ^ word) + np.uint32(0x9E3779B9)
    index = np.arange(shape[0] * shape[1], dtype=np.uint32).reshape(shape)
    h = _finalise((index * np.uint32(0x9E3779B1)) ^ key)
    scale = dtype.type(4294967296.0 / (4294967296.0 - noise[3]))
    return np.where(h >= noise[3], scale, dtype.type(0)), scale


def _finalise(h: Any) -> Any:
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def no_mask(noise: Any, shape: tuple[int, int], dtype: Any) -> Any:
    return dtype.type(1), dtype.type(1)


def slope_of_a(z: Any, a: Any) -> Any:
    return slope(a)


def slope_of_z(z: Any, a: Any) -> Any:
    return slope(z)
