"""Dates and times as they are written: ISO, and the usual other forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

MICROSECONDS = 86_400_000_000
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Of years of two digits, those below are of this century, as POSIX has it.
PIVOT = 69

_MONTH = r"(?P<name>[A-Za-z]{3,9})\.?"
_DAY_OF_WEEK = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+)?"
_TIME = (
    r"(?:(?:[T,\s]|\s+at\s)\s*(?P<hour>\d{1,2})(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<part>\d+))?)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?:\s*\[[A-Za-z/_]+\])?"
)
_DATES = [
    re.compile(_DAY_OF_WEEK + form + _TIME, re.ASCII)
    for form in (
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?=[T ])",
        r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<then>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[-.\s]+{_MONTH}[-,\s]+(?P<year>\d{{4}}|\d{{2}})",
        rf"{_MONTH}[-\s]+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?[-\s]+(?P<year>\d{{4}})",
    )
]
_LONGEST, _DIGIT = 48, re.compile("[0-9]")


@dataclass(frozen=True)
class WrittenDate:
    """How the dates of a column are written: which of two numbers before a year is the day.

    ISO dates, dates that begin with their year, and names of months need no such knowledge.
    """

    day_first: bool = False

    def read(self, text: str) -> float | None:
        """Days since 1970, of a time with an offset in UTC; None where the text is no date.

        Examples
        --------
        >>> from chainrule.tables.written.dates import WrittenDate
        >>> written = WrittenDate(day_first=True)
        >>> written.read("31.01.1970 12:00"), written.read("Jan 2, 1970"), written.read("1970")
        (30.5, 1.0, None)
        """
        found = _matched(text)
        return None if found is None else _days(found, self.day_first)

    def told(self) -> str:
        return f"the {'day' if self.day_first else 'month'} first"


PLAIN = WrittenDate()
Order = Literal["", "sure", "day", "month", "open"]


def order(text: str) -> Order:
    """What a text shows of how dates are written: that its day comes first, its month, either of them ("open").

    "sure" where there is nothing to know, and "" where it is no date.

    Examples
    --------
    >>> from chainrule.tables.written.dates import order
    >>> [order(text) for text in ("31.01.2026", "01/31/2026", "2026-01-31", "01/02/2026", "soon")]
    ['day', 'month', 'sure', 'open', '']
    """
    found = _matched(text)
    if found is None:
        return ""
    day, month = (_days(found, day_first) is not None for day_first in (True, False))
    if "first" not in found.groupdict():
        return "sure" if day else ""
    return "open" if day and month else "day" if day else "month" if month else ""


def _matched(text: str) -> re.Match[str] | None:
    text = text.strip()
    if len(text) > _LONGEST or len(text) < 6 or not _DIGIT.search(text):
        return None
    return next((found for found in (form.fullmatch(text) for form in _DATES) if found), None)


def _days(found: re.Match[str], day_first: bool) -> float | None:
    part = found.groupdict()
    try:
        if part.get("first"):
            day, month = (part["first"], part["then"]) if day_first else (part["then"], part["first"])
        else:
            day, month = part["day"], part.get("month") or MONTHS.index(part["name"][:3].lower()) + 1
        year = int(part["year"])
        if len(part["year"]) == 2:
            year += 2000 if year < PIVOT else 1900
        whole = date(year, int(month), int(day)).toordinal() - _EPOCH
        return (whole * MICROSECONDS + _time_of_day(part)) / MICROSECONDS
    except ValueError:
        return None


def _time_of_day(part: dict[str, str | None]) -> int:
    """Microseconds since midnight, in UTC."""
    hour, minute, second = (int(part[name] or 0) for name in ("hour", "minute", "second"))
    if part["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + 12 * (part["half"][0] in "Pp")
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError(hour)
    microseconds = (hour * 3600 + minute * 60 + second) * 1_000_000 + int(f"{part['part'] or '':0<6.6}")
    zone = part["zone"] or ""
    if zone[:1] in ("+", "-") and zone:
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = (int(digits[:2]) * 60 + int(digits[2:])) * 60_000_000
        microseconds -= offset if zone[0] == "+" else -offset
    return microseconds


_EPOCH = date(1970, 1, 1).toordinal()
