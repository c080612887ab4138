"""When to stop: patience over a score, and the best weights so far."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Stopping:
    """Counts epochs without an improvement of more than `tol`, and remembers the best weights.

    A score is better when higher; a loss is seen with its sign turned. The counting is scikit-learn's.

    Parameters
    ----------
    patience : epochs without improvement that are waited for; training stops at one more
    tol : smallest improvement that counts
    overfit : pairs of epochs without improvement and a factor: after so many, training stops, too, at a loss that is
        so many times the best. Of scores that are losses with their sign turned, which are never below 0

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Stopping
    >>> stopping = Stopping(patience=1, tol=0.1)
    >>> weights = np.zeros(2)
    >>> for score in (0.5, 0.55, 0.56):
    ...     stopping.see(score, weights)
    >>> stopping.exhausted, stopping.best_score
    (True, 0.56)
    """

    def __init__(self, patience: float, tol: float, overfit: Sequence[tuple[int, float]] = ()) -> None:
        self.patience = patience
        self.tol = tol
        self.overfit = overfit
        self.count = 0
        self.best_score = -math.inf
        self.best_vector: NDArray[np.floating] | None = None
        self._last = -math.inf

    @property
    def exhausted(self) -> bool:
        """Whether patience is at its end, or the loss has risen so far that it would not come back."""
        best = min(self.best_score, 0.0)
        return self.count > self.patience or any(
            self.count >= epochs and self._last < factor * best < 0 for epochs, factor in self.overfit
        )

    def see(self, score: float, vector: NDArray[np.floating]) -> None:
        """Take note of an epoch.

        Parameters
        ----------
        score : higher is better; NaN is no better than any
        vector : the weights that gave it, which are copied where they are the best so far
        """
        self._last = score
        self.count = 0 if score >= self.best_score + self.tol else self.count + 1  # NaN counts as no better
        if score > self.best_score:
            self.best_score = score
            if self.best_vector is None:
                self.best_vector = vector.copy()
            else:
                self.best_vector[...] = vector

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """All that a checkpoint needs: arrays, and plain data."""
        arrays = {} if self.best_vector is None else {"best": self.best_vector}
        return arrays, {"count": self.count, "best_score": self.best_score, "last": self._last}

    def load(self, arrays: Mapping[str, NDArray[Any]], data: Mapping[str, Any]) -> None:
        """Go on from what `state` gave.

        Parameters
        ----------
        arrays, data : of `state()`
        """
        self.count, self.best_score = data["count"], data["best_score"]
        self._last = data.get("last", self.best_score)  # which earlier versions did not write
        self.best_vector = arrays["best"].copy() if "best" in arrays else None

    def restore(self, vector: NDArray[np.floating]) -> None:
        """Put the best weights back, if there were any.

        Parameters
        ----------
        vector : written to, of the length that `see` was given
        """
        if self.best_vector is not None:
            vector[...] = self.best_vector
