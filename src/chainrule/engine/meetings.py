"""Where parts of a step must wait for each other: the phases between, derived from what each part reads and writes.

Within a phase every part goes its own way, through one instruction after the other. Two parts that touch the same
memory, one of them to write, must be in different phases.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import byte_bounds
from numpy.typing import NDArray

from chainrule.engine.kernels import Kernel, access, arguments_of
from chainrule.errors import PlanError

#: One instruction: a kernel, and the arguments of every part, none where it has nothing to do.
Step = tuple[Kernel, Sequence[Sequence[Any]]]


class Touch(NamedTuple):
    """Memory that one part of an instruction reads or writes: an array, or the bytes of it that count."""

    part: int
    array: NDArray[Any]
    start: int
    stop: int
    writes: bool


def phases(steps: Sequence[Step]) -> list[list[Step]]:
    """The steps in order, cut where a part needs what another has written, or would write what another reads."""
    if all(len(given) == 1 for _, given in steps):
        return [list(steps)]
    found: list[list[Step]] = [[]]
    before: list[NDArray[np.int64]] = []
    for step in steps:
        new = _table(touches(step))
        if any(_meet(one, new).any() for one in before):
            found.append([])
            before = []
        found[-1].append(step)
        before.append(new)
    return found


def verify(found: Sequence[Sequence[Step]]) -> None:
    """Check that no part of a phase writes memory that another part of it touches, entry by entry.

    Raises
    ------
    PlanError
    """
    for phase in found:
        seen = [(touch, step[0].name) for step in phase for touch in touches(step)]
        table = _table([touch for touch, _ in seen])
        written = np.flatnonzero(table[:, 3])
        for i, j in np.argwhere(_meet(table[written], table)):
            (one, name), (other, behind) = seen[written[i]], seen[j]
            if np.shares_memory(one.array, other.array):
                raise PlanError(
                    f"{name}, {behind}", "parts that meet between them", f"parts {one.part}, {other.part} in one phase",
                    "This is a defect of chainrule; please report it with network.describe().",
                )  # fmt: skip


def touches(step: Step) -> list[Touch]:
    """All that the parts of a step touch; what the first part alone writes, the others leave alone."""
    kernel, given = step
    way, names = access(kernel), arguments_of(kernel)
    found = []
    for part, arguments in enumerate(given):
        named = dict(zip(names, arguments, strict=False))
        for name, argument in named.items():
            if not isinstance(argument, np.ndarray) or (part and name in way.first):
                continue
            writes = name in way.writes
            if name in way.segments:
                address, entry = byte_bounds(argument)[0], argument.itemsize
                for start, stop in zip(named["starts"], named["stops"], strict=True):
                    found.append(
                        Touch(part, argument[start:stop], address + start * entry, address + stop * entry, writes)
                    )
            else:
                found.append(Touch(part, argument, *byte_bounds(argument), writes))
    return found


def _table(touched: Sequence[Touch]) -> NDArray[np.int64]:
    """Rows of part, first byte, end, and 1 for writing."""
    return np.array([(t.part, t.start, t.stop, t.writes) for t in touched], np.int64).reshape(-1, 4)


def _meet(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pairs are of different parts, with bytes in common between their ends, and one that writes."""
    part, start, stop, writes = one.T[:, :, None]
    other_part, other_start, other_stop, other_writes = other.T
    apart = (stop <= other_start) | (other_stop <= start)
    result: NDArray[np.bool_] = (part != other_part) & ~apart & ((writes | other_writes) > 0)
    return result
