"""Numbers as they are written: with a decimal point or comma, thousands in groups, per cent, amounts of money."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from chainrule.errors import InputError

#: What may stand between groups of three digits.
GROUPS = (",", ".", " ", "'", "\u00a0", "\u202f", "\u2019")
#: Signs and codes of money, before a number or behind it.
MONEY = (
    *("US$", "R$", "Fr.", "$", "€", "£", "¥", "₹", "₽", "₩", "₺", "₴", "zł", "kr"),
    *("USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "CNY", "INR"),
)

#: As programs write numbers; Arrow's regular expressions know it, too.
PLAIN_PATTERN = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
#: A number that begins with a zero as codes do: 007, not 0.7.
CODE_PATTERN = r"^\s*[+-]?0[0-9]"

_PLAIN = re.compile(PLAIN_PATTERN)
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)
_CODE = re.compile(CODE_PATTERN)
_SIGNS, _MONEY, _GAPS = "[+\\-\u2212]", "|".join(map(re.escape, MONEY)), "".join(map(re.escape, GROUPS))
# What is taken for good (*+) is not tried in other ways: a cell may hold a bracket and thousands of blanks.
_FRONT = rf"(?P<open>\()?\s*+(?P<sign>{_SIGNS})?\s*+(?P<before>{_MONEY})?\s*+(?P<inner>{_SIGNS})?"
_BEGINS = re.compile(rf"{_FRONT}[.,]?[0-9]")  # a long text is seen to be none by where it begins
_DRESSED = re.compile(
    rf"{_FRONT}"
    rf"(?:(?P<groups>[0-9]{{1,3}}(?:(?P<gap>[{_GAPS}])[0-9]{{3}})(?:(?P=gap)[0-9]{{3}})*)|(?P<digits>[0-9]*))"
    rf"(?:(?P<point>[.,])(?P<part>[0-9]*))?(?P<exponent>[eE][+-]?[0-9]+)?"
    rf"\s*+(?P<behind>%|{_MONEY})?\s*+(?P<close>\))?"
)


class Shape(NamedTuple):
    """What can be seen of a number's writing: its unit, what is surely its decimal mark, surely between its groups.

    "1,234" shows neither: `either` is then the comma.
    """

    unit: str = ""
    decimal: str = ""
    group: str = ""
    either: str = ""


@dataclass(frozen=True)
class WrittenNumber:
    """How the numbers of a column are written.

    Attributes
    ----------
    decimal : "." or ","
    group : what stands between groups of three digits, nothing where there are no groups
    unit : "%", whose numbers are hundredths, or a sign or code of money; nothing where numbers stand alone
    """

    decimal: str = "."
    group: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        if self.decimal not in (".", ",") or self.group not in ("", *GROUPS) or self.group == self.decimal:
            raise InputError("WrittenNumber", "a decimal point or comma, and other groups", repr(self), "Fit anew.")
        if self.unit not in ("", "%", *MONEY):
            raise InputError("WrittenNumber(unit=)", "%, a sign of money, or nothing", repr(self.unit), "Fit anew.")

    def read(self, text: str) -> float | None:
        """The number that a text stands for, None where it stands for none.

        Examples
        --------
        >>> from chainrule.tables.written.numbers import WrittenNumber
        >>> WrittenNumber(",", ".", "€").read("1.234,50 €"), WrittenNumber(unit="%").read("12.5%")
        (1234.5, 0.125)
        >>> WrittenNumber().read("1_0") is None
        True
        """
        text = text.strip()
        if _INFINITE.fullmatch(text):
            return float(text)
        if self == PLAIN and _PLAIN.fullmatch(text):
            return float(text)
        found = _dressed(text)
        if found is None or not self.covers(_shape(found)):
            return None
        digits = found["groups"] or found["digits"]
        if found["gap"] == self.decimal:
            digits = digits.replace(self.decimal, ".")
        elif found["gap"]:
            digits = digits.replace(found["gap"], "")
        number = f"{digits}.{found['part']}" if found["point"] else digits
        exponent = int((found["exponent"] or "e0")[1:]) - 2 * (self.unit == "%")
        signs = (found["sign"] or "") + (found["inner"] or "") + (found["open"] or "")
        return float(f"{number}e{exponent}") * (-1 if signs not in ("", "+") else 1)

    def covers(self, shape: Shape) -> bool:
        """Whether a number of that shape can be written so."""
        return (
            shape.unit == self.unit
            and shape.decimal in ("", self.decimal)
            and shape.group in ("", self.group)
            and shape.either in ("", self.decimal, self.group)
        )

    def told(self) -> str:
        """In words: "with a decimal comma, in %"."""
        parts = ["with a decimal comma"] * (self.decimal == ",") + [f"in groups by {self.group!r}"] * bool(self.group)
        return ", ".join([*parts, *[f"in {self.unit}"] * bool(self.unit)])


PLAIN = WrittenNumber()


def is_code(text: str) -> bool:
    """Whether a number begins with a zero that a number would not have: 007, not 0.7."""
    return _CODE.match(text) is not None


def shape(text: str) -> Shape | None:
    """What can be seen of a number's writing; None where the text is no number.

    Examples
    --------
    >>> from chainrule.tables.written.numbers import shape
    >>> shape("$1,234"), shape("12.5%").decimal, shape("some 5")
    (Shape(unit='$', decimal='', group='', either=','), '.', None)
    """
    text = text.strip()
    if _PLAIN.fullmatch(text) and "." not in text:
        return Shape()
    if _INFINITE.fullmatch(text):
        return Shape()
    found = _dressed(text)
    return None if found is None else _shape(found)


def _dressed(text: str) -> re.Match[str] | None:
    """A number, and what stands around its digits."""
    if not _BEGINS.match(text):
        return None
    found = _DRESSED.fullmatch(text)
    if found is None or not (found["groups"] or found["digits"] or found["part"]):
        return None
    signs = bool(found["sign"]) + bool(found["inner"]) + bool(found["open"])
    whole = bool(found["open"]) == bool(found["close"]) and not (found["before"] and found["behind"])
    return found if whole and signs <= 1 and not (found["gap"] and found["gap"] == found["point"]) else None


def _shape(found: re.Match[str]) -> Shape:
    unit, gap, point = found["before"] or found["behind"] or "", found["gap"] or "", found["point"] or ""
    if not gap:
        return Shape(unit, point)
    once = len(found["groups"]) <= 7
    if gap in ".," and once and not point:
        zero = found["groups"].startswith("0")  # 0,125 has a decimal comma
        return Shape(unit, gap if zero else "", "", "" if zero else gap)
    return Shape(unit, point, gap)
