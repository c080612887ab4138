"""A small network as neurons and edges, from left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.plots import style
from chainrule.plots.stages import Skip, Stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What can be read: more stages, the input among them, or more units in one, are boxes.
STAGES, UNITS = 6, 16


def readable(stages: Sequence[Stage], skips: Sequence[Skip]) -> bool:
    """Whether a network is a plain chain of products, short and narrow enough."""
    chain = not skips and all(stage.kind == "dense" for stage in stages[1:])
    return chain and len(stages) <= STAGES and all(stage.units <= UNITS for stage in stages)


def size(stages: Sequence[Stage]) -> tuple[float, float]:
    """Width and height of a figure, in inches."""
    return 1.0 + 1.35 * len(stages), 1.2 + 0.24 * max(stage.units for stage in stages)


def draw(ax: Axes, stages: Sequence[Stage], weights: Mapping[str, Any] | None) -> None:
    """Columns of neurons; an edge's colour is its weight's sign, its strength the size among its layer's weights."""
    from matplotlib.collections import LineCollection

    places = [[(column, y) for y in _heights(stage.units)] for column, stage in enumerate(stages)]
    for (left, right), stage in zip(pairwise(places), stages[1:], strict=True):
        W = None if weights is None else np.asarray(weights[f"{stage.name}.W"], float)
        lines = [(start, end) for end in right for start in left]
        colours = [(*_rgb(style.GREY), 0.4)] * len(lines) if W is None else _shades(W)
        ax.add_collection(LineCollection(lines, colors=colours, linewidths=1.1, zorder=1))
    for column, (stage, units) in enumerate(zip(stages, places, strict=True)):
        x, y = zip(*units, strict=True)
        colour = style.GREY if stage.kind == "input" else style.LINES[0]
        ax.scatter(x, y, s=70, color=colour, zorder=2)
        said = [f"input {stage.units}"] if stage.kind == "input" else list(stage.parts)
        if stage.parameters:
            said.append(f"{stage.parameters:,} parameters")
        ax.text(
            column, max(s.units for s in stages) / 2 + 0.4, "\n".join(said), ha="center", va="top", fontsize="small"
        )
    tall = max(stage.units for stage in stages) / 2
    lines_below = max(len(stage.parts) for stage in stages) + 1
    ax.set_xlim(-0.6, len(stages) - 0.4)
    ax.set_ylim(tall + 0.6 + 0.75 * lines_below, -tall - 0.2)


def _heights(units: int) -> Sequence[float]:
    return [place - (units - 1) / 2 for place in range(units)]


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)


def _shades(W: Any) -> list[tuple[float, ...]]:
    """Colours of edges in the order of `draw`: row by row of W."""
    most = np.abs(W).max() or 1.0
    positive, negative = _rgb(style.LINES[0]), _rgb(style.LINES[1])
    return [(*(positive if w > 0 else negative), 0.06 + 0.9 * abs(w) / most) for w in W.ravel()]
