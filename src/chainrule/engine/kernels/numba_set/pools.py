"""Pooling over the rows of each sequence: sequence s holds the rows offsets[s] to offsets[s + 1]."""

from __future__ import annotations

from typing import Any

from chainrule.engine.kernels.access import alone

KERNELS = {
    "pool_sum": alone("y"),
    "pool_sum_backward": alone("dx"),
    "pool_max": alone("y", "winners"),
    "pool_max_backward": alone("dx"),
}


def pool_sum(x: Any, offsets: Any, y: Any, mean: Any) -> None:
    """y[s] = sum of x over the rows of s, divided by their number where `mean` is 1."""
    sequences, units = y.shape
    for s in range(sequences):
        for j in range(units):
            y[s, j] = 0
        for i in range(offsets[s], offsets[s + 1]):
            for j in range(units):
                y[s, j] += x[i, j]
        if mean:
            share = x.dtype.type(1.0 / (offsets[s + 1] - offsets[s]))
            for j in range(units):
                y[s, j] *= share


def pool_sum_backward(dy: Any, offsets: Any, dx: Any, mean: Any) -> None:
    sequences, units = dy.shape
    for s in range(sequences):
        share = dx.dtype.type(1.0 / (offsets[s + 1] - offsets[s]) if mean else 1.0)
        for i in range(offsets[s], offsets[s + 1]):
            for j in range(units):
                dx[i, j] = dy[s, j] * share


def pool_max(x: Any, offsets: Any, y: Any, winners: Any) -> None:
    """y[s] = largest x over the rows of s; `winners` are the rows it came from, the first of equals."""
    sequences, units = y.shape
    for s in range(sequences):
        for j in range(units):
            y[s, j] = x[offsets[s], j]
            winners[s, j] = offsets[s]
        for i in range(offsets[s] + 1, offsets[s + 1]):
            for j in range(units):
                # A NaN wins and stays.
                if x[i, j] > y[s, j] or (x[i, j] != x[i, j] and y[s, j] == y[s, j]):
                    y[s, j] = x[i, j]
                    winners[s, j] = i


def pool_max_backward(dy: Any, offsets: Any, dx: Any, winners: Any) -> None:
    sequences, units = dy.shape
    for i in range(dx.shape[0]):
        for j in range(units):
            dx[i, j] = 0
    for s in range(sequences):
        for j in range(units):
            dx[winners[s, j], j] = dy[s, j]
