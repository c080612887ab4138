"""Twins of `numba_set.pools`, which says what each does."""

from __future__ import annotations

from typing import Any

import numpy as np

KERNELS = ("pool_sum", "pool_sum_backward", "pool_max", "pool_max_backward")


def pool_sum(x: Any, offsets: Any, y: Any, mean: Any) -> None:
    np.add.reduceat(x, offsets[:-1], axis=0, out=y)
    if mean:
        y /= np.diff(offsets)[:, None].astype(y.dtype)


def pool_sum_backward(dy: Any, offsets: Any, dx: Any, mean: Any) -> None:
    lengths = np.diff(offsets)
    share = dy / lengths[:, None].astype(dy.dtype) if mean else dy
    dx[...] = np.repeat(share, lengths, axis=0)


def pool_max(x: Any, offsets: Any, y: Any, winners: Any) -> None:
    for s, (start, stop) in enumerate(zip(offsets[:-1], offsets[1:], strict=True)):
        winners[s] = start + x[start:stop].argmax(axis=0)
    y[...] = np.take_along_axis(x, winners, axis=0)


def pool_max_backward(dy: Any, offsets: Any, dx: Any, winners: Any) -> None:
    dx[...] = 0
    np.put_along_axis(dx, winners, dy, axis=0)
