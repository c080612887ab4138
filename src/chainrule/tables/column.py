"""A column as its source holds it, whatever that is: cells of numbers, of texts, of times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError
from chainrule.tables import arrow
from chainrule.tables.written.words import Split, split

Array = NDArray[Any]
Storage = Literal["numbers", "whole", "words", "text", "times", "spans", "vectors", "lists", "unread"]
#: Of cells that hold several numbers.
LISTS: tuple[Storage, ...] = ("vectors", "lists")

MICROSECONDS = 86_400_000_000
#: Days before and after 1970 whose microseconds 64 bits can count, some 290,000 years.
FARTHEST_DAY = 106_000_000
#: What the cells of a column may be.
READABLE = "numbers, words, truth values, times, or lists of as many numbers each"
#: Words of a column of truth values.
TRUTH = ("False", "True")
#: Whole numbers up to here are the same as float64.
EXACT = 1 << 53
#: What a column is that cannot be read since some cells are lists.
MIXED = "lists beside other cells"


@dataclass(frozen=True, eq=False)
class Column:
    """Cells of one column.

    What `values` are depends on `storage`: float64 "numbers"; "whole" numbers, int64 or uint64, of which float64 may
    round some; "times" in days since 1970 and "spans" of time in seconds, float64; int32 codes of "words", with the
    words in `levels`; a chunked array of Arrow, of "text"; "vectors" of one length, float64 of shape (rows, length); of
    "lists" of different lengths only these, int64; of what is "unread" nothing, and its type as the only level.

    A cell that holds nothing is NaN, a row of NaN, code or length -1, null, or stands in `gone`. Words that mean
    nothing, such as "NA", are words here.

    Attributes
    ----------
    declared : whether its source says that the words are categories
    numbering : from a row of this column to the number by which errors call it; None where that is the same
    """

    storage: Storage
    values: Any
    levels: tuple[str, ...] = ()
    gone: NDArray[np.bool_] | None = None
    declared: bool = False
    numbering: Callable[[int], int] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def row(self, place: int) -> int:
        """The number by which errors call a row."""
        return int(place) if self.numbering is None else self.numbering(int(place))

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Whether each cell holds nothing."""
        if self.gone is not None:
            return self.gone
        if self.storage in ("words", "lists"):
            return np.asarray(self.values < 0)
        if self.storage == "vectors":
            return np.asarray(np.isnan(self.values).all(axis=1))
        if self.storage == "text":
            return arrow.nulls(self.values)
        if self.storage in ("whole", "unread"):
            return np.zeros(len(self), bool)
        return np.isnan(self.values)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Of lists, how many numbers each holds, -1 where there is none."""
        return self.values if self.storage == "lists" else np.where(self.missing, -1, self.values.shape[1])

    @cached_property
    def split(self) -> Split:
        """The words of its levels."""
        return split(self.levels)

    def take(self, rows: Array) -> Column:
        """These rows, as indices or as a mask; of levels, where there are more than rows, those that the rows have."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        values = arrow.take(self.values, rows) if self.storage == "text" else self.values[rows]
        gone, levels = None if self.gone is None else self.gone[rows], self.levels
        if self.storage == "words" and len(levels) > len(rows):
            held = np.unique(values[values >= 0])
            values = np.where(values < 0, -1, np.searchsorted(held, values)).astype(np.int32)
            levels = tuple([levels[code] for code in held])
        return replace(self, values=values, levels=levels, gone=gone, numbering=partial(_taken, self.numbering, rows))

    def as_words(self) -> Column:
        """The same cells as words, but no lists: a number is its shortest text, 3 for 3.0, a time is an ISO date."""
        if self.storage == "words":
            return self
        if self.storage in LISTS:
            raise InputError("a column", "cells of one value each", "lists of numbers", "Give each number a column.")
        if self.storage == "text":
            codes, texts = arrow.codes(self.values)
            return coded(codes, texts, self)
        known = ~self.missing
        distinct, codes = np.unique(self.values[known], return_inverse=True)
        ways: dict[str, Callable[[Any], str]] = {"whole": str, "times": date_text}
        text = ways.get(self.storage, number_text)
        found = np.full(len(self), -1, np.int32)
        found[known] = codes
        return replace(self, storage="words", values=found, levels=tuple(map(text, distinct.tolist())), gone=None)

    def as_numbers(self) -> Array:
        """Numbers of whatever kind as float64, NaN where one is missing."""
        if self.storage != "whole":
            return np.asarray(self.values)
        found = self.values.astype(np.float64)
        return found if self.gone is None else np.where(self.gone, np.nan, found)


