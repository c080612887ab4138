"""What a model predicts of rows of which some columns are taken from elsewhere: the game that Shapley values divide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Bools = NDArray[np.bool_]
Whole = NDArray[np.intp]

#: Rows, and numbers in them, that are made and predicted at a time.
ROWS, NUMBERS = 1 << 16, 1 << 23


@dataclass(frozen=True, eq=False)
class Game:
    """A prediction whose columns are taken from a row or from rows of the background.

    Attributes
    ----------
    predict : from coded rows (rows, codes) to float64 predictions (rows, outputs)
    rows : coded rows to explain, (rows, codes)
    background : coded rows, (background, codes)
    columns : of each column, which of the codes are its own
    """

    predict: Callable[[Array], Array]
    rows: Array
    background: Array
    columns: Sequence[Whole]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, rows of the background, columns."""
        return len(self.rows), len(self.background), len(self.columns)

    @property
    def most(self) -> int:
        """Rows that are made and predicted at a time."""
        return min(ROWS, max(NUMBERS // self.rows.shape[1], 1))

    @cached_property
    def _order(self) -> tuple[Whole, Whole]:
        """The codes column by column, and where each column's begin."""
        sizes = [len(mine) for mine in self.columns]
        return np.concatenate(self.columns), np.cumsum([0, *sizes[:-1]])

    @cached_property
    def _owners(self) -> Whole:
        """Of each code the column that it belongs to."""
        numbers = np.repeat(np.arange(len(self.columns)), [len(mine) for mine in self.columns])
        return numbers[np.argsort(self._order[0])]

    @cached_property
    def of_rows(self) -> Array:
        """Predictions of the rows, (rows, outputs)."""
        return self.predict(self.rows)

    @cached_property
    def of_background(self) -> Array:
        """Predictions of the background, (background, outputs)."""
        return self.predict(self.background)

    def pairs(self, evaluations: int) -> Iterator[tuple[Whole, Whole]]:
        """Every row with every row of the background, in blocks: the numbers of the two.

        Parameters
        ----------
        evaluations : rows that are predicted of a pair, at most
        """
        rows, others, _ = self.shape
        block = max(self.most // max(evaluations, 1), 1)
        for start in range(0, rows * others, block):
            yield np.divmod(np.arange(start, min(start + block, rows * others)), others)

    def differ(self, row: Whole, other: Whole) -> Bools:
        """Whether the two of each pair differ in a column, (pairs, columns). Others do not count."""
        a, b = self.rows[row], self.background[other]
        unlike = (a != b) & ~(np.isnan(a) & np.isnan(b))
        places, starts = self._order
        return np.logical_or.reduceat(unlike[:, places], starts, axis=1)

    def play(self, row: Whole, other: Whole, taken: Bools) -> Array:
        """Predictions of rows of the background that have these columns of the row: (plays, outputs).

        Parameters
        ----------
        row, other : of each play
        taken : (plays, columns), whether a column is the row's
        """
        if not len(row):
            return np.empty((0, self.of_rows.shape[1]))
        return self.predict(np.where(taken[:, self._owners], self.rows[row], self.background[other]))
