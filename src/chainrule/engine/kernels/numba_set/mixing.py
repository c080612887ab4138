"""Rows mixed with other rows of the same array."""

from __future__ import annotations

from typing import Any

from chainrule.engine.kernels.access import alone

KERNELS = {"mix": alone("x", "first")}


def mix(x: Any, ring: Any, share: Any, first: Any) -> None:
    """Each row moves to the next one in the ring, by `share` of the way; `first` keeps what the last moves to.

    A row that meets its like stays as it is, to the bit.
    """
    way = x.dtype.type(share)
    rows, units = x.shape
    for j in range(units):
        first[j] = x[ring[0], j]
    for k in range(rows - 1):
        here, there = x[ring[k]], x[ring[k + 1]]
        for j in range(units):
            here[j] += way * (there[j] - here[j])
    here = x[ring[rows - 1]]
    for j in range(units):
        here[j] += way * (first[j] - here[j])