def is_nothing(value: Any) -> bool:
    """Whether a value of Python, NumPy or pandas is a missing one."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or (np.isscalar(value) and value != value)


def coded(codes: Array, texts: Sequence[str | None], like: Column | None = None) -> Column:
    """A column of words from codes of different texts, None where there is none; rising, as `Column.levels` are not."""
    levels = sorted({text for text in texts if text is not None})
    place: dict[str | None, int] = {text: code for code, text in enumerate(levels)}
    values = np.array([*(place.get(text, -1) for text in texts), -1], np.int32)[codes]
    if like is None:
        return Column("words", values, tuple(levels))
    return replace(like, storage="words", values=values, levels=tuple(levels), gone=None)


def words(values: Sequence[str | None]) -> Column:
    """A column of words, None where there is none.

    Examples
    --------
    >>> from chainrule.tables.column import words
    >>> found = words(["b", None, "a"])
    >>> found.levels, found.values.tolist()
    (('a', 'b'), [1, -1, 0])
    """
    levels = sorted({value for value in values if value is not None})
    place: dict[str | None, int] = {text: code for code, text in enumerate(levels)}
    codes = np.fromiter((place.get(value, -1) for value in values), np.int32, len(values))
    return Column("words", codes, tuple(levels))


def whole(values: Array, gone: NDArray[np.bool_] | None = None) -> Column:
    """Integers, as float64 where that holds each of them."""
    if gone is not None:
        values = np.where(gone, 0, values)
    if not len(values) or (int(values.max()) <= EXACT and int(values.min()) >= -EXACT):
        found = values.astype(np.float64)
        return Column("numbers", found if gone is None else np.where(gone, np.nan, found))
    kind = np.uint64 if values.dtype.kind == "u" else np.int64
    return Column("whole", values.astype(kind), gone=gone if gone is not None and gone.any() else None)


def join(parts: Sequence[Column]) -> Column:
    """Columns one below the other; where they are not stored alike, as words, and lists by their lengths."""
    if len(parts) == 1:
        return parts[0]
    declared = any(part.declared for part in parts)
    numbering = partial(_joined, [part.numbering for part in parts], np.cumsum([len(part) for part in parts]))
    parts = _alike(parts)
    first = parts[0]
    if first.storage == "text":
        return Column("text", arrow.joined([part.values for part in parts]), declared=declared, numbering=numbering)
    if first.storage == "words":
        levels = {word: code for code, word in enumerate(sorted(set().union(*(part.levels for part in parts))))}
        codes = [np.array([*(levels[w] for w in part.levels), -1], np.int32)[part.values] for part in parts]
        return Column("words", np.concatenate(codes), tuple(levels), None, declared, numbering)
    gone = None if all(part.gone is None for part in parts) else np.concatenate([part.missing for part in parts])
    return Column(
        first.storage, np.concatenate([part.values for part in parts]), first.levels, gone, declared, numbering
    )


def _alike(parts: Sequence[Column]) -> Sequence[Column]:
    """The same columns, stored alike: numbers as numbers, exact ones where all are, anything else as words.

    Cells that hold nothing are stored as any others; and where one part cannot be read, or holds lists beside other
    cells, none is.
    """
    if len(set(map(_form, parts))) == 1:
        return parts
    unread = next((part for part in parts if part.storage == "unread"), None)
    if unread is not None:
        return [replace(unread, values=np.zeros(len(part), np.int8)) for part in parts]
    bare = [bool(part.missing.all()) for part in parts]
    if any(bare):
        rest = _alike([part for part, none in zip(parts, bare, strict=True) if not none] or parts[:1])
        held = iter(rest)
        return [_nothing(len(part), rest[0]) if none else next(held) for part, none in zip(parts, bare, strict=True)]
    if any(part.storage in LISTS for part in parts):
        if all(part.storage in LISTS for part in parts):
            return [replace(part, storage="lists", values=part.lengths) for part in parts]
        return [Column("unread", np.zeros(len(part), np.int8), (MIXED,)) for part in parts]
    if not {part.storage for part in parts} <= {"numbers", "whole"}:
        return [part.as_words() for part in parts]
    kinds = {part.values.dtype for part in parts if part.storage == "whole"}
    numbers = [part.values[~part.missing] for part in parts if part.storage == "numbers"]
    least = 0 if np.uint64 in kinds else -EXACT
    if len(kinds) == 1 and all(((v == np.floor(v)) & (v >= least) & (v <= EXACT)).all() for v in numbers):
        kind = kinds.pop()
        return [part if part.storage == "whole" else _exact(part, kind) for part in parts]
    return [replace(part, storage="numbers", values=part.as_numbers(), gone=None) for part in parts]


def _form(part: Column) -> tuple[Storage, Any]:
    """How a column is stored: of integers their type, of vectors their length."""
    if part.storage == "whole":
        return part.storage, part.values.dtype
    return part.storage, part.values.shape[1] if part.storage == "vectors" else None


def _nothing(rows: int, like: Column) -> Column:
    """Cells that hold nothing, stored like those of another column."""
    if like.storage == "text":
        return replace(like, values=arrow.no_texts(rows))
    if like.storage == "words":
        return replace(like, values=np.full(rows, -1, np.int32), levels=())
    if like.storage in LISTS:
        return replace(like, values=np.full((rows, *like.values.shape[1:]), -1 if like.storage == "lists" else np.nan))
    if like.storage == "whole":
        return replace(like, values=np.zeros(rows, like.values.dtype), gone=np.ones(rows, bool))
    return replace(like, values=np.full(rows, np.nan))


def _exact(part: Column, kind: Any) -> Column:
    gone = part.missing
    return replace(part, storage="whole", values=np.where(gone, 0, part.values).astype(kind), gone=gone)


def number_text(value: float) -> str:
    """The shortest text of a number: 3 rather than 3.0."""
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(float(value))


def date_text(days: float) -> str:
    """Days since 1970 as an ISO date, with a time where there is one."""
    return str(np.datetime64(round(days * MICROSECONDS), "us")).removesuffix("T00:00:00.000000")


def vector_text(values: Array) -> str:
    """The first numbers of a vector: [0.5, 2, nan, ...]."""
    first = [number_text(value) if np.isfinite(value) else str(value) for value in values[:3].tolist()]
    return f"[{', '.join([*first, *['...'] * (len(values) > 3)])}]"


def _taken(numbering: Callable[[int], int] | None, rows: Array, place: int) -> int:
    return int(rows[place]) if numbering is None else numbering(int(rows[place]))


def _joined(numberings: Sequence[Callable[[int], int] | None], ends: Array, place: int) -> int:
    number = int(np.searchsorted(ends, place, "right"))
    first = int(ends[number - 1]) if number else 0
    numbering = numberings[number]
    return place if numbering is None else numbering(place - first)
