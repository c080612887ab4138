"""The losses: z becomes dz = dLoss/dz in place; `total` gathers [sum of w * loss, sum of w] over batches.

The loss of a batch is the weighted mean of its rows, so dz carries the factor w / sum(w).
"""

from __future__ import annotations

from math import log
from typing import Any

value: Any = None  # placeholders
slope: Any = None
exp: Any = None
shift: Any = None  # shift_rows and exponentiate, compiled
exponential: Any = None

KERNELS = ("cross_entropy", "separable_loss", "softmax")
WITH_EXP = ("cross_entropy", "softmax")


def cross_entropy(z: Any, y: Any, w: Any, total: Any) -> None:
    """Softmax and -log p[y]: dz = (p - onehot(y)) * w / sum(w)."""
    rows, classes = z.shape
    weight = 0.0
    for i in range(rows):
        weight += w[i]
    per_weight = z.dtype.type(1.0 / weight if weight > 0 else 0.0)
    shift(z)
    loss = 0.0
    for i in range(rows):
        loss -= w[i] * z[i, y[i]]
    exponential(z)
    for i in range(rows):
        norm = z.dtype.type(0)
        for k in range(classes):
            norm += z[i, k]
        loss += w[i] * log(norm)
        factor = w[i] * per_weight
        share = factor / norm
        for k in range(classes):
            z[i, k] *= share
        z[i, y[i]] -= factor
    total[0] += loss
    total[1] += weight


def separable_loss(z: Any, y: Any, w: Any, total: Any) -> None:
    """A sum over columns of value(z, y): dz = slope(z, y) * w / sum(w)."""
    rows, outputs = z.shape
    weight = 0.0
    for i in range(rows):
        weight += w[i]
    per_weight = z.dtype.type(1.0 / weight if weight > 0 else 0.0)
    loss = 0.0
    for i in range(rows):
        row = z.dtype.type(0)
        factor = w[i] * per_weight
        for k in range(outputs):
            row += value(z[i, k], y[i, k])
            z[i, k] = slope(z[i, k], y[i, k]) * factor
        loss += w[i] * row
    total[0] += loss
    total[1] += weight


def softmax(z: Any) -> None:
    """Each row of z becomes probabilities."""
    rows, classes = z.shape
    shift(z)
    exponential(z)
    for i in range(rows):
        norm = z.dtype.type(0)
        for k in range(classes):
            norm += z[i, k]
        share = z.dtype.type(1) / norm
        for k in range(classes):
            z[i, k] *= share


def shift_rows(z: Any) -> None:
    """Take each row's maximum off, so that exp cannot overflow."""
    rows, classes = z.shape
    for i in range(rows):
        top = z[i, 0]
        for k in range(1, classes):
            top = max(top, z[i, k])
        for k in range(classes):
            z[i, k] -= top


def exponentiate(z: Any) -> None:
    """z = exp(z) as one flat loop: rows of a few classes are too short to vectorise one by one."""
    flat = z.reshape(z.size)
    for i in range(flat.size):
        flat[i] = exp(flat[i])
