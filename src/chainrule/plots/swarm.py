"""Where dots of a row stand so that they do not hide each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Dots that find place beside each other on the way from the least value to the greatest.
PLACES = 90
#: How far dots of one place are apart where there is room, as a share of half a row.
APART = 0.3


def swarm(values: ArrayLike, low: float, high: float) -> NDArray[Any]:
    """How far above or below its line each value is drawn, -1 to 1: the more values are near it, the farther.

    Parameters
    ----------
    values : array of shape (dots,)
    low, high : ends of the axis

    Returns
    -------
    array of shape (dots,)

    Examples
    --------
    >>> from chainrule.plots.swarm import swarm
    >>> swarm([0.0, 5.0, 5.0, 5.0], 0, 10)
    array([ 0. ,  0. ,  0.3, -0.3])
    """
    found = np.asarray(values, np.float64)
    place = np.zeros(len(found), np.int64)
    known = np.isfinite(found)
    if high > low:
        place[known] = (found[known] - low) / (high - low) * PLACES
    order = np.argsort(place, kind="stable")
    _, first, counts = np.unique(place[order], return_index=True, return_counts=True)
    rank = np.empty(len(found), np.int64)
    rank[order] = np.arange(len(found)) - np.repeat(first, counts)
    offsets = (rank + 1) // 2 * np.where(rank % 2, 1, -1)
    return offsets * min(APART, 1 / max(np.abs(offsets).max(initial=0), 1))
