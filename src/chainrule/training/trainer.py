"""One epoch after another: gather, forward, backward, update."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.engine import threads
from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.engine.plan import Plan
from chainrule.network.losses import Loss
from chainrule.training.batches import Rows
from chainrule.training.optimisers import Optimiser
from chainrule.training.penalty import Penalty
from chainrule.training.schedules import Schedule
from chainrule.training.streams import Streams
from chainrule.training.update import Step, Update


@dataclass(frozen=True)
class Record:
    """What one epoch gave.

    Attributes
    ----------
    epoch : counted from 1
    loss : objective, penalties included: the weighted mean over the epoch's rows as they were met
    rate : learning rate of the epoch, of its last step where a schedule moves it
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
    schedule : Schedule whose factor multiplies `rate` at each step, or None. Set `planned` to the number of all
        steps where the schedule takes its length from there
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
        schedule: Schedule | None = None,
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
        self.schedule = schedule
        self.planned: int | None = None
        self.epochs = 0
        self._bound: tuple[Plan, Step] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_bound": None}

    def epoch(self, data: Rows, batch_size: int) -> Record:
        """Go once through the data."""
        started = time.perf_counter()
        plan, step = self._bind(batch_size)
        first = plan.run(batch_size)
        first.bind()  # kernels compile before a team waits for them
        arrays = first.arrays
        data.start(arrays)
        total = arrays["total"]
        total[...] = 0
        rate = self.rate
        noise = plan.noise[:, 1] if len(plan.noise) else None
        # A divergence shows in the record, not in warnings of single products.
        with np.errstate(all="ignore"), plan.team() as team:
            for chosen in data.batches(batch_size, self.streams.shuffle if self.shuffle else None):
                rows = chosen.stop - chosen.start if isinstance(chosen, slice) else len(chosen)
                run = plan.run(rows)
                weight = data.gather(chosen, run.arrays)
                if noise is not None:
                    noise += 1
                run(team)
                rate = self.rate
                if self.schedule is not None:
                    rate *= self.schedule.factor(self.update.steps, self.planned)
                step(rate, weight, team)
        self.epochs += 1
        loss = float(total[0] / total[1]) if total[1] else float("nan")
        per_batch = float(total[1]) * min(1.0, batch_size / len(data))
        loss += self.penalty.value(self.parameters, per_batch)
        return Record(self.epochs, loss, rate, time.perf_counter() - started)

    def _bind(self, batch_size: int) -> tuple[Plan, Step]:
        """Plan and update for batches of this size, made anew where those at hand do not suit."""
        count = threads.suitable(self.n_threads, self.network.largest_product(batch_size))
        if self._bound is not None:
            plan = self._bound[0]
            if plan.capacity["rows"] >= batch_size and plan.n_threads == count:
                return self._bound
        gradients = self.parameters.like()
        plan = self.network.plan(self.parameters, batch_size, loss=self.loss, gradients=gradients, n_threads=count)
        plan.seed_noise(self.streams.dropout, self.update.steps)
        self._bound = plan, self.update.bind(self.parameters, gradients, plan.members)
        return self._bound
