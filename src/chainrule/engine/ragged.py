"""Sequences of different lengths as packed rows: padding is left out before anything is computed.

A batch (batch, time, features) with `lengths` becomes (sum of lengths, features), so no layer, statistic, loss or
pool ever sees padding, and a sequence gives what it gives alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import InputError

Array = NDArray[Any]


@dataclass(frozen=True)
class Packing:
    """Which cells of (batch, time) hold rows, and where each sequence begins and ends."""

    cells: NDArray[np.bool_]
    boundaries: NDArray[np.int64]

    @property
    def rows(self) -> int:
        return int(self.boundaries[-1])

    @property
    def sequences(self) -> int:
        return len(self.boundaries) - 1

    def pack(self, X: Array) -> Array:
        return X[self.cells]

    def unpack(self, rows: Array) -> Array:
        """(rows, width) back to (batch, time, width), zero where there was padding."""
        found = np.zeros((*self.cells.shape, *rows.shape[1:]), rows.dtype)
        found[self.cells] = rows
        return found


def packing(shape: tuple[int, ...], lengths: ArrayLike | None) -> Packing:
    """The packing of an array of shape (batch, time, features); without `lengths` every cell counts.

    Raises
    ------
    InputError
        Where a length is below 1, beyond the time axis, or one is missing.
    """
    batch, time = shape[:2]
    steps = np.full(batch, time) if lengths is None else np.asarray(lengths)
    if steps.shape != (batch,) or steps.dtype.kind not in "iu" or np.any((steps < 1) | (steps > time)):
        raise InputError(
            "lengths",
            f"{batch} whole numbers between 1 and {time}, one per sequence",
            np.array2string(steps, threshold=8),
            "A sequence needs at least one step; leave empty ones out.",
        )
    return Packing(np.arange(time) < steps[:, None], np.concatenate([[0], np.cumsum(steps)]).astype(np.int64))
