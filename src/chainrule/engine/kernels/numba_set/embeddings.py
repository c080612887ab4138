"""Codes replaced by learned vectors, one kind of code at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

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


def embed(a: Any, x: Any, E: Any, first: Any, stop: Any, start: Any) -> None:
    """From `start` on, a row of a is the sum of the rows of E whose numbers stand in the columns of x from `first` to
    `stop`, divided by the square root of how many there are: zeros where there is none."""
    levels, units = E.shape
    for i in range(a.shape[0]):
        out = a[i, start : start + units]
        codes = x[i, first:stop]
        known, nothing = 0, a.dtype.type(0)
        out[:] = nothing
        for c in range(stop - first):
            code = codes[c]
            if code >= 0 and code < levels:
                vector = E[int(code)]
                for j in range(units):
                    out[j] += vector[j]
                known += 1
            elif code != code:
                nothing = code - code  # NaN shows
        if known > 1 or nothing != nothing:
            share = a.dtype.type(1 / np.sqrt(max(known, 1)))
            for j in range(units):
                out[j] = out[j] * share + nothing


def embed_backward(da: Any, x: Any, dE: Any, first: Any, stop: Any, start: Any) -> None:
    """dE = the sums of da over the rows in which each code stands, as `embed` shares them out."""
    levels, units = dE.shape
    shared = np.empty(units, dE.dtype)
    dE[:] = 0
    for i in range(da.shape[0]):
        codes = x[i, first:stop]
        known = 0
        for c in range(stop - first):
            known += codes[c] >= 0 and codes[c] < levels
        share = da.dtype.type(1 / np.sqrt(max(known, 1)))
        for j in range(units):
            shared[j] = da[i, start + j] * share
        for c in range(stop - first):
            code = codes[c]
            if code >= 0 and code < levels:
                vector = dE[int(code)]
                for j in range(units):
                    vector[j] += shared[j]


def embed_plain_backward(dx: Any, da: Any, plain: Any) -> None:
    """Columns that passed through have their gradient, codes have none."""
    for i in range(dx.shape[0]):
        for j in range(dx.shape[1]):
            dx[i, j] = da[i, j] if j < plain else dx.dtype.type(0)
