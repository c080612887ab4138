"""How all pictures look: colours that the colour-blind tell apart, thin axes, few ticks. Here matplotlib is found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Of Okabe and Ito 2008, those that stand out from a white ground and from a dark one: blue, vermilion, green, purple.
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
#: Between black and white: for what should stand back on either ground.
GREY = "#808080"

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def require(where: str) -> None:
    """Refuse to go on where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(where, "the package matplotlib", "none", "pip install 'chainrule[plots]'") from error


def dress(ax: Axes, grid: str = "y") -> None:
    """Axes with two sides, and faint lines across along an axis ("x", "y", "both" or "")."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize="small")
    if grid:
        ax.set_axisbelow(True)
        ax.grid(axis=grid, color=GREY, alpha=0.25, linewidth=0.6)  # type: ignore[arg-type]


def legend(ax: Axes, **where: Any) -> None:
    """A legend without a frame."""
    ax.legend(**{"frameon": False, "fontsize": "small", **where})


def split(ax: Axes, rows: int, columns: int = 1, **how: Any) -> NDArray[Any]:
    """Panels in the place of axes, which are hidden: array of shape (rows, columns) of Axes.

    `how` goes to the grid (height_ratios, width_ratios, ...); columns share x, unless sharex says otherwise.
    """
    from matplotlib.gridspec import GridSpec

    shared = {name: how.pop(name, default) for name, default in (("sharex", "col"), ("sharey", False))}
    ax.set_axis_off()
    spec, figure = ax.get_subplotspec(), ax.figure
    if spec is None:
        place = ax.get_position()
        grid: Any = GridSpec(rows, columns, figure, left=place.x0, right=place.x1, bottom=place.y0, top=place.y1, **how)  # type: ignore[arg-type]
    else:
        grid = spec.subgridspec(rows, columns, **how)
    panels: NDArray[Any] = grid.subplots(squeeze=False, **shared)
    return panels


def power(exponent: float) -> str:
    """A power of ten in plain letters, which every font and every SVG can show.

    Examples
    --------
    >>> power(-3), power(0), power(1)
    ('10⁻³', '1', '10')
    """
    return {0: "1", 1: "10"}.get(round(exponent), "10" + str(round(exponent)).translate(_RAISED))


def powers(axis: Any) -> None:
    """Ticks of a logarithmic axis at powers of ten, or, over less than two of them, at a few numbers between."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = np.log10(axis.get_view_interval())
    wide = high - low > 2
    axis.set_major_locator(LogLocator(numticks=6) if wide else LogLocator(subs=(1, 2, 5), numticks=6))
    shown = (lambda value, _: power(np.log10(value))) if wide else (lambda value, _: f"{value:.3g}")
    axis.set_major_formatter(FuncFormatter(shown))
    axis.set_minor_formatter(NullFormatter())


def round_numbers(values: ArrayLike, most: int = 7) -> tuple[list[float], list[str]]:
    """Where ticks go among items that have rising whole numbers, and the round numbers that stand there.

    Examples
    --------
    >>> round_numbers([1, 5, 9, 13, 17, 21, 25, 29, 33])
    ([1.0, 2.25, 3.5, 4.75, 6.0, 7.25], ['5', '10', '15', '20', '25', '30'])
    """
    from matplotlib.ticker import MaxNLocator

    found = np.asarray(values, float)
    wanted = MaxNLocator(most, integer=True).tick_values(found[0], found[-1]) if len(found) > most else found
    inside = wanted[(wanted >= found[0]) & (wanted <= found[-1])]
    return np.interp(inside, found, np.arange(len(found))).tolist(), [f"{value:.0f}" for value in inside]


def epochs_axis(ax: Axes, epochs: Sequence[int] | NDArray[Any]) -> None:
    """An x axis of epochs: whole numbers, the first and the last at the ends."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(7, integer=True, min_n_ticks=1))
    margin = max(0.5, 0.01 * (epochs[-1] - epochs[0]))
    ax.set_xlim(epochs[0] - margin, epochs[-1] + margin)
