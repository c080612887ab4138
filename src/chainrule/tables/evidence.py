"""What the cells of a column show of what it is: counted part by part, the same in one part or in many."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from heapq import nsmallest
from operator import add
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.tables import arrow, distinct
from chainrule.tables.column import LISTS, Column, vector_text
from chainrule.tables.distinct import Distinct
from chainrule.tables.written import dates, numbers
from chainrule.tables.written.missing import BLANKS
from chainrule.tables.written.numbers import Shape

Array = NDArray[Any]

#: Cells of a kind that are remembered as they stood.
EXAMPLES = 3
#: Rows that are looked at in one go.
_STEP = 1 << 16


class Sort(NamedTuple):
    """What a text could be: a number of a shape, a code that looks like one, a date, a mark for nothing; or a word."""

    shape: Shape | None = None
    code: bool = False
    order: dates.Order = ""
    blank: bool = False

    @classmethod
    def of(cls, text: str) -> Sort:
        if text.strip() in BLANKS:
            return cls(blank=True)
        return cls(numbers.shape(text), numbers.is_code(text), dates.order(text))


@dataclass
class Cells:
    """How many there are, and the first of them by their places among all rows."""

    rows: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)

    def add(self, rows: int, first: Iterable[tuple[int, str]]) -> None:
        self.rows += rows
        least: dict[str, int] = {}
        for place, text in sorted([*self.first, *first]):
            least.setdefault(text, place)
        self.first = [(place, text) for text, place in least.items()][:EXAMPLES]


class Evidence:
    """What was seen of one column.

    Attributes
    ----------
    rows, missing : how many cells there are, and how many of them hold nothing
    typed : of cells that are no texts, how many by their storage
    sorts : of texts, how many by their sort
    distinct : different values
    texts : different texts of numbers, where texts are told apart
    levels : up to three different texts, in small letters: the first that were met
    pieces : words between spaces in all texts
    low, high, whole : the least and the greatest number, and whether all are whole
    declared : whether the source says that these are categories
    width : of vectors, how many numbers each holds: as many as the first
    unread : the type of what cannot be read, or what is wrong with lists
    example : a cell
    """

    def __init__(self, nothing: Collection[str], apart: bool = False) -> None:
        """Texts in `nothing` stand for none; where texts are told `apart`, it is counted how many there are."""
        self._nothing = frozenset(nothing)
        self._apart = apart
        self.rows = self.missing = self.pieces = 0
        self._parts: list[tuple[int, Callable[[int], int] | None]] = []
        self.typed: Counter[str] = Counter()
        self.sorts: defaultdict[Sort, Cells] = defaultdict(Cells)
        self.distinct, self.texts = Distinct(), Distinct()
        self._levels: list[str] = []
        self.low, self.high, self.whole = np.inf, -np.inf, True
        self.declared = False
        self._lists: list[tuple[int, int]] = []  # the first, and the first of another length: its place and its length
        self._type = self.example = ""

    @property
    def known(self) -> int:
        """Cells that hold something."""
        return self.rows - self.missing

    @property
    def levels(self) -> set[str]:
        return set(self._levels)

    @property
    def width(self) -> int:
        return self._lists[0][1] if self._lists else 0

    @property
    def unread(self) -> str:
        if self._type or not self._lists or (self.width and len(self._lists) == 1):
            return self._type
        place, length = self._lists[-1 if self.width else 0]
        before = f"behind one of {self.width}" if self.width else "before all others"
        return f"a list of {length} in row {self.row(place)} {before}"

    def add(self, column: Column) -> None:
        """Look at more rows."""
        self.declared |= column.declared
        self._parts.append((self.rows, column.numbering))
        column = replace(column, numbering=partial(add, self.rows))
        self.rows += len(column)
        for start in range(0, len(column), _STEP):
            part = column if len(column) <= _STEP else column.take(np.arange(start, min(start + _STEP, len(column))))
            if part.storage == "text":
                self._add_texts(part)
            elif part.storage == "words":
                self._add_words(part)
            elif part.storage in LISTS:
                self._add_lists(part)
            else:
                self._add_typed(part)

    def join(self, other: Evidence) -> None:
        """Look at all rows that another has seen, as behind those seen here."""
        before = self.rows
        self.rows, self.missing = self.rows + other.rows, self.missing + other.missing
        self.pieces += other.pieces
        self._parts += [(before + start, numbering) for start, numbering in other._parts]
        self.typed.update(other.typed)
        for sort, cells in other.sorts.items():
            self.sorts[sort].add(cells.rows, [(before + place, text) for place, text in cells.first])
        self.distinct.join(other.distinct)
        self.texts.join(other.texts)
        self._meet_levels(other._levels)
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.whole = self.whole and other.whole
        self.declared |= other.declared
        self._meet_lists((before + place, length) for place, length in other._lists)
        self._type = other._type or self._type
        self.example = self.example or other.example

    def row(self, place: int) -> int:
        """The number by which errors call a row, which may take long to find: that of a line is read from its file."""
        start, numbering = self._parts[bisect_right(self._parts, place, key=lambda part: part[0]) - 1]
        return place if numbering is None else numbering(place - start)

    def _add_typed(self, column: Column) -> None:
        known = np.flatnonzero(~column.missing)
        self.missing += len(column) - len(known)
        self.typed[column.storage] += len(known)
        if column.storage == "unread":
            self._type = column.levels[0]
        elif len(known):
            self._add_numbers(column.values[known])
            self.example = self.example or column.take(known[:1]).as_words().levels[0]

    def _add_lists(self, column: Column) -> None:
        """Lists of numbers: all have to be as long as the first."""
        lengths = column.lengths
        known = np.flatnonzero(lengths >= 0)
        self.missing += len(column) - len(known)
        self.typed["vectors"] += len(known)
        if not len(known):
            return
        if column.storage == "vectors":
            vectors = column.values[known]
            self.distinct.add(distinct.of_vectors(vectors))
            self.example = self.example or vector_text(vectors[0])
        others = known[lengths[known] != (self.width if self._lists else lengths[known[0]])]
        self._meet_lists((column.row(place), int(lengths[place])) for place in (known[0], *others[:1]))

    def _meet_lists(self, lists: Iterable[tuple[int, int]]) -> None:
        for place, length in lists:
            if not self._lists or (len(self._lists) == 1 and length != self.width):
                self._lists.append((place, length))

    def _add_numbers(
        self, known: Array, hashes: distinct.Hashes | None = None, counts: NDArray[np.int64] | None = None
    ) -> None:
        self.low, self.high = min(self.low, float(known.min())), max(self.high, float(known.max()))
        self.whole = self.whole and (known.dtype.kind in "iu" or bool((known == np.floor(known)).all()))
        self.distinct.add(distinct.of_numbers(known) if hashes is None else hashes, counts)

    def _add_texts(self, column: Column) -> None:
        """Texts of Arrow: those that are numbers as programs write them all at once."""
        if self._apart:
            self._add_words(column.as_words())
            return
        found = arrow.plain_numbers(column.values, self._nothing)
        self.missing += int(found.nothing.sum())
        self.pieces += len(found.rows)
        if len(found.rows):
            self._add_numbers(found.values, distinct.of_written(found.values, lambda k: found.texts[k].as_py()))
            for sort, places in _sorts(found.texts):
                first = places[:EXAMPLES].tolist()
                self.sorts[sort].add(
                    len(places), [(column.row(found.rows[k]), found.texts[k].as_py()) for k in first]
                )  # fmt: skip
            self.example = self.example or found.texts[0].as_py()
        odd = np.ones(len(column), bool)
        odd[found.rows] = odd[found.nothing] = False
        if odd.any():
            self._add_words((column if odd.all() else column.take(odd)).as_words())

    def _add_words(self, column: Column) -> None:
        """Texts one by one, each different one once."""
        counts = np.bincount(column.values + 1, minlength=len(column.levels) + 1).tolist()
        rows = np.zeros(len(counts), np.intp)
        rows[column.values[::-1] + 1] = np.arange(len(column))[::-1]  # the first of each stays
        texts, cells = [], defaultdict[Sort, list[tuple[int, str, int]]](list)
        for text, row, count in zip((None, *column.levels), rows.tolist(), counts, strict=True):
            if text is None or text.strip() in self._nothing:
                self.missing += count
                continue
            if not count:
                continue
            sort = Sort.of(text)
            cells[sort].append((row, text, count))
            self.pieces += count * len(text.split())
            texts.append((text, count, None if sort.shape is None else numbers.PLAIN.read(text)))
        for sort, met in cells.items():
            first = [(column.row(row), text) for row, text, _ in nsmallest(EXAMPLES, met)]
            self.sorts[sort].add(sum(count for *_, count in met), first)
        if texts:
            self._add_levels(*zip(*texts, strict=True))

    def _add_levels(self, texts: Sequence[str], counts: Sequence[int], read: Sequence[float | None]) -> None:
        """Different texts, how many there are of each, and the number that each is as programs write numbers."""
        self.example = self.example or texts[0]
        self._meet_levels(text.strip().casefold() for text in texts)
        often = np.array(counts)
        plain = np.array([value is not None for value in read])
        if plain.any():
            values = np.array([value for value in read if value is not None])
            written = [text for text, value in zip(texts, read, strict=True) if value is not None]
            self._add_numbers(values, distinct.of_written(values, written.__getitem__), often[plain])
        words = [text for text, value in zip(texts, read, strict=True) if value is None]
        self.distinct.add(distinct.of_texts(words), often[~plain])
        if self._apart:
            self.texts.add(distinct.of_texts(texts))

    def _meet_levels(self, levels: Iterable[str]) -> None:
        for level in levels:
            if len(self._levels) == 3:
                return
            if level not in self._levels:
                self._levels.append(level)


def _sorts(texts: Any) -> Iterator[tuple[Sort, NDArray[np.intp]]]:
    """Numbers as programs write them, by what else they could be: their places."""
    point, code = arrow.containing(texts, "."), arrow.starting(texts, ("0", "-0", "+0"))
    either = arrow.matching(texts, _GROUP, point)
    code = arrow.matching(texts, numbers.CODE_PATTERN, code)
    shapes = (Shape(), Shape(decimal="."), Shape(either="."))
    kind = point.astype(int) + either + 3 * code
    for number in np.unique(kind):
        yield Sort(shapes[number % 3], bool(number >= 3)), np.flatnonzero(kind == number)


_GROUP = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
