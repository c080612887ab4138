"""Layers grouped into stages: a product and all that follows it element by element, done in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chainrule.engine.draws import NOTHING, Draw, draw_of
from chainrule.network import activations
from chainrule.network.activations import ActivationFunction
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
    norm: BatchNorm | LayerNorm | None = None
    norm_at: int = 0
    activation: ActivationFunction = IDENTITY
    draw: Draw = NOTHING
    last: int = 0


@dataclass(frozen=True)
class Block:
    """A layer that is not element by element: a `Residual`, a `Pool` or an `Embedding`."""

    layer: Residual | Pool | Embedding
    last: int


def stages(layers: Sequence[Layer], fuse: bool) -> list[Stage | Block]:
    """The layers as stages; with `fuse` off every layer is a stage of its own, so that each can be seen."""
    found: list[Stage | Block] = []
    filled = _FULL
    for place, layer in enumerate(layers):
        if isinstance(layer, (Residual, Pool, Embedding)):
            found.append(Block(layer, place))
            filled = _FULL
            continue
        if isinstance(layer, DRAWING) and not layer.draws and found and fuse:
            continue
        slot = _SLOTS[type(layer)]
        if slot <= filled or not fuse or (isinstance(layer, GaussianNoise) and _slope_reads_a(found)):
            found.append(Stage())
        stage = found.pop()
        assert isinstance(stage, Stage)
        found.append(_with(stage, layer, place))
        has_f = isinstance(layer, Dense) and activations.get(layer.activation) != IDENTITY
        filled = _SLOTS[Activation] if has_f else slot
    return found


DRAWING = (Dropout, AlphaDropout, GaussianNoise)
_SLOTS: dict[type[Layer], int] = {
    Dense: 0, BatchNorm: 1, LayerNorm: 1, Activation: 2, **dict.fromkeys(DRAWING, 3),
}  # fmt: skip
_FULL = 4


def _slope_reads_a(found: list[Stage | Block]) -> bool:
    """Whether the way back needs a of the last stage: (a + noise) - noise would give a small a back as 0."""
    f = found[-1].activation if found and isinstance(found[-1], Stage) else IDENTITY
    return f != IDENTITY and f.reads == "a"


def _with(stage: Stage, layer: Layer, place: int) -> Stage:
    """The stage with one more layer."""
    if isinstance(layer, Dense):
        f = activations.get(layer.activation)
        return replace(stage, dense=layer, dense_at=place, activation=f, last=place)
    if isinstance(layer, (BatchNorm, LayerNorm)):
        return replace(stage, norm=layer, norm_at=place, last=place)
    if isinstance(layer, Activation):
        return replace(stage, activation=activations.get(layer.name), last=place)
    assert isinstance(layer, DRAWING)
    return replace(stage, draw=draw_of(layer), last=place)
