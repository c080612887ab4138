"""One epoch after another: gather, forward, backward, update."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine import threads
from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.engine.plan import Extent, Plan
from chainrule.network import losses
from chainrule.network.losses import Loss
from chainrule.training.batches import Data
from chainrule.training.loading import Loader
from chainrule.training.mixup import Mixup
from chainrule.training.observing import Observer
from chainrule.training.optimisers import Adam, Optimiser
from chainrule.training.pace import Paced
from chainrule.training.penalty import Penalty
from chainrule.training.records import Record
from chainrule.training.schedules import Schedule
from chainrule.training.site import Piece
from chainrule.training.step_options import PLAIN, StepOptions
from chainrule.training.streams import Streams, streams
from chainrule.training.update import Update

#: In front of the names of an update's arrays in the state of a trainer.
UPDATE = "update."


class Trainer(Paced):
    """A network in training. `epoch(data, batch_size)` goes once through the data and returns a record.

    It keeps what a later epoch needs: moments, steps, streams. Buffers are made when first needed, for the
    largest batch so far, and a pickle leaves them out.

    Parameters
    ----------
    network : Network
    loss : name or Loss
    optimiser : Optimiser; `rate` starts as its learning rate and may be set between epochs
    parameters : trained in place; fresh ones where None
    penalty : Penalty
    seed : of initialisation, shuffling and dropout, or their Streams
    shuffle : bool
    n_threads : int, or None for what is available
    schedule : Schedule that multiplies `rate` at each step, or None. Set `planned` to the number of all
        steps where the schedule takes its length from there
    options : StepOptions: clipping, bounds, factors of the rate, averages of the weights
    mixup : Mixup of the rows of each batch, or None

    Set `observer` to an `Observer`, such as a `Recorder` of diagnosis, that is to see some of the steps.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Dense, Network, Rows, Trainer
    >>> X = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
    >>> trainer = Trainer(Network([Dense(16, "tanh"), Dense(1)], inputs=1), "squared_error", seed=0)
    >>> first, *_, last = (trainer.epoch(Rows(X, X**2), batch_size=16) for _ in range(50))
    >>> last.loss < first.loss
    True
    """

    def __init__(
        self,
        network: Network,
        loss: str | Loss,
        optimiser: Optimiser | None = None,
        parameters: Parameters | None = None,
        penalty: Penalty | None = None,
        seed: Streams | int | None = None,
        shuffle: bool = True,
        n_threads: int | None = None,
        schedule: Schedule | None = None,
        options: StepOptions = PLAIN,
        mixup: Mixup | None = None,
    ) -> None:
        self.network = network
        self.loss = losses.get(loss)
        self.streams = seed if isinstance(seed, Streams) else streams(seed)
        self.parameters = network.init(self.streams.init) if parameters is None else parameters
        self.shuffle = shuffle
        self.n_threads = n_threads
        self.update = Update(optimiser or Adam(), penalty or Penalty(), self.parameters, options)
        self.mixup = mixup
        self.observer: Observer | None = None
        super().__init__(self.update.optimiser.learning_rate, schedule)
        self.epochs = 0
        self._bound: tuple[Plan, Piece] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_bound": None}

    @property
    def model(self) -> Parameters:
        """What to validate and to predict with: the average of the weights, where one is kept."""
        return self.parameters if self.update.average is None else self.update.average

    def epoch(self, data: Data, batch_size: int) -> Record:
        """Go once through the data."""
        started = time.perf_counter()
        data.check(self.network, self.loss, self.parameters.vector.dtype)
        if self.mixup is not None:
            self.mixup.check(self.network)
        capacity = data.capacity(batch_size)
        plan, update = self._bind(capacity)
        load = Loader(data, plan, update, in_parts=self.mixup is None)
        first = plan.run(**capacity)
        load.work(first)  # kernels compile before workers wait for them
        if self.mixup is not None:
            self.mixup.apply(first.arrays, np.random.default_rng(0))
        data.start(first.arrays)
        total = first.arrays["total"]
        total[...] = 0
        rate, reaction = self.rate, self._reaction()
        observer, gradients = self.observer, plan.gradients
        assert gradients is not None
        if observer is not None:
            observer.begin(self.epochs + 1, math.ceil(len(data) / batch_size), capacity["rows"])
        due = _never if observer is None else observer.due
        batches = data.batches(batch_size, self.streams.shuffle if self.shuffle else None)
        # A divergence shows in the record, not in warnings of single products.
        with np.errstate(all="ignore"), plan.team() as team:
            for group, watched in load.groups(batches, due):
                run, weight = load(group)
                if self.mixup is not None:
                    self.mixup.apply(run.arrays, self.streams.mixup)
                done = self.update.steps
                for step in range(len(group)):
                    rate = self._rate_at(done + step, reaction)
                    update.renew(done + step + 1, rate, weight)
                    load.note(run, step)
                if watched and observer is not None:
                    observer.see(self.parameters, gradients, load.watched(run, team), partial(run.rest, team))
                else:
                    load.run(run, team, len(group))
                self.update.steps = done + len(group)
        self.epochs += 1
        loss = float(total[0] / total[1]) if total[1] else float("nan")
        per_batch = float(total[1]) * min(1.0, batch_size / len(data))
        loss += self.update.penalty.value(self.parameters, per_batch)
        return Record(self.epochs, loss, rate, time.perf_counter() - started)

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """All that training goes on from, bit for bit: arrays by name, and plain data."""
        data = {"epochs": self.epochs, "streams": self.streams.state(), **self._pace()}
        update = {UPDATE + name: array for name, array in self.update.state().items()}
        return {"parameters": self.parameters.vector, **update}, data

    def load(self, arrays: Mapping[str, NDArray[Any]], data: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.parameters.vector[...] = arrays["parameters"]
        self.update.load({n.removeprefix(UPDATE): array for n, array in arrays.items() if n.startswith(UPDATE)})
        self.epochs = data["epochs"]
        self._load_pace(data)
        self.streams.load(data["streams"])
        self._bound = None  # its dropout masks were another seed's

    def _bind(self, capacity: Extent) -> tuple[Plan, Piece]:
        """Plan and update for batches up to this size, made anew where those at hand do not suit."""
        count = threads.suitable(self.n_threads, self.network.largest_product(capacity["rows"]))
        if self._bound is not None:
            plan = self._bound[0]
            if plan.holds(capacity) and plan.n_threads == count:
                return self._bound
        gradients = self.parameters.like()
        plan = self.network.plan(self.parameters, **capacity, loss=self.loss, gradients=gradients, n_threads=count)
        plan.seed_noise(self.streams.dropout, self.update.steps)
        piece = self.update.piece(self.parameters, gradients, plan.parts)
        plan.behind = piece.steps
        self._bound = plan, piece
        return self._bound


def _never(place: int) -> bool:
    return False
