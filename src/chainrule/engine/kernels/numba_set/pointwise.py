"""Bias, activation and what training draws in one pass over a (rows, units) array."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine.kernels.access import by_columns, by_rows

value: Any = None  # placeholders
slope_at: Any = None
open_draw: Any = None
drawn: Any = None
factor: Any = None
undrawn: Any = None

KERNELS = {
    "activate": by_rows("z", "a"),
    "activate_inplace": by_rows("a"),
    "activate_backward": by_rows("d", "db"),
    "column_sums": by_rows("db"),
    "gate": by_rows("z", "a"),
    "gate_backward": by_rows("dz", "db"),
    "combine": by_columns("total"),
    "copy": by_rows("to"),
    "add": by_rows("out"),
    "add_into": by_rows("a"),
    "scale": by_rows("z"),
}


def activate(z: Any, bias: Any, a: Any, noise: Any, start: Any = 0) -> None:
    """z += bias; a = drawn(f(z))."""
    draw = open_draw(noise)
    rows, units = z.shape
    for i in range(rows):
        first = np.uint32(start + i * units)
        for j in range(units):
            t = z[i, j] + bias[j]
            z[i, j] = t
            a[i, j] = drawn(value(t), draw, np.uint32(first + np.uint32(j)))


def activate_inplace(a: Any, bias: Any, noise: Any, start: Any = 0) -> None:
    """a = drawn(f(a + bias))."""
    draw = open_draw(noise)
    rows, units = a.shape
    for i in range(rows):
        first = np.uint32(start + i * units)
        for j in range(units):
            a[i, j] = drawn(value(a[i, j] + bias[j]), draw, np.uint32(first + np.uint32(j)))


def activate_backward(d: Any, z: Any, a: Any, db: Any, noise: Any, start: Any = 0) -> None:
    """d: da -> dz = da * factor * f'; db = sum of dz over rows. `a` is what came out, drawn."""
    draw = open_draw(noise)
    rows, units = d.shape
    for j in range(units):
        db[j] = 0
    for i in range(rows):
        first = np.uint32(start + i * units)
        for j in range(units):
            index = np.uint32(first + np.uint32(j))
            dz = d[i, j] * factor(draw, index) * slope_at(z[i, j], undrawn(a[i, j], draw))
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


def gate(z: Any, bias: Any, a: Any) -> None:
    """z += bias; a = f(first half of z) * second half."""
    rows, units = a.shape
    for i in range(rows):
        for j in range(units):
            t, v = z[i, j] + bias[j], z[i, units + j] + bias[units + j]
            z[i, j] = t
            z[i, units + j] = v
            a[i, j] = value(t) * v


def gate_backward(dz: Any, d: Any, z: Any, db: Any) -> None:
    """dz = d * v * f'(t), d * f(t) of the halves t, v of z; db = sum of dz over rows."""
    rows, units = d.shape
    for j in range(2 * units):
        db[j] = 0
    for i in range(rows):
        for j in range(units):
            t, v = z[i, j], z[i, units + j]
            opened = value(t)
            d_gate, d_value = d[i, j] * v * slope_at(t, opened), d[i, j] * opened
            dz[i, j] = d_gate
            dz[i, units + j] = d_value
            db[j] += d_gate
            db[units + j] += d_value


def combine(partial: Any, total: Any, start: Any = 0) -> None:
    """total = sum of the partial sums of all parts, for the columns from `start` on."""
    units = total.shape[0]
    for j in range(units):
        total[j] = partial[0, start + j]
    for k in range(1, partial.shape[0]):
        for j in range(units):
            total[j] += partial[k, start + j]


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


def scale(z: Any, numbers: Any) -> None:
    """z *= the one number."""
    rows, units = z.shape
    for i in range(rows):
        for j in range(units):
            z[i, j] *= numbers[0, 0]
