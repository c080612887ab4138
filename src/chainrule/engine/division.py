"""How work is divided into parts, which threads do side by side: each part gets views of its own rows.

A product too is cut by the rows of its result, but where they are few. Whatever sums over rows does so for each
part's rows apart, in the part's `Own` vector; a later instruction puts those together. Columns are not cut
elsewhere: the halves of a row lie side by side in two cores' caches, whose prefetchers take each other's lines.
The arithmetic belongs to the part, whichever thread does it: the same number of parts gives the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from chainrule.engine.kernels import Kernel, access
from chainrule.engine.meetings import Step
from chainrule.engine.program import Argument, InPlace, Instruction, Out, Own, Start, Value

#: Parts after the first take multiples of this many rows or columns, a vector of float32.
GRAIN = 16


def cut(size: int, parts: int) -> list[slice]:
    """Consecutive slices of about equal length; where there is little, the later ones are empty."""
    behind = [size * (parts - part) // parts // GRAIN * GRAIN for part in range(1, parts)]
    return [slice(start, stop) for start, stop in pairwise([0, *(size - b for b in behind), size])]


def divide(instruction: Instruction, arguments: list[Any], parts: int) -> list[list[Any]]:
    """The arguments of every part, none where it has nothing to do."""
    name = instruction.kernel.name
    if name == "dot":
        return cut_product(arguments, parts)
    way = "alone" if parts == 1 else access(instruction.kernel).cut
    own = [isinstance(kind, Own) for kind in instruction.arguments]
    if way in ("alone", "segments"):
        alone = [a[0] if is_own else a for a, is_own in zip(arguments, own, strict=True)]
        return [alone, *([] for _ in range(parts - 1))]
    if way == "columns":
        sums, total, _ = arguments
        return [_some(columns, [sums, total[columns], columns.start]) for columns in cut(len(total), parts)]
    rows, units = arguments[0].shape
    found: list[list[Any]] = []
    for part, mine in enumerate(cut(rows, parts)):
        given = []
        for kind, argument in zip(instruction.arguments, arguments, strict=True):
            if _has_rows(kind):
                given.append(argument[mine])
            elif isinstance(kind, Own):
                given.append(argument[part])
            else:
                given.append(mine.start * units if isinstance(kind, Start) else argument)
        # A part without rows still has to say that its sums are 0.
        found.append(given if any(own) else _some(mine, given))
    return found


def _has_rows(kind: Argument) -> bool:
    if isinstance(kind, (InPlace, Out)):
        kind = kind.before if isinstance(kind, InPlace) else kind.value
    return isinstance(kind, Value) and kind.space != "none"


def cut_product(arguments: list[Any], parts: int) -> list[list[Any]]:
    """The arguments of a product x, y, out for every part: rows of out, or columns where there are few rows."""
    x, y, out = arguments
    if parts == 1:
        return [arguments]
    if len(out) >= 2 * GRAIN * parts:
        return [_some(rows, [x[rows], y, out[rows]]) for rows in cut(len(out), parts)]
    return [_some(columns, [x, y[:, columns], out[:, columns]]) for columns in cut(out.shape[1], parts)]


def by_rows(kernel: Kernel, arrays: Sequence[Any], parts: int, *others: Any) -> Step:
    """A step whose parts have rows of the arrays each, and what follows; functions are asked by part and rows."""
    shares = []
    for part, rows in enumerate(cut(len(arrays[0]), parts)):
        more = [other(part, rows) if callable(other) else other for other in others]
        shares.append(_some(rows, [*(array[rows] for array in arrays), *more]))
    return kernel, shares


def _some(part: slice, arguments: list[Any]) -> list[Any]:
    return arguments if part.start < part.stop else []
