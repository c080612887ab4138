"""Rows whose target is there, for `--drop-missing-target`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chainrule.tables.files import TableFile
from chainrule.tables.reading import present
from chainrule.tables.table import Table


@dataclass(frozen=True)
class WithTarget(TableFile):
    """A file without the rows that have no target.

    Attributes
    ----------
    file : the file
    target : the column
    nothing : words of it that stand for a missing value
    """

    file: TableFile
    target: str
    nothing: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        return self.file.names

    def raw_bytes(self) -> int:
        return self.file.raw_bytes()

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[Table]:
        asked = None if columns is None else list(dict.fromkeys([*columns, self.target]))
        for part in self.file.parts(asked):
            kept = present(part[self.target], self.nothing)
            if len(kept):
                chosen = {name: part[name] for name in columns or part.names}
                yield Table(chosen, len(part), part.named).take(kept)

    def count(self) -> int:
        """How many rows are left out."""
        parts = (part[self.target] for part in self.file.parts([self.target]))
        return sum(len(column) - len(present(column, self.nothing)) for column in parts)
