"""`DependenceDisplay`: how predictions go with a column, or with two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputTypeError
from chainrule.explanations import PartialDependence
from chainrule.plots import reading, style
from chainrule.plots.display import Display
from chainrule.plots.swarm import swarm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Rows whose own predictions are drawn, spread evenly among all.
ROWS = 40
#: Letters of a level beside an axis, and below one.
LEVEL, BELOW = 24, 12


@dataclass(eq=False)
class DependenceDisplay(Display):
    """The mean prediction of rows, had they all this value in a column, with its 95 % interval (Friedman 2001).

    Of numbers and times, the mean is a line with dots at the values that were tried, quantiles of the column; of
    levels, a dot each. Faint are the predictions of single rows: where they do not run alongside each other, another
    column has a say in what this one does. Two columns give a map, and how strongly they interact.

    Parameters
    ----------
    dependence : PartialDependence, what `partial_dependence` gave
    output : name or number of the one that is drawn, where there are several

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import MLPRegressor
    >>> from chainrule.plots import DependenceDisplay
    >>> X = np.random.default_rng(0).uniform(size=(50, 2))
    >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit(X, X[:, 0] - 2 * X[:, 1])
    >>> display = DependenceDisplay.from_estimator(model, X, "x0")
    >>> display.ax_.get_xlabel(), display.ax_.get_ylabel()
    ('x0', 'mean prediction')
    >>> from matplotlib import pyplot
    >>> pyplot.close(display.figure_)
    """

    dependence: PartialDependence
    output: str | int | None = None

    def __post_init__(self) -> None:
        where, found = type(self).__name__, self.dependence
        if not isinstance(found, PartialDependence):
            raise InputTypeError(
                f"{where}(dependence)", "a PartialDependence of chainrule", type(found).__name__,
                "Give what model.partial_dependence(X, 'column') returned.",
            )  # fmt: skip
        reading.check_output(where, found.output_names, self.output)
        self._shown = found if self.output is None else found.of(self.output)

    @classmethod
    def read(cls, estimator: Any, X: Any, columns: Any, output: str | int | None = None) -> Self:
        """By `estimator.partial_dependence(X, columns)`; for its other options, make the display of what it gives.

        Parameters
        ----------
        estimator : fitted estimator of chainrule that has `partial_dependence`, or its model
        X, columns : rows, and a column or two, as `partial_dependence` takes them
        output : name or number of the one that is drawn, where there are several

        Returns
        -------
        the display

        Raises
        ------
        InputError, InputTypeError
            As `partial_dependence`; for what is no estimator of chainrule, or not fitted; of several outputs without
            `output`.
        """
        return cls(reading.explaining(cls.__name__, estimator, output).partial_dependence(X, columns), output)

    @property
    def size(self) -> tuple[float, float]:
        if len(self._shown.names) == 2:
            return 6.0, 4.2
        return (5.6, 3.6) if self._shown.ordered[0] else (6.4, 1.1 + 0.32 * len(self._shown.grids[0]))

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        name = self._shown.output_names[0]
        said = "mean prediction" if name == "prediction" else f"mean prediction of {name}"
        if len(self._shown.names) == 2:
            self._map(ax, said)
        elif self._shown.ordered[0]:
            self._line(ax, said)
        else:
            self._levels(ax, said)
        return (ax,)

    @property
    def _single(self) -> NDArray[Any]:
        """Predictions of single rows, (rows, values)."""
        single = self._shown.individual
        return np.empty((0, len(self._shown.grids[0]))) if single is None else single[style.evenly(len(single), ROWS)]

    def _line(self, ax: Axes, said: str) -> None:
        grid, mean = self._shown.grids[0], self._shown.mean
        style.dress(ax)
        ax.plot(grid, self._single.T, color=style.GREY, alpha=0.25, linewidth=0.7, label="_rows")
        ax.fill_between(grid, self._shown.low, self._shown.high, color=style.LINES[0], alpha=0.25, linewidth=0)
        ax.plot(grid, mean, color=style.LINES[0], linewidth=1.8, marker="o", markersize=3, label="mean")
        _ticks(ax.xaxis, grid)
        ax.locator_params(axis="y", nbins=6)
        ax.set_xlabel(style.label(self._shown.names[0]))
        ax.set_ylabel(style.label(said, 30))

    def _levels(self, ax: Axes, said: str) -> None:
        levels, mean, single = self._shown.grids[0], self._shown.mean, self._single
        rows = np.arange(len(levels))
        style.dress(ax, grid="x")
        if len(single):
            low, high = single.min(), single.max()
            away = np.stack([swarm(of, low, high) for of in single.T], axis=1)
            ax.scatter(single.ravel(), (rows + 0.3 * away).ravel(), 6, color=style.GREY, alpha=0.3, linewidths=0)
        spread = np.maximum(0, [mean - self._shown.low, self._shown.high - mean])
        ax.errorbar(mean, rows, xerr=spread, fmt="o", color=style.LINES[0], markersize=5.5, capsize=3, label="mean")
        ax.set_yticks(rows, [style.literal(level, LEVEL) for level in levels])
        ax.set_ylim(len(levels) - 0.4, -0.6)
        ax.locator_params(axis="x", nbins=6)
        ax.set_xlabel(style.label(said))
        ax.set_title(style.literal(self._shown.names[0]), fontsize="medium", loc="left")

    def _map(self, ax: Axes, said: str) -> None:
        """The first column along x, unless only the second has an order."""
        turned = self._shown.ordered == (False, True)
        across, down = (1, 0) if turned else (0, 1)
        mean = self._shown.mean if turned else self._shown.mean.T
        for axis, place in ((ax.xaxis, across), (ax.yaxis, down)):
            _ticks(axis, self._shown.grids[place])
            axis.set_label_text(style.label(self._shown.names[place], 30))
        edges = [_edges(self._shown.grids[place]) for place in (across, down)]
        image = ax.pcolormesh(*edges, mean, cmap="viridis")
        if not self._shown.ordered[down]:
            ax.yaxis.set_inverted(True)  # the commonest level at the top, as in the picture of one column
        ax.tick_params(labelsize="small")
        strength = float(self._shown.interaction)
        ax.set_title(f"interaction {strength:.2f}", fontsize="medium", loc="left")
        style.colour_bar(image, [ax], style.label(said, 30))


def _ticks(axis: Any, grid: NDArray[Any]) -> None:
    """Ticks of numbers, times or levels."""
    from matplotlib.ticker import MaxNLocator

    if grid.dtype.kind == "M":
        style.times(axis)
    elif grid.dtype.kind == "O":
        below = axis.axis_name == "x"
        words = [style.literal(level, BELOW if below else LEVEL) for level in grid]
        axis.set_ticks(range(len(grid)), words, **({"rotation": 40, "ha": "right"} if below else {}))
    else:
        axis.set_major_locator(MaxNLocator(6))


def _edges(grid: NDArray[Any]) -> NDArray[Any]:
    """Where the cells of values begin and end: half way to the next, and at the first and the last value."""
    if grid.dtype.kind == "O":
        return np.arange(len(grid) + 1) - 0.5
    middle = grid.astype("datetime64[ms]").astype(np.float64) / 86_400_000 if grid.dtype.kind == "M" else grid
    if len(middle) == 1:
        return middle + np.array([-0.5, 0.5])
    return np.concatenate([middle[:1], (middle[1:] + middle[:-1]) / 2, middle[-1:]])
