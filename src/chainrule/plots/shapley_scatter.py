"""`ShapleyScatterDisplay`: what a column adds to predictions, over the column's own values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import Number
from chainrule.errors import listed, unknown_name
from chainrule.explanations.dependence import as_read
from chainrule.plots import style
from chainrule.plots.explained import MOST, ExplanationDisplay, is_ordered, one_output, subject
from chainrule.plots.swarm import swarm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Dots that are drawn of rows that are more, spread evenly among them.
DOTS = 2000
#: How far left of the least value the rings of missing ones stand, as a share of the whole.
LEFT = 0.06


@dataclass(eq=False)
class ShapleyScatterDisplay(ExplanationDisplay):
    """A dot for each row: what it has in a column, and what that adds to its prediction.

    Dots above each other have the same value, which adds more or less by what the row has in other columns. Rings at
    the left are rows without a value. Levels of a category have a line each, the commonest at the top.

    Parameters
    ----------
    explanation : Explanation, what `explain` gave
    column : its name, or its number
    output : name or number of the one that is drawn, where there are several

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import MLPRegressor
    >>> from chainrule.plots import ShapleyScatterDisplay
    >>> X = np.random.default_rng(0).uniform(size=(50, 2))
    >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit(X, X[:, 0] - 2 * X[:, 1])
    >>> display = ShapleyScatterDisplay(model.explain(X), "x1").plot()
    >>> display.ax_.get_xlabel(), display.ax_.get_ylabel()
    ('x1', 'moves the prediction by')
    >>> from matplotlib import pyplot
    >>> pyplot.close(display.figure_)
    """

    column: str | int = 0
    output: str | int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        where, names = type(self).__name__, self.explanation.feature_names
        if isinstance(self.column, str):
            if self.column not in names:
                raise unknown_name(f"{where}(column=)", self.column, names)
            self._place = names.index(self.column)
        else:
            Number(0, len(names) - 1, whole=True, mend=f"Or a name: {listed(names)}.")(f"{where}(column=)", self.column)
            self._place = self.column
        self._shown = one_output(where, self.explanation, self.output)

    @property
    def size(self) -> tuple[float, float]:
        lines = min(len(set(self._words)), MOST + 1)
        return (5.6, 3.6) if is_ordered(self._shown, self._place) else (6.4, 1.1 + 0.32 * lines)

    @property
    def _words(self) -> list[str]:
        return list(map(str, self._shown.display_data[:, self._place]))

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        rows = style.evenly(len(self._shown), DOTS)
        values = self._shown.values[rows, self._place]
        said = style.label(f"moves the {subject(self._shown)} by", 36)
        style.dress(ax, grid="both")
        if is_ordered(self._shown, self._place):
            self._over(ax, rows, values, said)
        else:
            self._levels(ax, np.array(self._words, object)[rows], values, said)
        return (ax,)

    def _over(self, ax: Axes, rows: NDArray[Any], values: NDArray[Any], said: str) -> None:
        """Over numbers or times."""
        data = self._shown.data[rows, self._place]
        cells = as_read(data, self._shown.display_data[rows, self._place], True)
        known = np.isfinite(data)
        ax.axhline(0, color=style.GREY, linewidth=1, label="_nothing")
        ax.scatter(cells[known], values[known], 14, color=style.LINES[0], alpha=0.6, linewidths=0, label="rows")
        if not known.all():
            least, most = (data[known].min(), data[known].max()) if known.any() else (0.0, 1.0)
            left = np.full((~known).sum(), least - LEFT * (most - least or 1.0))
            ax.scatter(
                left, values[~known], 14, facecolors="none", edgecolors=style.GREY, linewidths=0.9, label="missing"
            )
            style.legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.1)
        if cells.dtype.kind == "M":
            style.times(ax.xaxis)
        else:
            ax.locator_params(axis="x", nbins=6)
        ax.locator_params(axis="y", nbins=6)
        ax.set_xlabel(style.label(self._shown.feature_names[self._place]))
        ax.set_ylabel(said)

    def _levels(self, ax: Axes, words: NDArray[Any], values: NDArray[Any], said: str) -> None:
        """Lines of levels; those that are not among the commonest share the last."""
        levels, code, counts = np.unique(words.astype(str), return_inverse=True, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        lines = np.minimum(np.argsort(order), MOST)[code] if len(levels) > MOST + 1 else np.argsort(order)[code]
        names = [style.literal(level) for level in levels[order]]
        if len(levels) > MOST + 1:
            names = [*names[:MOST], f"{len(levels) - MOST:,} other levels"]
        low, high = values.min(), values.max()
        ax.axvline(0, color=style.GREY, linewidth=1, label="_nothing")
        down = lines.astype(float)
        for line in range(len(names)):
            down[lines == line] += 0.4 * swarm(values[lines == line], low, high)
        ax.scatter(values, down, 12, color=style.LINES[0], alpha=0.6, linewidths=0, label="rows")
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.locator_params(axis="x", nbins=6)
        ax.set_xlabel(said)
        ax.set_title(style.literal(self._shown.feature_names[self._place]), fontsize="medium", loc="left")
