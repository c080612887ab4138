"""`BeeswarmDisplay`: what each column adds to each prediction, as dots, coloured by the column's own value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.plots import style
from chainrule.plots.explained import MOST, NAME, ExplanationDisplay, between, is_ordered, one_output, subject, summed
from chainrule.plots.swarm import swarm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Dots that are drawn, about; of more, those of rows that are evenly spread among all.
DOTS = 2400
#: Half of what the dots of a column take of their row; area of a dot in points.
HALF, AREA = 0.42, 11


@dataclass(eq=False)
class BeeswarmDisplay(ExplanationDisplay):
    """A row of dots for each column, the one that moves predictions most at the top; a dot is a row of the data.

    To the right, the column raises the prediction. Of numbers and times the colour is the column's own value, from low
    to high, and a ring is a missing one; the values of categories have no order, so their dots are grey.

    Parameters
    ----------
    explanation : Explanation, what `explain` gave
    most : columns that have dots of their own; the others are added up
    output : name or number of the one that is drawn, where there are several

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import MLPRegressor
    >>> from chainrule.plots import BeeswarmDisplay
    >>> X = np.random.default_rng(0).uniform(size=(50, 2))
    >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit(X, X[:, 0] - 2 * X[:, 1])
    >>> display = BeeswarmDisplay(model.explain(X)).plot()
    >>> display.ax_.get_xlabel()
    'moves the prediction by'
    >>> from matplotlib import pyplot
    >>> pyplot.close(display.figure_)
    """

    most: int = MOST
    output: str | int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._shown = summed(one_output(type(self).__name__, self.explanation, self.output), self.most)

    @property
    def size(self) -> tuple[float, float]:
        return 6.8, 1.3 + 0.34 * max(len(self._shown.feature_names), 3)

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        names = self._shown.feature_names
        rows = style.evenly(len(self._shown), max(DOTS // len(names), 1))
        values, data = self._shown.values[rows], self._shown.data
        finite = values[np.isfinite(values)]
        low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
        style.dress(ax)
        ax.axvline(0, color=style.GREY, linewidth=1, label="_nothing")
        ordered = [is_ordered(self._shown, column) for column in range(len(names))]
        for column, sorted_ in enumerate(ordered):
            down = column + HALF * swarm(values[:, column], low, high)
            self._dots(ax, values[:, column], down, between(data[:, column])[rows] if sorted_ else None)
        ax.set_yticks(range(len(names)), [style.literal(name, NAME) for name in names])
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.locator_params(axis="x", nbins=6)
        ax.set_xlabel(style.label(f"moves the {subject(self._shown)} by"))
        self._keys(ax, ordered, bool(np.isnan(data[:, ordered]).any()))
        return (ax,)

    def _dots(self, ax: Axes, x: NDArray[Any], y: NDArray[Any], shade: NDArray[Any] | None) -> None:
        """Dots by their shade, 0 to 1; rings where it is NaN, all grey where there is none."""
        if shade is None:
            ax.scatter(x, y, AREA, color=style.GREY, linewidths=0)
            return
        known = ~np.isnan(shade)
        ax.scatter(x[known], y[known], AREA, c=shade[known], cmap=style.low_high(), vmin=0, vmax=1, linewidths=0)
        if not known.all():
            ax.scatter(x[~known], y[~known], AREA, facecolors="none", edgecolors=style.GREY, linewidths=0.9)

    def _keys(self, ax: Axes, ordered: list[bool], missing: bool) -> None:
        """What colours and rings stand for, as far as there are any."""
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        if any(ordered):
            scale = ScalarMappable(Normalize(0, 1), style.low_high())
            style.colour_bar(scale, [ax], "value of the column", [(0, "low"), (1, "high")])
        if not all(ordered):
            ax.scatter([], [], AREA, color=style.GREY, linewidths=0, label="without an order")
        if missing:
            ax.scatter([], [], AREA, facecolors="none", edgecolors=style.GREY, linewidths=0.9, label="missing")
        if missing or not all(ordered):
            style.legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.1)
