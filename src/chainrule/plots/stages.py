"""A network as a drawing has it: stages, each a layer that changes the width and what follows it, and skips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import Literal

from chainrule.network import activations
from chainrule.network.embedding import Embedding
from chainrule.network.layers import (
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    GaussianNoise,
    Layer,
    LayerNorm,
    Pool,
    Residual,
    widths,
)

Kind = Literal["input", "dense", "embedding", "pool", "other"]


@dataclass(frozen=True)
class Stage:
    """A box of a drawing.

    Attributes
    ----------
    name : place of its first layer in the network, "0" or "3.1"; "" of the input
    kind : what sort of layer leads it
    units : width behind it
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
    """What passes by: from behind a stage to behind another, at a depth inside others, with a projection's numbers."""

    start: int
    end: int
    depth: int
    parameters: int


def words(layer: Layer) -> str:
    """What a layer does, in words; "" where that is nothing."""
    match layer:
        case Dense():
            name = activations.get(layer.activation).name
            return f"dense {layer.units}" + (f" · {name}" if name != "identity" else "")
        case Activation():
            return activations.get(layer.name).name
        case BatchNorm():
            return "batch norm"
        case LayerNorm():
            return "layer norm"
        case Dropout() | AlphaDropout():
            return f"dropout {layer.rate:g}" if layer.rate else ""
        case GaussianNoise():
            return f"noise {layer.std:g}" if layer.std else ""
        case Pool():
            return f"{layer.how} over time"
        case Embedding():
            return f"embedding of {len(layer.levels)} column{'s' if len(layer.levels) > 1 else ''}"
    return type(layer).__name__


def staged(layers: Sequence[Layer], inputs: int) -> tuple[list[Stage], list[Skip]]:
    """Stages, the input first, and skips between places among them.

    Examples
    --------
    >>> stages, skips = staged([Dense(8), BatchNorm(), Activation("relu"), Residual([Dense(8, "tanh")]), Dense(1)], 4)
    >>> [stage.text for stage in stages]
    ['input', 'dense 8 · batch norm · relu', 'dense 8 · tanh', 'dense 1']
    >>> [(skip.start, skip.end) for skip in skips]
    [(1, 2)]
    """
    stages, skips = [Stage("", "input", inputs, ("input",))], list[Skip]()
    _add(layers, inputs, "", 0, stages, skips)
    return stages, skips


def _add(layers: Sequence[Layer], inputs: int, before: str, depth: int, stages: list[Stage], skips: list[Skip]) -> None:
    """Append the stages and skips of layers; those inside a Residual begin a stage of their own."""
    fresh = depth > 0
    for place, (layer, (width, units)) in enumerate(zip(layers, pairwise(widths(layers, inputs)), strict=True)):
        name = f"{before}{place}"
        if isinstance(layer, Residual):
            start = len(stages) - 1
            _add(layer.layers, width, f"{name}.", depth + 1, stages, skips)
            projection = sum(prod(p.shape) for p in layer.parameters(width) if p.name == "projection.W")
            skips.append(Skip(start, len(stages) - 1, depth, projection))
            fresh = True
            continue
        count = sum(prod(p.shape) for p in layer.parameters(width))
        kind = _kind(layer)
        said = tuple(words(layer).split(" · ")) if words(layer) else ()
        if kind == "other" and not fresh:
            last = stages[-1]
            stages[-1] = replace(last, parts=(*last.parts, *said), parameters=last.parameters + count)
        else:
            stages.append(Stage(name, kind, units, said, count))
        fresh = False


def _kind(layer: Layer) -> Kind:
    match layer:
        case Dense():
            return "dense"
        case Embedding():
            return "embedding"
        case Pool():
            return "pool"
    return "other"


def arcs(skips: Sequence[Skip]) -> Iterator[tuple[Skip, int]]:
    """Each skip with the lane it is drawn in: 0 beside the boxes, others, that go around it, further out."""
    deepest = max((skip.depth for skip in skips), default=0)
    for skip in skips:
        yield skip, deepest - skip.depth
