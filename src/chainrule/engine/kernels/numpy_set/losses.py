"""Twins of `numba_set.losses`, which says what each does."""

from __future__ import annotations

from typing import Any

import numpy as np

value: Any = None  # placeholder

KERNELS = (
    "cross_entropy", "soft_cross_entropy", "true_class_loss", "multiclass_hinge", "separable_loss", "paired_loss",
    "tally", "softmax",
)  # fmt: skip


def cross_entropy(z: Any, y: Any, w: Any, numbers: Any, weights: Any, sums: Any, start: Any = 0) -> None:
    here, weight, factor = _present(z, w, weights, sums, start)
    shares = np.zeros((len(here), z.shape[1]), z.dtype)
    shares[np.arange(len(here)), y[here]] = 1
    _soft(z, here, weight, factor, _smoothed(shares, numbers), sums)


def soft_cross_entropy(z: Any, y: Any, w: Any, numbers: Any, weights: Any, sums: Any, start: Any = 0) -> None:
    here, weight, factor = _present(z, w, weights, sums, start)
    _soft(z, here, weight, factor, _smoothed(y[here], numbers), sums)


def true_class_loss(z: Any, y: Any, w: Any, numbers: Any, weights: Any, sums: Any, start: Any = 0) -> None:
    here, weight, factor = _present(z, w, weights, sums, start)
    log_p = _log_softmax(z[here])
    true = np.arange(len(here)), y[here]
    one, slope = value(log_p[true], numbers[0])
    dz = -np.exp(log_p)
    dz[true] += 1
    _put(z, here, dz * (slope * factor)[:, None], weight * one, sums)


def multiclass_hinge(z: Any, y: Any, w: Any, numbers: Any, weights: Any, sums: Any, start: Any = 0) -> None:
    here, weight, factor = _present(z, w, weights, sums, start)
    rows, others = np.arange(len(here)), z[here]
    true = others[rows, y[here]]
    others[rows, y[here]] = -np.inf
    best = others.argmax(axis=1)
    lack = 1 + others[rows, best] - true
    pulled = ~(lack <= 0) * factor
    dz = np.zeros_like(others)
    dz[rows, best] += pulled
    dz[rows, y[here]] -= pulled
    _put(z, here, dz, weight * np.maximum(lack, 0), sums)


def separable_loss(z: Any, y: Any, w: Any, numbers: Any, weights: Any, sums: Any, start: Any = 0) -> None:
    here, weight, factor = _present(z, w, weights, sums, start)
    by_level = z[here].reshape(len(here), len(numbers), y.shape[1])
    one, slope = value(by_level, y[here][:, None], numbers.T[:, :, None])
    dz = (slope * factor[:, None, None]).reshape(len(here), z.shape[1])
    _put(z, here, dz, weight * one.sum(axis=(1, 2)), sums)


def paired_loss(z: Any, y: Any, w: Any, numbers: Any, weights: Any, sums: Any, start: Any = 0) -> None:
    here, weight, factor = _present(z, w, weights, sums, start)
    first, second = np.split(z[here], 2, axis=1)
    one, *slopes = value(first, second, y[here], numbers[0])
    _put(z, here, np.hstack(slopes) * factor[:, None], weight * one.sum(axis=1), sums)


def tally(sums: Any, total: Any) -> None:
    total += sums.sum(axis=0)


def softmax(z: Any) -> None:
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)


def _present(z: Any, w: Any, weights: Any, sums: Any, start: Any) -> tuple[Any, Any, Any]:
    """The rows that weigh something, their weights, and their shares of all weights, whose sum the first part notes."""
    weight = weights.sum(dtype=np.float64)
    sums[1] = weight if start == 0 else 0
    here = np.flatnonzero(w)
    return here, w[here], (w[here] * (1 / weight if weight > 0 else 0)).astype(z.dtype)


def _put(z: Any, here: Any, dz: Any, losses: Any, sums: Any) -> None:
    """What was found for the rows that are there; the others pull at nothing."""
    z[...] = 0
    z[here] = dz
    sums[0] = losses.sum(dtype=np.float64)


def _log_softmax(z: Any) -> Any:
    z = z - z.max(axis=1, keepdims=True, initial=-np.inf)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def _smoothed(shares: Any, numbers: Any) -> Any:
    smoothing = numbers[0, 0]
    return (1 - smoothing) * shares + smoothing / shares.shape[1]


def _soft(z: Any, here: Any, weight: Any, factor: Any, t: Any, sums: Any) -> None:
    """-sum(t log p)."""
    log_p = _log_softmax(z[here])
    dz = np.exp(log_p) * t.sum(axis=1, keepdims=True) - t
    _put(z, here, dz * factor[:, None], -weight * (t * log_p).sum(axis=1), sums)
