"""How all pictures look: colours that the colour-blind tell apart, thin axes, few ticks. Here matplotlib is found."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend

#: Of Okabe and Ito 2008, those that stand out from a white ground and from a dark one: blue, vermilion, green, purple.
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
#: For areas and dots with a white rim also the paler three: sky blue, orange, yellow.
AREAS = (*LINES, "#56B4E9", "#E69F00", "#F0E442")
#: Between black and white: for what should stand back on either ground.
GREY = "#808080"

#: Letters of a word of data that are shown.
LONGEST = 40

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


def legend(ax: Axes, **where: Any) -> Legend:
    """A legend without a frame."""
    return ax.legend(**{"frameon": False, "fontsize": "small", **where})


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


def printable(text: object) -> str:
    """Words with a mark for each letter that cannot be shown; such letters have no place in an SVG either."""
    return "".join(letter if letter.isprintable() else "�" for letter in str(text))


def literal(text: object, longest: int = LONGEST) -> str:
    """Words of a user or of data for matplotlib, as they are: no mathematics between dollars, and not too long.

    Examples
    --------
    >>> from chainrule.plots.style import literal
    >>> print(literal("$5 to $10"), literal("line\\nline"))
    \\$5 to \\$10 line�line
    """
    said = printable(text)
    short = said if len(said) <= longest else said[: longest - 1] + "…"
    return short.replace("$", r"\$")


def label(text: object, width: int = 40) -> str:
    """Words for an axis, as `literal` has them, in two lines of at most so many letters.

    Examples
    --------
    >>> from chainrule.plots.style import label
    >>> print(label("moves the prediction of income by", 24))
    moves the prediction of
    income by
    """
    lines = wrap(printable(text), width, max_lines=2, placeholder="…")
    return "\n".join(lines).replace("$", r"\$")


def power(exponent: float) -> str:
    """A power of ten in plain letters, which every font and every SVG can show.

    Examples
    --------
    >>> from chainrule.plots.style import power
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
    """Where ticks go among items that have rising whole numbers, and what stands there.

    At round numbers, between items too; at items where the numbers rise too unevenly for that.

    Examples
    --------
    >>> from chainrule.plots.style import round_numbers
    >>> round_numbers([1, 5, 9, 13, 17, 21, 25, 29, 33])
    ([1.0, 2.25, 3.5, 4.75, 6.0, 7.25], ['5', '10', '15', '20', '25', '30'])
    >>> round_numbers([1, 2, 4, 8, 16, 32, 64, 128, 256], most=5)
    ([0.0, 2.0, 4.0, 6.0, 8.0], ['1', '4', '16', '64', '256'])
    """
    from matplotlib.ticker import MaxNLocator

    found = np.asarray(values, float)
    wanted = np.asarray(MaxNLocator(most, integer=True).tick_values(found[0], found[-1]))
    wanted = wanted[(wanted >= found[0]) & (wanted <= found[-1])]
    at = np.interp(wanted, found, np.arange(len(found)))
    if len(found) <= most or len(at) < 2 or np.diff(at).min() < len(found) / most / 2:
        places = evenly(len(found), most)
        at, wanted = places.astype(float), found[places]
    return at.tolist(), [f"{value:.0f}" for value in wanted]


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """Places in `count` items: all of them, or `most` that are evenly spread, the first and the last among them.

    Examples
    --------
    >>> from chainrule.plots.style import evenly
    >>> evenly(3, 5), evenly(9, 5)
    (array([0, 1, 2]), array([0, 2, 4, 6, 8]))
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def epochs_axis(ax: Axes, epochs: Sequence[int] | NDArray[Any]) -> None:
    """An x axis of epochs: whole numbers, the first and the last at the ends."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(7, integer=True, min_n_ticks=1))
    margin = max(0.5, 0.01 * (epochs[-1] - epochs[0]))
    ax.set_xlim(epochs[0] - margin, epochs[-1] + margin)


def by_depth(steps: int) -> Any:
    """A colour map of so many steps, from early to late, that leaves out what is nearly black or nearly white."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["viridis"](np.linspace(0.3, 0.8, steps)))


def alarm() -> Any:
    """A colour map from nothing at all to vermilion, on any ground."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("alarm", [f"{LINES[1]}00", f"{LINES[1]}ff"])


def ink() -> str:
    """The colour of text, which in an SVG is that of the page."""
    from matplotlib import rcParams

    return str(rcParams["text.color"])


def low_high() -> Any:
    """A colour map from low to high that the colour-blind can follow, blue to vermilion, on any ground."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("low_high", [LINES[0], LINES[3], LINES[1]])


def times(axis: Any, most: int = 6) -> None:
    """Ticks of an axis of times, about so many, each as short as it can be."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=2, maxticks=most)  # type: ignore[no-untyped-call]
    axis.set_major_locator(locator)
    axis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def colour_bar(image: Any, axes: Sequence[Axes], label: str, ticks: Sequence[tuple[float, str]] | None = None) -> Axes:
    """The scale of colours beside axes, pointed where values lie beyond it; `ticks` are places and what is written."""
    low, high = image.get_clim()
    values = np.ma.masked_invalid([low] if image.get_array() is None else image.get_array())
    beyond = bool((values < low).any()), bool((values > high).any())
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[beyond]
    bar = axes[0].figure.colorbar(image, ax=list(axes), pad=0.02, fraction=0.05, extend=extend)
    bar.set_label(label)
    if ticks is not None:
        bar.set_ticks([at for at, _ in ticks], labels=[text for _, text in ticks])
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize="small")
    return bar.ax


def depth_bar(shades: Any, axes: Sequence[Axes], label: str, names: Sequence[str]) -> None:
    """What the colours of `by_depth` stand for, from above to below, every name or every few of them."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    step = -(-len(names) // 8)
    ticks = [(place, names[place]) for place in range(0, len(names), step)]
    colour_bar(ScalarMappable(Normalize(-0.5, len(names) - 0.5), shades), axes, label, ticks).invert_yaxis()


def of_classes(count: int) -> Sequence[Any]:
    """A colour for each class; beyond seven they are spread over a map, and near ones are hard to tell apart."""
    from matplotlib import colormaps

    if count <= len(AREAS):
        return AREAS[:count]
    return [tuple(rgba) for rgba in colormaps["turbo"](np.linspace(0.05, 0.95, count))]
