"""What every file of a table can do: name its columns, give its rows by parts, and say what is wrong with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import accumulate
from operator import add
from typing import Any, ClassVar, NamedTuple

from chainrule.errors import InputError, InputTypeError
from chainrule.tables import frames
from chainrule.tables.sources.stored import Stamp, Stored
from chainrule.tables.table import Table, stack

#: Rows of a part at most.
STEP = 1 << 16


class Place(NamedTuple):
    """Where some rows begin that can be read by themselves: a row group of Parquet, a record batch of Arrow, a file.

    Attributes
    ----------
    file, number : which it is
    rows : how many there are
    first, within : of a place in one of several files, the number of its first row there, and that place
    """

    file: Any
    number: int
    rows: int
    first: int = 0
    within: Place | None = None


@dataclass(frozen=True)
class TableFile(ABC):
    """What holds a table and is read by parts: a file, several of them, a query.

    Attributes
    ----------
    path : where that is, as errors call it by `str()`
    """

    path: Any

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The columns."""

    @abstractmethod
    def parts(self, columns: Sequence[str] | None = None) -> Iterator[Table]:
        """The rows by parts of up to `STEP` rows, none of them empty, in order, of these columns or of all.

        Columns that are not asked for are not read.

        Raises
        ------
        InputError, InputTypeError
            Where the file cannot be read; in which column and row, where one of them is to blame.
        """

    @abstractmethod
    def raw_bytes(self) -> int:
        """About how much memory all rows would take as a Table."""

    def types(self) -> dict[str, Any]:
        """The types of Arrow that the source says its columns have, by name; of texts and others nothing is said."""
        return {}

    def stamps(self, numbers: Sequence[int] | None = None) -> tuple[Stamp, ...]:
        """Of its files, of those with these numbers or of all; none of what is no file, or can be read only once."""
        stamp = self.path.stamp() if isinstance(self.path, Stored) else None
        return () if stamp is None else (stamp,)

    def read(self, columns: Sequence[str] | None = None) -> Table:
        """All rows at once."""
        found = list(self.parts(columns))
        if not found:
            raise InputError(str(self.path), "a table with rows", "none", "Check the file.")
        return found[0] if len(found) == 1 else stack(found)


class PlacedFile(TableFile):
    """One whose rows can be read from several places, each by itself."""

    @cached_property
    @abstractmethod
    def places(self) -> Sequence[Place]:
        """Where that is, in order and none of them empty."""

    @cached_property
    def firsts(self) -> Sequence[int]:
        """Of each place the number of its first row among all."""
        return [0, *accumulate(place.rows for place in self.places)][:-1]

    def number_of(self, place: Place) -> int:
        """Of the file that a place is in."""
        return 0

    @abstractmethod
    def parts_at(self, place: Place, first: int, columns: Sequence[str] | None = None) -> Iterator[Table]:
        """The rows at one of `places`, by parts; `first` is the number of its first row among all."""


class ArrowPlaces(PlacedFile):
    """A file whose places hold tables of Arrow."""

    #: How errors call a place.
    noun: ClassVar[str]

    def raw_bytes(self) -> int:
        return 2 * int(self.path.size())

    @abstractmethod
    def _batches_at(self, place: Place, columns: Sequence[str] | None) -> Iterator[Any]:
        """Tables of Arrow at a place, none of more than `STEP` rows."""

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[Table]:
        first = 0
        for place in self.places:
            yield from self.parts_at(place, first, columns)
            first += place.rows

    def parts_at(self, place: Place, first: int, columns: Sequence[str] | None = None) -> Iterator[Table]:
        where, done = f"{place.file}, {self.noun} {place.number}", 0
        for arrow in self._batches_at(place, columns):
            yield frames.table(arrow, where, partial(add, done)).numbered(partial(add, first + done))
            done += arrow.num_rows
        if done != place.rows:
            raise InputError(where, f"{place.rows} rows, as it says itself", done, "Write the file anew.")


def steps(batch: Any, columns: Sequence[str] | None = None) -> Iterator[Any]:
    """A record batch as tables of up to `STEP` rows, of these columns or of all."""
    import pyarrow as pa

    whole = pa.Table.from_batches([batch])
    whole = whole if columns is None else whole.select(list(columns))
    for first in range(0, batch.num_rows, STEP):
        yield whole.slice(first, STEP)


@contextmanager
def reading(
    where: object, expected: str = "a readable table", mend: str = "Check the file, or write it anew."
) -> Iterator[None]:
    """Whatever pyarrow raises about a file inside, in our form."""
    try:
        yield
    except (InputError, InputTypeError):
        raise
    except Exception as error:  # of a broken file also errors of Unicode, of sizes and of memory
        raise InputError(str(where), expected, str(error)[:300], mend) from error
