"""Words read as numbers and as times, and what is refused when they are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError, unknown_name
from chainrule.tables.table import MISSING, Column, Storage, Table

Array = NDArray[Any]


def numbers(levels: Sequence[str]) -> Array | None:
    """The words as float64 numbers, or None where one is none. Spaces around a number are forgiven."""
    try:
        return np.array([float(level) for level in levels], np.float64)
    except ValueError:
        return None


def times(levels: Sequence[str]) -> Array | None:
    """The words as days since 1970, or None where one is no ISO date such as 2026-01-31 or 2026-01-31T12:30:00."""
    if not all(_looks_iso(level) for level in levels):
        return None
    try:
        stamps = np.array([level.strip().removesuffix("Z").replace(" ", "T") for level in levels], "datetime64[us]")
    except ValueError:
        return None
    return stamps.astype(np.int64) / 86_400_000_000


#: How words are read where all of a column can be.
READ: dict[Storage, Callable[[Sequence[str]], Array | None]] = {"numbers": numbers, "times": times}


def sharpened(column: Column, storage: Storage | None = None) -> Column:
    """Words that are all numbers as numbers, all ISO dates as times; any other column as it is.

    Where `storage` is given, the column is a part of one that is known to hold this.
    """
    if column.storage != "words" or (storage is None and not column.levels):
        return column
    for kind, read in READ.items():
        found = read(column.levels) if storage in (None, kind) else None
        if found is not None:
            return column.converted(kind, found)
    return column


def read_numbers(column: Column, name: str, where: str, why: str = "as in fit") -> Array:
    """A column as finite float64 numbers, NaN where one is missing; errors say why there have to be numbers.

    Raises
    ------
    InputError
        At times, at a word that is no number, or at an infinite one.
    """
    if column.storage == "times":
        raise InputError(f"{where}, column {name!r}", f"numbers, {why}", "times", "Give the same column.")
    values = _read(column, "numbers", f"a number, {why}", name, where)
    infinite = np.isinf(values)
    if infinite.any():
        raise InputError(
            f"{where}, column {name!r}, row {column.first + int(infinite.argmax())}",
            "finite numbers, or NaN for a missing one", "infinity", "Replace it by a number or by NaN.",
        )  # fmt: skip
    return values


def read_times(column: Column, name: str, where: str, why: str = "as in fit") -> Array:
    """A column as days since 1970, NaN where one is missing; errors say why there have to be dates.

    Raises
    ------
    InputError
        At what is no ISO date.
    """
    if column.storage == "numbers":
        raise InputError(f"{where}, column {name!r}", f"dates, {why}", "numbers", "Give ISO dates, or times.")
    return _read(column, "times", f"an ISO date such as 2026-01-31, {why}", name, where)


def _read(column: Column, storage: Storage, expected: str, name: str, where: str) -> Array:
    if column.storage == storage:
        return column.values
    levels = ["nan" if level.strip() in MISSING else level for level in column.levels]
    known, read = [level for level in levels if level != "nan"], READ[storage]
    found = read(known)
    if found is None:
        bad = next(code for code, level in enumerate(levels) if level != "nan" and read([level]) is None)
        row = column.first + int((column.values == bad).argmax())
        raise InputError(
            f"{where}, column {name!r}, row {row}", expected, repr(column.levels[bad]),
            "Mend the value, leave it empty, or fit with this column as a category.",
        )  # fmt: skip
    values = np.full(len(levels) + 1, np.nan)
    values[[code for code, level in enumerate(levels) if level != "nan"]] = found
    return values[column.values]


def _looks_iso(level: str) -> bool:
    text = level.strip()
    return len(text) >= 8 and text[:4].isdigit() and text[4] == "-" and text[5:7].isdigit()


def split_column(found: Table, given: Any, where: str, what: str) -> tuple[Table, Any]:
    """The other columns, and the values of one that is given by its name; anything else is given as it is."""
    if not isinstance(given, str):
        return found, given
    if given not in found.columns:
        raise unknown_name(f"{where}, {what}", given, found.names)
    column = found[given]
    if column.missing.any():
        raise InputError(
            f"{where}, {what} {given!r}", "a value in every row",
            f"{int(column.missing.sum())} missing, the first in row {column.first + int(column.missing.argmax())}",
            "Leave these rows out.",
        )  # fmt: skip
    return found.without(given), values(column)


def values(column: Column) -> Array:
    """A column's values as an array: numbers, words, or truth values."""
    if column.storage != "words":
        found = column.values
        whole = column.storage == "numbers" and bool((found == np.floor(found)).all()) and np.abs(found).max() < 2**53
        return found.astype(np.int64) if whole else found
    levels = np.array(column.levels)
    if set(column.levels) <= {"False", "True"}:
        levels = levels == "True"
    return np.asarray(levels[column.values])
