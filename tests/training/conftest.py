"""Small problems, and trainers for them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from chainrule import Activation, BatchNorm, Dense, Dropout, Network
from chainrule.network import losses
from chainrule.network.losses import domains
from chainrule.training.batches import Rows
from chainrule.training.optimisers import Adam, Optimiser
from chainrule.training.penalty import Penalty
from chainrule.training.streams import streams
from chainrule.training.trainer import Trainer

#: domain -> y that a network can learn to tell from z, (rows, 3)
LEARNABLE = {
    domains.ANY: np.tanh,
    domains.NOT_NEGATIVE: lambda z: np.round(np.exp(z / 2)),
    domains.POSITIVE: lambda z: np.exp(z / 2),
    domains.LABELS: lambda z: z > 0,
    domains.SHARES: lambda z: z > 0,
    domains.CODES: lambda z: z.argmax(axis=1),
    domains.DISTRIBUTIONS: lambda z: softmax(4 * z, axis=1),
}
LAYERS = (Dense(16), BatchNorm(), Activation("tanh"), Dropout(0.2), Dense(3))


@pytest.fixture(scope="session")
def problem() -> Callable[..., Rows]:
    """A function that draws rows of five features whose targets of a loss can be learned."""

    def draw(loss: str = "squared_error", rows: int = 60, weighted: bool = False, dtype: type = np.float32) -> Rows:
        generator = np.random.default_rng(0)
        X = generator.normal(size=(rows, 5)).astype(dtype)
        z = X @ generator.normal(size=(5, 3))
        chosen = losses.get(loss)
        y = LEARNABLE[chosen.domain](z)
        y = y if chosen.target == "classes" else y.astype(dtype)
        return Rows(X, y, generator.uniform(0.5, 2, rows).astype(dtype) if weighted else None)

    return draw


@pytest.fixture(scope="session")
def trainer() -> Callable[..., Trainer]:
    """A function that makes a trainer; its network drops units and normalises batches unless another is given."""

    def make(
        loss: str = "squared_error",
        optimiser: Optimiser | None = None,
        penalty: Penalty | None = None,
        layers: Any = LAYERS,
        seed: int = 0,
        dtype: type = np.float32,
        **options: Any,
    ) -> Trainer:
        network, random = Network(layers, 5), streams(seed)
        return Trainer(
            network,
            loss,
            optimiser or Adam(0.01),
            network.init(random.init, dtype),
            penalty,
            random,
            **options,
        )

    return make
