"""A target of numbers on the scale that a network learns, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError

Array = NDArray[Any]


@dataclass(frozen=True)
class TargetScale:
    """Standardised, by its logarithm where `log`; predictions stay within what was seen. A number per output each."""

    center: tuple[float, ...]
    scale: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    log: bool = False

    def __post_init__(self) -> None:
        parts = self.center, self.scale, self.low, self.high
        whole = all(isinstance(v, (int, float)) and math.isfinite(v) for part in parts for v in part)
        if not whole or len({len(part) for part in parts}) != 1 or not all(v > 0 for v in self.scale):
            raise InputError("TargetScale", "finite numbers, one per target, and scales above 0", self, "Fit anew.")

    @classmethod
    def of(cls, y: Array, log: bool = False) -> TargetScale:
        """The scale of targets, float64 of shape (rows, outputs)."""
        seen = np.log(y) if log else y
        deviation = seen.std(axis=0)
        parts = seen.mean(axis=0), np.where(deviation > 0, deviation, 1.0), y.min(axis=0), y.max(axis=0)
        center, scale, low, high = (tuple(part.tolist()) for part in parts)
        return cls(center, scale, low, high, log)

    def __call__(self, y: Array) -> Array:
        """From units of y to what is learned, of shape (rows, outputs)."""
        return np.asarray(((np.log(y) if self.log else y) - self.center) / self.scale)

    def widened(self, y: Array) -> TargetScale:
        """The same scale, whose predictions may go as far as these targets, too."""
        low, high = np.minimum(self.low, y.min(axis=0)), np.maximum(self.high, y.max(axis=0))
        return replace(self, low=tuple(low.tolist()), high=tuple(high.tolist()))

    def back(self, learned: Array) -> Array:
        """From what is learned to units of y, float64, within what was seen."""
        return np.clip(self.unbounded(learned), self.low, self.high)

    def unbounded(self, learned: Array) -> Array:
        """From what is learned to units of y, float64, wherever that is."""
        values = learned.astype(np.float64) * self.scale + self.center
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(values) if self.log else values)

    def spread(self, learned: Array, deviation: Array) -> Array:
        """A deviation of what is learned in units of y; of a logarithm, to first order."""
        found = deviation.astype(np.float64) * self.scale
        return found * self.back(learned) if self.log else found
