"""A table as its source holds it: columns of one length, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.tables.column import Column, join


class Table:
    """Columns of one length, by name.

    Parameters
    ----------
    columns : in their order
    rows : how many rows there are
    named : whether the names were given with the data, or only number its columns
    """

    def __init__(self, columns: Mapping[str, Column], rows: int, named: bool = True) -> None:
        self.columns = dict(columns)
        self.rows = rows
        self.named = named

    def __len__(self) -> int:
        return self.rows

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.columns)

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def without(self, name: str) -> Table:
        return Table({n: c for n, c in self.columns.items() if n != name}, self.rows, self.named)

    def numbered(self, numbering: Callable[[int], int] | None) -> Table:
        """The same table, whose rows errors call by these numbers, or by their places."""
        columns = {name: replace(column, numbering=numbering) for name, column in self.columns.items()}
        return Table(columns, self.rows, self.named)

    def take(self, rows: Any) -> Table:
        """These rows, as indices or as a mask."""
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        return Table({name: column.take(rows) for name, column in self.columns.items()}, len(rows), self.named)


def stack(tables: Sequence[Table]) -> Table:
    """Tables of the same names, one below the other."""
    first = tables[0]
    columns = {name: join([table[name] for table in tables]) for name in first.names}
    return Table(columns, sum(map(len, tables)), first.named)
