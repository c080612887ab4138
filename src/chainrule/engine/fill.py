"""Rows of a table into a buffer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def fill(out: NDArray[Any], rows: Any, chosen: Any) -> None:
    """out = rows[chosen], for dense or compressed sparse rows, and a slice or indices; nothing is copied twice."""
    if not isinstance(rows, np.ndarray):
        rows[chosen].toarray(out=out)
    elif isinstance(chosen, slice):
        out[...] = rows[chosen]
    else:
        # mode="clip" writes straight into `out`; the default goes through a copy.
        rows.take(chosen, axis=0, out=out, mode="clip")
