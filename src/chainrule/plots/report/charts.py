"""Charts as SVG: lines over axes, bars, and maps of cells. Colours are the page's, by class, so a theme turns them.

A chart is 440 wide and is scaled to its column; a phone shows it at about its own size.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.plots.report.axes import Axis
from chainrule.plots.report.markup import Markup, el

WIDTH, HEIGHT = 440, 250
LEFT, RIGHT, TOP, BOTTOM = 54, 12, 30, 42

#: Points of a line at most; of more, the least and the greatest of each stretch are drawn.
MOST_POINTS = 600
#: Shades of a map of cells, `.h0` to `.h15` in the style.
SHADES = 16


def chart(title: str, x: Axis, y: Axis, *marks: Any, height: int = HEIGHT, grid: bool = True) -> Markup:
    """Axes with marks in between. The title stands for the drawing where it is not seen."""
    right, bottom = WIDTH - RIGHT, height - BOTTOM
    parts = []
    for value, said in y.ticks:
        at = f"{y.places(value, bottom, TOP):.1f}"
        if grid:
            parts.append(el("line", x1=LEFT, x2=right, y1=at, y2=at, class_="grid"))
        parts.append(el("text", said, x=LEFT - 6, y=at, class_="tick y"))
    for value, said in x.ticks:
        at = f"{x.places(value, LEFT, right):.1f}"
        parts.append(el("line", x1=at, x2=at, y1=bottom, y2=bottom + 4, class_="axis"))
        parts.append(el("text", said, x=at, y=bottom + 17, class_="tick x"))
    parts.append(el("line", x1=LEFT, x2=right, y1=bottom, y2=bottom, class_="axis"))
    parts.append(el("text", y.label, x=4, y=14, class_="label"))
    parts.append(el("text", x.label, x=right, y=height - 6, class_="label end"))
    return drawing(title, height, *parts, *marks)


def drawing(title: str, height: float, *parts: Any) -> Markup:
    """An SVG of the width of charts."""
    return el("svg", *parts, viewBox=f"0 0 {WIDTH} {height:g}", role="img", aria_label=title, class_="chart")


def trace(x: Axis, y: Axis, xs: ArrayLike, ys: ArrayLike, height: int = HEIGHT, most: int = MOST_POINTS) -> str:
    """The path of a line; where a value is not finite, it has a gap."""
    xs, ys = thinned(np.asarray(xs, np.float64), np.asarray(ys, np.float64), most)
    across = x.places(xs, LEFT, WIDTH - RIGHT)
    down = y.places(ys, height - BOTTOM, TOP)
    path, pen = [], "M"
    for a, b in zip(across.tolist(), down.tolist(), strict=True):
        if math.isnan(a) or math.isnan(b):
            pen = "M"
            continue
        path.append(f"{pen}{a:.1f},{b:.1f}")
        pen = "L"
    return "".join(path)


def dots_of(path: str) -> str:
    """The corners of a path as dots."""
    return re.sub("[ML]([^ML]+)", r"M\1h0", path)


def line(path: str, style: str, dots: bool = False) -> Markup:
    """A path as a line; with dots on its corners where those are few."""
    drawn = el("path", d=path, class_=f"line {style}")
    return Markup(drawn + el("path", d=dots_of(path), class_=f"dots {style}")) if dots else drawn


def level(y: Axis, value: float, said: str, height: int = HEIGHT) -> Markup:
    """A horizontal line that others are held against."""
    at = float(y.places(value, height - BOTTOM, TOP))
    rule = el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=f"{at:.1f}", y2=f"{at:.1f}", class_="level")
    return Markup(rule + el("text", said, x=LEFT + 5, y=f"{at - 5:.1f}", class_="label"))


def mark(x: Axis, value: float, said: str, height: int = HEIGHT) -> Markup:
    """A vertical line at a value of x."""
    at = float(x.places(value, LEFT, WIDTH - RIGHT))
    rule = el("line", x1=f"{at:.1f}", x2=f"{at:.1f}", y1=TOP, y2=height - BOTTOM, class_="level")
    style = "label end" if at > WIDTH / 2 else "label"
    return Markup(rule + el("text", said, x=f"{at:.1f}", y=TOP - 3, class_=style))


def bars(x: Axis, y: Axis, edges: ArrayLike, heights: ArrayLike, height: int = HEIGHT) -> Markup:
    """A bar from each edge to the next, on the axis."""
    left = x.places(edges, LEFT, WIDTH - RIGHT)
    top = y.places(heights, height - BOTTOM, TOP)
    base = height - BOTTOM
    boxes = [
        f"M{a:.1f},{base}V{t:.1f}H{b:.1f}V{base}z"
        for a, b, t in zip(left[:-1] + 0.5, left[1:] - 0.5, top, strict=True)
        if t < base
    ]
    return el("path", d="".join(boxes), class_="bars")


def points(x: Axis, y: Axis, xs: ArrayLike, ys: ArrayLike, height: int = HEIGHT) -> Markup:
    """A small dot for each pair."""
    across = x.places(xs, LEFT, WIDTH - RIGHT).tolist()
    down = y.places(ys, height - BOTTOM, TOP).tolist()
    path = "".join(f"M{a:.1f},{b:.1f}h0" for a, b in zip(across, down, strict=True) if a == a and b == b)
    return el("path", d=path, class_="points")


def spans(x: Axis, y: Axis, xs: ArrayLike, low: ArrayLike, high: ArrayLike, height: int = HEIGHT) -> Markup:
    """A vertical line from `low` to `high` at each x: how sure a value is."""
    across = x.places(xs, LEFT, WIDTH - RIGHT).tolist()
    ends = (y.places(values, height - BOTTOM, TOP).tolist() for values in (low, high))
    path = "".join(f"M{a:.1f},{b:.1f}V{c:.1f}" for a, b, c in zip(across, *ends, strict=True))
    return el("path", d=path, class_="spans")


def cells(
    title: str, x: Axis, y: Axis, xs: ArrayLike, values: NDArray[Any], low: float, high: float, ends: tuple[str, str]
) -> Markup:
    """A map of cells, (columns, rows), row 0 on top, shaded from `low` to `high`; `ends` are written beside the shades.

    A column reaches half way to those beside it, which need not be equally far.

    Equal shades beside each other in a row are one stroke of one path per shade, which keeps the drawing small.
    """
    columns, rows = values.shape
    depth = min(40.0, max(6.0, 260 / rows))
    height = TOP + BOTTOM + round(depth * rows)
    middle = np.asarray(xs, np.float64)
    edges = x.places([x.low, *(middle[1:] + middle[:-1]) / 2, x.high], LEFT, WIDTH - RIGHT)
    spread = (high - low) or 1.0
    known = np.isfinite(values)
    shades = np.where(known, np.clip((np.where(known, values, low) - low) / spread * SHADES, 0, SHADES - 1), -1)
    strokes: dict[int, list[str]] = {}
    for row in range(rows):
        of_row = shades[:, row].astype(int).tolist()
        start = 0
        for stop in range(1, columns + 1):
            if stop == columns or of_row[stop] != of_row[start]:
                box = f"M{edges[start]:.1f},{TOP + row * depth:.1f}H{edges[stop]:.1f}v{depth:.1f}H{edges[start]:.1f}z"
                strokes.setdefault(of_row[start], []).append(box)
                start = stop
    painted = [el("path", d="".join(d), class_=f"h{shade}") for shade, d in sorted(strokes.items()) if shade >= 0]
    turned = Axis(y.label, y.high, y.low, y.ticks)  # row 0 on top
    return chart(title, x, turned, *painted, *_shades(ends), height=height, grid=False)


def _shades(ends: tuple[str, str]) -> Iterable[Markup]:
    """The shades from low to high, with what the first and the last stand for."""
    right, wide = WIDTH - RIGHT, 7
    first = right - 9.0 * len(ends[1]) - 6 - wide * SHADES
    yield el("text", ends[0], x=first - 6, y=14, class_="label end")
    for shade in range(SHADES):
        yield el("rect", x=f"{first + wide * shade:g}", y=5, width=wide, height=10, class_=f"h{shade}")
    yield el("text", ends[1], x=right, y=14, class_="label end")


def thinned(xs: NDArray[Any], ys: NDArray[Any], most: int = MOST_POINTS) -> tuple[NDArray[Any], NDArray[Any]]:
    """A line with few enough points to draw: the least and the greatest of each stretch stay, so spikes do."""
    if len(xs) <= most:
        return xs, ys
    kept = {0, len(xs) - 1}
    for stretch in np.array_split(np.arange(len(xs)), most // 2):
        part = ys[stretch]
        if np.isnan(part).all():
            kept.add(int(stretch[0]))
        else:
            kept |= {int(stretch[np.nanargmin(part)]), int(stretch[np.nanargmax(part)])}
    chosen = sorted(kept)
    return xs[chosen], ys[chosen]


def few(count: int, most: int) -> Sequence[int]:
    """At most so many places of a long list, evenly, the first and the last among them."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most)).tolist()})
