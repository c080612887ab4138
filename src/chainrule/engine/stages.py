"""Layers grouped into stages: a product and all that follows it element by element, done in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chainrule.engine.draws import NOTHING, Draw, draw_of
from chainrule.network import activations
from chainrule.network.activations import ActivationFunction
from chainrule.network.layers import (
    Activation,
    AlphaDropout,
    Dense,
    Dropout,
    GaussianNoise,
    Layer,
    Norm,
)

IDENTITY = activations.get("identity")


@dataclass(frozen=True)
class Stage:
    """At most one of each, in this order: a product, a normalisation, an f, a draw.

    Places are those of the layers in their list: `dense_at` and `norm_at` name the parameters, `last` the value
    that comes out.
    """

    dense: Dense | None = None
    dense_at: int = 0
    norm: Norm | None = None
    norm_at: int = 0
    activation: ActivationFunction = IDENTITY
    draw: Draw = NOTHING
    last: int = 0


@dataclass(frozen=True)
class Block:
    """A layer that stands alone, such as a `Residual` or a `Pool`."""

    layer: Layer
    last: int


def stages(layers: Sequence[Layer], fuse: bool) -> list[Stage | Block]:
    """The layers as stages; with `fuse` off every layer is a stage of its own, so that each can be seen."""
    found: list[Stage | Block] = []
    filled = _FULL
    for place, layer in enumerate(layers):
        slot = _slot(layer)
        if slot is None:
            found.append(Block(layer, place))
            filled = _FULL
            continue
        if isinstance(layer, DRAWING) and not layer.draws and found and fuse:
            continue
        if slot <= filled or not fuse or (isinstance(layer, GaussianNoise) and _slope_reads_a(found)):
            found.append(Stage())
        stage = found.pop()
        assert isinstance(stage, Stage)
        found.append(_with(stage, layer, place))
        has_f = isinstance(layer, Dense) and activations.get(layer.activation) != IDENTITY
        filled = _FUNCTION if has_f else slot
    return found


DRAWING = (Dropout, AlphaDropout, GaussianNoise)
_PRODUCT, _NORM, _FUNCTION, _DRAW, _FULL = range(5)


def _slot(layer: Layer) -> int | None:
    """Where in a stage it stands, or None where it is a block."""
    match layer:
        case Dense():
            return _PRODUCT
        case Norm():
            return _NORM
        case Activation():
            return _FUNCTION
        case Dropout() | AlphaDropout() | GaussianNoise():
            return _DRAW
    return None


def _slope_reads_a(found: list[Stage | Block]) -> bool:
    """Whether the way back needs a of the last stage: (a + noise) - noise would give a small a back as 0."""
    f = found[-1].activation if found and isinstance(found[-1], Stage) else IDENTITY
    return f != IDENTITY and f.reads == "a"


def _with(stage: Stage, layer: Layer, place: int) -> Stage:
    """The stage with one more layer."""
    if isinstance(layer, Dense):
        f = activations.get(layer.activation)
        return replace(stage, dense=layer, dense_at=place, activation=f, last=place)
    if isinstance(layer, Norm):
        return replace(stage, norm=layer, norm_at=place, last=place)
    if isinstance(layer, Activation):
        return replace(stage, activation=activations.get(layer.name), last=place)
    assert isinstance(layer, DRAWING)
    return replace(stage, draw=draw_of(layer), last=place)
