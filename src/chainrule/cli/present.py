"""Rows whose target is there, for `--drop-missing-target`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from chainrule.errors import InputError
from chainrule.tables.files import TableFile
from chainrule.tables.table import Table, stack


class Standing(int):
    """The number of a table's first row, where rows behind it are left out: what is added to it counts those left."""

    numbers: Any

    def __new__(cls, numbers: Any) -> Self:
        made = super().__new__(cls, numbers[0])
        made.numbers = numbers
        return made

    def __add__(self, place: int) -> int:
        return int(self.numbers[place])


@dataclass(frozen=True)
class WithTarget(TableFile):
    """A file without the rows that have no target; errors number the others as the file does."""

    file: TableFile
    target: str

    @property
    def names(self) -> tuple[str, ...]:
        return self.file.names

    def raw_bytes(self) -> int:
        return self.file.raw_bytes()

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[Table]:
        for part, numbers in self._numbered(columns):
            yield part.at(Standing(numbers))

    def read(self, columns: Sequence[str] | None = None) -> Table:
        found = list(self._numbered(columns))
        if not found:
            raise InputError(
                f"{self.path}, target {self.target!r}", "a row that has a value", "none", "Check the file."
            )
        return stack([part for part, _ in found]).at(Standing(np.concatenate([numbers for _, numbers in found])))

    def count(self) -> int:
        """How many rows are left out."""
        return sum(int(part[self.target].missing.sum()) for part in self.file.parts([self.target]))

    def _numbered(self, columns: Sequence[str] | None) -> Iterator[tuple[Table, Any]]:
        """Parts that have rows left, with the numbers of these."""
        asked = None if columns is None else list(dict.fromkeys([*columns, self.target]))
        for part in self.file.parts(asked):
            kept = np.flatnonzero(~part[self.target].missing)
            if len(kept):
                chosen = {name: part[name] for name in columns or part.names}
                yield Table(chosen, len(part), part.named).take(kept), part[self.target].first + kept


def with_target(part: Table, target: str) -> Table:
    """The rows of a part that have a target."""
    kept = np.flatnonzero(~part[target].missing)
    return part.take(kept).at(Standing(part[target].first + kept)) if len(kept) else part.take(kept)
