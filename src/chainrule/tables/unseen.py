"""What rows hold that fit did not see: levels of a category, numbers and dates outside of those of fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.column import Column, date_text
from chainrule.tables.encodings import Category, Date, Encoding, Number

#: Cells that are shown, and levels that are remembered.
SHOWN, REMEMBERED = 3, 10_000


@dataclass(frozen=True)
class Portion:
    """Some cells of a column.

    Attributes
    ----------
    cells : how many there are
    of : among how many
    shown : a few of them as texts, the first or the most frequent
    """

    cells: int = 0
    of: int = 0
    shown: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        return self.cells / self.of if self.of else 0.0


#: Where there are no such cells.
NONE = Portion()


class Levels:
    """Unknown levels of a category, counted part by part: of very many, only frequent ones are remembered.

    Examples
    --------
    >>> from chainrule.tables.unseen import Levels
    >>> found = Levels()
    >>> found.add({"Ulm": 2, "Bonn": 1})
    >>> found.add({"Ulm": 1})
    >>> found.among(40)
    Portion(cells=4, of=40, shown=('Ulm', 'Bonn'))
    """

    def __init__(self) -> None:
        self.cells = 0
        self._often: Counter[str] = Counter()

    def add(self, counts: Mapping[str, int]) -> None:
        """Levels of more rows, and how many of these hold each."""
        self.cells += sum(counts.values())
        self._often.update(counts)
        if len(self._often) > REMEMBERED:
            self._often = Counter({level: self._often[level] for level in self._first(REMEMBERED // 2)})

    def among(self, rows: int) -> Portion:
        """What was counted, of so many rows."""
        return Portion(self.cells, rows, tuple(self._first(SHOWN)))

    def _first(self, count: int) -> Iterable[str]:
        """The most frequent ones."""
        return sorted(self._often, key=lambda level: (-self._often[level], level))[:count]


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


def beyond(encoding: Encoding, column: Column) -> int:
    """How many numbers or times lie outside of what fit saw, as far as that is known.

    Parameters
    ----------
    encoding : of the column
    column : cells as their schema reads them

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.tables import numbers, unseen
    >>> from chainrule.tables.column import Column
    >>> age = numbers.encode("age", np.array([20.0, 30.0, 70.0]))
    >>> unseen.beyond(age, Column("numbers", np.array([19.0, 20.0, np.nan, 71.0])))
    2
    """
    return int(_beyond(encoding, column).sum())


def _beyond(encoding: Encoding, column: Column) -> NDArray[np.bool_]:
    number: Encoding | None = encoding
    if isinstance(encoding, Date):
        number = next((one for one in encoding.numbers if one.name == "elapsed"), None)
    return number.beyond(column.values) if isinstance(number, Number) else np.zeros(len(column), bool)


def dates(encoding: Date, column: Column) -> Portion:
    """Times before the first or after the last of fit, as far as the encoding tells where those are."""
    beyond = np.sort(column.values[_beyond(encoding, column)])
    shown = dict.fromkeys(map(date_text, [*beyond[:1], *beyond[-1:]]))
    return Portion(len(beyond), len(column), tuple(shown))
