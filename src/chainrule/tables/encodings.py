"""How a column becomes numbers, as declared values: what is fitted stands in their fields, and a file can hold them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import COUNT
from chainrule.engine.blocks import CONSTANT, UNBOUNDED, Block, Clip, Code, Curve, Levels, Missing, Smooth
from chainrule.errors import InputError
from chainrule.tables.column import FARTHEST_DAY, TRUTH, Column

Array = NDArray[Any]

#: Scaled numbers lie within this, so that float32 holds their differences, and twice those, too.
FAR = UNBOUNDED / 4


class Embedded(NamedTuple):
    """What an `Embedding` makes of codes."""

    levels: int
    units: int
    columns: int


@dataclass(frozen=True)
class Encoding(ABC):
    """What one column of a table becomes: compact columns of float32, and the blocks that expand them."""

    name: str

    @property
    @abstractmethod
    def kind(self) -> str:
        """As it is told to a user."""

    @property
    @abstractmethod
    def compact(self) -> int:
        """How many compact columns it takes."""

    @property
    def embedded(self) -> Embedded | None:
        """What becomes of its codes, where it has some."""
        return None

    @abstractmethod
    def code(self, column: Column) -> Array:
        """The compact columns, float32 of shape (rows, compact), of a column as its schema reads it."""

    @abstractmethod
    def blocks(self, first: int) -> list[Block]:
        """What expands them, where `first` is the number of the first."""

    @abstractmethod
    def fills(self) -> list[float]:
        """By compact column, what stands in for a missing value."""

    @abstractmethod
    def feature_names(self) -> list[str]:
        """A name for each of the network's inputs, block by block."""


@dataclass(frozen=True)
class Scale:
    """(x - center) / scale, reckoned in float64: what comes after it is float32."""

    center: float
    scale: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.center) and math.isfinite(self.scale) and self.scale > 0):
            raise InputError("Scale", "a finite center, and a scale above 0", repr(self), "Fit the encoder anew.")

    def __call__(self, values: Array) -> Array:
        return (values - self.center) / self.scale

    def in_f32(self, values: Array) -> Array:
        """The same in float32, no farther out than `FAR`."""
        with np.errstate(over="ignore"):
            return np.clip(self(values), -FAR, FAR).astype(np.float32)

    def back(self, values: Array) -> Array:
        return values * self.scale + self.center


@dataclass(frozen=True)
class Number(Encoding):
    """Numbers: scaled, then expanded by blocks.

    With `knots`, a second compact column follows a curve through them, from line to line and flat beyond the ends:
    the normal quantile of the number's rank.
    """

    scale: Scale
    fill: float  # scaled
    parts: tuple[Block, ...]  # of source 0, the scaled number, or 1, its height on the curve
    knots: tuple[float, ...] = ()
    heights: tuple[float, ...] = ()
    span: tuple[float, float] | None = None  # the least and the greatest that fit saw; files before version 5 lack it

    def __post_init__(self) -> None:
        where = f"Number({self.name!r})"
        CONSTANT.each(where, (self.fill, *self.knots, *self.heights))
        if self.span is not None and not self.span[0] <= self.span[1]:
            raise InputError(where, "the least number before the greatest", self.span, "Fit the encoder anew.")
        ascend = all(a < b for a, b in pairwise(self.knots))
        if len(self.knots) != len(self.heights) or not ascend:
            raise InputError(where, "ascending knots, and a height for each", "others", "Fit the encoder anew.")
        for part in self.parts:
            if not isinstance(part, (Clip, Smooth, Curve, Missing)) or part.source >= self.compact:
                raise InputError(where, f"blocks of {self.compact} columns", repr(part)[:80], "Fit the encoder anew.")

    @property
    def kind(self) -> str:
        return "number"

    @property
    def compact(self) -> int:
        return 2 if self.knots else 1

    def code(self, column: Column) -> Array:
        return self.of_values(column.values)

    def of_values(self, values: Array) -> Array:
        """The compact columns of numbers in their own units, NaN where one is missing."""
        scaled = self.scale.in_f32(values)
        if not self.knots:
            return scaled[:, None]
        found = np.empty((len(values), 2), np.float32)
        found[:, 0] = scaled
        found[:, 1] = self.height(scaled)
        return found

    def height(self, scaled: Array) -> Array:
        """On the curve through the knots, of scaled numbers in float32, NaN where one is missing."""
        return np.interp(np.where(np.isnan(scaled), np.float32(self.fill), scaled), *self._curve)

    def beyond(self, values: Array) -> NDArray[np.bool_]:
        """Which numbers lie outside of what fit saw, as far as that is known; missing ones do not."""
        if self.span is not None:
            return np.asarray((values < self.span[0]) | (values > self.span[1]))
        if not self.knots:
            return np.zeros(len(values), bool)
        scaled = self.scale.in_f32(values)  # rounded as the knots are
        return np.asarray((scaled < np.float32(self.knots[0])) | (scaled > np.float32(self.knots[-1])))

    @cached_property
    def _curve(self) -> tuple[Array, Array]:
        return np.array(self.knots, np.float32), np.array(self.heights, np.float32)

    def blocks(self, first: int) -> list[Block]:
        return [_moved(block, first) for block in self.parts]

    def fills(self) -> list[float]:
        return [self.fill, 0.0][: self.compact]

    @property
    def rises(self) -> bool:
        """Whether no input ever falls as the number rises, to the last bit, but for what says that it is missing."""
        heights = (self.heights, *(part.heights for part in self.parts if isinstance(part, Curve)))
        return (
            all(a <= b for one in heights for a, b in pairwise(one))
            and all(slope > 0 for part in self.parts if isinstance(part, Clip) for slope in part.slope)
            and not any(isinstance(part, Smooth) or (isinstance(part, Curve) and part.period) for part in self.parts)
        )

    def feature_names(self) -> list[str]:
        names: list[str] = []
        curves = sum(isinstance(block, Curve) for block in self.parts)
        for place, block in enumerate(self.parts):
            if isinstance(block, Missing):
                names.append(f"{self.name}:missing")
            elif isinstance(block, Curve):
                names.append(self.name if curves == 1 else f"{self.name}:curve{place}")
            elif block.source == 1:
                names.append(f"{self.name}:quantile")
            elif block.width == 1 and len(self.parts) <= 2 and not self.knots:
                names.append(self.name)
            else:
                names += [f"{self.name}:bin{k}" for k in range(block.width)]
        return names


