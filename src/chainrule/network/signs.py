"""Signs of the weights by which a network's outputs rise, or fall, with some of its inputs, whatever is learned.

Each unit has a sign: 1 where it never falls as those inputs rise, -1 where it never rises, 0 where it does not hear of
them. A weight between two units with signs is at least 0 where they are alike, at most 0 where they are not, and 0
where the unit behind has no sign; weights from units without a sign are free. Functions that never fall keep a unit's
sign, as does an affine map of it whose factor is not below 0. So ReLU units of both signs make convex and concave
parts (Runje and Shankaranarayana, "Constrained monotonic neural networks", 2023, have these by two kinds of functions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chainrule.errors import InputError
from chainrule.network import activations
from chainrule.network.layers.base import Floats, Layer, Parameter, Signs
from chainrule.network.layers.dense import Activation, Dense
from chainrule.network.layers.embedding import Embedding
from chainrule.network.layers.noise import Dropout
from chainrule.network.layers.norms import BatchNorm
from chainrule.network.layers.periodic import Periodic

RISING = "Embedding and Periodic in front, Dense, BatchNorm, Dropout and Activation"


def of_units(units: int, before: Sequence[int]) -> Signs:
    """Signs of hidden units: half have none, a quarter either; where no unit before is without one, half either.

    Examples
    --------
    >>> from chainrule.network.signs import of_units
    >>> of_units(6, [1, 0, 0]), of_units(3, [1])
    ((1, 1, -1, 0, 0, 0), (1, 1, -1))
    """
    free = units // 2 if 0 in before else 0
    down = (units - free) // 2
    return (1,) * (units - free - down) + (-1,) * down + (0,) * free


def signed(layers: Sequence[Layer], named: Sequence[Parameter], inputs: Signs, where: str) -> tuple[Parameter, ...]:
    """The parameters of layers, with the signs that let every output rise with inputs of sign 1, and fall with -1.

    Parameters
    ----------
    layers : of a network, a Dense the last with weights
    named : their parameters, as `named_parameters` gives them
    inputs : a sign for each
    where : how errors call the layers

    Raises
    ------
    InputError
        For a layer that keeps no signs, and for codes or waves of an input that has one.
    """
    found = {p.name: p for p in named}
    last = max((place for place, layer in enumerate(layers) if isinstance(layer, Dense)), default=0)
    signs = inputs
    for place, layer in enumerate(layers):
        if isinstance(layer, (Dense, Activation)):
            function = layer.activation if isinstance(layer, Dense) else layer.name
            if not activations.get(function).rises:
                raise InputError(f"{where}[{place}]", "a function that never falls", layer, "relu and tanh are some.")
        if isinstance(layer, Dense):
            units = (1,) * layer.units if place == last else of_units(layer.units, signs)
            _sign(found, f"{place}.W", units, signs)
            signs = units
        elif isinstance(layer, BatchNorm):
            _sign(found, f"{place}.gain", (1,), tuple(map(abs, signs)))
        elif isinstance(layer, (Embedding, Periodic)):
            plain = layer.plain(len(signs)) if isinstance(layer, Embedding) else len(signs)
            read = signs[plain:] if isinstance(layer, Embedding) else signs[: layer.columns]
            if any(read):
                raise InputError(f"{where}[{place}]", "inputs without a direction", layer, "These go up and down.")
            signs = signs[:plain] + (0,) * (layer.width(len(signs)) - plain)
        elif not isinstance(layer, (Activation, Dropout)):
            raise InputError(f"{where}[{place}]", f"layers that keep directions: {RISING}", layer, "Leave it out.")
    return tuple(found.values())


def _sign(found: dict[str, Parameter], name: str, rows: Signs, columns: Signs) -> None:
    found[name] = replace(found[name], signs=(rows, columns))


def drawn_by(p: Parameter, W: Floats) -> Floats:
    """Values that were drawn for a parameter, with the signs that it has to have."""
    if p.signs is None:
        return W
    rows, columns = map(np.array, p.signs)
    flat = W.reshape(len(rows), len(columns))
    return np.where(columns == 0, flat, np.multiply.outer(rows, columns) * np.abs(flat)).reshape(W.shape)


def has_signs(p: Parameter, W: Floats) -> bool:
    """Whether a parameter's values, of one network or several, have the signs that it has to have."""
    if p.signs is None:
        return True
    rows, columns = map(np.array, p.signs)
    flat = W.reshape(-1, len(rows), len(columns))
    return bool(((columns == 0) | (flat == 0) | (flat * np.multiply.outer(rows, columns) > 0)).all())
