"""Cells as they stand in a request, column by column; what no column can hold is refused by its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.serving.inference.limits import Limits
from chainrule.serving.inference.problems import SHOWN, cell, unfit
from chainrule.serving.inference.signature import Reads
from chainrule.tables import arrays
from chainrule.tables.column import Column, join
from chainrule.tables.field import Bad

Array = NDArray[Any]

#: What a cell may be, and the numbers of a list.
PLAIN = {type(None), bool, int, float, str}
NUMBERS = {type(None), int, float}


def check_rows(count: int, limits: Limits) -> None:
    """Refuse no rows, and more than are taken."""
    if not count:
        raise unfit("rows: expected at least one; received none.")
    if count > limits.rows:
        raise unfit(f"rows: expected at most {limits.rows:,}; received {count:,}. Send them in several requests.")


def check_columns(count: int, limits: Limits) -> None:
    """Refuse more columns than are taken."""
    if count > limits.columns:
        raise unfit(f"columns: expected at most {limits.columns:,}; received {count:,}. Leave out what is not read.")


@dataclass(frozen=True)
class Cells:
    """Lists of cells by column, all of one length: Python's values, of the columns that a model reads.

    Attributes
    ----------
    columns : by name
    rows : how many there are
    number : from a place to the number by which errors call its row; None where that is the same
    """

    columns: Mapping[str, Sequence[Any]]
    rows: int
    number: Callable[[int], int] | None = None

    def read(self, one: Reads) -> tuple[Column, Bad | None]:
        """A column as its schema reads it; each cell as if it were alone, whatever stands beside it.

        Raises
        ------
        InputError
            For a cell that is none of the column.
        """
        parts = [self._part(one, places, cells) for places, cells in _by_kind(self.columns[one.name])]
        read = [one.field.read(part, one.nothing, "rows") for part, _ in parts]
        whole, bad = join([column for column, _ in read]), [found for _, found in read if found is not None]
        if len(parts) > 1:
            order = np.argsort(np.concatenate([places for _, places in parts]))
            whole = whole.take(order)
        first = tuple(cell for found in bad for cell in found.first)[:3]
        return whole, Bad(sum(found.count for found in bad), first) if bad else None

    def _part(self, one: Reads, places: Array, cells: Sequence[Any]) -> tuple[Column, Array]:
        """Cells of one kind as a column, which knows their places."""
        if one.field.width:
            column = arrays.of_array(arrays.by_row(cells), f"rows, column {one.name!r}")
        else:
            numbers = _of_numbers(cells) if one.field.kind == "number" else None
            column = arrays.of_list(list(cells)) if numbers is None else numbers

        def number(place: int) -> int:
            return int(places[place]) if self.number is None else self.number(int(places[place]))

        return replace(column, numbering=number), places


def _by_kind(cells: Sequence[Any]) -> list[tuple[Array, Sequence[Any]]]:
    """Cells with their places, texts, truth values and others apart; where all are of one kind, as they are."""
    kinds = {str: 1, bool: 2}
    met = {kinds.get(kind, 0) for kind in set(map(type, cells)) - {type(None)}}
    if len(met) < 2:
        return [(np.arange(len(cells)), cells)]
    kind = np.array([kinds.get(type(value), 0) for value in cells])
    return [
        (places, [cells[place] for place in places.tolist()])
        for places in (np.flatnonzero(kind == one) for one in np.unique(kind))
    ]


def _of_numbers(cells: Sequence[Any]) -> Column | None:
    """Numbers as floats; None where there are others, or one that no float holds."""
    if not set(map(type, cells)) <= NUMBERS:
        return None
    try:
        return Column("numbers", np.array([np.nan if value is None else value for value in cells], np.float64))
    except OverflowError:
        return None


def checked(
    columns: Mapping[str, Sequence[Any]],
    reads: Sequence[Reads],
    limits: Limits,
    number: Callable[[int], int] | None = None,
) -> Cells:
    """Those of the columns that a model reads, each cell of which is one that a column can hold.

    Raises
    ------
    Problem
        422 with the column, the row and the cell.
    """
    found = {one.name: columns[one.name] for one in reads if one.name in columns}
    for one in reads:
        if one.name in found:
            _check(one, found[one.name], limits, number or int)
    return Cells(found, len(next(iter(columns.values()), ())), number)


def _check(one: Reads, cells: Sequence[Any], limits: Limits, number: Callable[[int], int]) -> None:
    kinds = set(map(type, cells))
    if not kinds <= PLAIN:
        if one.field.width:
            return _check_lists(one, cells, number)
        place = next(place for place, value in enumerate(cells) if type(value) not in PLAIN)
        what = "a list" if isinstance(cells[place], list) else "an object"
        raise cell(one.name, number(place), "one value", what, "Give a number, a text, true, false or null.")
    if str in kinds:
        place = max(range(len(cells)), key=lambda place: len(cells[place]) if isinstance(cells[place], str) else -1)
        if len(cells[place]) > limits.text:
            received = f"{len(cells[place]):,} characters"
            raise cell(one.name, number(place), f"at most {limits.text:,} characters", received, "Shorten it.")
    return None


def _check_lists(one: Reads, cells: Sequence[Any], number: Callable[[int], int]) -> None:
    """Refuse what is no list of numbers of the column's length."""
    expected = f"a list of {one.field.width} numbers"
    for place, value in enumerate(cells):
        if value is None:
            continue
        if not isinstance(value, list) or not set(map(type, value)) <= NUMBERS:
            raise cell(
                one.name, number(place), expected, repr(value)[:SHOWN], "Give numbers, null where one is missing."
            )
        if len(value) != one.field.width:
            raise cell(one.name, number(place), expected, f"one of {len(value)}", "Give as many, or null for none.")
