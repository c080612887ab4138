"""Twin of `numba_set.expansion`, which says what it does."""

from __future__ import annotations

from typing import Any

import numpy as np

KERNELS = ("expand",)


def expand(x: Any, values: Any, program: Any, fills: Any, constants: Any) -> None:
    for kind, source, start, stop, first in program:
        given, out = values[:, source], x[:, start:stop]
        v = np.where(np.isnan(given), fills[source], given)
        c = constants[first:]
        if kind == 0:
            width = stop - start
            origin, slope, low, high = c[: 4 * width].reshape(4, width)
            out[...] = np.minimum(np.maximum((v[:, None] - origin) * slope, low), high)
        elif kind == 1:
            ratio = np.clip((v - c[0]) * c[1] / c[2], -1e9, 1e9)
            out[:, 0] = c[2] * ratio / np.sqrt(1 + ratio * ratio)
        elif kind == 2:
            out[:, 0] = np.isnan(given)
        elif kind == 3:
            out[...] = v[:, None] == np.arange(stop - start)
        elif kind == 4:
            codes, columns = values[:, source : source + stop - start], fills[source : source + stop - start]
            out[...] = np.where(np.isnan(codes), columns, codes)
        else:
            count, period = int(c[0]), c[1]
            knots, heights = c[2 : 2 + 2 * count].reshape(2, count)
            if period > 0:
                turns = (v - knots[0]) / period
                v = np.where(abs(turns) < 1e3, v - period * np.floor(turns), knots[0])
            out[:, 0] = np.interp(v, knots, heights)
