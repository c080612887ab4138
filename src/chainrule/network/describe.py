"""Layers described: one in words, and all of a network, those inside others too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from math import prod
from typing import Any, cast

from chainrule.network.layers import Layer, Residual, widths


def layer(one: Layer) -> str:
    """A layer with those of its fields that are not its defaults; initialisers are left out.

    Examples
    --------
    >>> from chainrule.network.describe import layer
    >>> from chainrule.network.layers import Dense
    >>> layer(Dense(8, "relu"))
    "Dense(units=8, activation='relu')"
    """
    said = [f for f in fields(cast(Any, one)) if f.name != "init" and getattr(one, f.name) != f.default]
    return f"{type(one).__name__}({', '.join(f'{f.name}={getattr(one, f.name)!r}' for f in said)})"


@dataclass(frozen=True)
class Placed:
    """A layer where it stands.

    Attributes
    ----------
    place : "0", or "3.1" inside the Residual that is layer 3
    layer, inputs, outputs : the layer, and the widths before it and after it
    parameters : numbers that it has, those of layers inside it too
    inside : how many others it stands in
    """

    place: str
    layer: Layer
    inputs: int
    outputs: int
    parameters: int
    inside: int


def placed(layers: Sequence[Layer], inputs: int, front: str = "") -> Iterator[Placed]:
    """All layers in the order of the forward pass; one that has others inside comes before them.

    Examples
    --------
    >>> from chainrule import Residual
    >>> from chainrule.network.describe import placed
    >>> from chainrule.network.layers import Dense
    >>> [(one.place, one.outputs, one.parameters) for one in placed([Residual([Dense(4)]), Dense(1)], inputs=4)]
    [('0', 4, 20), ('0.0', 4, 20), ('1', 1, 5)]
    """
    sizes = widths(layers, inputs)
    for k, one in enumerate(layers):
        count = sum(prod(p.shape) for p in one.parameters(sizes[k]))
        yield Placed(f"{front}{k}", one, sizes[k], sizes[k + 1], count, front.count("."))
        if isinstance(one, Residual):
            yield from placed(one.layers, sizes[k], f"{front}{k}.")
