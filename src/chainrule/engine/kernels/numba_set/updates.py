"""What may stand around an optimiser: the norm of the gradient, bounded weights, averages of weights.

Norms are taken in float64, where no square of a float32 overflows: each part sums into an entry of its own
of `squares`, and the next kernel adds those in their order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine.kernels.access import alone, by_rows, by_segments

value: Any = None  # placeholders
capped: Any = None

KERNELS = {
    "gradient_squares": by_segments("squares", segments=("g",)),
    "gradient_factor": alone("clip"),
    "bound_rows": by_rows("W"),
    "keep_signs": by_rows("W"),
    "average": by_rows("mean"),
}


def gradient_squares(g: Any, starts: Any, stops: Any, clip: Any, squares: Any) -> None:
    """squares[0] = sum of g^2 over the segments, of entries clipped at clip[0]."""
    top = g.dtype.type(clip[0])
    squares[0] = 0
    for s in range(starts.shape[0]):
        g_ = g[starts[s] : stops[s]]
        total = 0.0
        for i in range(g_.size):
            entry = np.float64(capped(g_[i], top))
            total += entry * entry
        squares[0] += total


def gradient_factor(squares: Any, clip: Any, limit: Any) -> None:
    """clip[1] = what brings the norm of the gradient down to the limit."""
    total = 0.0
    for k in range(squares.shape[0]):
        total += squares[k]
    clip[1] = value(np.sqrt(total), limit)


def bound_rows(W: Any, limit: Any) -> None:
    """Every row whose norm is above the limit is brought down to it."""
    rows, inputs = W.shape
    for i in range(rows):
        total = 0.0
        for j in range(inputs):
            entry = np.float64(W[i, j])
            total += entry * entry
        factor = W.dtype.type(value(np.sqrt(total), limit))
        if factor != 1:
            for j in range(inputs):
                W[i, j] *= factor


def keep_signs(W: Any, rows: Any, columns: Any) -> None:
    """Where a column has a sign: 0 for entries whose own is not the product of their row's and its; NaN stays."""
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            sign = W.dtype.type(rows[i] * columns[j])
            if columns[j] != 0 and (sign == 0 or W[i, j] * sign < 0):
                W[i, j] = 0


def average(p: Any, mean: Any, share: Any) -> None:
    """mean += share[0] * (p - mean); 1 copies p exactly, 0 leaves the mean alone."""
    part = p.dtype.type(share[0])
    if part == 1:
        for i in range(p.size):
            mean[i] = p[i]
    elif part != 0:
        for i in range(p.size):
            mean[i] += part * (p[i] - mean[i])
