"""Mean and deviation of arrays that come one after another and are not kept (Welford 1962)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Moments:
    """Of each entry, over all arrays added so far; float64 whatever the arrays are.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.engine.moments import Moments
    >>> moments = Moments((1,))
    >>> for x in (1.0, 2.0, 3.0):
    ...     moments.add(np.array([x]))
    >>> moments.mean, moments.deviation() ** 2
    (array([2.]), array([0.66666667]))
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.count = 0
        self.mean = np.zeros(shape)
        self._squares = np.zeros(shape)  # sum of squared deviations from the mean
        self._apart, self._step = np.empty(shape), np.empty(shape)

    def add(self, x: NDArray[Any]) -> None:
        self.count += 1
        np.subtract(x, self.mean, out=self._apart)
        np.divide(self._apart, self.count, out=self._step)
        self.mean += self._step
        np.subtract(x, self.mean, out=self._step)
        self._apart *= self._step
        self._squares += self._apart

    def deviation(self) -> NDArray[Any]:
        """The variance is divided by the number of arrays."""
        return np.sqrt(self._squares / self.count)
