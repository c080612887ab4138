"""A network from left to right as a small drawing: a bar for each product, with its units, and skips around them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from chainrule.engine.network import Network
from chainrule.plots.outline import Box, Skip, outline
from chainrule.plots.report import charts
from chainrule.plots.report.blocks import figure, note
from chainrule.plots.report.markup import Markup, el

#: Bars at most: of more layers some are drawn, evenly. How many skips beside one another are told apart.
MOST, LANES = 48, 3
#: How high the highest bar is, and what stands above and below it; skips are above that.
HIGHEST, ABOVE, BELOW = 84, 20, 24
#: Width of a letter, and the letters of a description at most.
LETTER, LONGEST = 6.2, 400


def picture(network: Network, caption: str) -> Markup:
    """The drawing with a caption; its words name every layer, those that are not drawn too.

    Examples
    --------
    >>> from chainrule import Dense, Network
    >>> from chainrule.plots.card.picture import picture
    >>> 'aria-label="3 inputs, then dense 8 · relu, dense 1"' in picture(
    ...     Network([Dense(8, "relu"), Dense(1)], inputs=3), "Network"
    ... )
    True
    """
    boxes, skips = outline(network.layers, network.inputs)
    said = f"{network.inputs} inputs, then {', '.join(box.text for box in boxes[1:])}"
    places = list(charts.few(len(boxes), MOST))
    lanes = _moved(skips, places)
    top = ABOVE + (14 + 9 * min(LANES, max(lane for _, _, lane in lanes)) if lanes else 0)
    drawn = _drawn([boxes[place] for place in places], lanes, top)
    some = note(f"{len(places) - 1} of {len(boxes) - 1} layers are drawn.") if len(places) < len(boxes) else None
    return figure(caption, charts.drawing(_short(said, LONGEST), top + HIGHEST + BELOW, *drawn), some)


def _moved(skips: Sequence[Skip], places: Sequence[int]) -> list[tuple[int, int, int]]:
    """Skips between bars that are drawn: start, end and lane."""
    at = {place: k for k, place in enumerate(places)}
    return [(at[one.start], at[one.end], one.lane) for one in skips if one.start in at and one.end in at]


def _drawn(boxes: Sequence[Box], skips: Sequence[tuple[int, int, int]], top: float) -> Iterator[Markup]:
    wide, axis = charts.WIDTH / len(boxes), top + HIGHEST / 2
    bar, widest = min(22.0, 0.42 * wide), max(box.units for box in boxes)
    half = [max(2.5, HIGHEST / 2 * math.log1p(box.units) / math.log1p(widest)) for box in boxes]
    across = [wide * (k + 0.5) for k in range(len(boxes))]
    yield el("path", d="".join(_between(across, half, axis, bar)), class_="between")
    for start, end, lane in skips:
        low, high = axis - max(half[start : end + 1]) - 15, top - ABOVE - 4 - 9 * min(lane, LANES)
        a, b = across[start], across[end]
        yield el("path", d=f"M{a:.1f},{low:.1f}C{a:.1f},{high:.1f} {b:.1f},{high:.1f} {b:.1f},{low:.1f}", class_="arc")
    longest = max(len(f"{box.units:,}") for box in boxes)
    every, fits = math.ceil(LETTER * (longest + 1) / wide), int(wide / LETTER)
    for k, (box, x, h) in enumerate(zip(boxes, across, half, strict=True)):
        size = f"{box.text}: {box.units:,} units, {box.parameters:,} parameters" if k else f"{box.units:,} inputs"
        place = {"x": f"{x - bar / 2:.1f}", "y": f"{axis - h:.1f}", "width": f"{bar:.1f}", "height": f"{2 * h:.1f}"}
        yield el("rect", el("title", size), **place, rx=2, class_="layer solid" if k else "layer input")
        if k % every == 0:
            yield el("text", f"{box.units:,}", x=f"{x:.1f}", y=f"{axis - h - 5:.1f}", class_="units")
        if fits >= 4:
            yield el("text", _short(_below(box), fits), x=f"{x:.1f}", y=f"{top + HIGHEST + 16:g}", class_="below")


def _between(across: Sequence[float], half: Sequence[float], axis: float, bar: float) -> Iterator[str]:
    """What joins each bar with the next: every unit with every unit."""
    for (a, x), (b, z) in pairwise(zip(half, across, strict=True)):
        left, right = x + bar / 2, z - bar / 2
        yield f"M{left:.1f},{axis - a:.1f}L{right:.1f},{axis - b:.1f}V{axis + b:.1f}L{left:.1f},{axis + a:.1f}z"


def _below(box: Box) -> str:
    """What stands under a bar: what follows its product, as its units stand above it."""
    return box.text if box.kind in ("input", "pool", "other") else " · ".join(box.parts[1:]) or box.parts[0].split()[0]


def _short(said: str, most: int) -> str:
    return said if len(said) <= most else f"{said[: most - 1]}…"
