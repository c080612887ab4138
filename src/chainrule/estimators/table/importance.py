"""Which columns a model leans on: by shuffling them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Coded
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
    whole, generator, found = score(coded), np.random.default_rng(seed), []
    for encoding in encoder.encodings:
        mine = encoder.compact_columns(encoding.name)
        losses = []
        for _ in range(repeats):
            values = coded.values.copy()
            values[:, mine] = values[generator.permutation(len(values))][:, mine]
            losses.append(whole - score(Coded(values, coded.expansion)))
        found.append(Importance(encoding.name, float(np.mean(losses)), float(np.std(losses))))
    return sorted(found, key=lambda one: -one.mean)
