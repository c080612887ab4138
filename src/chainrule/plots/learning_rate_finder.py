"""`LearningRateFinderDisplay`: the loss while the learning rate rises, and the rate to train with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from chainrule.plots import style
from chainrule.plots.display import Display
from chainrule.training.finder import RateCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(eq=False)
class LearningRateFinderDisplay(Display):
    """The learning-rate range test (Smith 2017): loss of each batch against the rate of its step.

    Parameters
    ----------
    rates, losses : arrays of shape (steps,)
    smoothed : array of shape (steps that gave a finite loss,)
    suggestion : the rate to mark, NaN where the loss never fell

    Examples
    --------
    >>> from chainrule.plots import LearningRateFinderDisplay
    >>> rates, losses = [1e-3, 1e-2, 1e-1, 1.0], [0.7, 0.6, 0.3, 2.0]
    >>> display = LearningRateFinderDisplay(rates, losses, losses, suggestion=1e-2).plot()
    >>> display.ax_.get_xlabel(), display.ax_.get_xscale()
    ('learning rate', 'log')
    >>> from matplotlib import pyplot
    >>> pyplot.close(display.figure_)
    """

    rates: Any
    losses: Any
    smoothed: Any
    suggestion: float

    @classmethod
    def read(cls, estimator: Any, X: Any, y: Any, sample_weight: Any = None, **options: Any) -> Self:
        """Try rates on fresh weights of an estimator, which stays as it is.

        Parameters
        ----------
        estimator : estimator of chainrule, fitted or not
        X, y, sample_weight : rows, as for `fit`
        options : as `find_learning_rate` takes them

        Returns
        -------
        the display
        """
        from chainrule.estimators.finder import find_learning_rate

        return cls.from_curve(find_learning_rate(estimator, X, y, sample_weight, **options))

    @classmethod
    def from_curve(cls, curve: RateCurve) -> Self:
        """From what `find_learning_rate` or `range_test` gave.

        Parameters
        ----------
        curve : RateCurve

        Returns
        -------
        the display
        """
        return cls(curve.rates, curve.losses, curve.smoothed, curve.suggestion)

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        smoothed = np.asarray(self.smoothed, float)
        style.dress(ax)
        ax.plot(self.rates, self.losses, color=style.GREY, alpha=0.55, linewidth=0.8, label="a batch")
        ax.plot(self.rates[: len(smoothed)], smoothed, color=style.LINES[0], linewidth=1.6, label="smoothed")
        ax.set_xscale("log")
        ax.set_xlim(self.rates[0], self.rates[-1])
        style.powers(ax.xaxis)
        if len(smoothed):
            low, high = smoothed.min(), np.quantile(smoothed, 0.75)
            ax.set_ylim(low - 0.25 * (high - low or 1), high + 0.9 * (high - low or 1))
        ax.set_xlabel("learning rate")
        ax.set_ylabel("loss")
        if np.isfinite(self.suggestion):
            ax.axvline(self.suggestion, color=style.LINES[1], linewidth=1.2, linestyle="--", label="_suggestion")
            ax.annotate(
                f"suggestion: {self.suggestion:.2g}", (self.suggestion, 1), (-4, -2), ha="right", va="top",
                xycoords=ax.get_xaxis_transform(), textcoords="offset points", fontsize="small",
            )  # fmt: skip
        style.legend(ax, loc="lower left")
        return (ax,)
