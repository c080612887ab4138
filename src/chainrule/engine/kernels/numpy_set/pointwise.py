"""Twins of `numba_set.pointwise`, which says what each does."""

from __future__ import annotations

from typing import Any

import numpy as np

value: Any = None  # placeholders
slope_at: Any = None
drawn: Any = None
factor: Any = None
undrawn: Any = None

KERNELS = (
    "activate",
    "activate_inplace",
    "activate_backward",
    "column_sums",
    "gate",
    "gate_backward",
    "combine",
    "copy",
    "add",
    "add_into",
    "scale",
)


def activate(z: Any, bias: Any, a: Any, noise: Any, start: Any = 0) -> None:
    z += bias
    a[...] = drawn(value(z), noise)


def activate_inplace(a: Any, bias: Any, noise: Any, start: Any = 0) -> None:
    a[...] = drawn(value(a + bias), noise)


def activate_backward(d: Any, z: Any, a: Any, db: Any, noise: Any, start: Any = 0) -> None:
    d *= factor(noise, d) * slope_at(z, undrawn(a, noise))
    d.sum(axis=0, out=db)


def column_sums(d: Any, db: Any) -> None:
    d.sum(axis=0, out=db)


def gate(z: Any, bias: Any, a: Any) -> None:
    z += bias
    t, v = np.split(z, 2, axis=1)
    a[...] = value(t) * v


def gate_backward(dz: Any, d: Any, z: Any, db: Any) -> None:
    t, v = np.split(z, 2, axis=1)
    opened = value(t)
    dz[...] = np.concatenate([d * v * slope_at(t, opened), d * opened], axis=1)
    dz.sum(axis=0, out=db)


def combine(partial: Any, total: Any, start: Any = 0) -> None:
    partial.sum(axis=0, out=total)


def copy(to: Any, x: Any) -> None:
    to[...] = x


def add(x: Any, y: Any, out: Any) -> None:
    out[...] = x + y


def add_into(a: Any, b: Any) -> None:
    a += b


def scale(z: Any, numbers: Any) -> None:
    z *= numbers[0, 0]
