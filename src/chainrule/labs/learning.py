"""Training of the small networks of the labs: on one thread, the same numbers for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.labs.data import Split
from chainrule.training.batches import Rows
from chainrule.training.loop import train
from chainrule.training.optimisers import Optimiser
from chainrule.training.penalty import Penalty
from chainrule.training.trainer import Trainer

Array = NDArray[Any]


@dataclass(frozen=True)
class Trained:
    """A network behind its training.

    Attributes
    ----------
    losses : of each epoch; the last is not finite where training diverged
    """

    network: Network
    parameters: Parameters
    losses: tuple[float, ...]

    def accuracy(self, X: Array, y: Array) -> float:
        """Share of rows whose largest logit is that of their class."""
        with np.errstate(all="ignore"):  # a network that diverged is as good as a guess
            logits = self.network.forward(self.parameters, X).output
        return float(np.mean(logits.argmax(axis=1) == y))


def learn(
    network: Network,
    split: Split,
    epochs: int,
    seed: int,
    optimiser: Optimiser | None = None,
    penalty: Penalty | None = None,
    batch_size: int = 50,
) -> Trained:
    """Train a classifier with the cross-entropy, by Adam where no optimiser is given."""
    trainer = Trainer(network, "cross_entropy", optimiser, penalty=penalty, seed=seed, n_threads=1)
    records = train(trainer, Rows(split.X, split.y), batch_size, epochs)
    losses = tuple(record.loss for record in records)
    return Trained(network, trainer.parameters.members[0], losses)
