"""How an instruction is divided among the members of a team: each gets views of its own rows or columns.

What works entry by entry, or row by row, is cut by rows; what sums over rows is cut by columns, so that no sum is ever
split and its bits do not depend on the number of members. A product is cut along the longer side of its result.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.engine.program import InPlace, Instruction, Noise, Out, Value

BY_ROWS = {"copy", "add", "add_into", "activate", "activate_inplace", "layer_norm", "layer_norm_predict", "softmax"}
BY_COLUMNS = {"activate_backward", "column_sums", "batch_norm", "batch_norm_backward", "batch_norm_predict"}
#: Cuts stand at multiples of this many rows or columns, a vector of float32.
GRAIN = 16


def divide(instruction: Instruction, arguments: list[Any], members: int) -> list[list[Any] | None]:
    """The arguments of every member, None where it has nothing to do.

    An instruction with a dropout mask takes one more argument: where its first entry stands in the whole array.
    """
    noisy = any(isinstance(argument, Noise) for argument in instruction.arguments)
    name = instruction.kernel.name
    if members > 1 and name == "dot":
        return [_product(arguments, part, by_rows) for part, by_rows in _of_product(arguments[2].shape, members)]
    if members > 1 and name in BY_ROWS | BY_COLUMNS:
        whole = arguments[0]
        axis = 0 if name in BY_ROWS else 1
        cut = [
            isinstance(kind, (Value, Out, InPlace))
            if axis == 0
            else isinstance(argument, np.ndarray) and not isinstance(kind, Noise)
            for kind, argument in zip(instruction.arguments, arguments, strict=True)
        ]
        found: list[list[Any] | None] = []
        for part in parts(whole.shape[axis], members):
            own = [_cut(a, part, axis) if here else a for a, here in zip(arguments, cut, strict=True)]
            start = part.start * (whole.shape[1] if axis == 0 else 1)
            found.append(None if part.start == part.stop else own + [start] * noisy)
        return found
    return [arguments + [0] * noisy, *[None] * (members - 1)]


def parts(size: int, members: int) -> list[slice]:
    """Consecutive slices of about equal length; some are empty where there is little."""
    ends = [min(size, round(size * m / members / GRAIN) * GRAIN) for m in range(members)] + [size]
    return [slice(start, stop) for start, stop in zip(ends, ends[1:], strict=False)]


def _cut(array: Any, part: slice, axis: int) -> Any:
    return array[part] if axis == 0 else array[..., part]


def _of_product(shape: tuple[int, int], members: int) -> Iterator[tuple[slice, bool]]:
    by_rows = shape[0] >= shape[1]
    return ((part, by_rows) for part in parts(shape[0 if by_rows else 1], members))


def _product(arguments: list[Any], part: slice, by_rows: bool) -> list[Any] | None:
    x, y, out = arguments
    if part.start == part.stop:
        return None
    return [x[part], y, out[part]] if by_rows else [x, y[:, part], out[:, part]]
