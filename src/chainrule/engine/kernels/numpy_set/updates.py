"""Twins of `numba_set.updates`, which says what each does."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine.kernels.rules import capped

value: Any = None  # placeholder

KERNELS = ("gradient_squares", "gradient_factor", "bound_rows", "keep_signs", "average")


def gradient_squares(g: Any, starts: Any, stops: Any, clip: Any, squares: Any) -> None:
    top = g.dtype.type(clip[0])
    entries = [capped(g[start:stop], top).astype(np.float64) for start, stop in zip(starts, stops, strict=True)]
    squares[0] = sum(np.vdot(e, e) for e in entries)


def gradient_factor(squares: Any, clip: Any, limit: Any) -> None:
    clip[1] = value(np.sqrt(squares.sum()), limit)


def bound_rows(W: Any, limit: Any) -> None:
    norms = np.linalg.norm(W.astype(np.float64), axis=1, keepdims=True)
    W *= value(norms, limit).astype(W.dtype)


def keep_signs(W: Any, rows: Any, columns: Any) -> None:
    signs = np.multiply.outer(rows, columns)
    W[((W * signs < 0) | (signs == 0)) & (columns != 0)] = 0


def average(p: Any, mean: Any, share: Any) -> None:
    part = p.dtype.type(share[0])
    if part == 1:
        mean[...] = p
    elif part != 0:
        mean += part * (p - mean)
