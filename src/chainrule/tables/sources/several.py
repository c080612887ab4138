"""Several files as one table: columns by name, missing where a file has none of a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from chainrule.errors import InputError, listed
from chainrule.tables.column import Column
from chainrule.tables.sources.stored import Stamp
from chainrule.tables.table import Table
from chainrule.tables.table_file import Place, PlacedFile, TableFile
from chainrule.warn import DataWarning, warn

#: Columns are told of that are in less than this share of the files.
FEW = 0.5


class Member(NamedTuple):
    """One of the files, and columns of one value each: of a name that the file itself has, its own counts."""

    file: TableFile
    partition: tuple[tuple[str, str | None], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        own = self.file.names
        return (*own, *(name for name in dict(self.partition) if name not in own))


class Row(int):
    """The number of a row in one of several files, told with the file."""

    file: str

    def __new__(cls, number: int, file: str) -> Row:
        found = super().__new__(cls, number)
        found.file = file
        return found

    def __getnewargs__(self) -> tuple[int, str]:  # type: ignore[override]
        return int(self), self.file

    def __str__(self) -> str:
        return f"{int(self)} of {self.file}"


@dataclass(frozen=True)
class Several(PlacedFile):
    """Files of any form, one behind the other."""

    members: tuple[Member, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for member in self.members for name in member.names))

    @cached_property
    def _rows(self) -> dict[int, int]:
        """How many rows those files have that were read to their end."""
        return {}

    @cached_property
    def _told(self) -> bool:
        """Warn of columns that few files have."""
        counts = Counter(name for member in self.members for name in member.names)
        few = [name for name, count in counts.items() if count < FEW * len(self.members)]
        if few:
            most = max(counts[name] for name in few)
            warn(
                f"{self.path}: of {len(self.members)} files, at most {most} have the columns {listed(few)}, which are "
                "missing in the others.",
                DataWarning,
            )
        return True

    def raw_bytes(self) -> int:
        return sum(member.file.raw_bytes() for member in self.members)

    def types(self) -> dict[str, Any]:
        """Where all files say the same."""
        every = [member.file.types() for member in self.members]
        return {name: kind for name, kind in every[0].items() if all(one.get(name) == kind for one in every)}

    def stamps(self, numbers: Sequence[int] | None = None) -> tuple[Stamp, ...]:
        chosen = range(len(self.members)) if numbers is None else numbers
        files = [self.members[number].file for number in chosen]
        return tuple(next(iter(file.stamps()), Stamp(str(file.path), 0, None)) for file in files)

    def number_of(self, place: Place) -> int:
        return int(place.file)

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[Table]:
        for number in range(len(self.members)):
            yield from self._parts_of(number, columns)

    def _parts_of(self, number: int, columns: Sequence[str] | None = None) -> Iterator[Table]:
        """All rows of a file, which are counted by the way."""
        member, rows = self.members[number], 0
        for part in self._completed(member, columns, member.file.parts):
            rows += len(part)
            yield part
        self._rows[number] = rows

    def by_place(self) -> Iterator[Iterator[Table]]:
        """The parts at each of `places`, each to be read before the next: no file is read only to count its rows."""
        for number, member in enumerate(self.members):
            if isinstance(member.file, PlacedFile):
                yield from (self.parts_at(place, place.first) for place in self._places_of(number))
                continue
            parts = self._parts_of(number)
            first = next(parts, None)
            if first is not None:
                yield chain([first], parts)

    @cached_property
    def places(self) -> Sequence[Place]:
        return [place for number in range(len(self.members)) for place in self._places_of(number)]

    def _places_of(self, number: int) -> Iterator[Place]:
        """Those in a file; or all of it, where it has none."""
        file = self.members[number].file
        if isinstance(file, PlacedFile):
            first = 0
            for place in file.places:
                yield Place(number, place.number, place.rows, first, place)
                first += place.rows
            return
        if number not in self._rows:
            self._rows[number] = sum(map(len, file.parts(file.names[:1])))
        if self._rows[number]:
            yield Place(number, 0, self._rows[number])

    def parts_at(self, place: Place, first: int, columns: Sequence[str] | None = None) -> Iterator[Table]:
        member, done = self.members[place.file], 0
        inside = isinstance(member.file, PlacedFile) and place.within is not None
        read = partial(member.file.parts_at, place.within, place.first) if inside else member.file.parts
        for part in self._completed(member, columns, read):
            done += len(part)
            yield part
        if done != place.rows:
            raise InputError(str(member.file.path), f"{place.rows} rows, as before", done, "Read it when it is whole.")

    def _completed(
        self, member: Member, columns: Sequence[str] | None, read: Callable[[Sequence[str] | None], Iterator[Table]]
    ) -> Iterator[Table]:
        """The parts of a file with all columns that are asked for, or with all that there are."""
        own, constant = member.file.names, dict(member.partition)
        names, chosen = columns, None
        if names is None:
            names, _ = self.names, self._told
        else:
            chosen = [name for name in names if name in own] or own[:1]
        for part in read(chosen):
            columns_of = {
                name: part[name] if name in part.columns else _constant(constant.get(name), len(part)) for name in names
            }
            numbering = next((column.numbering for column in part.columns.values()), None)
            where = partial(_row_of, numbering, str(member.file.path))
            yield Table(columns_of, len(part)).numbered(where)


def _constant(value: str | None, rows: int) -> Column:
    """A column of one word, or of none."""
    if value is None:
        return Column("numbers", np.full(rows, np.nan))
    return Column("words", np.zeros(rows, np.int32), (value,))


def _row_of(numbering: Callable[[int], int] | None, file: str, place: int) -> Row:
    return Row(place if numbering is None else numbering(place), file)
