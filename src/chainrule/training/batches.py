"""Batches: rows of X, y and weights gathered, in a drawn order, into the buffers of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.fill import fill

Array = NDArray[Any]


class Rows:
    """Training data as it was given: X dense or in compressed sparse rows, targets, weights, or a part of them.

    Nothing is copied but the rows of the batch at hand. Floats are in the dtype of the parameters.

    Parameters
    ----------
    X : C-ordered array or CSR matrix of shape (rows, features)
    y : targets of the loss, (rows,) class codes or (rows, outputs) values
    weight : array of shape (rows,), or None for 1 each
    subset : indices of the rows that count, or None for all
    """

    def __init__(self, X: Any, y: Array, weight: Array | None = None, subset: NDArray[np.intp] | None = None) -> None:
        self.X = X
        self.y = y
        self.weight = weight
        self.subset = subset

    def __len__(self) -> int:
        return int(self.X.shape[0]) if self.subset is None else len(self.subset)

    def batches(self, size: int, generator: np.random.Generator | None) -> Iterator[Any]:
        """Slices or indices of the rows of each batch, a partial one last; in order without a generator."""
        order = self.subset
        if generator is not None:
            order = generator.permutation(len(self) if order is None else order)
        for start in range(0, len(self), size):
            stop = min(start + size, len(self))
            yield slice(start, stop) if order is None else order[start:stop]

    @staticmethod
    def count(chosen: Any) -> int:
        """Rows of a batch that `batches` chose."""
        return chosen.stop - chosen.start if isinstance(chosen, slice) else len(chosen)

    def gather(self, chosen: Any, arrays: dict[str, Array]) -> float:
        """Fill x, y and w of a plan with the chosen rows; the weight they have."""
        fill(arrays["x"], self.X, chosen)
        fill(arrays["y"], self.y, chosen)
        if self.weight is None:
            return float(len(arrays["y"]))
        fill(arrays["w"], self.weight, chosen)
        return float(arrays["w"].sum())

    def start(self, arrays: dict[str, Array]) -> None:
        """Before the first batch: rows without weights weigh 1, in every batch alike."""
        if self.weight is None:
            arrays["w"].fill(1)
