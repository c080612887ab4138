"""Which y a loss can take, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Domain:
    """A set of targets: in words, as a test `holds(y, outputs)` of every entry or row, and what to do otherwise."""

    says: str
    holds: Callable[[Any, int], Any]
    mend: str


def _any(y: Any, outputs: int) -> Any:
    return np.isfinite(y)


def _not_negative(y: Any, outputs: int) -> Any:
    return np.isfinite(y) & (y >= 0)


def _positive(y: Any, outputs: int) -> Any:
    return np.isfinite(y) & (y > 0)


def _labels(y: Any, outputs: int) -> Any:
    return (y == 0) | (y == 1)


def _shares(y: Any, outputs: int) -> Any:
    return (y >= 0) & (y <= 1)


def _codes(y: Any, outputs: int) -> Any:
    return (y >= 0) & (y < outputs) & (y == np.floor(y))


def _distributions(y: Any, outputs: int) -> Any:
    return (y >= 0).all(axis=1) & (abs(y.sum(axis=1) - 1) < 1e-3)


ANY = Domain("finite numbers", _any, "Drop or fill what is missing.")
NOT_NEGATIVE = Domain("numbers >= 0", _not_negative, "Use loss='squared_error' for negative targets.")
POSITIVE = Domain("numbers > 0", _positive, "Use loss='tweedie' where y can be 0, 'squared_error' where negative.")
LABELS = Domain("labels 0 or 1", _labels, "Encode one label as 0, the other as 1.")
SHARES = Domain("numbers from 0 to 1", _shares, "Encode one label as 0, the other as 1.")
CODES = Domain("class codes 0, 1, ... outputs - 1", _codes, "np.unique(y, return_inverse=True) gives codes.")
DISTRIBUTIONS = Domain("shares >= 0 that sum to 1", _distributions, "Divide each row by its sum.")
