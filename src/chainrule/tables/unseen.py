"""What rows hold that fit did not see: levels of a category, dates before the first and after the last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chainrule.tables.column import Column, date_text
from chainrule.tables.encodings import Category, Date

#: Cells that are shown.
SHOWN = 3


@dataclass(frozen=True)
class Unseen:
    """Cells of a column that hold what fit did not see.

    Attributes
    ----------
    cells : how many there are
    of : among how many
    first : some of them, the most frequent first
    """

    cells: int = 0
    of: int = 0
    first: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        return self.cells / self.of if self.of else 0.0


def levels(encoding: Category, column: Column) -> dict[str, int]:
    """How many cells hold each level that is unknown; none where rare levels share a code, which unknown ones take.

    Parameters
    ----------
    encoding : of the column
    column : cells as their schema reads them

    Examples
    --------
    >>> from chainrule.tables import unseen
    >>> from chainrule.tables.column import words
    >>> from chainrule.tables.encodings import Category
    >>> unseen.levels(Category("town", ("Bonn", "Trier")), words(["Bonn", "Ulm", None, "Ulm"]))
    {'Ulm': 2}
    """
    if encoding.rare:
        return {}
    counts = np.bincount(column.values[column.values >= 0], minlength=len(column.levels)).tolist()
    known = set(encoding.levels)
    return {level: n for level, n in zip(column.levels, counts, strict=True) if n and level not in known}


def of_levels(counts: Mapping[str, int], rows: int) -> Unseen:
    """Unknown levels by how many cells hold each, among so many."""
    often = sorted(counts, key=lambda level: (-counts[level], level))
    return Unseen(sum(counts.values()), rows, tuple(often[:SHOWN]))


def dates(encoding: Date, column: Column) -> Unseen:
    """Times before the first or after the last of fit, as far as the encoding tells where those are."""
    elapsed = next((one for one in encoding.numbers if one.name == "elapsed" and one.knots), None)
    if elapsed is None:
        return Unseen(0, len(column))
    known = column.values[~np.isnan(column.values)]
    days = elapsed.scale.in_f32(known)  # rounded as the knots are
    low, high = np.float32(elapsed.knots[0]), np.float32(elapsed.knots[-1])
    beyond = np.sort(known[(days < low) | (days > high)])
    shown = dict.fromkeys(map(date_text, [*beyond[:1], *beyond[-1:]]))
    return Unseen(len(beyond), len(column), tuple(shown))
