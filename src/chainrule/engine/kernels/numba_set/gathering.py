"""Rows of a table copied together."""

from __future__ import annotations

from typing import Any

from chainrule.engine.kernels.access import by_rows

KERNELS = {"gather": by_rows("out")}


def gather(out: Any, order: Any, source: Any) -> None:
    """Row i of out is row order[i] of the source."""
    rows, units = out.shape
    for i in range(rows):
        k = order[i]
        for j in range(units):
            out[i, j] = source[k, j]
