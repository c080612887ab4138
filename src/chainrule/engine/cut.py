"""Where work is cut for the members of a team."""

from __future__ import annotations

from itertools import pairwise

#: Members behind the first take multiples of this many rows or columns, a vector of float32.
GRAIN = 16


def parts(size: int, members: int) -> list[slice]:
    """Consecutive slices of about equal length; the first is never empty, the others are where there is little."""
    behind = [size * (members - m) // members // GRAIN * GRAIN for m in range(1, members)]
    return [slice(start, stop) for start, stop in pairwise([0, *(size - b for b in behind), size])]
