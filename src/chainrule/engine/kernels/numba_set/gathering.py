"""Rows of a table copied together; and what changes from one step of a series to the next."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine.kernels.access import alone, by_rows

KERNELS = {"gather": by_rows("out"), "take_row": alone("out"), "next_row": alone("place"), "draw_anew": alone("noise")}


def gather(out: Any, order: Any, source: Any) -> None:
    """Row i of out is row order[i] of the source."""
    rows, units = out.shape
    for i in range(rows):
        k = order[i]
        for j in range(units):
            out[i, j] = source[k, j]


def take_row(out: Any, table: Any, place: Any) -> None:
    """out = the row of a table that is up."""
    row = table[place[0]]
    for j in range(out.shape[0]):
        out[j] = row[j]


def next_row(place: Any) -> None:
    """The next row of the tables is up."""
    place[0] += 1


def draw_anew(noise: Any) -> None:
    """Every site draws what belongs to the next step."""
    for site in range(noise.shape[0]):
        noise[site, 1] += np.uint32(1)
