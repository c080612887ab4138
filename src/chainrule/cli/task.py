"""Classes or numbers: what a target's column asks for, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.tables.files import TableFile
    from chainrule.tables.table import Column

Task = Literal["classification", "regression"]
TASKS: tuple[Task, ...] = ("classification", "regression")

#: Whole numbers are classes where there are at most so many different ones, each in so many rows on average.
MOST, ROWS_EACH = 20, 5

#: Rows that are looked at: of a larger table, the first parts that have so many.
LOOK = 1_000_000


def look(file: TableFile, target: str) -> Column:
    """The target's column, or what it begins with."""
    from chainrule.tables.table import join

    found: list[Column] = []
    for part in file.parts([target]):
        found.append(part[target])
        if sum(map(len, found)) >= LOOK:
            break
    if not found:
        raise InputError(str(file.path), "a table with rows", "none", "Check the file.")
    return join(found)


def found(column: Column) -> tuple[Task, str]:
    """The task and what it rests on.

    Examples
    --------
    >>> from chainrule.cli.task import found
    >>> from chainrule.tables.table import words
    >>> found(words(["yes", "no", "no"]))
    ('classification', '2 different words')
    """
    import numpy as np

    if column.storage == "words":
        return "classification", f"{len(column.levels)} different words"
    distinct = np.unique(column.values[~column.missing])
    whole = bool((distinct == np.floor(distinct)).all())
    if column.storage == "numbers" and whole and len(distinct) <= min(MOST, max(2, len(column) // ROWS_EACH)):
        return "classification", f"{len(distinct)} different whole numbers"
    return "regression", f"{len(distinct)} different numbers"
