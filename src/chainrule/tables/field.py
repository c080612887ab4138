"""What a column is, settled by fit and kept: how its cells are read is the same for every source ever after."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import CellError, InputError
from chainrule.tables import arrow
from chainrule.tables.column import LISTS, TRUTH, Column, coded, date_text, number_text
from chainrule.tables.written import dates, numbers, truth
from chainrule.tables.written.missing import BLANKS

Array = NDArray[Any]
Kind = Literal["number", "category", "boolean", "date", "vector", "id", "text", "constant", "unread"]
Compared = Literal["text", "number", "date"]

#: Kinds that tell nothing of a row, or nothing that can be learned; such columns are left out.
LEFT_OUT: tuple[Kind, ...] = ("id", "constant", "unread")


@dataclass(frozen=True)
class Bad:
    """Cells that could not be read and were taken as missing."""

    count: int
    first: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        return f"{self.count:,} ({self.shown})"

    @property
    def shown(self) -> str:
        """The first of them, with their rows."""
        first = ", ".join(f"{text!r} in row {row}" for row, text in self.first)
        return f"{first}{', ...' if self.count > len(self.first) else ''}"


@dataclass(frozen=True)
class Field:
    """One column: its name, its kind and how its cells are written.

    Attributes
    ----------
    name, kind : of the column
    why : what the kind rests on
    example : a cell
    number, date : how texts of numbers and of dates are written
    compared : as what the levels of a category are the same: by their text, by the number or the date they stand for
    width : of vectors, how many numbers each holds
    lenient : whether cells that cannot be read are missing, as some were in fit; else they are refused
    """

    name: str
    kind: Kind
    why: str = ""
    example: str = ""
    number: numbers.WrittenNumber = numbers.PLAIN
    date: dates.WrittenDate = dates.PLAIN
    compared: Compared = "text"
    lenient: bool = False
    width: int = 0

    def __post_init__(self) -> None:
        known = self.kind in get_args(Kind) and self.compared in get_args(Compared)
        if not known or self.width < 0 or (self.kind == "vector") != (self.width > 0):
            raise InputError(f"Field({self.name!r})", "a kind of column", repr(self)[:80], "Fit anew.")

    @property
    def held(self) -> str:
        """Of a column that cannot be read, what its cells are."""
        return self.why.rpartition(", which")[0]

    def spellings(self, level: str) -> list[str]:
        """The usual texts that stand for a level of a category or of truth values."""
        if self.kind == "boolean":
            return truth.spellings(level == "True")
        return [level, f"{level}.0"] if self.compared == "number" and level.lstrip("-").isdigit() else [level]

    def read(
        self, column: Column, nothing: Collection[str], where: str, what: str = "column", why: str = "as in fit"
    ) -> tuple[Column, Bad | None]:
        """The column as numbers, times or words, whatever it is stored as; and what could not be read, if it may be.

        Parameters
        ----------
        column : as its source holds it
        nothing : words that stand for a missing value
        where, what, why : how errors call its table and the column, and why it has to be of this kind

        Raises
        ------
        InputError
            For a cell that is none of this column, with its row.
        """
        expected = f"lists of {self.width} numbers" if self.width else "numbers, words, truth values or times"
        lists = column.storage in LISTS and not self.width
        if lists and column.missing.all():
            column, lists = replace(column, storage="numbers", values=np.full(len(column), np.nan)), False
        if column.storage == "unread" or lists:
            raise InputError(
                f"{where}, {what} {self.name!r}", f"{expected}, {why}",
                "lists of numbers" if lists else column.levels[0], "Give the same column.",
            )  # fmt: skip
        return _READ[self.kind](_Reading(self, column, frozenset(nothing), f"{where}, {what} {self.name!r}", why))


@dataclass(frozen=True)
class _Reading:
    """One column that is being read."""

    field: Field
    column: Column
    nothing: frozenset[str]
    where: str
    why: str

    def numbers(self) -> tuple[Column, Bad | None]:
        column = self._of_any_kind()
        if column.storage == "times":
            raise InputError(self.where, f"numbers, {self.why}", "times", "Give the same column.")
        if column.storage == "text" and self.field.number == numbers.PLAIN:
            values, bad = self._plain()
        elif column.storage in ("text", "words"):
            values, bad = self._each(column.as_words(), self._number, "a number")
        else:
            values, bad = column.as_numbers(), None
        infinite = np.isinf(values)
        if infinite.any():
            raise self._refused(
                column.row(int(infinite.argmax())), "finite numbers, or NaN for a missing one", "infinity",
                "Replace it by a number or by NaN.", "infinity",
            )  # fmt: skip
        same = column.storage == "numbers"
        return column if same else replace(column, storage="numbers", values=values, levels=(), gone=None), bad

    def _of_any_kind(self) -> Column:
        """The column; where every cell is missing, as words: what it is stored as then tells nothing."""
        nothing = self.column.storage in ("numbers", "whole", "spans", "times") and self.column.missing.all()
        return self.column.as_words() if nothing else self.column

    def _number(self, text: str) -> float | None:
        found = self.field.number.read(text)
        return found if found is not None or self.field.number.unit else _of_truth(text)

    def _plain(self) -> tuple[Array, Bad | None]:
        """Texts of Arrow, of which most are numbers as programs write them."""
        found = arrow.plain_numbers(self.column.values, self.nothing)
        values = np.full(len(self.column), np.nan)
        values[found.rows] = found.values
        odd = ~found.nothing
        odd[found.rows] = False
        bad = None
        if odd.any():
            values[odd], bad = self._each(self.column.take(odd).as_words(), self._number, "a number")
        return values, bad

    def dates(self) -> tuple[Column, Bad | None]:
        column = self._of_any_kind()
        if column.storage in ("numbers", "whole", "spans"):
            raise InputError(self.where, f"dates, {self.why}", "numbers", "Give ISO dates, or times.")
        if column.storage == "times":
            return column, None
        values, bad = self._each(column.as_words(), self.field.date.read, "a date such as 2026-01-31")
        return replace(column, storage="times", values=values, levels=(), gone=None), bad

    def vectors(self) -> tuple[Column, None]:
        column, width = self.column, self.field.width
        if column.storage in ("text", "words"):
            column, _ = self.words()
        lengths = column.lengths if column.storage in LISTS else np.where(column.missing, -1, 0)
        wrong = (lengths >= 0) & (lengths != width)
        if wrong.any():
            row = int(wrong.argmax())
            received = f"one of {lengths[row]}" if column.storage in LISTS else f"a column of {column.storage}"
            raise self._refused(
                column.row(row), f"a list of {width} numbers, {self.why}", received,
                "Give as many numbers, or None where there are none.", received,
            )  # fmt: skip
        if column.storage == "lists" and (lengths == width).any():  # some rows of such a column
            raise InputError(
                self.where, f"lists of {width} numbers, {self.why}", "lists of different lengths",
                "Give as many numbers in every row.",
            )  # fmt: skip
        if (lengths < 0).all():
            values = np.full((len(column), width), np.nan)
            return replace(column, storage="vectors", values=values, levels=(), gone=None), None
        infinite = np.isinf(column.values).any(axis=1)
        if infinite.any():
            raise self._refused(
                column.row(int(infinite.argmax())), "finite numbers, or NaN for a missing one", "infinity",
                "Replace it by a number or by NaN.", "infinity",
            )  # fmt: skip
        return column, None

    def _each(self, column: Column, read: Callable[[str], float | None], expected: str) -> tuple[Array, Bad | None]:
        """Words by their levels, NaN where one is missing."""
        found, strange = np.full(len(column.levels) + 1, np.nan), []
        for code, level in enumerate(column.levels):
            text = level.strip()
            if text in self.nothing or text in BLANKS:
                continue
            value = read(text)
            if value is None:
                strange.append(code)
            else:
                found[code] = value
        return found[column.values], self._bad(column, strange, expected)

    def _refused(self, row: int, expected: str, received: str, mend: str, cell: str) -> CellError:
        return CellError(f"{self.where}, row {row}", expected, received, mend, self.field.name, row, cell)

    def _bad(self, column: Column, strange: list[int], expected: str) -> Bad | None:
        if not strange:
            return None
        rows = np.flatnonzero(np.isin(column.values, strange))
        if not len(rows):
            return None
        first = tuple((column.row(row), column.levels[column.values[row]]) for row in rows[:3])
        if not self.field.lenient:
            row, text = first[0]
            raise self._refused(
                row, f"{expected}, {self.why}", repr(text),
                "Mend the value, leave it empty, name it in missing=, or fit with this column as a category.", text,
            )  # fmt: skip
        return Bad(len(rows), first)

    def truths(self) -> tuple[Column, Bad | None]:
        column = self.column.as_words()
        codes, strange = np.full(len(column.levels) + 1, -1, np.int32), []
        for code, level in enumerate(column.levels):
            found = None if level.strip() in self.nothing else truth.read(level)
            if found is not None:
                codes[code] = found
            elif level.strip() not in self.nothing:
                strange.append(code)
        bad = self._bad(column, strange, "a truth value such as true, yes or 1")
        return replace(column, values=codes[column.values], levels=TRUTH, gone=None), bad

    def words(self) -> tuple[Column, None]:
        column = self.column.as_words()
        texts: list[str | None] = [None if level.strip() in self.nothing else level for level in column.levels]
        if self.field.compared == "number":
            texts = [None if text is None else _shortest(text) for text in texts]
        elif self.field.compared == "date":
            texts = [None if text is None else self._date(text) for text in texts]
        elif None not in texts:
            return column, None
        return coded(np.append(_merged(texts), -1)[column.values], list(dict.fromkeys(texts)), column), None

    def _date(self, text: str) -> str:
        days = self.field.date.read(text)
        return text if days is None else date_text(days)


_READ = {
    "number": _Reading.numbers,
    "date": _Reading.dates,
    "vector": _Reading.vectors,
    "boolean": _Reading.truths,
    "category": _Reading.words,
    "id": _Reading.words,
    "text": _Reading.words,
    "constant": _Reading.words,
}


def _merged(texts: list[str | None]) -> Array:
    """Codes of texts of which some are the same."""
    place = {text: code for code, text in enumerate(dict.fromkeys(texts))}
    return np.array([place[text] for text in texts], np.int32)


def _shortest(text: str) -> str:
    value = numbers.PLAIN.read(text)
    return text if value is None or not np.isfinite(value) or abs(value) >= 2**53 else number_text(value)


def _of_truth(text: str) -> float | None:
    """A number where truth values were numbers in fit."""
    found = truth.read(text) if text.casefold() in ("true", "false") else None
    return None if found is None else float(found)
