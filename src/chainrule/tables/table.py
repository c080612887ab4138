"""A table as everything here sees it: columns of numbers, of words, or of times, whatever they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Storage = Literal["numbers", "words", "times"]


@dataclass(frozen=True, eq=False)
class Column:
    """One column.

    `values` are float64 numbers, or times in days since 1970, with NaN where one is missing; or int32 codes of words,
    -1 where one is missing, with the words they stand for in `levels`. Errors count rows from `first` on.
    """

    storage: Storage
    values: Array
    levels: tuple[str, ...] = ()
    first: int = 0

    def __len__(self) -> int:
        return len(self.values)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Whether each value is missing."""
        found: NDArray[np.bool_] = self.values < 0 if self.storage == "words" else np.isnan(self.values)
        return found

    def take(self, rows: Any) -> Column:
        return replace(self, values=self.values[rows], first=0)

    def as_words(self) -> Column:
        """The same column as words: a number is its shortest text, 3 rather than 3.0."""
        if self.storage == "words":
            return self
        distinct, codes = np.unique(self.values, return_inverse=True)
        text = _date if self.storage == "times" else _number
        known = ~np.isnan(distinct)
        return Column(
            "words", np.where(known[codes], codes, -1).astype(np.int32), tuple(text(v) for v in distinct[known])
        )

    def converted(self, storage: Storage, read: Array) -> Column:
        """A column of words as numbers or times, of which `read` has one for each level."""
        return Column(storage, np.append(read, np.nan)[self.values], first=self.first)  # code -1 takes the last


#: Words that stand for a missing value, in any table.
MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "#N/A")


def words(values: Sequence[str | None]) -> Column:
    """A column of words, None or one of `MISSING` where one is missing."""
    levels = {word: code for code, word in enumerate(sorted({v for v in values if v is not None}.difference(MISSING)))}
    codes = np.fromiter((-1 if v is None else levels.get(v, -1) for v in values), np.int32, len(values))
    return Column("words", codes, tuple(levels))


def coded(codes: Array, texts: Sequence[str | None]) -> Column:
    """A column of words from codes of texts, each different; -1, and one of `MISSING`, where a word is missing."""
    levels = sorted({text for text in texts if text is not None}.difference(MISSING))
    place: dict[str | None, int] = {text: code for code, text in enumerate(levels)}
    return Column("words", np.array([*(place.get(t, -1) for t in texts), -1], np.int32)[codes], tuple(levels))


def join(parts: Sequence[Column]) -> Column:
    """Columns one below the other; where they are not stored alike, as words."""
    if any(part.storage != parts[0].storage for part in parts):
        parts = [part.as_words() for part in parts]
    if parts[0].storage != "words":
        return Column(parts[0].storage, np.concatenate([part.values for part in parts]))
    levels = {word: code for code, word in enumerate(sorted(set().union(*(part.levels for part in parts))))}
    codes = [np.array([*(levels[w] for w in part.levels), -1], np.int32)[part.values] for part in parts]
    return Column("words", np.concatenate(codes), tuple(levels))


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

    def at(self, first: int) -> Table:
        """The same table, as the part of a larger one that begins in this row."""
        columns = {name: replace(column, first=first) for name, column in self.columns.items()}
        return Table(columns, self.rows, self.named)

    def take(self, rows: Any) -> Table:
        """These rows, as indices or as a mask."""
        found = {name: column.take(rows) for name, column in self.columns.items()}
        count = int(np.count_nonzero(rows)) if np.asarray(rows).dtype == bool else len(rows)
        return Table(found, count, self.named)


def stack(tables: Sequence[Table]) -> Table:
    """Tables of the same names, one below the other."""
    first = tables[0]
    columns = {name: join([table[name] for table in tables]) for name in first.names}
    return Table(columns, sum(map(len, tables)), first.named)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _date(days: float) -> str:
    return str(np.datetime64(round(days * 86_400_000_000), "us")).removesuffix("T00:00:00.000000")
