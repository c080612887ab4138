"""`WaterfallDisplay`: how columns lead from the mean prediction to that of one row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.checks import Number
from chainrule.plots import style
from chainrule.plots.explained import MOST, NAME, ExplanationDisplay, cell, one_output, subject, summed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Letters of a column's value beside its bar.
VALUE = 16


@dataclass(eq=False)
class WaterfallDisplay(ExplanationDisplay):
    """Bars from the base value, the mean prediction of the background, to the prediction of a row.

    What a column adds is written at the right; blue raises the prediction, orange lowers it. Whiskers and ± are 95 %
    intervals for the orders of columns that were drawn; exact values have none.

    Parameters
    ----------
    explanation : Explanation, what `explain` gave
    row : number of the row, counted from the end where it is negative
    most : columns that have a bar of their own, those that add or take most; the others are added up
    output : name or number of the one that is drawn, where there are several

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import MLPRegressor
    >>> from chainrule.plots import WaterfallDisplay
    >>> X = np.round(np.random.default_rng(0).uniform(size=(50, 2)), 1)
    >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit(X, X[:, 0] - 2 * X[:, 1])
    >>> display = WaterfallDisplay(model.explain(X[:3], X), row=1).plot()
    >>> [text.get_text() for text in display.ax_.get_yticklabels()]
    ['mean prediction', 'x1 = 0', 'x0 = 0', 'prediction']
    >>> from matplotlib import pyplot
    >>> pyplot.close(display.figure_)
    """

    row: int = 0
    most: int = MOST
    output: str | int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        where, rows = type(self).__name__, len(self.explanation)
        Number(-rows, rows - 1, whole=True, mend="A row of the explanation.")(f"{where}(row=)", self.row)
        self._shown = summed(one_output(where, self.explanation, self.output)[self.row], self.most)

    @property
    def size(self) -> tuple[float, float]:
        return 6.8, 1.2 + 0.3 * (len(self._shown.feature_names) + 2)

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        values, errors = self._shown.values[0], self._shown.errors[0]
        ends = self._shown.base_values[0] + np.cumsum([0, *values])
        last = len(values) + 1
        style.dress(ax, grid="x")
        ax.barh(
            range(1, last), values, 0.62, ends[:-1], color=[style.LINES[0 if value >= 0 else 1] for value in values]
        )
        ax.vlines(ends, np.arange(last) - 0.31, np.arange(1, last + 1) + 0.31, color=style.GREY, linewidth=0.9)
        ax.plot(ends[[0, -1]], [0, last], "o", color=style.ink(), markersize=5, clip_on=False, label="_ends")
        known = errors > 0
        ax.errorbar(
            ends[1:][known], np.arange(1, last)[known], xerr=errors[known], fmt="none", ecolor=style.ink(),
            elinewidth=1, capsize=2.5,
        )  # fmt: skip
        said = [
            f"{value:+.3g}" + (f" ± {error:.1g}" if error > 0 else "")
            for value, error in zip(values, errors, strict=True)
        ]
        for row, text in enumerate([f"{ends[0]:.4g}", *said, f"{ends[-1]:.4g}"]):
            ax.text(
                1.02, row, text.replace("-", "−"), transform=ax.get_yaxis_transform(), va="center", fontsize="small"
            )
        ax.set_yticks(range(last + 1), ["mean prediction", *self._names(), "prediction"])
        ax.set_ylim(last + 0.6, -0.6)
        ax.locator_params(axis="x", nbins=6)
        ax.set_xlabel(style.label(subject(self._shown)))
        return (ax,)

    def _names(self) -> list[str]:
        """Columns with their values in this row."""
        pairs = zip(self._shown.feature_names, self._shown.display_data[0], strict=True)
        return [
            style.literal(name, NAME) + ("" if value is None else f" = {style.literal(cell(value), VALUE)}")
            for name, value in pairs
        ]
