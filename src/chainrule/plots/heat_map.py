"""A heat map of layers by epochs, which several displays are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.probes import Probed
from chainrule.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]

#: More probes than this are thinned out evenly: a picture has no more columns to show them.
COLUMNS = 400


def names(layers: Sequence[Probed]) -> tuple[str, ...]:
    """What layers are called in pictures: their place in the network, and where few, their function."""
    few = len(layers) <= 10
    return tuple(f"{one.name} {one.activation}" if few else one.name for one in layers)


def chosen(probes: int) -> NDArray[np.int64]:
    """Which of so many probes are drawn: all, or `COLUMNS` of them, the first and the last among these."""
    return np.unique(np.linspace(0, probes - 1, min(probes, COLUMNS)).round().astype(np.int64))


def draw(
    ax: Axes,
    values: Array,
    epochs: Array,
    layers: Sequence[str],
    *,
    colours: str,
    low: float,
    high: float,
    label: str,
    ticks: Sequence[tuple[float, str]] | None = None,
) -> None:
    """Layers from below to above, epochs from left to right; what is not finite shows the hatched ground.

    Parameters
    ----------
    values : array of shape (probes, layers)
    epochs : of the probes
    layers : their names
    colours, low, high : name of the colour map, and the numbers at its ends
    label : of the colours, with the unit
    ticks : numbers on the colour bar and what is written there
    """
    picked = chosen(len(epochs))
    shown = np.ma.masked_invalid(values[picked].T)
    ax.patch.set_hatch("////")
    ax.patch.set_edgecolor(style.GREY)
    image = ax.imshow(
        shown, cmap=colours, vmin=low, vmax=high, aspect="auto", origin="lower", interpolation="none"
    )  # fmt: skip
    ax.set_xticks(*style.round_numbers(epochs[picked]))
    step = -(-len(layers) // 12)
    ax.set_yticks(range(0, len(layers), step), layers[::step])
    ax.tick_params(labelsize="small")
    ax.set_xlabel("epoch")
    ax.set_ylabel("layer")
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02, fraction=0.05, extend=_beyond(shown, low, high))
    bar.set_label(label)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize="small")
    if ticks is not None:
        bar.set_ticks([at for at, _ in ticks], labels=[text for _, text in ticks])


def _beyond(values: Any, low: float, high: float) -> str:
    """Ends of the scale that some value lies beyond, as matplotlib names them."""
    below, above = bool((values < low).any()), bool((values > high).any())
    return {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[below, above]


def decades(low: float, high: float) -> list[tuple[float, str]]:
    """Ticks of a scale of log10 values, written as powers of ten, at most six."""
    first, last = int(np.ceil(low)), int(np.floor(high))
    step = max(1, -(-(last - first) // 5))
    return [(at, style.power(at)) for at in range(first, last + 1, step)]
