"""Batch, layer and root-mean-square normalisation, with the activation and the draw that follow in the same pass.

y = gain * x_hat + offset, a = f(y). Backward needs x_hat, which overwrites z, and 1/deviation, `rstd`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine.kernels.access import by_rows

value: Any = None  # placeholders
slope_at: Any = None
open_draw: Any = None
drawn: Any = None
factor: Any = None
undrawn: Any = None

KERNELS = {
    "batch_norm_sums": by_rows("sums"),
    "batch_norm": by_rows("z", "moments", "a", first=("rstd", "running_mean", "running_variance")),
    "batch_norm_slopes": by_rows("d", "sums"),
    "batch_norm_backward": by_rows("d", "moments", first=("d_gain", "d_offset", "db")),
    "batch_norm_predict": by_rows("a", "slant"),
    "layer_norm": by_rows("z", "rstd", "a"),
    "layer_norm_backward": by_rows("d", "d_gain", "d_offset", "db"),
    "layer_norm_predict": by_rows("a"),
    "rms_norm": by_rows("z", "rstd", "a"),
    "rms_norm_backward": by_rows("d", "d_gain", "db"),
    "rms_norm_predict": by_rows("a"),
}


def batch_norm_sums(z: Any, sums: Any) -> None:
    """sums = mean of these rows per column, then squared deviations from it, then the number of rows.

    Sums are taken of z - z[0], which keeps the one-pass variance exact enough in float32.
    """
    rows, units = z.shape
    mean, square = sums[:units], sums[units : 2 * units]
    for j in range(units):
        mean[j] = 0
        square[j] = 0
    for i in range(1, rows):
        for j in range(units):
            t = z[i, j] - z[0, j]
            mean[j] += t
            square[j] += t * t
    sums[2 * units] = rows
    if rows > 0:
        per_row = z.dtype.type(1.0 / rows)
        for j in range(units):
            shift = mean[j] * per_row
            square[j] = max(square[j] - shift * mean[j], z.dtype.type(0))
            mean[j] = z[0, j] + shift


def batch_norm(
    z: Any, bias: Any, rstd: Any, gain: Any, offset: Any, running_mean: Any, running_variance: Any,
    sums: Any, moments: Any, a: Any, noise: Any, momentum: Any, eps: Any, frozen: Any, start: Any = 0,
) -> None:  # fmt: skip
    """z -> x_hat; a = drawn(f(gain * x_hat + offset)); running statistics move by `momentum`.

    `frozen` takes the running statistics in place of the batch's, and leaves them. `sums` are those of all parts,
    put together as by Chan et al. 1979; each part does so for itself in `moments`, the first writes the results.
    """
    draw = open_draw(noise)
    share, tiny, one = z.dtype.type(momentum), z.dtype.type(eps), z.dtype.type(1)
    rows, units = z.shape
    mean, inverse = moments[:units], moments[units : 2 * units]
    if frozen:
        for j in range(units):
            mean[j] = running_mean[j] - bias[j]
            inverse[j] = one / np.sqrt(running_variance[j] + tiny)
    else:
        total = z.dtype.type(0)
        for k in range(sums.shape[0]):
            total += sums[k, 2 * units]
        for j in range(units):
            mean[j] = 0
            inverse[j] = 0
        for k in range(sums.shape[0]):
            part = sums[k, 2 * units] / total
            for j in range(units):
                mean[j] += part * sums[k, j]
        for k in range(sums.shape[0]):
            part = sums[k, 2 * units] / total
            squares = sums[k, units : 2 * units]
            for j in range(units):
                apart = sums[k, j] - mean[j]
                inverse[j] += squares[j] / total + part * apart * apart
        if start == 0:
            for j in range(units):
                # The bias moves the mean and nothing else.
                running_mean[j] += share * (mean[j] + bias[j] - running_mean[j])
                running_variance[j] += share * (inverse[j] - running_variance[j])
        for j in range(units):
            inverse[j] = one / np.sqrt(inverse[j] + tiny)
    if start == 0:
        for j in range(units):
            rstd[j] = inverse[j]
    for i in range(rows):
        first = np.uint32(start + i * units)
        for j in range(units):
            x_hat = (z[i, j] - mean[j]) * inverse[j]
            z[i, j] = x_hat
            index = np.uint32(first + np.uint32(j))
            a[i, j] = drawn(value(gain[j] * x_hat + offset[j]), draw, index)


def batch_norm_slopes(
    d: Any, x_hat: Any, a: Any, gain: Any, offset: Any, sums: Any, noise: Any, start: Any = 0
) -> None:
    """d: da -> dy; sums = sum of dy per column, then of dy * x_hat, then the number of rows."""
    draw = open_draw(noise)
    rows, units = d.shape
    plain, along = sums[:units], sums[units : 2 * units]
    for j in range(units):
        plain[j] = 0
        along[j] = 0
    sums[2 * units] = rows
    for i in range(rows):
        first = np.uint32(start + i * units)
        for j in range(units):
            index = np.uint32(first + np.uint32(j))
            y = gain[j] * x_hat[i, j] + offset[j]
            dy = d[i, j] * factor(draw, index) * slope_at(y, undrawn(a[i, j], draw))
            d[i, j] = dy
            plain[j] += dy
            along[j] += dy * x_hat[i, j]


def batch_norm_backward(
    d: Any, x_hat: Any, rstd: Any, gain: Any, sums: Any, moments: Any,
    d_gain: Any, d_offset: Any, db: Any, frozen: Any, start: Any = 0,
) -> None:  # fmt: skip
    """d: dy -> dz = gain * rstd * (dy - mean(dy) - x_hat * mean(dy * x_hat)); frozen, gain * rstd * dy.

    A bias before the batch's own mean moves nothing: db = 0 unless frozen.
    """
    rows, units = d.shape
    plain, along = moments[:units], moments[units : 2 * units]
    total = d.dtype.type(0)
    for j in range(units):
        plain[j] = 0
        along[j] = 0
    for k in range(sums.shape[0]):
        total += sums[k, 2 * units]
        squares = sums[k, units : 2 * units]
        for j in range(units):
            plain[j] += sums[k, j]
            along[j] += squares[j]
    if start == 0:
        for j in range(units):
            d_offset[j] = plain[j]
            d_gain[j] = along[j]
            db[j] = plain[j] * gain[j] * rstd[j] if frozen else d.dtype.type(0)
    share = d.dtype.type(0) if frozen else d.dtype.type(1) / total
    for i in range(rows):
        for j in range(units):
            centred = d[i, j] - (plain[j] + x_hat[i, j] * along[j]) * share
            d[i, j] = gain[j] * rstd[j] * centred


def batch_norm_predict(
    a: Any, bias: Any, gain: Any, offset: Any, mean: Any, variance: Any, slant: Any, eps: Any
) -> None:
    """a: z -> f(gain * (z + bias - mean) / deviation + offset) with the running statistics."""
    tiny = a.dtype.type(eps)
    rows, units = a.shape
    for j in range(units):
        slant[j] = gain[j] / np.sqrt(variance[j] + tiny)
    for i in range(rows):
        for j in range(units):
            a[i, j] = value((a[i, j] + bias[j] - mean[j]) * slant[j] + offset[j])


def layer_norm(
    z: Any, bias: Any, rstd: Any, gain: Any, offset: Any, a: Any, noise: Any, eps: Any, start: Any = 0
) -> None:
    """z -> x_hat per row; a = drawn(f(gain * x_hat + offset))."""
    draw = open_draw(noise)
    tiny = z.dtype.type(eps)
    rows, units = z.shape
    per_unit = z.dtype.type(1.0 / units)
    for i in range(rows):
        first = np.uint32(start + i * units)
        total = z.dtype.type(0)
        for j in range(units):
            t = z[i, j] + bias[j]
            z[i, j] = t
            total += t
        mean = total * per_unit
        square = z.dtype.type(0)
        for j in range(units):
            t = z[i, j] - mean
            square += t * t
        r = z.dtype.type(1) / np.sqrt(square * per_unit + tiny)
        rstd[i] = r
        for j in range(units):
            x_hat = (z[i, j] - mean) * r
            z[i, j] = x_hat
            index = np.uint32(first + np.uint32(j))
            a[i, j] = drawn(value(gain[j] * x_hat + offset[j]), draw, index)


def layer_norm_backward(
    d: Any, x_hat: Any, a: Any, rstd: Any, gain: Any, offset: Any,
    d_gain: Any, d_offset: Any, db: Any, noise: Any, start: Any = 0,
) -> None:  # fmt: skip
    """d: da -> dz = rstd * (g - mean(g) - x_hat * mean(g * x_hat)) with g = dy * gain; db sums dz."""
    draw = open_draw(noise)
    rows, units = d.shape
    per_unit = d.dtype.type(1.0 / units)
    for j in range(units):
        d_gain[j] = 0
        d_offset[j] = 0
        db[j] = 0
    for i in range(rows):
        first = np.uint32(start + i * units)
        total = d.dtype.type(0)
        along = d.dtype.type(0)
        for j in range(units):
            index = np.uint32(first + np.uint32(j))
            y = gain[j] * x_hat[i, j] + offset[j]
            dy = d[i, j] * factor(draw, index) * slope_at(y, undrawn(a[i, j], draw))
            d_offset[j] += dy
            d_gain[j] += dy * x_hat[i, j]
            g = dy * gain[j]
            d[i, j] = g
            total += g
            along += g * x_hat[i, j]
        for j in range(units):
            dz = rstd[i] * (d[i, j] - (total + x_hat[i, j] * along) * per_unit)
            d[i, j] = dz
            db[j] += dz


def layer_norm_predict(a: Any, bias: Any, gain: Any, offset: Any, eps: Any) -> None:
    """a: z -> f(gain * x_hat + offset), row by row."""
    tiny = a.dtype.type(eps)
    rows, units = a.shape
    per_unit = a.dtype.type(1.0 / units)
    for i in range(rows):
        total = a.dtype.type(0)
        for j in range(units):
            t = a[i, j] + bias[j]
            a[i, j] = t
            total += t
        mean = total * per_unit
        square = a.dtype.type(0)
        for j in range(units):
            t = a[i, j] - mean
            square += t * t
        r = a.dtype.type(1) / np.sqrt(square * per_unit + tiny)
        for j in range(units):
            a[i, j] = value(gain[j] * ((a[i, j] - mean) * r) + offset[j])


def rms_norm(z: Any, bias: Any, rstd: Any, gain: Any, a: Any, noise: Any, eps: Any, start: Any = 0) -> None:
    """z -> x_hat = z / sqrt(mean(z^2) + eps) per row; a = drawn(f(gain * x_hat))."""
    draw = open_draw(noise)
    tiny = z.dtype.type(eps)
    rows, units = z.shape
    per_unit = z.dtype.type(1.0 / units)
    for i in range(rows):
        first = np.uint32(start + i * units)
        square = z.dtype.type(0)
        for j in range(units):
            t = z[i, j] + bias[j]
            z[i, j] = t
            square += t * t
        r = z.dtype.type(1) / np.sqrt(square * per_unit + tiny)
        rstd[i] = r
        for j in range(units):
            x_hat = z[i, j] * r
            z[i, j] = x_hat
            index = np.uint32(first + np.uint32(j))
            a[i, j] = drawn(value(gain[j] * x_hat), draw, index)


def rms_norm_backward(
    d: Any, x_hat: Any, a: Any, rstd: Any, gain: Any, d_gain: Any, db: Any, noise: Any, start: Any = 0
) -> None:
    """d: da -> dz = rstd * (g - x_hat * mean(g * x_hat)) with g = dy * gain; db sums dz."""
    draw = open_draw(noise)
    rows, units = d.shape
    per_unit = d.dtype.type(1.0 / units)
    for j in range(units):
        d_gain[j] = 0
        db[j] = 0
    for i in range(rows):
        first = np.uint32(start + i * units)
        along = d.dtype.type(0)
        for j in range(units):
            index = np.uint32(first + np.uint32(j))
            dy = d[i, j] * factor(draw, index) * slope_at(gain[j] * x_hat[i, j], undrawn(a[i, j], draw))
            d_gain[j] += dy * x_hat[i, j]
            g = dy * gain[j]
            d[i, j] = g
            along += g * x_hat[i, j]
        for j in range(units):
            dz = rstd[i] * (d[i, j] - x_hat[i, j] * along * per_unit)
            d[i, j] = dz
            db[j] += dz


def rms_norm_predict(a: Any, bias: Any, gain: Any, eps: Any) -> None:
    """a: z -> f(gain * x_hat), row by row."""
    tiny = a.dtype.type(eps)
    rows, units = a.shape
    per_unit = a.dtype.type(1.0 / units)
    for i in range(rows):
        square = a.dtype.type(0)
        for j in range(units):
            t = a[i, j] + bias[j]
            a[i, j] = t
            square += t * t
        r = a.dtype.type(1) / np.sqrt(square * per_unit + tiny)
        for j in range(units):
            a[i, j] = value(gain[j] * (a[i, j] * r))
