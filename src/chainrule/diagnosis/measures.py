"""Measures: the numbers of one layer, taken from arrays that a plan has in its buffers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.probes import EDGES
from chainrule.network.activations import ActivationFunction

Array = NDArray[Any]

#: Rows of a batch that are looked at, and entries of a matrix of weights; of more, a part stands for all.
ROWS, ENTRIES = 256, 1 << 16

#: Rows that the effective rank is taken of.
RANKED = 64

#: A function's end is flat where its slope is below this share of its steepest.
FLAT = 0.05


def some_rows(matrix: Array, entries: int = ENTRIES) -> Array:
    """Every k-th row of a matrix, so that about `entries` numbers are left: a view."""
    return matrix[:: max(1, -(-matrix.size // entries))]


def rms(array: Array) -> float:
    """Root mean square, in float64: squares of vanishing gradients are too small for float32."""
    flat = array.astype(np.float64).ravel()
    return float(np.sqrt(np.dot(flat, flat) / flat.size))


def effective_rank(a: Array) -> float:
    """Participation ratio of the centred rows' covariance, (sum of eigenvalues)^2 / sum of their squares, over its top.

    1 where activations vary alike in all directions that there can be, near 0 where all units say the same.
    """
    rows = a[:RANKED].astype(np.float64)
    rows -= rows.mean(axis=0)
    gram = rows @ rows.T if rows.shape[0] <= rows.shape[1] else rows.T @ rows
    total, squares = np.trace(gram), np.vdot(gram, gram)
    most = min(len(rows) - 1, rows.shape[1])
    return float(total**2 / squares / most) if squares > 0 and most > 0 else 0.0


def bounded(f: ActivationFunction) -> bool:
    """Whether a function is flat at both ends."""
    return "inf" not in f.range and not f.scalar


def saturated(f: ActivationFunction, z: Array) -> float:
    """Share of pre-activations where a bounded function is flat."""
    slope = f.derivative(f.value(z) if f.reads == "a" else z)
    steepest = f.derivative(f.value(0.0) if f.reads == "a" else 0.0)
    return float((slope < FLAT * steepest).mean())


def histogram(matrix: Array) -> NDArray[np.float32]:
    """Share of a matrix's entries by magnitude, in the bins of `EDGES` and one below and one above."""
    with np.errstate(divide="ignore"):
        magnitudes = np.log10(np.abs(some_rows(matrix, ENTRIES // 4)).ravel())
    places = np.searchsorted(EDGES, magnitudes, side="right")
    return (np.bincount(places, minlength=len(EDGES) + 1) / len(places)).astype(np.float32)
