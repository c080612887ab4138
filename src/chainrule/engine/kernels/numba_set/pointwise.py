"""Bias, activation and dropout in one pass over a (rows, units) array."""

from __future__ import annotations

from typing import Any

import numpy as np

value: Any = None  # placeholders
slope_at: Any = None
open_mask: Any = None
mask: Any = None

KERNELS = ("activate", "activate_inplace", "activate_backward", "column_sums", "combine", "copy", "add", "add_into")


def activate(z: Any, bias: Any, a: Any, noise: Any, start: Any = 0) -> None:
    """z += bias; a = f(z), masked."""
    key, threshold, keep = open_mask(noise)
    scale = z.dtype.type(keep)
    rows, units = z.shape
    for i in range(rows):
        first = np.uint32(start + i * units)
        for j in range(units):
            t = z[i, j] + bias[j]
            z[i, j] = t
            a[i, j] = value(t) * mask(key, threshold, scale, np.uint32(first + np.uint32(j)))


def activate_inplace(a: Any, bias: Any, noise: Any, start: Any = 0) -> None:
    """a = f(a + bias), masked."""
    key, threshold, keep = open_mask(noise)
    scale = a.dtype.type(keep)
    rows, units = a.shape
    for i in range(rows):
        first = np.uint32(start + i * units)
        for j in range(units):
            t = value(a[i, j] + bias[j])
            a[i, j] = t * mask(key, threshold, scale, np.uint32(first + np.uint32(j)))


def activate_backward(d: Any, z: Any, a: Any, db: Any, noise: Any, start: Any = 0) -> None:
    """d: da -> dz = da * mask * f'; db = sum of dz over rows. `a` is what came out, behind the mask."""
    key, threshold, keep = open_mask(noise)
    scale, unscale = d.dtype.type(keep), d.dtype.type(1.0 / keep)
    rows, units = d.shape
    for j in range(units):
        db[j] = 0
    for i in range(rows):
        first = np.uint32(start + i * units)
        for j in range(units):
            stays = mask(key, threshold, scale, np.uint32(first + np.uint32(j)))
            dz = d[i, j] * stays * slope_at(z[i, j], a[i, j] * unscale)
            d[i, j] = dz
            db[j] += dz


def column_sums(d: Any, db: Any) -> None:
    """db = sum of d over rows."""
    rows, units = d.shape
    for j in range(units):
        db[j] = 0
    for i in range(rows):
        for j in range(units):
            db[j] += d[i, j]


def combine(partial: Any, total: Any) -> None:
    """total = sum of the partial sums of all members."""
    members, units = partial.shape
    for j in range(units):
        total[j] = partial[0, j]
    for k in range(1, members):
        for j in range(units):
            total[j] += partial[k, j]


def copy(to: Any, x: Any) -> None:
    rows, units = to.shape
    for i in range(rows):
        for j in range(units):
            to[i, j] = x[i, j]


def add(x: Any, y: Any, out: Any) -> None:
    rows, units = out.shape
    for i in range(rows):
        for j in range(units):
            out[i, j] = x[i, j] + y[i, j]


def add_into(a: Any, b: Any) -> None:
    """a += b."""
    rows, units = a.shape
    for i in range(rows):
        for j in range(units):
            a[i, j] += b[i, j]
