"""Classes or numbers: what a target's column asks for, with the reason."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.tables.evidence import Evidence
    from chainrule.tables.files import TableFile

Task = Literal["classification", "regression"]
TASKS: tuple[Task, ...] = ("classification", "regression")

#: Whole numbers are classes where there are at most so many different ones, each in so many rows on average.
MOST, ROWS_EACH = 20, 5

#: Rows that are looked at: of a larger table, the first parts that have so many.
LOOK = 1_000_000

#: What to do where the task that is found is not meant.
MEANT = "Where its values name classes: --task classification."


def look(file: TableFile, target: str, nothing: Collection[str]) -> Evidence:
    """What the target's column shows, or what it begins with."""
    from chainrule.tables.evidence import Evidence

    seen = Evidence(nothing)
    for part in file.parts([target]):
        seen.add(part[target])
        if seen.rows >= LOOK:
            break
    if not seen.rows:
        raise InputError(str(file.path), "a table with rows", "none", "Check the file.")
    return seen


def found(seen: Evidence, where: str = "DATA", name: str = "target") -> tuple[Task, str]:
    """The task and what it rests on.

    Raises
    ------
    InputError, InputTypeError
        Where it would be found amiss: for times, lists, and for numbers among which some words are slips.

    Examples
    --------
    >>> from chainrule.models.task import found
    >>> from chainrule.tables.column import words
    >>> from chainrule.tables.evidence import Evidence
    >>> seen = Evidence(())
    >>> seen.add(words(["yes", "no", "no"]))
    >>> found(seen, "t.csv")
    ('classification', '2 different words')
    """
    from chainrule.models.as_numbers import no_time
    from chainrule.tables.reading import target_field, unreadable

    try:
        field = target_field(name, seen, (), where)
    except InputError as error:
        place, expected, received, mend = error.args
        raise InputError(place, expected, received, f"{mend} {MEANT}") from error
    if field.kind == "unread":
        raise unreadable(field, where)
    if field.kind == "constant":
        raise InputError(f"{where}, target {name!r}", "a row that has a value", "none", "Check the file.")
    if field.kind == "date":
        raise no_time(f"{where}, target {name!r}", "times", MEANT)
    if field.kind in ("category", "boolean"):
        return "classification", field.why
    few = seen.distinct.count <= min(MOST, max(2, seen.known // ROWS_EACH))
    if field.kind == "number" and seen.whole and few:
        return "classification", f"{seen.distinct.count} different whole numbers"
    return "regression", field.why


def names_classes(seen: Evidence, where: str, name: str) -> bool:
    """Whether only who says so can know that the values of a target are classes."""
    from chainrule.tables.reading import target_field

    try:
        target_field(name, seen, (), where)
    except InputError:
        return True
    return False
