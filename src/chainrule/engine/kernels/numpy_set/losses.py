"""Twins of `numba_set.losses`, which says what each does."""

from __future__ import annotations

from typing import Any

import numpy as np

value: Any = None  # placeholder

KERNELS = (
    "cross_entropy", "soft_cross_entropy", "true_class_loss", "multiclass_hinge", "separable_loss", "paired_loss",
    "softmax",
)  # fmt: skip


def cross_entropy(z: Any, y: Any, w: Any, numbers: Any, total: Any) -> None:
    here, weight, factor = _present(z, w, total)
    shares = np.zeros((len(here), z.shape[1]), z.dtype)
    shares[np.arange(len(here)), y[here]] = 1
    _soft(z, here, weight, factor, _smoothed(shares, numbers), total)


def soft_cross_entropy(z: Any, y: Any, w: Any, numbers: Any, total: Any) -> None:
    here, weight, factor = _present(z, w, total)
    _soft(z, here, weight, factor, _smoothed(y[here], numbers), total)


def true_class_loss(z: Any, y: Any, w: Any, numbers: Any, total: Any) -> None:
    here, weight, factor = _present(z, w, total)
    log_p = _log_softmax(z[here])
    true = np.arange(len(here)), y[here]
    one, slope = value(log_p[true], numbers[0])
    dz = -np.exp(log_p)
    dz[true] += 1
    _put(z, here, dz * (slope * factor)[:, None], weight * one, total)


def multiclass_hinge(z: Any, y: Any, w: Any, numbers: Any, total: Any) -> None:
    here, weight, factor = _present(z, w, total)
    rows, others = np.arange(len(here)), z[here]
    true = others[rows, y[here]]
    others[rows, y[here]] = -np.inf
    best = others.argmax(axis=1)
    lack = 1 + others[rows, best] - true
    pulled = ~(lack <= 0) * factor
    dz = np.zeros_like(others)
    dz[rows, best] += pulled
    dz[rows, y[here]] -= pulled
    _put(z, here, dz, weight * np.maximum(lack, 0), total)


def separable_loss(z: Any, y: Any, w: Any, numbers: Any, total: Any) -> None:
    here, weight, factor = _present(z, w, total)
    by_level = z[here].reshape(len(here), len(numbers), y.shape[1])
    one, slope = value(by_level, y[here][:, None], numbers.T[:, :, None])
    dz = (slope * factor[:, None, None]).reshape(len(here), z.shape[1])
    _put(z, here, dz, weight * one.sum(axis=(1, 2)), total)


def paired_loss(z: Any, y: Any, w: Any, numbers: Any, total: Any) -> None:
    here, weight, factor = _present(z, w, total)
    first, second = np.split(z[here], 2, axis=1)
    one, *slopes = value(first, second, y[here], numbers[0])
    _put(z, here, np.hstack(slopes) * factor[:, None], weight * one.sum(axis=1), total)


def softmax(z: Any) -> None:
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)


def _present(z: Any, w: Any, total: Any) -> tuple[Any, Any, Any]:
    """The rows that weigh something, their weights, and their shares of all weights, whose sum joins the total."""
    weight = w.sum(dtype=np.float64)
    total[1] += weight
    here = np.flatnonzero(w)
    return here, w[here], (w[here] * (1 / weight if weight > 0 else 0)).astype(z.dtype)


def _put(z: Any, here: Any, dz: Any, losses: Any, total: Any) -> None:
    """What was found for the rows that are there; the others pull at nothing."""
    z[...] = 0
    z[here] = dz
    total[0] += losses.sum(dtype=np.float64)


def _log_softmax(z: Any) -> Any:
    z = z - z.max(axis=1, keepdims=True, initial=-np.inf)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def _smoothed(shares: Any, numbers: Any) -> Any:
    smoothing = numbers[0, 0]
    return (1 - smoothing) * shares + smoothing / shares.shape[1]


def _soft(z: Any, here: Any, weight: Any, factor: Any, t: Any, total: Any) -> None:
    """-sum(t log p)."""
    log_p = _log_softmax(z[here])
    dz = np.exp(log_p) * t.sum(axis=1, keepdims=True) - t
    _put(z, here, dz * factor[:, None], -weight * (t * log_p).sum(axis=1), total)
