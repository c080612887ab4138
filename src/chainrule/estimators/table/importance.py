"""Which columns a model leans on: by shuffling them, and by the gradient of its prediction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Code, Coded
from chainrule.models.model import Model
from chainrule.network.layers import Embedding
from chainrule.tables.encoder import Encoder

Array = NDArray[Any]


class Importance(NamedTuple):
    """A column, and what the score loses where its values are shuffled: mean and deviation over the shuffles."""

    name: str
    mean: float
    deviation: float


def by_shuffling(
    encoder: Encoder, coded: Coded, score: Callable[[Coded], float], repeats: int, seed: int
) -> list[Importance]:
    """The importances of all columns, the greatest first."""
    whole, generator, found, first = score(coded), np.random.default_rng(seed), [], 0
    for encoding in encoder.encodings:
        place = slice(first, first + encoding.compact)
        first = place.stop
        losses = []
        for _ in range(repeats):
            values = coded.values.copy()
            values[:, place] = values[generator.permutation(len(values)), place]
            losses.append(whole - score(Coded(values, coded.expansion)))
        found.append(Importance(encoding.name, float(np.mean(losses)), float(np.std(losses))))
    return sorted(found, key=lambda one: -one.mean)


def by_gradient(encoder: Encoder, coded: Coded, model: Model) -> Array:
    """Gradient times input of each row, summed over the inputs of each column; (rows, columns)."""
    products = _products(model, coded.toarray())
    found = np.zeros((len(products), len(encoder.encodings)), np.float32)
    for place, owner in enumerate(_owners(encoder, model)):
        found[:, owner] += products[:, place]
    return found


def _owners(encoder: Encoder, model: Model) -> list[int]:
    """Of each input, and of each unit of an embedding in its place, the number of the column that it belongs to."""
    columns = [number for number, one in enumerate(encoder.encodings) for _ in range(one.compact)]
    owners = []
    embedded = model.network.layers[0]
    units = iter(embedded.units if isinstance(embedded, Embedding) else ())
    for block in encoder.expansion.blocks:
        owners += [columns[block.source]] * (next(units) if isinstance(block, Code) else block.width)
    return owners


def _products(model: Model, x: Array) -> Array:
    """Each input times the slope of the row's largest z, or of its only one, in it; the mean over members.

    Of an embedding, it is its units that count as inputs.
    """
    network, parameters = model.network, model.parameters
    members = parameters.members
    embeds = isinstance(network.layers[0], Embedding)
    total: Any = 0.0
    for one in members:
        look = network.forward(one, x)
        d_output = np.zeros_like(look.output)
        d_output[np.arange(len(x)), look.output.argmax(axis=1)] = 1
        if d_output.shape[1] == 1 and model.answer.classifies:
            d_output = np.where(look.output > 0, 1, -1).astype(x.dtype)
        back = network.backward(one, look, d_output)
        total = total + (look.activations[0] * back.deltas[0] if embeds else x * back.d_input)
    return np.asarray(total / len(members))
