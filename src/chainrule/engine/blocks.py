"""Blocks: some of a network's inputs, made of one column of compact rows, as declared values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import ClassVar

import numpy as np

from chainrule.checks import COUNT, Number, at_least
from chainrule.errors import InputError

#: The widest that a clip can be told to be: what float32 can hold.
UNBOUNDED = float(np.finfo(np.float32).max)


#: A constant of an encoding, in float32.
CONSTANT = Number(-UNBOUNDED, UNBOUNDED, mend="Fit the encoder anew.")


@dataclass(frozen=True)
class Block(ABC):
    """Some of the network's inputs, made of one column: `source` is its number.

    Where the column misses a value, a block sees what stands in for it.
    """

    kind: ClassVar[int]
    source: int

    def __post_init__(self) -> None:
        where = f"{type(self).__name__}(source={self.source!r})"
        at_least(0, "It is the place of a column.")(where, self.source)
        CONSTANT.each(where, self.constants)

    @property
    def width(self) -> int:
        """Inputs that it makes."""
        return 1

    @property
    @abstractmethod
    def constants(self) -> tuple[float, ...]:
        """Numbers that the kernel reads."""

    @property
    def terms(self) -> int:
        """Of how many rows of W, or of running sums of them, its inputs' part of a product x @ W' is made."""
        return self.width


@dataclass(frozen=True)
class Clip(Block):
    """min(max((v - origin) * slope, low), high), one input per entry: a line, or the bins of a piecewise one."""

    kind = 0
    origin: tuple[float, ...]
    slope: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def width(self) -> int:
        return len(self.origin)

    @property
    def constants(self) -> tuple[float, ...]:
        return (*self.origin, *self.slope, *self.low, *self.high)

    def __post_init__(self) -> None:
        super().__post_init__()
        lengths = {len(self.origin), len(self.slope), len(self.low), len(self.high)}
        if lengths != {self.width} or not self.width:
            raise InputError("Clip", "as many slopes, lows and highs as origins, at least 1", lengths, "One per input.")

    @property
    def terms(self) -> int:
        return 2 if self.fills_up else self.width

    @cached_property
    def fills_up(self) -> bool:
        """Whether these are bins each of which is full, and all are to one height, where the next one begins."""
        height, ends = self.high[0], zip(self.origin[:-1], self.slope[:-1], self.origin[1:], strict=True)
        return (
            self.width > 1 and height > 0 and not any(self.low[1:]) and set(self.high[:-1]) == {height}
            and all(slope > 0 and abs((end - begin) * slope - height) <= 1e-6 * height for begin, slope, end in ends)
        )  # fmt: skip


@dataclass(frozen=True)
class Smooth(Block):
    """t / sqrt(1 + (t / cap)^2) with t = (v - origin) * slope: nearly t, and never beyond the cap."""

    kind = 1
    origin: float
    slope: float
    cap: float

    @property
    def constants(self) -> tuple[float, ...]:
        return (self.origin, self.slope, self.cap)


@dataclass(frozen=True)
class Waved(Smooth):
    """As `Smooth`, of a number that a `Periodic` layer is to take; it stands in front of all other blocks."""


@dataclass(frozen=True)
class Missing(Block):
    """1 where the value is missing, else 0."""

    kind = 2
    constants = ()


@dataclass(frozen=True)
class Counted(Block):
    """As many inputs as `count` says, without constants."""

    constants = ()
    count: int

    def __post_init__(self) -> None:
        super().__post_init__()
        COUNT(f"{type(self).__name__}(count=)", self.count)

    @property
    def width(self) -> int:
        return self.count


@dataclass(frozen=True)
class Levels(Counted):
    """An input per level: 1 for the code's, 0 for the others; all 0 for a code that is none."""

    kind = 3
    terms = 1


@dataclass(frozen=True)
class Code(Counted):
    """Codes as they are, for an `Embedding`: of one column, or of `count` from there on."""

    kind = 4
    count: int = 1


#: Of a periodic curve, as its kernels know it, too.
ROUNDS = 1000.0


@dataclass(frozen=True)
class Curve(Block):
    """A function by its heights at ascending knots: lines between them, and flat beyond the ends.

    With a `period` above 0 it goes on round after round: v counts by how far it is behind the first knot, of which the
    last is a period away. More than `ROUNDS` away, where float32 no longer tells the place, it is at the first knot.
    """

    kind = 5
    knots: tuple[float, ...]
    heights: tuple[float, ...]
    period: float = 0.0

    @property
    def constants(self) -> tuple[float, ...]:
        return (len(self.knots), self.period, *self.knots, *self.heights)

    def __post_init__(self) -> None:
        super().__post_init__()
        ascend = all(a < b for a, b in pairwise(self.knots))
        if len(self.knots) < 2 or len(self.knots) != len(self.heights) or not ascend or self.period < 0:
            raise InputError(
                "Curve", "at least 2 ascending knots, a height for each, and a period of 0 or more",
                f"{len(self.knots)} knots, {len(self.heights)} heights, a period of {self.period}", "Fit anew.",
            )  # fmt: skip


#: Every kind of block.
BLOCKS: tuple[type[Block], ...] = (Clip, Smooth, Waved, Missing, Levels, Code, Curve)
