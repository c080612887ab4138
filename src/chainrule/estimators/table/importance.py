"""Which columns a model leans on: by shuffling them, and by the gradient of its prediction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from chainrule.engine.expansion import Code, Coded
from chainrule.engine.members import Members
from chainrule.estimators.base import BaseMLP
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


def by_gradient(encoder: Encoder, coded: Coded, model: BaseMLP) -> Array:
    """Gradient times input of each row, summed over the inputs of each column; (rows, columns)."""
    x = coded.toarray()
    slopes = _slopes(model, x)
    products = x * slopes
    owners: list[int] = []
    owner: dict[int, int] = {}
    for number, encoding in enumerate(encoder.encodings):
        for source in range(len(owner), len(owner) + encoding.compact):
            owner[source] = number
    for block in coded.expansion.blocks:
        owners += [-1 if isinstance(block, Code) else owner[block.source]] * block.width
    found = np.zeros((len(x), len(encoder.encodings)), np.float32)
    for number in range(len(encoder.encodings)):
        found[:, number] = products[:, np.array(owners) == number].sum(axis=1)
    return found


def _slopes(model: BaseMLP, x: Array) -> Array:
    """The slope of each row's largest z, or of its only one, in each input; the mean over members."""
    network, parameters = model.network_, model.parameters_
    members = list(parameters) if isinstance(parameters, Members) else [parameters]
    total = np.zeros_like(x)
    for one in members:
        look = network.forward(one, x)
        d_output = np.zeros_like(look.output)
        d_output[np.arange(len(x)), look.output.argmax(axis=1)] = 1
        if d_output.shape[1] == 1 and is_classifier(model):
            d_output = np.where(look.output > 0, 1, -1).astype(x.dtype)
        total += network.backward(one, look, d_output).d_input
    return total / len(members)
