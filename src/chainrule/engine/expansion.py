"""Compact columns and the blocks that they become: a table of a few numbers a row, expanded batch by batch.

A column of numbers may stand for dozens of the network's inputs. What is kept of a row are its numbers (NaN where one
is missing) and the codes of its categories (-1 where one is unknown); the rest is made where it is needed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import COUNT, Number, at_least
from chainrule.engine.kernels import Kernel, chosen_set, load
from chainrule.errors import InputError

Array = NDArray[Any]
F32 = np.dtype(np.float32)
EXPAND = Kernel("expand")

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
BLOCKS: tuple[type[Block], ...] = (Clip, Smooth, Missing, Levels, Code, Curve)


class Expansion:
    """From compact rows (rows, columns) to the network's inputs (rows, width), block beside block.

    Parameters
    ----------
    blocks : in the order of the inputs
    fills : by column, what stands in for a missing value

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.engine.expansion import Clip, Coded, Expansion, Levels, Missing
    >>> expansion = Expansion([Clip(0, (0.0,), (2.0,), (-1.0,), (1.0,)), Missing(0), Levels(1, 2)], fills=[0.25, 0.0])
    >>> Coded(np.array([[0.1, 1], [np.nan, -1]], np.float32), expansion).toarray()
    array([[0.2, 0. , 0. , 1. ],
           [0.5, 1. , 0. , 0. ]], dtype=float32)
    """

    def __init__(self, blocks: Sequence[Block], fills: Sequence[float]) -> None:
        self.blocks = tuple(blocks)
        self.fills = np.array(fills, np.float32)
        widths = [block.width for block in self.blocks]
        sizes = [len(block.constants) for block in self.blocks]
        stops, firsts = np.cumsum(widths), np.cumsum([0, *sizes])
        self.width = int(sum(widths))
        self._program = np.array(
            [
                (block.kind, block.source, stop - width, stop, first)
                for block, width, stop, first in zip(self.blocks, widths, stops, firsts, strict=False)
            ],
            np.int64,
        ).reshape(-1, 5)
        self._constants = np.array([c for block in self.blocks for c in block.constants], np.float32)

    def __call__(self, values: Array, out: Array) -> None:
        """Expand `values`, float32, of shape (rows, columns), into `out`, float32, of shape (rows, width)."""
        self._kernel(out, values, *self.arguments)

    @property
    def arguments(self) -> tuple[Array, Array, Array]:
        """What `EXPAND` takes after the rows that it fills and those that it expands."""
        return self._program, self.fills, self._constants

    @cached_property
    def _kernel(self) -> Any:
        return load(EXPAND, F32, chosen_set())

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_kernel"}


class Coded:
    """Rows of compact columns that stand for rows of the network's inputs; like a sparse matrix, made dense in parts.

    Parameters
    ----------
    values : float32 array of shape (rows, columns)
    expansion : what they become
    """

    dtype = F32
    ndim = 2

    def __init__(self, values: Array, expansion: Expansion) -> None:
        self.values = values
        self.expansion = expansion

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.values), self.expansion.width

    def __getitem__(self, chosen: Any) -> Coded:
        return Coded(self.values[chosen], self.expansion)

    def toarray(self, out: Array | None = None) -> Array:
        """The rows as the network reads them, float32, (rows, width)."""
        found = np.empty(self.shape, self.dtype) if out is None else out
        self.expansion(self.values, found)
        return found
