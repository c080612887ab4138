"""From what was seen of a column to what it is, told with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from chainrule.errors import InputError
from chainrule.tables.column import EXACT, MIXED
from chainrule.tables.evidence import Cells, Evidence, Sort
from chainrule.tables.field import Compared, Field
from chainrule.tables.written import dates, truth
from chainrule.tables.written.numbers import PLAIN, Shape, WrittenNumber

#: Of cells that hold something, at most this share may be no numbers (no dates) where the others are.
BAD_SHARE = 0.05

#: Names under which row numbers go, whatever they are.
_NAMELESS = re.compile(r"\s*|(?i:unnamed: ?\d+(_level_\d+)?|__index_level_\d+__|rownames?)|\.\.\.1|X\.?1")
#: Names under which they may go.
_ROW_NUMBER = re.compile(r"(?i:index|idx|id|.*[_ .-]id|row.*|number|nr\.?|no\.?|#)|.*[a-z]I[Dd]")
#: Values of which nearly each stands in one row only, from this many rows on, name rows rather than kinds of them.
_ID_ROWS, _ID_SHARE = 50, 0.9
#: Texts of so many words on average, of which so many differ, are learned by their words.
_TEXT_PIECES, _TEXT_SHARE = 3.0, 0.3


@dataclass(frozen=True)
class Found:
    """A column as it was settled, and the cells that are missing because they are none of it."""

    field: Field
    bad: int = 0
    first: tuple[tuple[int, str], ...] = ()
    told: str = ""


def is_row_number(name: str) -> bool:
    """Whether a column is called as row numbers are: "id", "customer_id", "No."."""
    return bool(_NAMELESS.fullmatch(name) or _ROW_NUMBER.fullmatch(name))


def settle(
    name: str, seen: Evidence, where: str, said: str = "", decimal: str | None = None, comma: bool = False
) -> Found:
    """What a column is.

    Parameters
    ----------
    name : of the column
    seen : all of its cells
    where : how errors call its table
    said : "number", "category", "text", "date", "day first" or "month first" where a user says what it is; "leave out";
        "target", which is learned, whatever it is; else it is found
    decimal : the decimal mark of all numbers, where a user says it
    comma : whether a number such as 1,234 or 1.234 has a decimal comma, as others of its table have

    Raises
    ------
    InputError
        Where dates could be read in two ways, and where a column cannot be what is said.

    Examples
    --------
    >>> from chainrule.tables.column import words
    >>> from chainrule.tables.evidence import Evidence
    >>> from chainrule.tables.settle import settle
    >>> seen = Evidence(nothing=("", "NA"))
    >>> seen.add(words(["1,5", "2,25", "NA"]))
    >>> found = settle("size", seen, "X").field
    >>> found.kind, found.why
    ('number', '2 different numbers, with a decimal comma')
    """
    return _Settling(name, seen, where, said, decimal, comma).found()


@dataclass(frozen=True)
class _Settling:
    name: str
    seen: Evidence
    where: str
    said: str
    decimal: str | None
    comma: bool

    def found(self) -> Found:
        seen = self.seen
        if seen.unread:
            return self._unread(seen.unread)
        if seen.known == 0:
            return self._as("constant", "no values")
        if seen.typed["vectors"]:
            return self._vectors()
        if self.said == "category":
            return self._category()
        if self.said == "text":
            return self._text()
        if self.said in ("date", "day first", "month first"):
            return self._date() or self._not("dates", lambda sort: bool(sort.order))
        if self.said == "number":
            return self._number(codes=True) or self._not("numbers", lambda sort: sort.shape is not None)
        if seen.distinct.count == 1 and not seen.missing and self.said != "target":
            return self._as("constant", "the same value in every row")
        if seen.declared:
            return self._category()
        return self._truth() or self._number(codes=False) or self._date() or self._words()

    def _as(self, kind: str, why: str, **more: object) -> Found:
        more = {"example": self.seen.example, **more}
        return Found(Field(self.name, kind, why, **more))  # type: ignore[arg-type]

    def _unread(self, what: str) -> Found:
        return self._as("unread", f"{what}, which is none of numbers, words, truth values, times and vectors")

    def _vectors(self) -> Found:
        seen = self.seen
        if seen.typed["vectors"] < seen.known:
            return self._unread(MIXED)
        vectors = f"vectors of {seen.width} number{'s' * (seen.width > 1)}"
        if self.said == "target":
            return self._as("unread", f"{vectors}, which are no targets")
        if seen.distinct.count == 1 and not seen.missing:
            return self._as("constant", "the same value in every row")
        return self._as("vector", vectors, width=seen.width)

    def _not(self, what: str, fits: Callable[[Sort], bool]) -> Found:
        seen = self.seen
        place, text = min((cells.first[0] for sort, cells in seen.sorts.items() if not fits(sort)), default=(0, what))
        raise InputError(
            f"{self.where}, column {self.name!r}, row {seen.row(place)}", f"{what}, as said", repr(text),
            f"At most {BAD_SHARE:.0%} of the cells may be others: mend them, or leave the column out.",
        )  # fmt: skip

    def _truth(self) -> Found | None:
        seen = self.seen
        if sum(seen.typed.values()) or len(seen.levels) > 2 or not truth.are(seen.levels):
            return None
        if any(sort.shape is not None for sort in seen.sorts):
            return None  # numbers among them, which are no levels
        if self.said == "target" and not seen.levels <= set(truth.PAIRS[0]):
            return None  # yes and no are classes, which are predicted as they are written
        return self._as("boolean", "truth values")

    def _number(self, codes: bool) -> Found | None:
        seen = self.seen
        typed = seen.typed["numbers"] + seen.typed["whole"] + seen.typed["spans"]
        if not codes and any(sort.code for sort in seen.sorts):
            return None
        shapes = {sort: cells for sort, cells in seen.sorts.items() if sort.shape is not None}
        if typed + sum(cells.rows for cells in shapes.values()) < (1 - BAD_SHARE) * self._telling():
            return None
        written = self._written(shapes)
        others = {sort: cells for sort, cells in seen.sorts.items() if not _is(sort, written)}
        if written != PLAIN and any(sort.shape is not None for sort in others):
            return None  # numbers that are written in another way
        blank = sum(cells.rows for sort, cells in others.items() if sort.blank)
        bad = {sort: cells for sort, cells in others.items() if not sort.blank}
        if sum(cells.rows for cells in bad.values()) > BAD_SHARE * (seen.known - blank) or seen.known == blank:
            return None
        if not self.said and (why := self._numbers_rows()):
            return self._as("id", why)
        count = seen.distinct.count - sum(len({text for _, text in cells.first}) for cells in others.values())
        why = ", ".join([f"{max(count, 1)} different numbers", *[written.told()] * (written != PLAIN)])
        return self._with_bad("number", why, bad, number=written, told=written.told())

    def _telling(self) -> int:
        """Cells that tell what the column is: not marks for nothing, but in a target, whose classes they could be."""
        marks = sum(cells.rows for sort, cells in self.seen.sorts.items() if sort.blank)
        return self.seen.known - (0 if self.said == "target" else marks)

    def _numbers_rows(self) -> str:
        """Whether a column counts rows."""
        seen = self.seen
        if not seen.whole or seen.distinct.repeated or seen.missing:
            return ""
        if _NAMELESS.fullmatch(self.name) and seen.known > 1:
            return "numbers the rows"
        counts = seen.known >= _ID_ROWS and _ROW_NUMBER.fullmatch(self.name)
        return "numbers the rows" if counts else ""

    def _written(self, shapes: dict[Sort, Cells]) -> WrittenNumber:
        """The way of writing that most numbers have; of equals, the simplest."""

        def covered(way: WrittenNumber) -> int:
            return sum(cells.rows for sort, cells in shapes.items() if _is(sort, way))

        if self.decimal is None and all(sort.shape == Shape() for sort in shapes):
            return PLAIN
        return max(self._ways(shapes), key=covered, default=PLAIN)

    def _ways(self, shapes: dict[Sort, Cells]) -> Iterator[WrittenNumber]:
        seen = [sort.shape for sort in shapes if sort.shape is not None]
        groups = dict.fromkeys(["", *(s.group for s in seen), *(s.either for s in seen)])
        decimals = (self.decimal,) if self.decimal else (",", ".") if self.comma else (".", ",")
        units = sorted({s.unit for s in seen} | {""})
        for decimal, group, unit in product(decimals, groups, units):
            if group != decimal:
                yield WrittenNumber(decimal, group, unit)

    def _date(self) -> Found | None:
        seen = self.seen
        orders = {sort: cells for sort, cells in seen.sorts.items() if sort.order}
        typed = seen.typed["times"]
        telling = self._telling()
        if not telling or typed + sum(cells.rows for cells in orders.values()) < (1 - BAD_SHARE) * telling:
            return None
        day, month, unsure = (self._rows(orders, order) for order in ("day", "month", "open"))
        day_first = day > month
        if self.said in ("day first", "month first"):
            day_first = self.said == "day first"
        elif unsure and day == month and self.said != "leave out":
            place, text = min(cells.first[0] for sort, cells in orders.items() if sort.order == "open")
            raise InputError(
                f"{self.where}, column {self.name!r}, row {seen.row(place)}",
                "dates, one of which shows whether days come first", repr(text),
                f"Say so: columns={{{self.name!r}: 'day first'}}, or 'month first'.",
            )  # fmt: skip
        wrong = "month" if day_first else "day"
        bad = {
            sort: cells for sort, cells in seen.sorts.items() if not sort.blank and sort.order in ("", wrong)
        }  # fmt: skip
        if sum(cells.rows for cells in bad.values()) > BAD_SHARE * telling:
            return None
        written = dates.WrittenDate(day_first)
        told = written.told() if day or month or unsure else ""
        return self._with_bad("date", ", ".join(["times", *[told] * bool(told)]), bad, date=written, told=told)

    def _rows(self, orders: dict[Sort, Cells], order: str) -> int:
        return sum(cells.rows for sort, cells in orders.items() if sort.order == order)

    def _with_bad(self, kind: str, why: str, bad: dict[Sort, Cells], told: str, **more: object) -> Found:
        rows = sum(cells.rows for cells in bad.values())
        first = sorted(one for cells in bad.values() for one in cells.first)[:3]
        if rows:
            why += f", {rows:,} other {'cell' if rows == 1 else 'cells'} missing"
        good = [cells.first[0] for sort, cells in self.seen.sorts.items() if sort not in bad and not sort.blank]
        shown = tuple((self.seen.row(place), text) for place, text in first)
        example = min(good, default=(0, self.seen.example))[1]
        return Found(self._as(kind, why, example=example, lenient=rows > 0, **more).field, rows, shown, told)

    def _category(self) -> Found:
        seen = self.seen
        return self._as("category", f"{seen.distinct.count} different words", compared=self._compared())

    def _compared(self) -> Compared:
        """As what the levels of a category are the same."""
        seen, texts = self.seen, sum(cells.rows for cells in self.seen.sorts.values())
        if seen.typed["times"] == seen.known or (
            all(sort.order == "sure" for sort in seen.sorts) and texts == seen.known
        ):
            return "date"
        plain = all(_is(sort, PLAIN) and not sort.code for sort in seen.sorts)
        exact = max(abs(seen.low), abs(seen.high)) < EXACT
        return "number" if plain and exact and seen.texts.count in (0, seen.distinct.count) else "text"

    def _text(self) -> Found:
        seen = self.seen
        return self._as("text", f"{seen.distinct.count} texts of {seen.pieces / seen.known:.3g} words each")

    def _words(self) -> Found:
        seen = self.seen
        count = seen.distinct.count
        if self.said != "target" and seen.known >= _ID_ROWS:
            if seen.pieces >= _TEXT_PIECES * seen.known and count > _TEXT_SHARE * seen.known:
                return self._text()
            if count > _ID_SHARE * seen.known:
                return self._as("id", f"{count} different words in {seen.known} rows")
        return self._as("category", f"{count} different words", compared=self._compared())


def _is(sort: Sort, way: WrittenNumber) -> bool:
    return sort.shape is not None and way.covers(sort.shape)
