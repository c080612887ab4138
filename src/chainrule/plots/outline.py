"""The outline of a network for a drawing: boxes, each a product and what follows it, and skips past them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import Literal

from chainrule.network.layers import (
    GLU,
    Dense,
    Embedding,
    Layer,
    Pool,
    Residual,
    widths,
)

Kind = Literal["input", "dense", "gated", "embedding", "pool", "other"]


@dataclass(frozen=True)
class Box:
    """A box of a drawing.

    Attributes
    ----------
    name : place of its first layer in the network, "0" or "3.1"; "" of the input
    kind : what sort of layer leads it
    units : width after it
    parts : what it does, in words, in order
    parameters : how many numbers it has, running statistics included
    """

    name: str
    kind: Kind
    units: int
    parts: tuple[str, ...]
    parameters: int = 0

    @property
    def text(self) -> str:
        return " · ".join(self.parts)


@dataclass(frozen=True)
class Skip:
    """What passes by boxes: a Residual's x.

    Attributes
    ----------
    start, end : places of the boxes after which it leaves and is added
    lane : 0 beside the boxes, further out where it goes around others
    parameters : of its projection
    """

    start: int
    end: int
    lane: int
    parameters: int


def outline(layers: Sequence[Layer], inputs: int) -> tuple[list[Box], list[Skip]]:
    """Boxes, the input first, and skips between places among them.

    Examples
    --------
    >>> from chainrule import Activation, BatchNorm, Dense, Residual
    >>> from chainrule.plots.outline import outline
    >>> boxes, skips = outline([Dense(8), BatchNorm(), Activation("relu"), Residual([Dense(8, "tanh")]), Dense(1)], 4)
    >>> [box.text for box in boxes]
    ['input', 'dense 8 · batch norm · relu', 'dense 8 · tanh', 'dense 1']
    >>> [(skip.start, skip.end) for skip in skips]
    [(1, 2)]
    """
    boxes, skips = [Box("", "input", inputs, ("input",))], list[Skip]()
    _add(layers, inputs, "", boxes, skips)
    return boxes, skips


def _add(layers: Sequence[Layer], inputs: int, before: str, boxes: list[Box], skips: list[Skip]) -> None:
    """Append the boxes and skips of layers; what stands first in a Residual, or after one, begins a box."""
    fresh = bool(before)
    for place, (layer, (width, units)) in enumerate(zip(layers, pairwise(widths(layers, inputs)), strict=True)):
        if isinstance(layer, Residual):
            start, first = len(boxes) - 1, len(skips)
            _add(layer.layers, width, f"{before}{place}.", boxes, skips)
            projection = sum(prod(p.shape) for p in layer.parameters(width) if p.name == "projection.W")
            lane = max((skip.lane + 1 for skip in skips[first:]), default=0)
            skips.append(Skip(start, len(boxes) - 1, lane, projection))
            fresh = True
            continue
        kind, count = _kind(layer), sum(prod(p.shape) for p in layer.parameters(width))
        if kind == "other" and not fresh:
            last = boxes[-1]
            boxes[-1] = replace(last, parts=(*last.parts, *layer.words), parameters=last.parameters + count)
        else:
            boxes.append(Box(f"{before}{place}", kind, units, layer.words, count))
        fresh = False


def _kind(layer: Layer) -> Kind:
    match layer:
        case Dense():
            return "dense"
        case GLU():
            return "gated"
        case Embedding():
            return "embedding"
        case Pool():
            return "pool"
    return "other"
