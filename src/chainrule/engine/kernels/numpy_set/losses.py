"""Twins of `numba_set.losses`, which says what each does."""

from __future__ import annotations

from typing import Any

import numpy as np

value: Any = None  # placeholders
slope: Any = None

KERNELS = ("cross_entropy", "separable_loss", "softmax")


def cross_entropy(z: Any, y: Any, w: Any, total: Any) -> None:
    weight = w.sum(dtype=np.float64)
    factor = (w * (1 / weight if weight > 0 else 0)).astype(z.dtype)
    rows = np.arange(len(z))
    z -= z.max(axis=1, keepdims=True)
    true = z[rows, y]
    np.exp(z, out=z)
    norm = z.sum(axis=1)
    z *= (factor / norm)[:, None]
    z[rows, y] -= factor
    total[0] += (w * (np.log(norm) - true)).sum(dtype=np.float64)
    total[1] += weight


def separable_loss(z: Any, y: Any, w: Any, total: Any) -> None:
    weight = w.sum(dtype=np.float64)
    factor = (w * (1 / weight if weight > 0 else 0)).astype(z.dtype)
    total[0] += (w * value(z, y).sum(axis=1)).sum(dtype=np.float64)
    total[1] += weight
    z[...] = slope(z, y) * factor[:, None]


def softmax(z: Any) -> None:
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)
