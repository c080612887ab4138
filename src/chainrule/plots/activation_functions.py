"""`ActivationFunctionsDisplay`: the table of activations as small pictures of f and f'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from textwrap import fill
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from chainrule.network import activations
from chainrule.network.activations import ActivationFunction
from chainrule.network.layers import GLU, Activation, Dense, Layer, Residual
from chainrule.plots import reading, style
from chainrule.plots.display import Display

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Panels side by side.
ACROSS = 4
#: Where functions are drawn: their bends are within, and they are straight beyond.
Z = np.linspace(-4.0, 4.0, 161)


@dataclass(eq=False)
class ActivationFunctionsDisplay(Display):
    """f(z), and f'(z) that gradients are multiplied by on their way back: one panel per function.

    Parameters
    ----------
    names : of the functions
    formulas : as text
    z : array of shape (points,)
    values, derivatives : arrays of shape (functions, points)

    Examples
    --------
    >>> from chainrule.plots import ActivationFunctionsDisplay
    >>> display = ActivationFunctionsDisplay.from_names(["relu", "tanh"]).plot()
    >>> [panel.get_title() for panel in display.axes_]
    ['relu', 'tanh']
    >>> from matplotlib import pyplot
    >>> pyplot.close(display.figure_)
    """

    names: Sequence[str]
    formulas: Sequence[str]
    z: Any
    values: Any
    derivatives: Any

    @classmethod
    def read(cls, estimator: Any) -> Self:
        """The functions of an estimator's network, in the order in which they come.

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
        return cls.from_names(dict.fromkeys(_used(reading.model(cls.__name__, estimator).network.layers)))

    @classmethod
    def from_names(cls, names: Any = tuple(activations.ACTIVATIONS)) -> Self:
        """Functions by name, or made by `activations.custom`.

        Parameters
        ----------
        names : of `chainrule.activations.table()`; by default all of them

        Returns
        -------
        the display

        Raises
        ------
        InputError, InputTypeError
            For a name that is not in the table.
        """
        functions = [activations.get(one, f"{cls.__name__}(names)") for one in names]
        values, derivatives = zip(*(_curves(one) for one in functions), strict=True)
        formulas = [one.formula for one in functions]
        return cls([one.name for one in functions], formulas, Z, np.array(values), np.array(derivatives))

    @property
    def size(self) -> tuple[float, float]:
        return 0.6 + 1.9 * min(ACROSS, len(self.names)), 0.7 + 1.75 * ceil(len(self.names) / ACROSS)

    def _draw(self, ax: Axes) -> tuple[Axes, ...]:
        count = len(self.names)
        across = min(ACROSS, count)
        panels = style.split(ax, ceil(count / across), across, sharex=True, sharey=True)
        for panel in panels.ravel()[count:]:
            panel.remove()
        drawn = panels.ravel()[:count]
        for place, panel in enumerate(drawn):
            style.dress(panel, grid="")
            panel.axhline(0, color=style.GREY, linewidth=0.6, alpha=0.6, label="_zero")
            panel.axvline(0, color=style.GREY, linewidth=0.6, alpha=0.6, label="_zero")
            panel.plot(self.z, self.values[place], color=style.LINES[0], linewidth=1.6, label="f(z)")
            panel.plot(
                self.z, self.derivatives[place], color=style.LINES[1], linewidth=1.3, linestyle="--", label="f′(z)"
            )
            panel.set_title(style.literal(self.names[place]), fontsize="medium")
            panel.text(
                0.04, 0.97, fill(self.formulas[place], 17), transform=panel.transAxes, fontsize="x-small", va="top"
            )
            if place + across >= count:
                panel.set_xlabel("z")
                panel.tick_params(labelbottom=True)
        drawn[0].set(xlim=(-4, 4), ylim=(-2, 4), yticks=(-2, 0, 2, 4), xticks=(-4, -2, 0, 2, 4))
        style.legend(drawn[0], loc="lower right", fontsize="x-small", handlelength=1.6, borderaxespad=0.0)
        return tuple(drawn)


def _curves(function: ActivationFunction) -> tuple[Any, Any]:
    """f and f' of `Z`, as the function reads them."""
    value, derivative = function.value, function.derivative
    if function.scalar:
        value, derivative = np.vectorize(value, otypes=[float]), np.vectorize(derivative, otypes=[float])
    f = value(Z)
    return f, np.broadcast_to(derivative(f if function.reads == "a" else Z), Z.shape)


def _used(layers: Sequence[Layer]) -> Iterator[ActivationFunction]:
    """What layers apply; a Dense without a function leaves that to an Activation after it."""
    for layer in layers:
        match layer:
            case Residual():
                yield from _used(layer.layers)
            case Dense() | GLU():
                yield activations.get(layer.activation)
            case Activation():
                yield activations.get(layer.name)
