"""What kind of thing a column holds, found from its values and told with the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chainrule.tables.reading import sharpened
from chainrule.tables.table import Column

Kind = Literal["number", "category", "boolean", "date", "id", "constant"]

#: Kinds that tell nothing of a row; such columns are left out.
LEFT_OUT = ("id", "constant")
#: Kinds that a user may name.
SAID = ("number", "category", "date", "leave out")

#: Names under which row numbers go.
_ROW_NUMBER = re.compile(r"(unnamed.*|index|id|.*[_ -]id|row.*|number|nr|no)", re.IGNORECASE)
#: Words of which nearly each stands in one row only, from this many rows on, name rows rather than kinds of them.
_ID_ROWS, _ID_SHARE = 50, 0.9


@dataclass(frozen=True)
class Finding:
    """The kind of a column and what it rests on."""

    kind: Kind
    why: str
    distinct: int
    missing: int


def find(name: str, column: Column) -> Finding:
    """The kind of a column.

    Examples
    --------
    >>> from chainrule.tables.kinds import find
    >>> from chainrule.tables.table import words
    >>> find("size", words(["S", "M", None, "S"]))
    Finding(kind='category', why='2 different words', distinct=2, missing=1)
    """
    column = sharpened(column)
    missing = int(column.missing.sum())
    rows = len(column) - missing
    known = column.values[~column.missing]
    distinct = len(np.unique(known))
    kind, why = _judged(name, column, known, rows, distinct, missing)
    return Finding(kind, why, distinct, missing)


def _judged(name: str, column: Column, known: np.ndarray, rows: int, distinct: int, missing: int) -> tuple[Kind, str]:
    if distinct == 0:
        return "constant", "no values"
    if distinct == 1 and not missing:
        return "constant", "the same value in every row"
    if column.storage == "times":
        return "date", "times"
    if column.storage == "words":
        if rows >= _ID_ROWS and distinct > _ID_SHARE * rows:
            return "id", f"{distinct} different words in {rows} rows"
        if set(column.levels) <= {"False", "True"}:
            return "boolean", "truth values"
        return "category", f"{distinct} different words"
    counts_rows = rows >= _ID_ROWS and distinct == rows and known.max() - known.min() == rows - 1
    if counts_rows and _ROW_NUMBER.fullmatch(name):
        return "id", "numbers the rows"
    return "number", f"{distinct} different numbers"
