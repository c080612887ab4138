"""`Residual`: a skip past other layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chainrule.errors import InputError
from chainrule.network import activations, initialisers
from chainrule.network.layers.base import Layer, Parameter
from chainrule.network.layers.pool import Pool
from chainrule.network.layers.stack import check_layers, named_parameters, widths


@dataclass(frozen=True)
class Residual(Layer):
    """x + layers(x): a skip connection (He et al. 2016).

    Where the layers change the width, x passes through a projection of its own, without bias.

    Examples
    --------
    >>> from chainrule import Dense, Residual
    >>> [p.name for p in Residual([Dense(8, "relu")]).parameters(4)]
    ['0.W', '0.b', 'projection.W']
    """

    layers: Sequence[Layer]

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", check_layers(self.layers, "Residual(layers)"))
        if any(isinstance(layer, Pool) for layer in self.layers):
            raise InputError("Residual(layers)", "layers that keep every row", "a Pool", "Put the Pool after it.")

    def width(self, inputs: int) -> int:
        return widths(self.layers, inputs)[-1]

    def parameters(self, inputs: int) -> tuple[Parameter, ...]:
        inner = named_parameters(self.layers, inputs)
        units = self.width(inputs)
        if units == inputs:
            return inner
        init = initialisers.get("auto", activations.get("identity"))
        return (*inner, Parameter("projection.W", (units, inputs), "weight", init))

    def flops(self, inputs: int) -> int:
        units = self.width(inputs)
        incoming = widths(self.layers, inputs)
        inner = sum(layer.flops(n) for layer, n in zip(self.layers, incoming, strict=False))
        return inner + (2 * units * inputs if units != inputs else 0)

    @property
    def draws(self) -> bool:
        return any(layer.draws for layer in self.layers)

    @property
    def words(self) -> tuple[str, ...]:
        return ("skip",)


def leaves(layers: Sequence[Layer]) -> Iterator[Layer]:
    """The layers, and in place of a Residual those inside it."""
    for layer in layers:
        if isinstance(layer, Residual):
            yield from leaves(layer.layers)
        else:
            yield layer
