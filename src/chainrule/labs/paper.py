"""How the labs draw: matplotlib, imported when a picture is asked for, and one look for all pictures."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.errors import InputError
from chainrule.files import write_whole
from chainrule.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENDINGS = (".png", ".svg", ".pdf")

#: Colours of lines, with three more than the displays have: orange, sky blue, black.
COLOURS = (*style.LINES, "#E69F00", "#56B4E9", "#000000")
#: Second signs beside the colour, for prints in black and white.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

_LOOK = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "lines.markersize": 4,
    "axes.titlesize": 9,
    "svg.hashsalt": "chainrule",  # the same picture is the same file
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans", "sans-serif"],
}


def check_ending(path: Path, where: str) -> None:
    """Refuse a name that says no kind of picture.

    Raises
    ------
    InputError
    """
    if path.suffix.lower() not in ENDINGS:
        raise InputError(where, f"a name that ends in one of {', '.join(ENDINGS)}", path.name, "Name it so.")


def look() -> AbstractContextManager[None]:
    """What is drawn inside has the look of the labs."""
    import matplotlib

    return matplotlib.rc_context(_LOOK)  # type: ignore[arg-type]


def blank() -> Figure:
    """An empty figure of 8 by 3.6 inches, drawn without a screen."""
    style.require("a picture")
    from matplotlib.figure import Figure

    return Figure(figsize=(8, 3.6), layout="constrained")


def write(figure: Figure, path: Path) -> None:
    """Write a figure whole or not at all."""
    kind, content = path.suffix.lower().removeprefix("."), BytesIO()
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    with look():
        figure.savefig(content, format=kind, dpi=120, facecolor="white", metadata=undated)
    write_whole(path, content.getvalue())


def panels(figure: Figure, count: int) -> list[Axes]:
    """Axes side by side."""
    return list(figure.subplots(1, count, squeeze=False)[0])


def label(ax: Axes, x: str, y: str, legend: str | None = None, place: str = "best") -> None:
    """Name the axes; `legend` is its title, "" for none, and None for no legend."""
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    if legend is not None:
        style.legend(ax, title=legend or None, title_fontsize="small", loc=place)


def legend_above(ax: Axes, columns: int = 1) -> None:
    """Where lines leave no room among them."""
    style.legend(ax, loc="lower left", bbox_to_anchor=(-0.05, 1.0), ncols=columns, borderaxespad=0.2)


def guessing(ax: Axes, accuracy: float) -> None:
    """An axis of accuracies from 0 to 1, with a dotted line at what guessing gives."""
    ax.axhline(accuracy, color=style.GREY, linestyle=":", linewidth=1)
    ax.set_ylim(0, 1.02)


def by_depth(what: str, depths: Sequence[int]) -> list[str]:
    """Names of columns, the first of which says what is in all.

    Examples
    --------
    >>> from chainrule.labs.paper import by_depth
    >>> by_depth("accuracy", [2, 5])
    ['accuracy: depth 2', 'depth 5']
    """
    first, *others = (f"depth {depth}" for depth in depths)
    return [f"{what}: {first}", *others]
