"""`Display`: what a picture is. Made from an estimator or from arrays, drawn by `plot`, as scikit-learn has it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

from chainrule.errors import InputTypeError
from chainrule.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


class Display(ABC):
    """A picture: its data as fields, drawn as often as `plot` is called.

    Attributes
    ----------
    ax_ : the axes that `plot` was given, or made
    axes_ : all axes drawn into: `ax_` alone, or the panels that took its place
    figure_ : the figure that has them
    """

    ax_: Axes
    axes_: tuple[Axes, ...]
    figure_: Figure | SubFigure

    @classmethod
    @abstractmethod
    def read(cls, estimator: Any, *args: Any, **options: Any) -> Self:
        """The display of a fitted estimator, not drawn yet.

        Parameters
        ----------
        estimator : fitted estimator of chainrule
        args, options : what else the display reads

        Returns
        -------
        the display
        """

    @classmethod
    def from_estimator(cls, estimator: Any, *args: Any, ax: Axes | None = None, **options: Any) -> Self:
        """`read` and `plot` in one.

        Parameters
        ----------
        estimator, args, options : as in `read`
        ax : Axes to draw into, or None for a new figure

        Returns
        -------
        the display, drawn
        """
        return cls.read(estimator, *args, **options).plot(ax)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of a figure of its own, in inches."""
        return 6.4, 3.6

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw into axes, or into a new figure of pyplot.

        Parameters
        ----------
        ax : Axes; a display of several panels divides the place among them and hides the axes themselves

        Raises
        ------
        MissingExtraError
            An `ImportError`: matplotlib is not installed.
        """
        style.require(f"{type(self).__name__}.plot()")
        from matplotlib import pyplot
        from matplotlib.axes import Axes

        if ax is None:
            ax = pyplot.figure(figsize=self.size, layout="constrained").subplots()
        if not isinstance(ax, Axes):
            raise InputTypeError(
                f"{type(self).__name__}.plot(ax=)", "axes of matplotlib", repr(ax), "For example figure.subplots()."
            )
        self.ax_, self.figure_ = ax, ax.figure
        self.axes_ = self._draw(ax)
        return self

    @abstractmethod
    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        """Draw into the axes; gives all axes that have something in them."""
