"""A heat map of layers by epochs, which several displays are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.probes import Probed, Probes
from chainrule.errors import InputError
from chainrule.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

Array = NDArray[Any]

#: More probes than this are thinned out evenly: a picture has no more columns to show them.
COLUMNS = 400


def names(layers: Sequence[Probed]) -> tuple[str, ...]:
    """What layers are called in pictures: their place in the network, and where few, their function."""
    few = len(layers) <= 10
    return tuple(f"{one.name} {style.literal(one.activation)}" if few else one.name for one in layers)


def hidden(where: str, probes: Probes) -> Sequence[Probed]:
    """The layers in front of the output layer, one at least."""
    if not probes.hidden:
        raise InputError(f"{where}(probes)", "a network with hidden layers", "an output layer alone", "Add one.")
    return probes.hidden


def draw(
    ax: Axes, values: Array, epochs: Array, layers: Sequence[str], *, colours: Any, low: float, high: float
) -> AxesImage:
    """Layers from above to below, epochs from left to right; what is not finite is hatched.

    Parameters
    ----------
    values : array of shape (probes, layers)
    epochs : of the probes
    layers : their names
    colours, low, high : colour map or its name, and the numbers at its ends
    """
    picked = style.evenly(len(epochs), COLUMNS)
    shown = np.ma.masked_invalid(values[picked].T)
    image = ax.imshow(shown, cmap=colours, vmin=low, vmax=high, aspect="auto", interpolation="none")
    for row, missing in enumerate(np.ma.getmaskarray(shown)):
        ax.broken_barh(
            _runs(missing), (row - 0.5, 1), facecolor="none", edgecolor=style.GREY, hatch="////", linewidth=0
        )
    ax.set_xticks(*style.round_numbers(epochs[picked]))
    step = -(-len(layers) // 12)
    ax.set_yticks(range(0, len(layers), step), layers[::step])
    ax.tick_params(labelsize="small")
    ax.set_xlabel("epoch")
    ax.set_ylabel("layer")
    return image


def _runs(marked: Array) -> list[tuple[float, float]]:
    """Where columns that are marked begin, and how many of them follow, of every run of them."""
    turns = np.flatnonzero(np.diff(marked, prepend=False, append=False))
    return [(start - 0.5, end - start) for start, end in turns.reshape(-1, 2).tolist()]


def decades(low: float, high: float) -> list[tuple[float, str]]:
    """Ticks of a scale of log10 values, written as powers of ten, at most six."""
    first, last = int(np.ceil(low)), int(np.floor(high))
    step = max(1, -(-(last - first) // 5))
    return [(at, style.power(at)) for at in range(first, last + 1, step)]
