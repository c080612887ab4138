"""The numbers of a configuration, held against the intervals in which they make sense."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np

from chainrule.errors import InputError, InputTypeError, unknown_name

Entry = TypeVar("Entry")


class Interval(NamedTuple):
    """From `low` to `high`, or without end where that is None."""

    low: float
    high: float | None
    open_below: bool = False
    open_above: bool = False


class Count(NamedTuple):
    """A whole number of at least `least`; `mend` says how to come by one."""

    mend: str
    least: int = 1


POSITIVE = Interval(0, None, open_below=True)
NOT_NEGATIVE = Interval(0, None)
UP_TO_1 = Interval(0, 1)
BELOW_1 = Interval(0, 1, open_above=True)


class Checked:
    """A dataclass whose fields are checked by name, when it is made. None passes where it is the default."""

    bounds: ClassVar[Mapping[str, Interval | Count]]

    def __post_init__(self) -> None:
        for one in fields(self):  # type: ignore[arg-type]
            bound, value = self.bounds.get(one.name), getattr(self, one.name)
            if bound is None or (value is None and one.default is None):
                continue
            where = f"{type(self).__name__}({one.name}=)"
            if isinstance(bound, Interval):
                check_number(where, value, *bound)
            else:
                check_count(where, value, bound)


def check_count(where_: str, value: Any, bound: Count) -> None:
    """Refuse what is not a whole number of at least `bound.least`."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < bound.least:
        raise InputError(where_, f"a whole number of at least {bound.least}", repr(value), bound.mend)


def entry(where: str, name: object, table: Mapping[str, Entry], or_else: str) -> Entry:
    """What a table has under this name; for another kind of value, the error says that `or_else` would do, too.

    Examples
    --------
    >>> entry("loss", "l2", {"l1": 1, "l2": 2}, "a Loss")
    2
    """
    if not isinstance(name, str):
        raise InputTypeError(where, f"a name or {or_else}", repr(name), f"Names: {sorted(table)}.")
    if name not in table:
        raise unknown_name(where, name, table)
    return table[name]


def finite(value: Any) -> bool:
    """Whether a number is finite, and no whole number that is larger than any float.

    Examples
    --------
    >>> finite(10**39), finite(10**400), finite(float("inf"))
    (True, False, False)
    """
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def check_number(
    where_: str,
    value: Any,
    low: float,
    high: float | None,
    open_below: bool = False,
    open_above: bool = False,
) -> None:
    """Refuse what is not a number of the interval."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if number:
        above = value > low if open_below else value >= low
        below = high is None or (value < high if open_above else value <= high)
    if not number or not (above and below and finite(value)):
        left = "(" if open_below else "["
        right = "inf)" if high is None else f"{high:g}" + (")" if open_above else "]")
        raise InputError(where_, f"a number in {left}{low:g}, {right}", repr(value), "Choose one in this range.")
