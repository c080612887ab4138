"""One epoch after another: gather, forward, backward, update."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.engine import threads
from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.engine.plan import Plan
from chainrule.network.losses import Loss
from chainrule.training.batches import Rows
from chainrule.training.optimisers import Optimiser, Penalty, Update
from chainrule.training.streams import Streams


@dataclass(frozen=True)
class Record:
    """What one epoch gave.

    Attributes
    ----------
    epoch : counted from 1
    loss : objective, penalties included: the weighted mean over the epoch's rows as they were met
    rate : learning rate of the epoch
    seconds : time it took, validation not counted
    score : validation score, higher is better, or None
    """

    epoch: int
    loss: float
    rate: float
    seconds: float
    score: float | None = None


class Trainer:
    """A network in training. `epoch(data, batch_size)` goes once through the rows and returns a record.

    It keeps what a later epoch needs: moments, steps, streams. Buffers are made when first needed, for the
    largest batch so far, and a pickle leaves them out.

    Parameters
    ----------
    network, parameters : the parameters are trained in place
    loss : Loss
    optimiser : Optimiser; `rate` starts as its learning rate and may be set between epochs
    penalty : Penalty
    streams : Streams, for shuffling and dropout
    shuffle : bool
    n_threads : int, or None for what is available
    """

    def __init__(
        self,
        network: Network,
        parameters: Parameters,
        loss: Loss,
        optimiser: Optimiser,
        penalty: Penalty,
        streams: Streams,
        shuffle: bool = True,
        n_threads: int | None = None,
    ) -> None:
        self.network = network
        self.parameters = parameters
        self.loss = loss
        self.penalty = penalty
        self.streams = streams
        self.shuffle = shuffle
        self.n_threads = n_threads
        self.update = Update(optimiser, penalty, parameters)
        self.rate = optimiser.learning_rate
        self.epochs = 0
        self._bound: tuple[Plan, Callable[[float, float], None]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_bound": None}

    def epoch(self, data: Rows, batch_size: int) -> Record:
        """Go once through the data."""
        started = time.perf_counter()
        plan, step = self._bind(batch_size)
        arrays = plan.run(batch_size).arrays
        data.start(arrays)
        total = arrays["total"]
        total[...] = 0
        noise = plan.noise[:, 1] if len(plan.noise) else None
        # A divergence shows in the record, not in warnings of single products.
        with np.errstate(all="ignore"), threads.limited(self._threads(batch_size)):
            for chosen in data.batches(batch_size, self.streams.shuffle if self.shuffle else None):
                rows = chosen.stop - chosen.start if isinstance(chosen, slice) else len(chosen)
                run = plan.run(rows)
                weight = data.gather(chosen, run.arrays)
                if noise is not None:
                    noise += 1
                for call in run.calls:
                    call()
                step(self.rate, weight)
        self.epochs += 1
        loss = float(total[0] / total[1]) if total[1] else float("nan")
        per_batch = float(total[1]) * min(1.0, batch_size / len(data))
        loss += self.penalty.value(self.parameters, per_batch)
        return Record(self.epochs, loss, self.rate, time.perf_counter() - started)

    def _bind(self, batch_size: int) -> tuple[Plan, Callable[[float, float], None]]:
        """Plan and update for batches of this size, made anew where the plan at hand is too small."""
        if self._bound is None or self._bound[0].capacity["rows"] < batch_size:
            gradients = self.parameters.like()
            plan = self.network.plan(self.parameters, batch_size, loss=self.loss, gradients=gradients)
            plan.seed_noise(self.streams.dropout, self.update.steps)
            self._bound = plan, self.update.bind(self.parameters, gradients)
        return self._bound

    def _threads(self, batch_size: int) -> int:
        small = self.network.largest_product(batch_size) < threads.SMALL_PRODUCT
        return 1 if small and self.n_threads is None else threads.resolve(self.n_threads)
