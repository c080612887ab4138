"""A target, weights or groups that stand in a column of a table."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError, unknown_name
from chainrule.tables.column import LISTS, MICROSECONDS, TRUTH, Column
from chainrule.tables.evidence import Evidence
from chainrule.tables.field import Field
from chainrule.tables.settle import settle
from chainrule.tables.table import Table

Array = NDArray[Any]

#: Different values of a target up to which words among numbers are classes, not slips.
CLASSES = 20


def split_column(found: Table, given: Any, where: str, what: str) -> tuple[Table, Any]:
    """The other columns, and the one that is given by its name; anything else is given as it is."""
    if not isinstance(given, str):
        return found, given
    if given not in found.columns:
        raise unknown_name(f"{where}, {what}", given, found.names)
    return found.without(given), found[given]


def target_field(
    name: str,
    given: Column | Evidence,
    nothing: Collection[str],
    where: str,
    said: str = "",
    decimal: str | None = None,
) -> Field:
    """What a target is, from all of its cells: numbers, truth values, times or words.

    Parameters
    ----------
    name : of its column
    given : the column, or what was seen of all of it
    nothing : words that stand for a missing value
    where : how errors call the table
    said : "category" where a user says that its values are classes
    decimal : the decimal mark of numbers, where a user says it

    Raises
    ------
    InputError
        Where a few cells are no numbers and all others are, since which are wrong is not to be guessed.
    """
    seen = given
    if isinstance(given, Column):
        seen = Evidence(nothing, said == "category")
        seen.add(given)
    assert isinstance(seen, Evidence)
    found = settle(name, seen, where, said or "target", decimal)
    if found.bad and seen.distinct.count <= CLASSES:
        found = settle(name, seen, where, "category", decimal)
    if found.bad:
        row, text = found.first[0]
        raise InputError(
            f"{where}, target {name!r}, row {row}", f"a {found.field.kind}, as nearly all others are", repr(text),
            "Mend it, leave the row out, or name what stands for a missing value in missing=. Where its values are "
            f"classes: columns={{{name!r}: 'category'}}.",
        )  # fmt: skip
    return found.field


def field_of(classes: Array | None) -> Field:
    """What a target of these classes is, or one of numbers, that came from no table."""
    kinds = {"b": "boolean", "i": "number", "u": "number", "f": "number"}
    return Field("", "number" if classes is None else kinds.get(classes.dtype.kind, "category"))  # type: ignore[arg-type]


def target(column: Column, field: Field, nothing: Collection[str], where: str, what: str = "target") -> Array:
    """A target's values: numbers, words, truth values, times or spans of time.

    Raises
    ------
    InputError
        Where one is missing, or is not what the target is; for what can be none, such as lists.
    """
    if field.kind == "unread":
        raise unreadable(field, where, what)
    read, _ = field.read(column, nothing, where, what)
    missing = read.missing
    if missing.any():
        first = int(missing.argmax())
        words = column.take(np.array([first])).as_words()
        text = words.levels[words.values[0]] if words.values[0] >= 0 else ""
        mend = f"Leave these rows out{', as --drop-missing-target does' if what == 'target' else ''}."
        mend = f"If {text!r} is a class, say so: missing={{{field.name!r}: []}}. {mend}" if text else mend
        raise InputError(
            f"{where}, {what} {field.name!r}", "a value in every row",
            f"{int(missing.sum())} missing, the first in row {column.row(first)}", mend,
        )  # fmt: skip
    if column.storage == "spans":
        return np.round(column.values * 1e6).astype("timedelta64[us]")
    if column.storage == "whole" and field.kind == "number":
        return np.asarray(column.values)
    return values(read)


def unreadable(field: Field, where: str, what: str = "target") -> InputError:
    """The error for a target, or groups, of what cannot be one."""
    return InputError(
        f"{where}, {what} {field.name!r}", "numbers, words, truth values or times", field.held,
        "Name another column, or turn it into one of these.",
    )  # fmt: skip


def read_numbers(
    column: Column, name: str, where: str, nothing: Collection[str] = ("",), why: str = "as in fit"
) -> Array:
    """A column as finite numbers, NaN where one is missing; errors say why there have to be numbers."""
    return np.asarray(Field(name, "number").read(column, nothing, where, why=why)[0].values)


def values(column: Column) -> Array:
    """The values of a column that was read: numbers, words, truth values or times."""
    if column.storage == "times":
        return np.round(column.values * MICROSECONDS).astype("datetime64[us]")
    if column.storage == "numbers":
        found = column.values
        whole = bool((found == np.floor(found)).all()) and np.abs(found).max(initial=0) < 2**53
        return found.astype(np.int64) if whole else found
    levels = np.array(column.levels)
    if column.levels == TRUTH:
        levels = levels == "True"
    return np.asarray(levels[column.values])


def present(column: Column, nothing: Collection[str]) -> NDArray[np.intp]:
    """The rows of a column, as its source holds it, that hold something."""
    if column.storage in LISTS:
        return np.flatnonzero(~column.missing)
    words = column.as_words()
    kept = [level.strip() not in nothing for level in words.levels]
    return np.flatnonzero(np.array([*kept, False])[words.values]) if kept else np.empty(0, np.intp)
