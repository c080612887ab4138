"""Classes or numbers: what a target's column asks for, with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.models.truth import Truth
    from chainrule.tables.files import TableFile
    from chainrule.tables.table import Column

Task = Literal["classification", "regression"]
TASKS: tuple[Task, ...] = ("classification", "regression")

#: Whole numbers are classes where there are at most so many different ones, each in so many rows on average.
MOST, ROWS_EACH = 20, 5

#: Rows that are looked at: of a larger table, the first parts that have so many.
LOOK = 1_000_000

#: What to do where the task that is found is not meant.
MEANT = "Where its values name classes: --task classification."


def look(file: TableFile, target: str) -> Truth:
    """The target's column, or what it begins with."""
    from chainrule.models.truth import Truth
    from chainrule.tables.table import join

    found: list[Column] = []
    for part in file.parts([target]):
        found.append(part[target])
        if sum(map(len, found)) >= LOOK:
            break
    if not found:
        raise InputError(str(file.path), "a table with rows", "none", "Check the file.")
    return Truth(replace(join(found), first=found[0].first), f"{file.path}, target {target!r}", target)


def check_present(given: Truth) -> None:
    """Refuse a target that is missing in some rows."""
    given.check_present(given.array(), "Leave these rows out, as --drop-missing-target does.")


def check_clear(given: Truth) -> None:
    """Refuse a target whose task would be found amiss: times, and numbers among which some words are slips."""
    from chainrule.models.as_labels import check_no_slip
    from chainrule.models.as_numbers import no_time

    check_no_slip(given, MEANT)
    if given.column is not None and given.column.storage == "times":
        raise no_time(given.where, "times", MEANT)


def names_classes(given: Truth) -> bool:
    """Whether only who says so can know that the words of a target are classes."""
    from chainrule.models.as_labels import slips

    return given.column is not None and bool(slips(given.column.levels))


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
