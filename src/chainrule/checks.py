"""The numbers of a configuration, held against the intervals in which they make sense."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from inspect import signature
from numbers import Integral, Real
from typing import Any, ClassVar, TypeVar

import numpy as np

from chainrule.errors import InputError, InputTypeError, unknown_name

Entry = TypeVar("Entry")

#: Numbers from so many on are checked together.
FEW = 8


@dataclass(frozen=True)
class Number:
    """A number of an interval: a check to call with where it was given and what.

    Parameters
    ----------
    low, high : ends of the interval
    open_low, open_high : whether an end does not belong to it
    whole : whether only integers do
    infinite : whether infinity passes
    mend : how to come by one

    Raises
    ------
    InputTypeError
        Of a call with what is no number, or no integer where one is wanted; a truth value is none.
    InputError
        For a number outside of the interval, or one that is not finite.

    Examples
    --------
    >>> from chainrule.checks import Number
    >>> Number(0, 1, open_high=True)("Dropout(rate=)", 0.5)
    >>> Number(1, whole=True)("Dense(units=)", 0)
    Traceback (most recent call last):
    chainrule.errors.InputError: Dense(units=): expected a whole number of at least 1; received 0. Give such a number.
    """

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    whole: bool = False
    infinite: bool = False
    mend: str = "Give such a number."

    def __call__(self, where: str, value: Any) -> None:
        if self.infinite and isinstance(value, Real) and value == math.inf:
            return
        if not isinstance(value, Integral if self.whole else Real) or isinstance(value, (bool, np.bool_)):
            raise InputTypeError(where, str(self), repr(value), self.mend)
        number: Any = value
        above = number > self.low if self.open_low else number >= self.low
        below = number < self.high if self.open_high else number <= self.high
        if not (above and below and finite(number)):
            raise InputError(where, str(self), repr(value), self.mend)

    def each(self, where: str, values: Sequence[Any]) -> None:
        """Check every one of many numbers; float ones all at once."""
        if (
            len(values) > FEW
            and set(map(type, values)) == {float}
            and not (self.whole or self.open_low or self.open_high)
        ):
            array = np.array(values)
            if np.isfinite(array).all() and array.min() >= self.low and array.max() <= self.high:
                return
        for value in values:
            self(where, value)

    def __str__(self) -> str:
        noun = "a whole number" if self.whole else "a number"
        if math.isfinite(self.high):
            left, right = "(" if self.open_low else "[", ")" if self.open_high else "]"
            noun += f" in {left}{self.low:g}, {self.high:g}{right}"
        elif math.isfinite(self.low):
            noun += f" above {self.low:g}" if self.open_low else f" of at least {self.low:g}"
        return noun + (" or inf" if self.infinite else "")


def at_least(least: int, mend: str = "Give such a number.") -> Number:
    """A whole number of at least so many."""
    return Number(least, whole=True, mend=mend)


POSITIVE = Number(0, open_low=True)
NOT_NEGATIVE = Number(0)
UP_TO_1 = Number(0, 1)
BELOW_1 = Number(0, 1, open_high=True)
BETWEEN_0_AND_1 = Number(0, 1, open_low=True, open_high=True)
COUNT = at_least(1)


class Checked:
    """A dataclass whose fields are checked by name, when it is made. None passes where it is the default."""

    bounds: ClassVar[Mapping[str, Number]]

    def __post_init__(self) -> None:
        for one in fields(self):  # type: ignore[arg-type]
            bound, value = self.bounds.get(one.name), getattr(self, one.name)
            if bound is None or (value is None and one.default is None):
                continue
            where = f"{type(self).__name__}({one.name}=)"
            bound(where, value)


def entry(where: str, name: object, table: Mapping[str, Entry], kind: type) -> Entry:
    """What a table has under this name; for another value, the error says that an object of the kind would do, too.

    Examples
    --------
    >>> from chainrule.checks import entry
    >>> entry("power", "one", {"one": 1, "two": 2}, int)
    1
    """
    if not isinstance(name, str):
        raise not_made(where, name, kind, f"Names: {sorted(table)}.")
    if name not in table:
        raise unknown_name(where, name, table)
    return table[name]


def not_made(where: str, value: object, kind: type, mend: str, expected: str = "") -> InputTypeError:
    """The error for what is no object of a kind; where it is a class of that kind, how an object of it is made.

    Examples
    --------
    >>> from chainrule.checks import not_made
    >>> from chainrule.optimisers import AdamW, Optimiser
    >>> not_made("solver", AdamW, Optimiser, "").args[3]
    'This is a class: give AdamW().'
    """
    if isinstance(value, type) and issubclass(value, kind):
        needs = any(one.default is one.empty for one in signature(value).parameters.values())
        mend = f"This is a class: give {value.__name__}({'...' * needs})."
    return InputTypeError(where, expected or f"a name, or an object of {kind.__name__}", repr(value), mend)


def finite(value: Any) -> bool:
    """Whether a number is finite, and no whole number that is larger than any float.

    Examples
    --------
    >>> from chainrule.checks import finite
    >>> finite(10**39), finite(10**400), finite(float("inf"))
    (True, False, False)
    """
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
