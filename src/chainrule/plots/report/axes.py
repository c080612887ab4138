"""Axes: where a value stands, and which values are written beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, with (value, text) pairs for its ticks."""

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def places(self, values: ArrayLike, start: float, stop: float) -> NDArray[np.float64]:
        """Where values stand between `start`, of `low`, and `stop`, of `high`; not finite ones nowhere (NaN)."""
        found = np.asarray(values, np.float64)
        found = np.where(np.isfinite(found), found, np.nan)
        return start + (found - self.low) / (self.high - self.low) * (stop - start)


def linear(label: str, values: ArrayLike, most: int = 6, at_least: tuple[float, float] | None = None) -> Axis:
    """An axis that holds all finite values, with at most about `most` round numbers beside it.

    Examples
    --------
    >>> from chainrule.plots.report.axes import linear
    >>> linear("loss", [0.31, 0.92]).ticks
    ((0.4, '0.4'), (0.6, '0.6'), (0.8, '0.8'))
    """
    low, high = _span(values, at_least)
    step = _round_step((high - low) / most)
    first = math.ceil(low / step - 1e-9)
    marks = [float(f"{k * step:.12g}") for k in range(first, math.floor(high / step + 1e-9) + 1)]
    return Axis(label, low, high, tuple((mark, f"{mark:.10g}") for mark in marks))


def decades(label: str, logarithms: ArrayLike, most: int = 6, at_least: tuple[float, float] | None = None) -> Axis:
    """An axis of values that are logarithms to base 10, written as powers of it.

    Examples
    --------
    >>> from chainrule.plots.report.axes import decades
    >>> decades("update", [-4.2, -1.9]).ticks
    ((-4, '10⁻⁴'), (-3, '10⁻³'), (-2, '10⁻²'))
    """
    low, high = _span(logarithms, at_least)
    low, high = min(low, math.ceil(low)), max(high, math.floor(high))
    if math.floor(high) - math.ceil(low) < 1:  # fewer than two powers would say nothing
        low, high = math.floor(low), math.ceil(high)
    step = max(1, math.ceil((high - low) / most))
    first = math.ceil(low / step - 1e-9) * step
    marks = range(first, math.floor(high + 1e-9) + 1, step)
    return Axis(label, low, high, tuple((mark, f"10{str(mark).translate(_RAISED)}") for mark in marks))


def whole(label: str, low: int, high: int, most: int = 7, room: float = 0) -> Axis:
    """An axis of whole numbers, such as epochs; with `room` at its ends, half a cell for cells.

    Examples
    --------
    >>> from chainrule.plots.report.axes import whole
    >>> whole("epoch", 1, 30).ticks
    ((5, '5'), (10, '10'), (15, '15'), (20, '20'), (25, '25'), (30, '30'))
    """
    step = max(1, int(_round_step((high - low) / most)))
    marks = range(math.ceil(low / step) * step, high + 1, step)
    room = 0.5 if low == high else room
    return Axis(label, low - room, high + room, tuple((mark, f"{mark:,}") for mark in marks))


def named(label: str, names: Sequence[str], most: int = 12) -> Axis:
    """An axis of names, at 0, 1, 2, ...; of many, each second or third is written."""
    every = math.ceil(len(names) / most)
    marks = tuple((place, name) for place, name in enumerate(names) if place % every == 0)
    return Axis(label, -0.5, len(names) - 0.5, marks)


def _span(values: ArrayLike, at_least: tuple[float, float] | None) -> tuple[float, float]:
    """The least and the greatest finite value, with a little room."""
    found = np.asarray(values, np.float64).ravel()
    found = found[np.isfinite(found)]
    if at_least is not None:
        found = np.append(found, at_least)
    low, high = (float(found.min()), float(found.max())) if len(found) else (0.0, 1.0)
    room = (high - low) * 0.04 or abs(low) * 0.1 or 1.0
    fixed = at_least or (math.nan, math.nan)
    return (low if low == fixed[0] else low - room), (high if high == fixed[1] else high + room)


def _round_step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is no less."""
    power = 10.0 ** math.floor(math.log10(least)) if least > 0 else 1.0
    return next((k * power for k in (1, 2, 5, 10) if k * power >= least * (1 - 1e-9)), power)
