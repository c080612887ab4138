"""Codes replaced by learned vectors, one column of codes at a time."""

from __future__ import annotations

from typing import Any

from chainrule.engine.kernels.access import alone, by_rows

KERNELS = {
    "embed_plain": by_rows("a"),
    "embed": by_rows("a"),
    "embed_backward": alone("dE"),
    "embed_plain_backward": by_rows("dx"),
}


def embed_plain(a: Any, x: Any, plain: Any) -> None:
    """The first columns of a are those of x."""
    for i in range(a.shape[0]):
        for j in range(plain):
            a[i, j] = x[i, j]


def embed(a: Any, x: Any, E: Any, column: Any, start: Any) -> None:
    """From `start` on, a row of a is the row of E whose number stands in a column of x: zeros where there is none."""
    levels, units = E.shape
    for i in range(a.shape[0]):
        code = x[i, column]
        if code >= 0 and code < levels:
            k = int(code)
            for j in range(units):
                a[i, start + j] = E[k, j]
        else:
            nothing = code - code if code != code else a.dtype.type(0)  # NaN shows
            for j in range(units):
                a[i, start + j] = nothing


def embed_backward(da: Any, x: Any, dE: Any, column: Any, start: Any) -> None:
    """dE = the sums of da over the rows of each code."""
    levels, units = dE.shape
    for k in range(levels):
        for j in range(units):
            dE[k, j] = 0
    for i in range(da.shape[0]):
        code = x[i, column]
        if code >= 0 and code < levels:
            k = int(code)
            for j in range(units):
                dE[k, j] += da[i, start + j]


def embed_plain_backward(dx: Any, da: Any, plain: Any) -> None:
    """Columns that passed through have their gradient, codes have none."""
    for i in range(dx.shape[0]):
        for j in range(dx.shape[1]):
            dx[i, j] = da[i, j] if j < plain else dx.dtype.type(0)
