"""Small data sets, drawn from a seed, on which the labs train."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to be tested on: X of shape (rows, features), y of class codes."""

    X: Array
    y: Array
    X_test: Array
    y_test: Array


def clusters(seed: int, rows: int = 1000, features: int = 10, classes: int = 4) -> Split:
    """Three clouds of points per class: no linear boundary parts them, two layers do, to about 98 %.

    Examples
    --------
    >>> from chainrule.labs.data import clusters
    >>> split = clusters(seed=0)
    >>> split.X.shape, split.X_test.shape, split.X.dtype
    ((1000, 10), (1000, 10), dtype('float32'))
    """
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(3 * classes, features))
    place = generator.integers(0, len(centres), 2 * rows)
    X = (centres[place] + generator.normal(scale=0.5, size=(2 * rows, features))).astype(np.float32)
    y = place % classes
    return Split(X[:rows], y[:rows], X[rows:], y[rows:])


def few_rows(seed: int, rows: int = 200, features: int = 50, told: int = 3) -> Split:
    """Two classes that `told` of the features decide, a tenth of the labels wrong; the other features say nothing.

    Examples
    --------
    >>> from chainrule.labs.data import few_rows
    >>> split = few_rows(seed=0)
    >>> split.X.shape, len(split.y_test)
    ((200, 50), 2000)
    """
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(rows + 2000, features)).astype(np.float32)
    y = (X[:, :told].sum(axis=1) > 0).astype(np.int64)
    y ^= generator.random(len(y)) < 0.1
    return Split(X[:rows], y[:rows], X[rows:], y[rows:])
