"""Twins of `numba_set.norms`, which says what each does."""

from __future__ import annotations

from typing import Any

import numpy as np

value: Any = None  # placeholders
slope_at: Any = None
drawn: Any = None
factor: Any = None
undrawn: Any = None

KERNELS = (
    "batch_norm_sums",
    "batch_norm",
    "batch_norm_slopes",
    "batch_norm_backward",
    "batch_norm_predict",
    "layer_norm",
    "layer_norm_backward",
    "layer_norm_predict",
    "rms_norm",
    "rms_norm_backward",
    "rms_norm_predict",
)


def batch_norm_sums(z: Any, sums: Any) -> None:
    sums[...] = np.concatenate([z.mean(axis=0), len(z) * z.var(axis=0), [len(z)]])


def batch_norm(
    z: Any, bias: Any, rstd: Any, gain: Any, offset: Any, running_mean: Any, running_variance: Any,
    sums: Any, moments: Any, a: Any, noise: Any, momentum: Any, eps: Any, frozen: Any, start: Any = 0,
) -> None:  # fmt: skip
    if frozen:
        mean, variance = running_mean - bias, running_variance
    else:
        ((mean, squares, rows),) = (np.split(row, [len(gain), 2 * len(gain)]) for row in sums)
        variance = squares / rows
        running_mean += momentum * (mean + bias - running_mean)
        running_variance += momentum * (variance - running_variance)
    rstd[...] = 1 / np.sqrt(variance + eps)
    z -= mean
    z *= rstd
    a[...] = drawn(value(gain * z + offset), noise)


def batch_norm_slopes(
    d: Any, x_hat: Any, a: Any, gain: Any, offset: Any, sums: Any, noise: Any, start: Any = 0
) -> None:
    d *= factor(noise, d) * slope_at(gain * x_hat + offset, undrawn(a, noise))
    sums[...] = np.concatenate([d.sum(axis=0), (d * x_hat).sum(axis=0), [len(d)]])


def batch_norm_backward(
    d: Any, x_hat: Any, rstd: Any, gain: Any, sums: Any, moments: Any,
    d_gain: Any, d_offset: Any, db: Any, frozen: Any, start: Any = 0,
) -> None:  # fmt: skip
    d_offset[...], d_gain[...], _ = np.split(sums[0], [len(gain), 2 * len(gain)])
    if not frozen:
        d -= (d_offset + x_hat * d_gain) / len(d)
    d *= gain * rstd
    db[...] = d_offset * gain * rstd if frozen else 0


def batch_norm_predict(
    a: Any, bias: Any, gain: Any, offset: Any, mean: Any, variance: Any, slant: Any, eps: Any
) -> None:
    slant[...] = gain / np.sqrt(variance + eps)
    a[...] = value((a + bias - mean) * slant + offset)


def layer_norm(
    z: Any, bias: Any, rstd: Any, gain: Any, offset: Any, a: Any, noise: Any, eps: Any, start: Any = 0
) -> None:
    z += bias
    rstd[...] = 1 / np.sqrt(z.var(axis=1) + eps)
    z -= z.mean(axis=1, keepdims=True)
    z *= rstd[:, None]
    a[...] = drawn(value(gain * z + offset), noise)


def layer_norm_backward(
    d: Any, x_hat: Any, a: Any, rstd: Any, gain: Any, offset: Any,
    d_gain: Any, d_offset: Any, db: Any, noise: Any, start: Any = 0,
) -> None:  # fmt: skip
    d *= factor(noise, d) * slope_at(gain * x_hat + offset, undrawn(a, noise))
    d.sum(axis=0, out=d_offset)
    (d * x_hat).sum(axis=0, out=d_gain)
    d *= gain
    d -= d.mean(axis=1, keepdims=True) + x_hat * (d * x_hat).mean(axis=1, keepdims=True)
    d *= rstd[:, None]
    d.sum(axis=0, out=db)


def layer_norm_predict(a: Any, bias: Any, gain: Any, offset: Any, eps: Any) -> None:
    a += bias
    rstd = 1 / np.sqrt(a.var(axis=1, keepdims=True) + eps)
    a[...] = value(gain * ((a - a.mean(axis=1, keepdims=True)) * rstd) + offset)


def rms_norm(z: Any, bias: Any, rstd: Any, gain: Any, a: Any, noise: Any, eps: Any, start: Any = 0) -> None:
    z += bias
    rstd[...] = 1 / np.sqrt((z * z).mean(axis=1) + eps)
    z *= rstd[:, None]
    a[...] = drawn(value(gain * z), noise)


def rms_norm_backward(
    d: Any, x_hat: Any, a: Any, rstd: Any, gain: Any, d_gain: Any, db: Any, noise: Any, start: Any = 0
) -> None:
    d *= factor(noise, d) * slope_at(gain * x_hat, undrawn(a, noise))
    (d * x_hat).sum(axis=0, out=d_gain)
    d *= gain
    d -= x_hat * (d * x_hat).mean(axis=1, keepdims=True)
    d *= rstd[:, None]
    d.sum(axis=0, out=db)


def rms_norm_predict(a: Any, bias: Any, gain: Any, eps: Any) -> None:
    a += bias
    a[...] = value(gain * (a / np.sqrt((a * a).mean(axis=1, keepdims=True) + eps)))
