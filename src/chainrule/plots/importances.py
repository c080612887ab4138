"""`ImportanceDisplay`: how far each column moves predictions, as bars with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.plots import style
from chainrule.plots.explained import MOST, NAME, ExplanationDisplay, subject, summed

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(eq=False)
class ImportanceDisplay(ExplanationDisplay):
    """Means of absolute Shapley values with their 95 % intervals, the column that moves predictions most at the top.

    Parameters
    ----------
    explanation : Explanation, what `explain` gave
    most : columns that have a bar of their own; the others are added up, row by row
    output : name or number of the one that is drawn; None is the mean of all

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import MLPRegressor
    >>> from chainrule.plots import ImportanceDisplay
    >>> X = np.random.default_rng(0).uniform(size=(50, 2))
    >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit(X, X[:, 0] - 2 * X[:, 1])
    >>> display = ImportanceDisplay.from_estimator(model, X)
    >>> [text.get_text() for text in display.ax_.get_yticklabels()]
    ['x1', 'x0']
    >>> from matplotlib import pyplot
    >>> pyplot.close(display.figure_)
    """

    most: int = MOST
    output: str | int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        chosen = self.explanation if self.output is None else self.explanation.of(self.output)
        self._shown = summed(chosen, self.most)

    @property
    def size(self) -> tuple[float, float]:
        return 6.4, 1.1 + 0.28 * len(self._shown.feature_names)

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        names = self._shown.feature_names
        found = sorted(self._shown.importances(), key=lambda one: names.index(one.name))
        _, mean, low, high = zip(*found, strict=True)
        middle = np.array(mean)
        spread = np.maximum(0, [middle - low, high - middle])
        style.dress(ax, grid="x")
        ax.barh(range(len(found)), middle, 0.62, color=style.LINES[0], alpha=0.75)
        ax.errorbar(middle, range(len(found)), xerr=spread, fmt="none", ecolor=style.ink(), elinewidth=1, capsize=2.5)
        ax.set_yticks(range(len(found)), [style.literal(name, NAME) for name in names])
        ax.set_ylim(len(found) - 0.4, -0.6)
        ax.set_xlim(left=0)
        ax.locator_params(axis="x", nbins=6)
        rows = "a single row" if len(self._shown) == 1 else f"mean of {len(self._shown):,} rows, 95 %"
        ax.set_xlabel(style.label(f"moves the {subject(self._shown)} by, {rows}", 56))
        return (ax,)
