"""One pass over a table that is too large to hold: a sample of its rows, how many there are, what the target holds.

Parts of the table may be looked at apart, each by a process of its own: joined, they are what one pass finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError
from chainrule.tables.column import LISTS, Column, join, words
from chainrule.tables.evidence import Evidence
from chainrule.tables.files import PlacedFile, TableFile
from chainrule.tables.learn import Said, Seen
from chainrule.tables.sources.several import Several
from chainrule.tables.table import Table, stack
from chainrule.tables.written.numbers import PLAIN, is_code

#: Rows of the sample: the ranks of its quantiles are within a third of a percent of those among all.
SAMPLE = 1 << 17
#: Of more different numbers than this, only the ends are told.
DISTINCT = 1000
#: Of more than this, only the ends are remembered: numbers in texts are classes where others turn out to be codes.
KEPT = 1 << 14


class Values:
    """The different values of a target, each once.

    Which are kept depends on the values alone, so that parts of a table give the same as the whole, in any order.

    Attributes
    ----------
    column : of more than `KEPT` numbers, the least and the greatest, beside all words
    many : whether there were more
    """

    def __init__(self) -> None:
        self.column, self.many = Column("numbers", np.empty(0)), False

    def add(self, column: Column) -> None:
        """Those of more rows."""
        self.column, self.many = _different(join([self.column, column]), self.many, KEPT)

    def join(self, other: Values) -> None:
        """Those of all rows that another was given."""
        self.many |= other.many
        self.add(other.column)

    @property
    def told(self) -> Column:
        """All of them; of more than `DISTINCT` numbers alone, the least and the greatest."""
        ends, many = _different(self.column, self.many, DISTINCT)
        return ends if many and len(ends) <= 2 else self.column


@dataclass(frozen=True, eq=False)
class Survey:
    """What one pass found.

    Attributes
    ----------
    sample : rows of which each had the same chance
    row : the number of each of them among all, rising
    key : a random number of each of them, between 0 and 1: those of all other rows are greater
    rows : how many there are in all
    values : the different ones of the target
    seen : what all rows showed of each column
    """

    sample: Table
    row: NDArray[np.intp]
    key: NDArray[np.float64]
    rows: int
    values: Values
    seen: Seen

    @cached_property
    def distinct(self) -> Column:
        """The different values of the target, each once; of very many numbers, the least and the greatest."""
        return self.values.told


def survey(file: TableFile, target: str, said: Said, seed: int, size: int = SAMPLE) -> Survey:
    """Look at every row once; `size` of them are kept. The same as `look_at` of all places, joined.

    Raises
    ------
    InputError
        Where there are no rows.
    """
    drawn = ((parts, _generator(seed, number)) for number, parts in enumerate(_by_place(file)))
    found = _looked(drawn, target, said, size)
    if not found.rows:
        raise InputError(str(file.path), "a table with rows", "none", "Check the file.")
    return found


def look_at(file: TableFile, number: int, first: int, target: str, said: Said, seed: int, size: int = SAMPLE) -> Survey:
    """A survey of one place of a file, by its number among `places`; of all of it, where it has none.

    Parameters
    ----------
    first : the number of the first row there among all
    """
    parts = file.parts_at(file.places[number], first) if isinstance(file, PlacedFile) else file.parts()
    return look(parts, target, said, _generator(seed, number), size)


def _generator(seed: int, number: int) -> np.random.Generator:
    """Of the keys of a place; no other draws of the same seed come from it."""
    return np.random.default_rng([seed, number, 4] if number else seed)


def look(parts: Iterable[Table], target: str, said: Said, generator: np.random.Generator, size: int = SAMPLE) -> Survey:
    """A survey of some parts of a table, or of none."""
    return _looked([(parts, generator)], target, said, size)


def joined(surveys: Iterable[Survey], size: int = SAMPLE) -> Survey:
    """The survey of all rows that others have looked at, in this order; of the rows kept by them, `size` are.

    Raises
    ------
    InputError
        Where there is no survey.
    """
    seen, values, sample, rows = None, Values(), _Sample(size, copied=True), 0
    for one in surveys:
        seen = Seen(one.seen.said) if seen is None else seen
        seen.join(one.seen)
        values.join(one.values)
        sample.add(one.sample, rows + one.row, one.key)
        rows += one.rows
    if seen is None:
        raise InputError("joined()", "one survey or more", "none", "Check that the file has rows.")
    return sample.survey(rows, values, seen)


def _looked(drawn: Iterable[tuple[Iterable[Table], np.random.Generator]], target: str, said: Said, size: int) -> Survey:
    """A survey of places one behind the other: the parts of each, and what draws its sample."""
    seen, values, sample, rows = Seen(said), Values(), _Sample(size, copied=True), 0
    for parts, generator in drawn:
        mine = _Sample(size, copied=False)
        for table in parts:
            seen.add(table)
            values.add(table[target])
            mine.add(table, np.arange(rows, rows + len(table)), generator.random(len(table)))
            rows += len(table)
        sample.add(*mine.found())
    return sample.survey(rows, values, seen)


class _Sample:
    """Of rows with a random key each, those with the least; copied, or as they are where all of a part are kept."""

    def __init__(self, size: int, copied: bool) -> None:
        self._size, self._copied = size, copied
        self._held: list[Table] = []
        self._row, self._key = np.empty(0, np.intp), np.empty(0)

    def add(self, table: Table, row: NDArray[np.intp], key: NDArray[np.float64]) -> None:
        """More rows, their numbers among all and their keys."""
        mine = np.flatnonzero(key <= self._bar)
        if not len(mine):
            return
        kept = table.take(mine) if self._copied or len(mine) < len(table) else table
        self._held.append(kept.numbered(None))
        self._row, self._key = np.append(self._row, row[mine]), np.append(self._key, key[mine])
        if len(self._key) > 1.5 * self._size:
            self._reduce()

    @property
    def _bar(self) -> float:
        """The greatest key of a row that stays."""
        size = self._size
        return float(np.partition(self._key, size - 1)[size - 1]) if len(self._key) > size else 1.0

    def _reduce(self) -> None:
        bar = self._bar
        least = np.flatnonzero(self._key <= bar)
        if len(least) > self._size:  # of equal keys, the first
            least = np.delete(least, np.flatnonzero(self._key[least] == bar)[self._size - len(least) :])
        whole = stack(self._held)
        self._held = [whole.take(least).numbered(None) if len(least) < len(whole) else whole]
        self._row, self._key = self._row[least], self._key[least]

    def found(self) -> tuple[Table, NDArray[np.intp], NDArray[np.float64]]:
        """The rows, their numbers and their keys."""
        if not self._held:
            return Table({}, 0), self._row, self._key
        self._reduce()
        return self._held[0], self._row, self._key

    def survey(self, rows: int, values: Values, seen: Seen) -> Survey:
        """A survey of which this is the sample."""
        table, row, key = self.found()
        if seen.columns:  # of which each knows by which numbers errors call the rows
            table = table.numbered(partial(_number, next(iter(seen.columns.values())), row))
        return Survey(table, row, key, rows, values, seen)


def _by_place(file: TableFile) -> Iterator[Iterator[Table]]:
    """The parts at each place of a file, or all of them where it has none."""
    if isinstance(file, Several):
        yield from file.by_place()
    elif isinstance(file, PlacedFile):
        first = 0
        for place in file.places:
            yield file.parts_at(place, first)
            first += place.rows
    else:
        yield file.parts()


def _number(seen: Evidence, row: NDArray[np.intp], place: int) -> int:
    """By which number errors call a row of the sample."""
    return seen.row(int(row[place]))


def _different(column: Column, many: bool, most: int) -> tuple[Column, bool]:
    """Each value once; of more numbers than `most`, or of `many`, the least and the greatest; whether they are many."""
    if column.storage in LISTS:  # which are no targets
        return Column("numbers", np.empty(0)), many
    column = column.as_words() if column.storage == "text" else column
    known = np.unique(column.values[~column.missing])
    if column.storage != "words":
        many = many or len(known) > most
        return Column(column.storage, known[[0, -1]] if many and len(known) > 2 else known), many
    levels = [column.levels[code] for code in known]
    if many or len(levels) > most:
        numbers = [(value, text) for text in levels if (value := _plain(text)) is not None]
        if many or len(numbers) > most:
            inner = {text for _, text in numbers} - {end(numbers)[1] for end in (min, max) if numbers}
            return words([text for text in levels if text not in inner]), True
    return words(levels), many


def _plain(text: str) -> float | None:
    """The number that a text is, None of a word or a code."""
    return None if is_code(text) else PLAIN.read(text)


def drawn_parts(file: TableFile, generator: np.random.Generator | None) -> Iterator[tuple[int, Table]]:
    """The parts of a file, and the numbers of their first rows.

    Places that can be read by themselves come in a drawn order, the parts at each as they stand; so do all parts of a
    file that has no such places, or without a generator.
    """
    if generator is None or not isinstance(file, PlacedFile):
        first = 0
        for table in file.parts():
            yield first, table
            first += len(table)
        return
    for number in generator.permutation(len(file.places)):
        first = file.firsts[number]
        for table in file.parts_at(file.places[number], first):
            yield first, table
            first += len(table)
