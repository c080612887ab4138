"""Intervals around predictions: a band that the network gives, and by how much to widen it for a coverage.

Split conformal prediction (Vovk, Gammerman and Shafer 2005; Lei et al. 2018): rows that training did not see tell how
far y falls outside of the band. Whatever the network, and whatever the distribution of the rows, a band widened by the
ceil((n + 1) coverage)-th smallest of those n distances covers a new row with at least that probability, if it is drawn
as they were: on the average over rows and calibrations, not for each kind of row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import BETWEEN_0_AND_1
from chainrule.errors import InputError
from chainrule.network.losses import Gaussian, Loss, Quantile

Array = NDArray[Any]

#: A rank that rounding has lifted over a whole number is still that number.
SLACK = 1e-9


class Band(NamedTuple):
    """Where y is expected, arrays of shape (rows, targets): from `low` to `high`, widened in units of `unit`."""

    low: Array
    high: Array
    unit: Array

    @classmethod
    def of(cls, loss: Loss, prediction: Array) -> Self:
        """Around a prediction of the network, in float64.

        One of several levels spans from the lowest to the highest (Romano, Patterson and Candes 2019), a mean with a
        deviation is widened in units of that (Lei et al. 2018), and any other prediction in units of y.
        """
        parts = loss.split(loss.predict(prediction).astype(np.float64))
        if isinstance(loss, Gaussian):
            return cls(parts[0], parts[0], parts[1])
        return cls(parts[0], parts[-1], np.ones_like(parts[0]))

    def distances(self, y: Array) -> Array:
        """How far each y lies outside, below 0 inside: the conformity scores."""
        return np.maximum(self.low - y, y - self.high) / self.unit

    def widened(self, margin: Array) -> tuple[Array, Array]:
        """Lower and upper ends; where a negative margin would turn them round, both are the middle."""
        low, high = self.low - margin * self.unit, self.high + margin * self.unit
        middle = (self.low + self.high) / 2
        return np.minimum(low, middle), np.maximum(high, middle)


@dataclass(frozen=True)
class Margins:
    """What calibration leaves: distances per target, ascending, and the weights up to each.

    A row's weight says how much likelier such rows are where intervals are asked for than where the calibration rows
    were drawn (Tibshirani et al. 2019). The guarantee then holds for new rows of no more weight than the heaviest
    calibration row.

    Attributes
    ----------
    distances, weights : arrays of shape (rows, targets); the heaviest row weighs 1

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.models.intervals import Margins
    >>> margins = Margins.of(np.arange(1.0, 20.0)[:, None])
    >>> margins.at(0.9), margins.at(0.95)
    (array([18.]), array([19.]))
    """

    distances: Array
    weights: Array

    @classmethod
    def of(cls, distances: Array, weight: Array | None = None) -> Self:
        """Distances of shape (rows, targets), weights of shape (rows,); rows of weight 0 are left out."""
        heaviness = np.ones(len(distances)) if weight is None else weight.astype(np.float64) / weight.max()
        distances, heaviness = distances[heaviness > 0], heaviness[heaviness > 0]
        order = distances.argsort(axis=0)
        return cls(np.take_along_axis(distances, order, axis=0), heaviness[order].cumsum(axis=0))

    def at(self, coverage: float) -> Array:
        """The margin of each target: the smallest distance up to which lies enough weight."""
        have, need = float(self.weights[-1, 0]), math.ceil(coverage / (1 - coverage) - SLACK)
        wanted = coverage * (have + 1) - SLACK
        if have < wanted:
            raise InputError(
                "predict_interval(coverage=)", f"{need} calibration rows or more for a coverage of {coverage:g}",
                f"{have:g}", "Calibrate on more rows (each counts by its share of the largest weight).",
            )  # fmt: skip
        rank = (self.weights < wanted).sum(axis=0)
        return np.take_along_axis(self.distances, rank[None], axis=0)[0]


def interval(loss: Loss, prediction: Array, margins: Margins | None, coverage: float) -> tuple[Array, Array]:
    """Lower and upper ends, (rows, targets), in the float type of the prediction and rounded outwards.

    Without margins they are what the loss promises.

    Raises
    ------
    InputError
        For a coverage outside (0, 1), too few calibration rows for it, or a loss that promises none.
    """
    BETWEEN_0_AND_1("predict_interval(coverage=)", coverage)
    coverage = float(coverage)
    if margins is not None:
        low, high = Band.of(loss, prediction).widened(margins.at(coverage))
    else:
        low, high = _promised(loss, prediction, coverage)
    if loss.link == "exp":
        low = np.maximum(low, 0)  # nor is y ever below
    kind = prediction.dtype
    return np.nextafter(low.astype(kind), -np.inf, dtype=kind), np.nextafter(high.astype(kind), np.inf, dtype=kind)


def _promised(loss: Loss, prediction: Array, coverage: float) -> tuple[Array, Array]:
    if isinstance(loss, Gaussian):
        from scipy.special import ndtri

        return Band.of(loss, prediction).widened(np.array(ndtri((1 + coverage) / 2)))
    outside, mend = (1 - coverage) / 2, "Call calibrate(X, y) with rows that training did not see."
    if not isinstance(loss, Quantile):
        raise InputError(f"predict_interval() with loss={loss.name!r}", "a calibrated model", "one that is not", mend)
    levels = np.array(loss.levels)
    below, above = (np.flatnonzero(np.isclose(levels, level, rtol=0, atol=1e-6)) for level in (outside, 1 - outside))
    if not (below.size and above.size):
        raise InputError(
            "predict_interval(coverage=)", f"levels {outside:g} and {1 - outside:g} in the loss, or a calibrated model",
            f"levels {loss.levels}", mend,
        )  # fmt: skip
    parts = loss.split(loss.predict(prediction).astype(np.float64))
    return parts[below[0]], parts[above[0]]
