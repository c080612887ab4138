"""`DecisionBoundaryDisplay`: what a network of two features says of every place in the plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import at_least
from chainrule.errors import InputError
from chainrule.plots import reading, style
from chainrule.plots.display import Display
from chainrule.tables.reading import read_numbers
from chainrule.tables.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]

_RESOLUTION = at_least(2, "A hundred are smooth.")
#: How far the plane goes on beyond the rows, in shares of their range.
MARGIN = 0.08
#: Opacity of a region where the classes are equally likely, and where one is certain.
PALEST, STRONGEST = 0.12, 0.55


@dataclass(eq=False)
class DecisionBoundaryDisplay(Display):
    """Regions of classes, the paler the less sure, with the lines between them; or a surface of predicted values.

    A surface has the scale of the target where that is given: what is predicted beyond it has the colour of the end.

    Parameters
    ----------
    x, y : arrays of shape (columns,) and (rows,): where the plane was asked
    response : array of shape (rows, columns), values of a regressor, or (rows, columns, classes), probabilities
    classes : names of the classes, or None of a regressor
    points : array of shape (points, 2), rows of data to draw, or None
    target : array of shape (points,), their values, or places of their classes; or None
    features : names of the two

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.plots import DecisionBoundaryDisplay
    >>> x = np.linspace(-1, 1, 20)
    >>> display = DecisionBoundaryDisplay(x, x, response=x[:, None] * x).plot()
    >>> display.ax_.images[0].get_array().shape
    (20, 20)
    >>> from matplotlib import pyplot
    >>> pyplot.close(display.figure_)
    """

    x: Any
    y: Any
    response: Any
    classes: Sequence[Any] | None = None
    points: Any = None
    target: Any = None
    features: tuple[str, str] = ("feature 0", "feature 1")

    @classmethod
    def read(
        cls, estimator: Any, X: Any, y: Any = None, resolution: int = 160, features: tuple[str, str] | None = None
    ) -> Self:
        """Ask a fitted estimator over the plane that the rows of X span.

        Parameters
        ----------
        estimator : fitted classifier or regressor of two features, a pipeline too
        X : array or frame of shape (rows, 2), numbers
        y : targets of the rows, which are then drawn, of an estimator of tables also the name of a column of X; or None
        resolution : places along each axis
        features : names of the two; by default those of a frame's columns

        Raises
        ------
        InputError, InputTypeError
            For an estimator or rows that have another number of features, or are not numbers.
        """
        estimator = reading.predictor(cls.__name__, estimator, features=2)
        _RESOLUTION(f"{cls.__name__}(resolution=)", resolution)
        X, y = reading.rows(cls.__name__, estimator, X, y)
        points, names = _two(cls.__name__, X)
        x_axis, y_axis = (_span(column, resolution) for column in points.T)
        plane = np.stack(np.meshgrid(x_axis, y_axis), axis=-1).reshape(-1, 2)
        made = dict if isinstance(X, Table) else type(X)
        asked = plane if names is None else made(dict(zip(names, plane.T, strict=True)))
        drawn, features = None if y is None else points, features or names or cls.features
        if reading.classifies(estimator):
            p, classes = reading.probabilities(cls.__name__, estimator, asked)
            codes = None if y is None else reading.codes(cls.__name__, y, classes, len(points))
            return cls(x_axis, y_axis, p.reshape(resolution, resolution, -1), classes.tolist(), drawn, codes, features)
        z = np.asarray(estimator.predict(asked), float).reshape(resolution, resolution)
        return cls(x_axis, y_axis, z, None, drawn, None if y is None else np.asarray(y, float), features)

    @property
    def size(self) -> tuple[float, float]:
        return 5.6, 4.2

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        if self.classes is None:
            self._draw_surface(ax)
        else:
            self._draw_regions(ax, self.classes)
        ax.set_xlabel(style.literal(self.features[0]))
        ax.set_ylabel(style.literal(self.features[1]))
        ax.locator_params(nbins=6)
        ax.tick_params(labelsize="small")
        return (ax,)

    def _image(self, ax: Axes, values: Array, **how: Any) -> Any:
        """Values over the plane; each stands in the middle of its cell."""
        (left, right), (bottom, top) = (
            (axis[0] - (axis[1] - axis[0]) / 2, axis[-1] + (axis[1] - axis[0]) / 2) for axis in (self.x, self.y)
        )
        return ax.imshow(
            values, extent=(left, right, bottom, top), origin="lower", aspect="auto", interpolation="none", **how
        )

    def _draw_surface(self, ax: Axes) -> None:
        values = np.asarray(self.response, float)
        seen = values if self.target is None else np.asarray(self.target, float)
        how: dict[str, Any] = {"cmap": "viridis", "vmin": seen.min(), "vmax": seen.max()}
        style.colour_bar(self._image(ax, values, **how), [ax], "prediction")
        if self.points is not None:
            x, y = np.asarray(self.points).T
            ax.scatter(x, y, c=self.target, s=16, edgecolors="white", linewidths=0.6, **how)

    def _draw_regions(self, ax: Axes, classes: Sequence[Any]) -> None:
        p = np.asarray(self.response, float)
        colours = style.of_classes(len(classes))
        self._image(ax, tinted(p, colours))
        for place in range(len(classes)):
            ahead = p[..., place] - np.delete(p, place, axis=-1).max(axis=-1)
            if ahead.min() < 0 < ahead.max():
                ax.contour(self.x, self.y, ahead, [0], colors=style.GREY, linewidths=1)
        for place, colour in enumerate(colours):
            of_class = np.empty((0, 2)) if self.points is None else np.asarray(self.points)[self.target == place]
            ax.scatter(
                of_class[:, 0], of_class[:, 1], s=16, color=colour, edgecolors="white", linewidths=0.6, label=str(place)
            )
        words = style.legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5), title="class", title_fontsize="small")
        for word, name in zip(words.get_texts(), classes, strict=True):
            word.set_text(style.literal(name))  # as a label, a name that begins with _ would be left out


def tinted(p: Array, colours: Sequence[Any]) -> Array:
    """Each place in the colour of its most probable class, the stronger the surer: RGBA of shape (rows, columns, 4).

    As colours, because matplotlib leaves an array of alphas out of an SVG.
    """
    from matplotlib.colors import to_rgba_array

    chance = 1 / p.shape[-1]
    sure = (p.max(axis=-1) - chance) / max(1 - chance, chance)
    rgba = to_rgba_array(list(colours))[p.argmax(axis=-1)]
    rgba[..., 3] = PALEST + (STRONGEST - PALEST) * sure
    return rgba


def _two(where: str, X: Any) -> tuple[Array, tuple[str, str] | None]:
    """Two columns of numbers, and their names where X is a frame or a table."""
    if isinstance(X, Table):
        points, _ = _two(where, np.column_stack([read_numbers(X[name], name, f"{where}(X)") for name in X.names]))
        return points, (X.names[0], X.names[1])
    try:
        points = np.asarray(X, float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}(X)", "numbers", str(error)[:80], "Draw over two columns of numbers.") from error
    if points.ndim != 2 or points.shape[1] != 2 or not len(points) or not np.isfinite(points).all():
        raise InputError(
            f"{where}(X)", "finite numbers of shape (rows, 2)", f"shape {points.shape}",
            "Fit an estimator of two features to draw what it says of them.",
        )  # fmt: skip
    if isinstance(X, (np.ndarray, list, tuple)):
        return points, None
    first, second = (str(name) for name in X.columns)
    return points, (first, second)


def _span(column: Array, places: int) -> Array:
    low, high = column.min(), column.max()
    margin = MARGIN * (high - low or 1.0)
    return np.linspace(low - margin, high + margin, places)