@dataclass(frozen=True)
class Levelled(Encoding):
    """What is one of so many levels: an indicator for each, or a code for an embedding.

    Rare levels share a code where there were any, and unknown ones are taken as rare; else those have none, and all
    indicators are 0. Missing ones are a level where fit saw any, else unknown. Of two levels, one indicator is enough
    for a network, but both are given: an unknown level is then between them.
    """

    #: What its levels are, in words.
    _LEVELS: ClassVar[str]

    levels: tuple[Any, ...]
    rare: bool = False
    absent: bool = False
    units: int = 0  # of an embedding; 0 for indicators

    def __post_init__(self) -> None:
        where = f"{type(self).__name__}({self.name!r})"
        if self.units != 0:
            COUNT(f"{where}: units", self.units)
        if not self._are_levels() or len(set(self.levels)) < len(self.levels):
            raise InputError(where, f"different {self._LEVELS}", repr(self.levels)[:80], "Fit the encoder anew.")
        if not self.count:
            raise InputError(where, "at least one level", "none", "Fit the encoder anew.")

    @property
    def compact(self) -> int:
        return 1

    @property
    def count(self) -> int:
        """Codes that there are."""
        return len(self.levels) + self.rare + self.absent

    @property
    def embedded(self) -> Embedded | None:
        return Embedded(self.count, self.units, 1) if self.units else None

    @property
    def unknown(self) -> int:
        """The code of a level that fit did not see."""
        return len(self.levels) if self.rare else -1

    @property
    def missing(self) -> int:
        """The code of a missing one."""
        return self.count - 1 if self.absent else self.unknown

    @cached_property
    def codes(self) -> dict[Any, int]:
        """By level, its code."""
        return {level: code for code, level in enumerate(self.levels)}

    def blocks(self, first: int) -> list[Block]:
        return [Code(first)] if self.units else [Levels(first, self.count)]

    def fills(self) -> list[float]:
        return [-1.0]

    def feature_names(self) -> list[str]:
        if self.units:
            return [self.name]
        others = [name for name, there in (("(rare)", self.rare), ("(missing)", self.absent)) if there]
        return [f"{self.name}={level}" for level in (*self._words(), *others)]

    @abstractmethod
    def _are_levels(self) -> bool:
        """Whether the levels are of this kind."""

    @abstractmethod
    def _words(self) -> Sequence[str]:
        """The levels as a user reads them."""


