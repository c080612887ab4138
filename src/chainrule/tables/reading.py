"""A target, weights or groups that stand in a column of a table."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError, unknown_name
from chainrule.tables.column import MICROSECONDS, Column
from chainrule.tables.evidence import Evidence
from chainrule.tables.field import Field
from chainrule.tables.settle import settle
from chainrule.tables.table import Table

Array = NDArray[Any]


def split_column(found: Table, given: Any, where: str, what: str) -> tuple[Table, Any]:
    """The other columns, and the one that is given by its name; anything else is given as it is."""
    if not isinstance(given, str):
        return found, given
    if given not in found.columns:
        raise unknown_name(f"{where}, {what}", given, found.names)
    return found.without(given), found[given]


def target_field(name: str, seen: Evidence, where: str, decimal: str | None = None) -> Field:
    """What a target is, from all of its cells: numbers, truth values, times or words.

    Raises
    ------
    InputError
        Where a few cells are no numbers and all others are, since which are wrong is not to be guessed.
    """
    found = settle(name, seen, where, "target", decimal)
    if found.bad:
        (row, text), others = found.first[0], seen.known - found.bad
        raise InputError(
            f"{where}, target {name!r}, row {row}", f"a {found.field.kind}, as in {others:,} other rows",
            repr(text), "Mend it, leave the row out, or name what stands for a missing value in missing=.",
        )  # fmt: skip
    return found.field


def target(column: Column, field: Field, nothing: Collection[str], where: str) -> Array:
    """A target's values: numbers, words, truth values or times.

    Raises
    ------
    InputError
        Where one is missing, or is not what the target is.
    """
    read, _ = field.read(column, nothing, where)
    missing = read.missing
    if missing.any():
        first = int(missing.argmax())
        words = column.take(np.array([first])).as_words()
        text = words.levels[words.values[0]] if words.values[0] >= 0 else ""
        mend = f"If {text!r} is a class, say so: missing={{{field.name!r}: []}}." if text else "Leave these rows out."
        raise InputError(
            f"{where}, target {field.name!r}", "a value in every row",
            f"{int(missing.sum())} missing, the first in row {column.row(first)}", mend,
        )  # fmt: skip
    if column.storage == "whole" and field.kind == "number":
        return np.asarray(column.values)
    return values(read)


def field_of(name: str, classes: Array | None) -> Field:
    """What a target is, by the classes of a model, None of numbers."""
    kinds = {"b": "boolean", "i": "number", "u": "number", "f": "number"}
    return Field(name, "number" if classes is None else kinds.get(classes.dtype.kind, "category"))  # type: ignore[arg-type]


def read_numbers(column: Column, name: str, where: str, nothing: Collection[str] = ("",)) -> Array:
    """A column as finite numbers, NaN where one is missing."""
    return np.asarray(Field(name, "number").read(column, nothing, where)[0].values)


def values(column: Column) -> Array:
    """The values of a column that was read: numbers, words, truth values or times."""
    if column.storage == "times":
        return np.round(column.values * MICROSECONDS).astype("datetime64[us]")
    if column.storage == "numbers":
        found = column.values
        whole = bool((found == np.floor(found)).all()) and np.abs(found).max(initial=0) < 2**53
        return found.astype(np.int64) if whole else found
    levels = np.array(column.levels)
    if column.levels == ("False", "True"):
        levels = levels == "True"
    return np.asarray(levels[column.values])
