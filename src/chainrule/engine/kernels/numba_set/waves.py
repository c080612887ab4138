"""Waves of the first columns of x, combined to a few units for each, and their way back; see `layers.Periodic`."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine.kernels.access import alone, by_rows

cos: Any = None  # placeholders
sin: Any = None

KERNELS = {
    "waves": by_rows("a"),
    "waves_backward": by_rows("sums"),
    "waves_gradients": alone("dF", "dP", "dV", "db"),
    "waves_input": by_rows("dx"),
}


def waves(a: Any, x: Any, F: Any, P: Any, V: Any, b: Any) -> None:
    """A row of a is that of x, and behind it V cos(F x + P) + b of each column."""
    rows, inputs = x.shape
    columns, count = F.shape
    units = V.shape[0] // columns
    wave = np.empty(count, a.dtype)
    for i in range(rows):
        for j in range(inputs):
            a[i, j] = x[i, j]
    for c in range(columns):
        f, p, first = F[c], P[c], c * units
        for i in range(rows):
            v = x[i, c]
            for k in range(count):
                wave[k] = cos(v * f[k] + p[k])
            for u in range(units):
                weights, total = V[first + u], b[first + u]
                for k in range(count):
                    total += weights[k] * wave[k]
                a[i, inputs + first + u] = total


def waves_backward(da: Any, x: Any, F: Any, P: Any, V: Any, sums: Any, start: Any) -> None:
    """sums = the gradients by F, P, V and b, one behind the other; those by a's units of waves stand in da from
    `start` on."""
    rows = x.shape[0]
    columns, count = F.shape
    units = V.shape[0] // columns
    wave, slope, up = np.empty(count, da.dtype), np.empty(count, da.dtype), np.empty(count, da.dtype)
    sums[:] = 0
    at_P, at_V, at_b = columns * count, 2 * columns * count, 2 * columns * count + columns * units * count
    for c in range(columns):
        f, p, first = F[c], P[c], c * units
        of_f, of_p = sums[c * count : (c + 1) * count], sums[at_P + c * count : at_P + (c + 1) * count]
        for i in range(rows):
            v = x[i, c]
            for k in range(count):
                t = v * f[k] + p[k]
                wave[k], slope[k], up[k] = cos(t), sin(t), 0
            for u in range(units):
                g, weights = da[i, start + first + u], V[first + u]
                place = at_V + (first + u) * count
                of_v = sums[place : place + count]
                sums[at_b + first + u] += g
                for k in range(count):
                    of_v[k] += g * wave[k]
                    up[k] += g * weights[k]
            for k in range(count):
                t = -slope[k] * up[k]
                of_p[k] += t
                of_f[k] += t * v


def waves_gradients(sums: Any, dF: Any, dP: Any, dV: Any, db: Any) -> None:
    """The gradients of all parts added."""
    columns, count = dF.shape
    combined = db.shape[0]
    at_P, at_V, at_b = columns * count, 2 * columns * count, 2 * columns * count + combined * count
    zero = dF.dtype.type(0)
    for c in range(columns):
        for k in range(count):
            f, p = zero, zero
            for part in range(sums.shape[0]):
                f += sums[part, c * count + k]
                p += sums[part, at_P + c * count + k]
            dF[c, k], dP[c, k] = f, p
    for u in range(combined):
        total = zero
        for part in range(sums.shape[0]):
            total += sums[part, at_b + u]
        db[u] = total
        for k in range(count):
            total = zero
            for part in range(sums.shape[0]):
                total += sums[part, at_V + u * count + k]
            dV[u, k] = total


def waves_input(dx: Any, da: Any, x: Any, F: Any, P: Any, V: Any, start: Any) -> None:
    """dx: of inputs as they are, whose gradients stand in da before `start`, the last of them just there; and of
    waves."""
    rows, inputs = dx.shape
    columns, count = F.shape
    units = V.shape[0] // columns
    absent = inputs - start  # first columns whose gradient nobody asks for
    slope = np.empty(count, da.dtype)
    for i in range(rows):
        for j in range(inputs):
            dx[i, j] = da[i, j - absent] if j >= absent else dx.dtype.type(0)
    for c in range(columns):
        f, p, first = F[c], P[c], c * units
        for i in range(rows):
            v, total = x[i, c], dx[i, c]
            for k in range(count):
                slope[k] = -sin(v * f[k] + p[k]) * f[k]
            for u in range(units):
                g, weights = da[i, start + first + u], V[first + u]
                for k in range(count):
                    total += g * weights[k] * slope[k]
            dx[i, c] = total
