"""How an instruction is divided among the members of a team: each gets views of its own rows.

A product too is cut by the rows of its result, but where they are few. Whatever sums over rows does so for each
member's rows apart, in the member's `Own` vector; the next instruction puts those together. Columns are not cut
elsewhere: the halves of a row lie side by side in two cores' caches, whose prefetchers take each other's lines.
"""

from __future__ import annotations

from typing import Any

from chainrule.engine.cut import GRAIN, parts
from chainrule.engine.program import Argument, InPlace, Instruction, Out, Own, Start, Value

BY_ROWS = {
    "copy", "add", "add_into", "activate", "activate_inplace", "activate_backward", "column_sums", "scale", "softmax",
    "batch_norm_sums", "batch_norm", "batch_norm_slopes", "batch_norm_backward", "batch_norm_predict",
    "layer_norm", "layer_norm_backward", "layer_norm_predict",
    "embed_plain", "embed", "embed_plain_backward",
}  # fmt: skip


def divide(instruction: Instruction, arguments: list[Any], members: int) -> list[list[Any]]:
    """The arguments of every member, none where it has nothing to do."""
    name = instruction.kernel.name
    if name == "dot":
        return cut_product(arguments, members)
    own_row = [isinstance(kind, Own) for kind in instruction.arguments]
    if members == 1 or name not in BY_ROWS:
        alone = [a[0] if own else a for a, own in zip(arguments, own_row, strict=True)]
        return [alone, *([] for _ in range(members - 1))]
    rows, units = arguments[0].shape
    found: list[list[Any]] = []
    for member, part in enumerate(parts(rows, members)):
        mine = []
        for kind, argument in zip(instruction.arguments, arguments, strict=True):
            if _has_rows(kind):
                mine.append(argument[part])
            elif isinstance(kind, Own):
                mine.append(argument[member])
            else:
                mine.append(part.start * units if isinstance(kind, Start) else argument)
        # A member without rows still has to say that its sums are 0.
        found.append(mine if any(own_row) else _some(part, mine))
    return found


def _has_rows(kind: Argument) -> bool:
    if isinstance(kind, (InPlace, Out)):
        kind = kind.before if isinstance(kind, InPlace) else kind.value
    return isinstance(kind, Value) and kind.space != "none"


def cut_product(arguments: list[Any], members: int) -> list[list[Any]]:
    """The arguments of a product x, y, out for every member: rows of out, or columns where there are few rows."""
    x, y, out = arguments
    if members == 1:
        return [arguments]
    if len(out) >= 2 * GRAIN * members:
        return [_some(part, [x[part], y, out[part]]) for part in parts(len(out), members)]
    return [_some(part, [x, y[:, part], out[:, part]]) for part in parts(out.shape[1], members)]


def _some(part: slice, arguments: list[Any]) -> list[Any]:
    return arguments if part.start < part.stop else []
