"""Which rows are to test: as a column says, a share drawn once, or the last or first by a column of dates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from chainrule.errors import InputError

#: The share of the training rows that is held out to score on.
HELD_OUT = 0.2


def moments(column: pd.Series, where: str) -> pd.Series:
    """A column of dates as times, whose zone is left out; numbers stay what they are.

    Raises
    ------
    InputError
        For cells that are no dates.
    """
    if pd.api.types.is_numeric_dtype(column):
        return column
    try:
        return pd.to_datetime(column.astype("string"), utc=True, format="mixed").dt.tz_localize(None)
    except ValueError as error:
        raise InputError(
            where, "dates", str(error), "Name it under dates, or order by it, only where it has them."
        ) from error


@dataclass(frozen=True)
class Said:
    """A column whose cells say train or test."""

    column: str

    def test(self, table: pd.DataFrame) -> np.ndarray:
        cells = table[self.column]
        other = sorted(set(cells.dropna()) - {"train", "test"}, key=str) or (["nothing"] if cells.isna().any() else [])
        if other:
            raise InputError(
                f"the column {self.column!r}", "'train' or 'test' in each row", repr(other[0]), "Drop such rows."
            )
        return cells.eq("test").to_numpy(bool)

    def held_out(self, table: pd.DataFrame, seed: int) -> np.ndarray:
        return Share(HELD_OUT, seed).test(table)


@dataclass(frozen=True)
class Share:
    """A share of the rows, drawn once: with another for each seed, all rows of a set would be tested on in the end."""

    share: float
    seed: int = 0

    def test(self, table: pd.DataFrame) -> np.ndarray:
        chosen = np.zeros(len(table), bool)
        order = np.random.default_rng(self.seed).permutation(len(table))
        chosen[order[: round(len(table) * self.share)]] = True
        return chosen

    def held_out(self, table: pd.DataFrame, seed: int) -> np.ndarray:
        return Share(HELD_OUT, seed).test(table)


@dataclass(frozen=True)
class ByOrder:
    """The last rows, or the first, by a column; rows of the cut's very moment stay together, to test."""

    by: str
    share: float
    last: bool = True

    def test(self, table: pd.DataFrame) -> np.ndarray:
        when = moments(table[self.by], f"the column {self.by!r}")
        if when.isna().any():
            raise InputError(
                f"the column {self.by!r}", "a moment in each row", f"{when.isna().sum()} rows without", "Drop them."
            )
        when = when.to_numpy()
        cut = np.sort(when)[:: -1 if self.last else 1][max(round(len(when) * self.share), 1) - 1]
        return when >= cut if self.last else when <= cut

    def held_out(self, table: pd.DataFrame, seed: int) -> np.ndarray:
        """By the same order: who predicts what comes later is to be chosen by what comes later."""
        return replace(self, share=HELD_OUT).test(table)


Split = Said | Share | ByOrder