@dataclass(frozen=True)
class Category(Levelled):
    """Words, or a few different numbers taken as words."""

    _LEVELS = "words as levels"

    @property
    def kind(self) -> str:
        return "boolean" if self.levels and set(self.levels) <= set(TRUTH) else "category"

    def code(self, column: Column) -> Array:
        known = (self.codes.get(level, self.unknown) for level in column.levels)
        return np.array([*known, self.missing], np.float32)[column.values][:, None]

    def _are_levels(self) -> bool:
        return all(isinstance(level, str) for level in self.levels)

    def _words(self) -> Sequence[str]:
        return self.levels


@dataclass(frozen=True)
class Days(Levelled):
    """Single days of times: each of many rows is a level, whatever its hour. Levels are whole days since 1970."""

    _LEVELS = "days as levels, ascending"

    @property
    def kind(self) -> str:
        return "days"

    def code(self, column: Column) -> Array:
        return self.of_values(column.values)

    def of_values(self, values: Array) -> Array:
        """The codes of times in days since 1970, NaN where one is missing."""
        known, days = np.array(self.levels, np.float64), np.floor(values)
        place = np.minimum(np.searchsorted(known, days), len(known) - 1)
        found = np.where(known[place] == days, place, self.unknown) if len(known) else np.full(len(days), self.unknown)
        return np.where(np.isnan(days), self.missing, found).astype(np.float32)[:, None]

    def _are_levels(self) -> bool:
        whole = all(isinstance(day, int) and abs(day) <= FARTHEST_DAY for day in self.levels)
        return whole and all(a < b for a, b in pairwise(self.levels))

    def _words(self) -> Sequence[str]:
        return np.array(self.levels, "datetime64[D]").astype(str).tolist()


#: What can be read off a time: name -> from days since 1970 to a number.
PARTS: dict[str, Callable[[Array], Array]] = {
    "elapsed": lambda days: days,
    "year": lambda days: _calendar(days, "Y") + 1970,
    "month": lambda days: _calendar(days, "M") % 12 + 1,
    "weekday": lambda days: (np.floor(days) + 3) % 7,
    "hour": lambda days: days % 1 * 24,
}


#: Those that come round again.
CYCLES = ("month", "weekday", "hour")


def _calendar(days: Array, unit: str) -> Array:
    whole = np.where(np.isnan(days), 0, np.floor(days)).astype("datetime64[D]")
    return np.where(np.isnan(days), np.nan, whole.astype(f"datetime64[{unit}]").astype(np.float64))


@dataclass(frozen=True)
class Several(Encoding):
    """What is several numbers, side by side."""

    numbers: tuple[Number, ...]

    @property
    def compact(self) -> int:
        return sum(number.compact for number in self.numbers)

    def blocks(self, first: int) -> list[Block]:
        found = []
        for number in self.numbers:
            found += number.blocks(first)
            first += number.compact
        return found

    def fills(self) -> list[float]:
        return [fill for number in self.numbers for fill in number.fills()]


@dataclass(frozen=True)
class Date(Several):
    """Times, by those of their parts that vary: days since 1970, year, month, weekday, hour; numbers named for them.

    And, where they are told, single days as levels.
    """

    days: Days | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.days, Days | None):
            raise InputError(f"Date({self.name!r})", "days as levels", repr(self.days)[:80], "Fit anew.")
        for number in self.numbers:
            if not isinstance(number, Number) or number.name not in PARTS:
                raise InputError(f"Date({self.name!r})", f"numbers named {set(PARTS)}", repr(number)[:80], "Fit anew.")

    @property
    def kind(self) -> str:
        return "date"

    @property
    def compact(self) -> int:
        return super().compact + (self.days is not None)

    @property
    def embedded(self) -> Embedded | None:
        return self.days.embedded if self.days else None

    def code(self, column: Column) -> Array:
        found = [number.of_values(PARTS[number.name](column.values)) for number in self.numbers]
        return np.hstack([*found, self.days.of_values(column.values)] if self.days else found)

    def blocks(self, first: int) -> list[Block]:
        found = super().blocks(first)
        return found + self.days.blocks(first + super().compact) if self.days else found

    def fills(self) -> list[float]:
        return super().fills() + (self.days.fills() if self.days else [])

    def feature_names(self) -> list[str]:
        parts = [*self.numbers, self.days] if self.days else self.numbers
        return [f"{self.name}.{name}" for part in parts for name in part.feature_names()]


def _moved(block: Block, first: int) -> Block:
    return replace(block, source=block.source + first)


def embeddings(encodings: Sequence[Encoding]) -> list[Embedded]:
    """What becomes of the codes that go to an `Embedding`, in their order."""
    return [one.embedded for one in encodings if one.embedded]
