"""`LearningCurveDisplay`: loss, score and learning rate over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.plots import reading, style
from chainrule.plots.display import Display
from chainrule.training.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]

#: Losses that span more than this factor are drawn on a logarithmic axis.
SPAN = 30.0
#: Heights of the panels, in inches.
HEIGHTS = {"loss": 3.0, "score": 2.2, "rate": 1.3}


@dataclass(eq=False)
class LearningCurveDisplay(Display):
    """How the loss fell, how the score rose, and the learning rate where it moves.

    Arrays are of shape (epochs,), with NaN where an epoch has no value.

    Parameters
    ----------
    epochs : counted from 1
    loss : objective of the training rows, penalties included
    validation_loss : of held-out rows, without penalties, or None
    training_score, score : of training and of held-out rows, higher is better, or None
    rate : learning rate, or None
    best : the epoch to mark, or None

    Examples
    --------
    >>> from chainrule.plots import LearningCurveDisplay
    >>> display = LearningCurveDisplay([1, 2, 3], loss=[0.9, 0.5, 0.3], validation_loss=[0.8, 0.6, 0.7], best=2)
    >>> display = display.plot()
    >>> [line.get_label() for line in display.ax_.lines][:2], display.ax_.get_ylabel()
    (['training', 'validation'], 'loss')
    >>> from matplotlib import pyplot
    >>> pyplot.close(display.figure_)
    """

    epochs: Any
    loss: Any
    validation_loss: Any = None
    training_score: Any = None
    score: Any = None
    rate: Any = None
    best: int | None = None

    @classmethod
    def read(cls, estimator: Any) -> Self:
        """From the records of a fitted estimator, its `history_`.

        Parameters
        ----------
        estimator : fitted estimator of chainrule

        Returns
        -------
        the display

        Raises
        ------
        InputError, InputTypeError
            For what is no estimator of chainrule, or not fitted.
        """
        return cls.from_records(reading.history(cls.__name__, estimator))

    @classmethod
    def from_records(cls, records: Sequence[Record]) -> Self:
        """From records; the best epoch is that of the highest score.

        Parameters
        ----------
        records : of `train`, or an estimator's `history_`

        Returns
        -------
        the display
        """
        found = {
            name: _column([getattr(record, name) for record in records])
            for name in ("loss", "validation_loss", "training_score", "score", "rate")
        }
        epochs, score = np.array([record.epoch for record in records]), found["score"]
        best = None if score is None or not np.isfinite(score).any() else int(epochs[np.nanargmax(score)])
        return cls(epochs, **found, best=best)

    @property
    def size(self) -> tuple[float, float]:
        return 6.4, 0.4 + sum(HEIGHTS[name] for name in self.panels)

    @property
    def panels(self) -> tuple[str, ...]:
        """What is drawn, from above: "loss", and "score" and "rate" where they say more."""
        same = self.validation_loss is not None and self.score is not None
        same = same and np.allclose(np.negative(self.score), self.validation_loss, equal_nan=True)
        rates = set() if self.rate is None else {rate for rate in self.rate if np.isfinite(rate)}
        return ("loss", *["score"] * (self.score is not None and not same), *["rate"] * (len(rates) > 1))

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        names = self.panels
        heights = [HEIGHTS[name] for name in names]
        axes = [ax] if len(names) == 1 else list(style.split(ax, len(names), height_ratios=heights)[:, 0])
        draw = {"loss": self._draw_loss, "score": self._draw_score, "rate": self._draw_rate}
        for name, panel in zip(names, axes, strict=True):
            style.dress(panel)
            draw[name](panel)
            if self.best is not None:
                panel.axvline(self.best, color=style.GREY, linewidth=0.9, linestyle=":", label="_best")
        style.epochs_axis(axes[-1], self.epochs)
        axes[-1].set_xlabel("epoch")
        return tuple(axes)

    def _draw_loss(self, ax: Axes) -> None:
        curves = self._curves(ax, self.loss, self.validation_loss)
        ax.set_ylabel("loss")
        finite = np.concatenate([curve[np.isfinite(curve)] for curve in curves])
        if len(finite) and finite.min() > 0 and finite.max() > SPAN * finite.min():
            ax.set_yscale("log")
            style.powers(ax.yaxis)
        if self.best is not None:
            self._mark(ax, self.best, curves[-1])
        if len(curves) > 1:
            style.legend(ax)

    def _draw_score(self, ax: Axes) -> None:
        self._curves(ax, self.training_score, self.score)
        ax.set_ylabel("score")

    def _draw_rate(self, ax: Axes) -> None:
        ax.plot(self.epochs, self.rate, color=style.LINES[2], linewidth=1.4, marker=self._marker, label="rate")
        ax.set_ylabel("learning\nrate")
        ax.set_ylim(bottom=0)

    def _curves(self, ax: Axes, training: Any, validation: Any) -> list[Array]:
        drawn = []
        for name, curve, color in zip(("training", "validation"), (training, validation), style.LINES, strict=False):
            if curve is not None:
                ax.plot(self.epochs, curve, color=color, linewidth=1.4, marker=self._marker, label=name)
                drawn.append(np.asarray(curve, float))
        return drawn

    @property
    def _marker(self) -> str:
        return "o" if len(self.epochs) == 1 else ""

    def _mark(self, ax: Axes, best: int, curve: Array) -> None:
        """A dot at the best epoch, and its number on the side where there is more room."""
        place = int(np.argmin(np.abs(np.asarray(self.epochs) - best)))
        late = place > len(self.epochs) / 2
        ax.plot(best, curve[place], "o", color=style.LINES[1], markersize=4.5, label="_best")
        ax.annotate(
            f"best: epoch {best}", (best, 1.0), (-4 if late else 4, -2), xycoords=ax.get_xaxis_transform(),
            textcoords="offset points", ha="right" if late else "left", va="top", fontsize="small",
        )  # fmt: skip


def _column(values: Sequence[float | None]) -> Array | None:
    """An array with NaN for None; None where there is nothing else."""
    column = np.array([np.nan if value is None else value for value in values], float)
    return None if np.isnan(column).all() else column
