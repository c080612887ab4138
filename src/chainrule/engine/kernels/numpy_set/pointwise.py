"""Twins of `numba_set.pointwise`, which says what each does."""

from __future__ import annotations

from typing import Any

value: Any = None  # placeholders
slope_at: Any = None
mask: Any = None

KERNELS = ("activate", "activate_inplace", "activate_backward", "column_sums", "combine", "copy", "add", "add_into")


def activate(z: Any, bias: Any, a: Any, noise: Any, start: Any = 0) -> None:
    stays, _ = mask(noise, z.shape, z.dtype)
    z += bias
    a[...] = value(z) * stays


def activate_inplace(a: Any, bias: Any, noise: Any, start: Any = 0) -> None:
    stays, _ = mask(noise, a.shape, a.dtype)
    a[...] = value(a + bias) * stays


def activate_backward(d: Any, z: Any, a: Any, db: Any, noise: Any, start: Any = 0) -> None:
    stays, scale = mask(noise, d.shape, d.dtype)
    d *= stays * slope_at(z, a / scale)
    d.sum(axis=0, out=db)


def column_sums(d: Any, db: Any) -> None:
    d.sum(axis=0, out=db)


def combine(partial: Any, total: Any) -> None:
    partial.sum(axis=0, out=total)


def copy(to: Any, x: Any) -> None:
    to[...] = x


def add(x: Any, y: Any, out: Any) -> None:
    out[...] = x + y


def add_into(a: Any, b: Any) -> None:
    a += b
