"""y as numbers: times, durations and words that are no numbers are told by their rows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputTypeError
from chainrule.models.truth import MEND, Truth

Array = NDArray[Any]


def numbers(given: Truth) -> Array:
    """Finite numbers as an array, of its own type where that is one of numbers, else float64; words are read.

    Raises
    ------
    InputError, InputTypeError
        Where one is missing, infinite or no number, and where they are times or durations.

    Examples
    --------
    >>> from chainrule.models.as_numbers import numbers
    >>> from chainrule.models.truth import Truth
    >>> numbers(Truth(["1.5", 2], "y"))
    array([1.5, 2. ])
    """
    found = given.array()
    given.check_present(found)
    if found.dtype.kind in "Mm":
        raise no_time(given.where, "durations" if found.dtype.kind == "m" else "times")
    if found.dtype.kind in "OUST":
        found = _read_all(given, found)
    given.check_finite(found)
    return found


def read(word: str) -> float | None:
    """A word as a number, None where it is none; nobody means 1_000, which Python reads."""
    try:
        return None if "_" in word else float(word)
    except ValueError:
        return None


def with_point(word: str) -> str | None:
    """A number with a decimal comma as one with a point, None where a word is none."""
    point = word.replace(",", ".", 1)
    return point if point != word and read(point) is not None else None


def mend_of(word: str) -> str:
    """What to do with a word that is no number."""
    point = with_point(word)
    return MEND if point is None else f"Write the decimal comma as a point: {point}."


def no_time(where: str, received: str, mend: str = "") -> InputTypeError:
    """The error for times where there have to be numbers, with another mend behind its own."""
    unit = "Give a number in a unit of your choice, such as the days since a date."
    return InputTypeError(where, "numbers", received, f"{unit} {mend}".rstrip())


def _read_all(given: Truth, found: Array) -> Array:
    """Words and objects as float64."""
    values = np.empty(found.shape)
    for place, value in np.ndenumerate(found):
        values[place] = _number(given, value, place)
    given.check_present(values)
    return values


def _number(given: Truth, value: Any, place: Sequence[int]) -> float:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if isinstance(value, str):
        number = read(value)
        if number is None:
            raise given.refused(place, "a number", repr(str(value)), mend_of(value))
        return number
    if hasattr(value, "strftime") or isinstance(value, np.datetime64):
        raise no_time(given.at(place), "a time")
    if hasattr(value, "total_seconds") or isinstance(value, np.timedelta64):
        raise no_time(given.at(place), "a duration")
    if not isinstance(value, (Real, Decimal, np.bool_)):
        raise InputTypeError(given.at(place), "a number", f"{type(value).__name__} {value!r}"[:80], MEND)
    try:
        return float(value)
    except OverflowError:
        return float("inf")
