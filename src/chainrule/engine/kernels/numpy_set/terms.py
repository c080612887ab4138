"""Twin of `numba_set.terms`, which says what it does."""

from __future__ import annotations

from typing import Any

import numpy as np

KERNELS = ("locate", "running_sums", "add_terms", "terms_backward", "running_sums_backward")


def locate(places: Any, shares: Any, codes: Any, values: Any, program: Any, fills: Any, constants: Any) -> None:
    for kind, source, start, stop, first, term in program:
        width, given = stop - start, values[:, source : source + (stop - start if kind == 4 else 1)]
        v = np.where(np.isnan(given), fills[source : source + given.shape[1]], given)
        if kind == 6:
            origin, slope, low, high = constants[first : first + 4 * width].reshape(4, width)
            at = np.maximum(np.searchsorted(origin, v[:, 0], "right") - 1, 0)
            filled = np.minimum(np.maximum((v[:, 0] - origin[at]) * slope[at], low[at]), high[at]) / high[0]
            places[:, term], shares[:, term] = start + np.maximum(at - 1, 0), np.where(at > 0, 1 - filled, 0)
            places[:, term + 1], shares[:, term + 1] = start + at, filled
        elif kind == 3:
            known = (v[:, 0] >= 0) & (v[:, 0] < width)
            places[:, term], shares[:, term] = start + np.where(known, v[:, 0], 0).astype(np.int64), known
        elif kind == 4:
            codes[:, term : term + width] = v
        else:
            places[:, term : term + width] = np.arange(start, stop)


def running_sums(sums: Any, W: Any, how: Any) -> None:
    inputs = how.shape[1]
    scaled = W[:, :inputs] * how[1]
    for start, stop in _runs(how):
        np.cumsum(scaled[:, start:stop], axis=1, out=scaled[:, start:stop])
    sums.reshape(inputs, -1)[...] = scaled.T


def add_terms(z: Any, places: Any, shares: Any, sums: Any, fresh: Any) -> None:
    found = _spread(places, shares, sums.size // z.shape[1]) @ sums.reshape(-1, z.shape[1])
    z[...] = found if fresh else z + found


def terms_backward(dz: Any, places: Any, shares: Any, sums: Any) -> None:
    sums.reshape(-1, dz.shape[1])[...] = _spread(places, shares, sums.size // dz.shape[1]).T @ dz


def running_sums_backward(dW: Any, sums: Any, how: Any) -> None:
    inputs = how.shape[1]
    total = sums.sum(axis=0).reshape(inputs, -1)[::-1].T.copy()
    for start, stop in _runs(how):
        here = slice(inputs - stop, inputs - start)
        np.cumsum(total[:, here], axis=1, out=total[:, here])
    dW[:, :inputs] = total[:, ::-1] * how[1]


def _runs(how: Any) -> Any:
    """First and last of inputs whose sums go on from each other."""
    starts = np.flatnonzero(how[0] == 0)
    return zip(starts, [*starts[1:], how.shape[1]], strict=True)


def _spread(places: Any, shares: Any, inputs: int) -> Any:
    """The terms as a dense matrix (rows, inputs)."""
    found = np.zeros((len(places), inputs), shares.dtype)
    rows = np.arange(len(places))
    for place, share in zip(places.T, shares.T, strict=True):
        found[rows, place] += share
    return found
