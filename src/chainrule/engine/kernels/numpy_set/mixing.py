"""Twin of `numba_set.mixing`, which says what it does."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

KERNELS = ("mix",)


def mix(x: Any, ring: Any, share: Any, first: Any) -> None:
    first[...] = x[ring[0]]
    for here, there in pairwise(ring):
        x[here] += share * (x[there] - x[here])
    x[ring[-1]] += share * (first - x[ring[-1]])
