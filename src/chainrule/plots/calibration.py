"""`CalibrationDisplay`: whether what a classifier is sure of to 80 % comes true in 80 % of cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import at_least
from chainrule.errors import InputError
from chainrule.plots import reading, style
from chainrule.plots.display import Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]

_BINS = at_least(1, "Ten suit a thousand rows.")


class Bins(NamedTuple):
    """Rows by what was predicted for them: arrays of shape (bins that have rows,)."""

    predicted: Array
    observed: Array
    rows: Array
    low: Array
    high: Array

    @property
    def error(self) -> float:
        """Expected calibration error: mean distance of predicted and observed, weighed by rows (Naeini et al. 2015)."""
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.rows))


@dataclass(eq=False)
class CalibrationDisplay(Display):
    """A reliability diagram: observed share against predicted probability, in bins, over the counts of rows.

    On the diagonal, probabilities can be taken at their word; below it, the model is too sure. Bars are 95 % intervals
    of the observed share (Wilson 1927), so that a bin of few rows doesn't alarm. Of two classes, the probability of
    the second is drawn; of more, that of the class that was predicted, against whether it was right.

    Parameters
    ----------
    probability : array of shape (rows,), 0 to 1
    happened : array of shape (rows,), whether it came true
    bins : how many of equal width
    axis : what the probabilities are of, for the axis

    Examples
    --------
    >>> from chainrule.plots import CalibrationDisplay
    >>> display = CalibrationDisplay([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 0], bins=2)
    >>> display.binned().observed, round(display.binned().error, 2)
    (array([0. , 0.5]), 0.25)
    """

    probability: Any
    happened: Any
    bins: int = 10
    axis: str = "predicted probability"

    def __post_init__(self) -> None:
        _BINS(f"{type(self).__name__}(bins=)", self.bins)
        p, happened = np.asarray(self.probability, float), np.asarray(self.happened)
        if p.ndim != 1 or p.shape != happened.shape or not len(p) or not ((p >= 0) & (p <= 1)).all():
            raise InputError(
                f"{type(self).__name__}(probability, happened)", "two arrays of shape (rows,), probabilities first",
                f"shapes {p.shape} and {happened.shape}", "Give a probability in [0, 1] for every row.",
            )  # fmt: skip

    @classmethod
    def read(cls, estimator: Any, X: Any, y: Any, bins: int = 10) -> Self:
        """From the probabilities that a classifier gives rows, best of those that training did not see.

        Parameters
        ----------
        estimator : fitted classifier with `predict_proba`, a pipeline too
        X, y : rows and their classes; of an estimator of tables y may be the name of a column of X, and X a file
        bins : how many of equal width

        Raises
        ------
        InputError, InputTypeError
            For an estimator without probabilities, or not fitted, or rows that it cannot take.
        """
        X, y = reading.rows(cls.__name__, estimator, X, y)
        p, classes = reading.probabilities(cls.__name__, estimator, X)
        codes = reading.codes(cls.__name__, y, classes, len(p))
        if len(classes) == 2:
            return cls(p[:, 1], codes == 1, bins, f"predicted probability of class {classes[1]}")
        return cls(p.max(axis=1), p.argmax(axis=1) == codes, bins, "probability of the predicted class")

    @property
    def size(self) -> tuple[float, float]:
        return 4.6, 5.2

    def binned(self) -> Bins:
        """Rows in bins of equal width; bins without rows are left out."""
        p, happened = np.asarray(self.probability, float), np.asarray(self.happened, float)
        place = np.minimum((p * self.bins).astype(np.int64), self.bins - 1)
        count = np.bincount(place, minlength=self.bins)
        some = count > 0
        n = count[some]
        predicted, observed = (np.bincount(place, of, self.bins)[some] / n for of in (p, happened))
        low, high = _interval(observed, n)
        return Bins(predicted, observed, n, low, high)

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        found, (upper, lower) = self.binned(), style.split(ax, 2, height_ratios=[4, 1])[:, 0]
        style.dress(upper, grid="both")
        upper.plot([0, 1], [0, 1], color=style.GREY, linewidth=1.2, linestyle="--", label="_perfect")
        spread = np.maximum(0, [found.observed - found.low, found.high - found.observed])
        upper.errorbar(
            found.predicted, found.observed, spread, color=style.LINES[0], marker="o", markersize=4.5, linewidth=1.4,
            elinewidth=0.8, label="observed",
        )  # fmt: skip
        upper.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        upper.set_ylabel("observed share")
        upper.text(
            0.03,
            0.97,
            f"expected calibration error {found.error:.1%}",
            transform=upper.transAxes,
            va="top",
            fontsize="small",
        )
        style.dress(lower)
        edges = np.linspace(0, 1, self.bins + 1)
        lower.hist(np.asarray(self.probability, float), edges, color=style.LINES[0], alpha=0.6, rwidth=0.92)
        lower.set_ylabel("rows")
        lower.set_xlabel(style.literal(self.axis))
        return upper, lower


def _interval(share: Array, n: Array, z: float = 1.96) -> tuple[Array, Array]:
    """Wilson's interval of a share of n."""
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return middle - half, middle + half
