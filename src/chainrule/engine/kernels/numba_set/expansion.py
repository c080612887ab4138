"""Rows of compact columns, expanded into what a network reads.

`program` has a row per block: kind, source column, first and last output column, place of its constants.
`fills` is what stands in for a missing value, by source column. Kinds are those of `chainrule.engine.expansion`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine.kernels.access import by_rows

KERNELS = {"expand": by_rows("x")}


def expand(x: Any, values: Any, program: Any, fills: Any, constants: Any) -> None:
    """x = every block of every row of `values`."""
    one, zero, far, rounds = x.dtype.type(1), x.dtype.type(0), x.dtype.type(1e9), x.dtype.type(1e3)
    for r in range(x.shape[0]):
        row = x[r]
        for p in range(program.shape[0]):
            kind, source, start, stop = program[p, 0], program[p, 1], program[p, 2], program[p, 3]
            first = program[p, 4]
            given = values[r, source]
            v = fills[source] if np.isnan(given) else given
            if kind == 0:  # a clipped line per output column
                width = stop - start
                origin = constants[first : first + width]
                slope = constants[first + width : first + 2 * width]
                low = constants[first + 2 * width : first + 3 * width]
                high = constants[first + 3 * width : first + 4 * width]
                out = row[start:stop]
                for j in range(width):
                    out[j] = min(max((v - origin[j]) * slope[j], low[j]), high[j])
            elif kind == 1:  # a smooth clip
                t = (v - constants[first]) * constants[first + 1]
                ratio = min(max(t / constants[first + 2], -far), far)  # whose square is finite
                row[start] = constants[first + 2] * ratio / np.sqrt(one + ratio * ratio)
            elif kind == 2:  # whether it is missing
                row[start] = one if np.isnan(given) else zero
            elif kind == 3:  # an indicator per level
                row[start:stop] = zero
                if v >= zero and v < stop - start:
                    row[start + int(v)] = one
            elif kind == 4:  # codes themselves
                for k in range(stop - start):
                    code = values[r, source + k]
                    row[start + k] = fills[source + k] if np.isnan(code) else code
            else:  # a curve through knots
                count, period = int(constants[first]), constants[first + 1]
                knots = constants[first + 2 : first + 2 + count]
                heights = constants[first + 2 + count : first + 2 + 2 * count]
                t = v
                if period > zero:
                    turns = (v - knots[0]) / period
                    t = v - period * np.floor(turns) if abs(turns) < rounds else knots[0]
                low, high = 0, count - 1
                while high - low > 1:
                    middle = (low + high) // 2
                    if knots[middle] <= t:
                        low = middle
                    else:
                        high = middle
                share = min(max((t - knots[low]) / (knots[high] - knots[low]), zero), one)
                row[start] = heights[low] + share * (heights[high] - heights[low])
