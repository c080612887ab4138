"""Dropout masks from a counter, so that backward draws the forward pass's mask again instead of storing it.

`noise` is uint32 [seed, step, site, threshold, 0...]: a unit is dropped where its hash is below `threshold`, which
is rate * 2**32. The hash is the finaliser of MurmurHash3 (Appleby 2011), twice over a counter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

slope: Any = None  # placeholder


def open_mask(noise: Any) -> Any:
    """key, threshold, factor of a unit that stays."""
    h = np.uint32(0)
    for word in (noise[0], noise[1], noise[2]):
        h = np.uint32(h ^ word)
        h = np.uint32(np.uint32(h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B))
        h = np.uint32(np.uint32(h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35))
        h = np.uint32(np.uint32(h ^ (h >> np.uint32(16))) + np.uint32(0x9E3779B9))
    return h, noise[3], 4294967296.0 / (4294967296.0 - noise[3])


def open_no_mask(noise: Any) -> Any:
    return np.uint32(0), np.uint32(0), 1.0


def mask(key: Any, threshold: Any, scale: Any, index: Any) -> Any:
    """`scale` where the unit stays, 0 where it is dropped."""
    h = np.uint32(np.uint32(index * np.uint32(0x9E3779B1)) ^ key)
    h = np.uint32(np.uint32(h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B))
    h = np.uint32(np.uint32(h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35))
    h = np.uint32(h ^ (h >> np.uint32(16)))
    return scale if h >= threshold else scale - scale


def no_mask(key: Any, threshold: Any, scale: Any, index: Any) -> Any:
    return scale


def slope_of_a(z: Any, a: Any) -> Any:
    return slope(a)


def slope_of_z(z: Any, a: Any) -> Any:
    return slope(z)
