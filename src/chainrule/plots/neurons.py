"""A small network as neurons and edges, from left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.plots import style
from chainrule.plots.outline import Box, Skip

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What can be read: more boxes, the input among them, or more units in one, are boxes.
BOXES, UNITS = 6, 16


def readable(boxes: Sequence[Box], skips: Sequence[Skip]) -> bool:
    """Whether a network is a plain chain of products, short and narrow enough."""
    chain = not skips and all(box.kind == "dense" for box in boxes[1:])
    return chain and len(boxes) <= BOXES and all(box.units <= UNITS for box in boxes)


def size(boxes: Sequence[Box]) -> tuple[float, float]:
    """Width and height of a figure, in inches."""
    return 1.0 + 1.35 * len(boxes), 1.2 + 0.24 * max(box.units for box in boxes)


def draw(ax: Axes, boxes: Sequence[Box], weights: Mapping[str, Any] | None) -> None:
    """Columns of neurons; an edge's colour is its weight's sign, its strength the size among its layer's weights."""
    from matplotlib.collections import LineCollection

    places = [[(column, y) for y in _heights(box.units)] for column, box in enumerate(boxes)]
    for (left, right), box in zip(pairwise(places), boxes[1:], strict=True):
        W = None if weights is None else np.asarray(weights[f"{box.name}.W"], float)
        lines = [(start, end) for end in right for start in left]
        colours = [(*_rgb(style.GREY), 0.4)] * len(lines) if W is None else _shades(W)
        ax.add_collection(LineCollection(lines, colors=colours, linewidths=1.1, zorder=1))
    below = max(box.units for box in boxes) / 2
    for column, (box, units) in enumerate(zip(boxes, places, strict=True)):
        x, y = zip(*units, strict=True)
        ax.scatter(x, y, s=70, color=style.GREY if box.kind == "input" else style.LINES[0], zorder=2)
        ax.text(column, below + 0.4, "\n".join(_said(box)), ha="center", va="top", fontsize="small")
    ax.set_xlim(-0.6, len(boxes) - 0.4)
    ax.set_ylim(below + 0.6 + 0.75 * max(len(_said(box)) for box in boxes), -below - 0.2)


def _said(box: Box) -> list[str]:
    """The lines below a column."""
    first, *rest = map(style.literal, box.parts)
    parameters = [f"{box.parameters:,} parameters"] if box.parameters else []
    return [f"input {box.units}" if box.kind == "input" else first, *rest, *parameters]


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
