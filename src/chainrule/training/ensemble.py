"""Members of an ensemble trained at once: a batch is gathered once, and threads take whole steps of members."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import Count, check_count
from chainrule.engine.members import Abreast, Members, plans, sharing
from chainrule.engine.network import Network
from chainrule.engine.plan import Extent
from chainrule.network import losses
from chainrule.network.losses import Loss
from chainrule.training.batches import Data
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
from chainrule.training.validation import Evaluator

N_MEMBERS = Count("5 to 10 members are usual.")


class EnsembleTrainer(Paced):
    """Networks of the same layers in training side by side, with the face of a `Trainer`.

    Members differ in their first weights and in what their layers draw; they see the same batches. Each ends with the
    weights, to the bit, that a `Trainer` on as many threads gives it alone, with the streams `streams(seed).member(k)`.
    That is one thread; large members that do not divide evenly among the threads have all of them (`sharing`). A
    record's loss is the mean of the members' losses.

    Parameters
    ----------
    network : Network, of every member
    loss, optimiser, penalty, shuffle, schedule, options, mixup : as in `Trainer`, for every member
    n_members : int, how many; or the `parameters`
    parameters : Members, trained in place; fresh ones where None
    seed : of everything that is drawn, or Streams
    n_threads : int, or None for what is available

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Dense, EnsembleTrainer, Network, Rows
    >>> X = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
    >>> network = Network([Dense(16, "tanh"), Dense(1)], inputs=1)
    >>> trainer = EnsembleTrainer(network, "squared_error", n_members=3, seed=0)
    >>> first, *_, last = (trainer.epoch(Rows(X, X**2), batch_size=16) for _ in range(50))
    >>> last.loss < first.loss, trainer.model["0.W"].shape
    (True, (3, 16, 1))
    """

    def __init__(
        self,
        network: Network,
        loss: str | Loss,
        optimiser: Optimiser | None = None,
        parameters: Members | None = None,
        penalty: Penalty | None = None,
        seed: Streams | int | None = None,
        shuffle: bool = True,
        n_threads: int | None = None,
        schedule: Schedule | None = None,
        options: StepOptions = PLAIN,
        mixup: Mixup | None = None,
        n_members: int = 5,
    ) -> None:
        self.network = network
        self.loss = losses.get(loss)
        self.streams = seed if isinstance(seed, Streams) else streams(seed)
        self.parameters = initial(network, self.streams, n_members) if parameters is None else parameters
        self.shuffle = shuffle
        self.n_threads = n_threads
        chosen, penalties = optimiser or Adam(), penalty or Penalty()
        self.updates = [Update(chosen, penalties, member, options) for member in self.parameters]
        self.average = None if options.averaging is None else self.parameters.copy()
        self.mixup = mixup
        self.observer: Observer | None = None
        super().__init__(chosen.learning_rate, schedule)
        self.epochs = 0
        self._bound: tuple[Abreast, list[Piece]] | None = None
        self._tie()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_bound": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._tie()

    def _tie(self) -> None:
        """Let every member's average be a part of the one vector: a pickle tears them apart."""
        if self.average is not None:
            for update, mean in zip(self.updates, self.average, strict=True):
                update.average = mean

    @property
    def model(self) -> Members:
        """What to validate and to predict with: the averages of the weights, where they are kept."""
        return self.parameters if self.average is None else self.average

    @property
    def update(self) -> Update:
        """The first member's update, whose settings and steps are those of all."""
        return self.updates[0]

    def epoch(self, data: Data, batch_size: int) -> Record:
        """Go once through the data, with all members."""
        started = time.perf_counter()
        data.check(self.network, self.loss, self.parameters.vector.dtype)
        if self.mixup is not None:
            self.mixup.check(self.network)
        capacity = data.capacity(batch_size)
        abreast, pieces = self._bind(capacity)
        first = abreast.run(**capacity)
        first.bind()  # kernels compile before workers wait for them
        arrays = first.arrays[0]
        if self.mixup is not None:
            self.mixup.apply(arrays, np.random.default_rng(0))
        data.start(arrays)
        totals = [of_member["total"] for of_member in first.arrays]
        for total in totals:
            total[...] = 0
        rate, reaction = self.rate, self._reaction()
        steps = [plan.noise[:, 1] for plan in abreast.plans if len(plan.noise)]
        observer, gradients = self.observer, abreast.plans[0].gradients
        assert gradients is not None
        if observer is not None:
            observer.begin(self.epochs + 1, math.ceil(len(data) / batch_size), capacity["rows"])
        with np.errstate(all="ignore"), abreast.team() as team:
            for place, chosen in enumerate(data.batches(batch_size, self.streams.shuffle if self.shuffle else None)):
                run = data.run(abreast, chosen)
                weight = data.gather(chosen, run.arrays[0])
                if self.mixup is not None:
                    self.mixup.apply(run.arrays[0], self.streams.mixup)
                for step in steps:
                    step += 1
                rate = self._rate_at(self.update.steps, reaction)
                for update, piece in zip(self.updates, pieces, strict=True):
                    update.steps += 1
                    piece.renew(update.steps, rate, weight)
                if observer is not None and observer.due(place):
                    values, finish = run.first.watched(team), partial(run.rest, team)
                    observer.see(self.parameters[0], gradients, values, finish)
                else:
                    run(team)
        self.epochs += 1
        sums = np.array(totals)
        with np.errstate(all="ignore"):
            loss = float((sums[:, 0] / sums[:, 1]).mean())
        per_batch = float(sums[0, 1]) * min(1.0, batch_size / len(data))
        loss += float(np.mean([self.update.penalty.value(member, per_batch) for member in self.parameters]))
        return Record(self.epochs, loss, rate, time.perf_counter() - started)

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """All that training goes on from, bit for bit: arrays by name, and plain data."""
        data = {"epochs": self.epochs, "streams": self.streams.state(), **self._pace()}
        arrays = {"parameters": self.parameters.vector}
        for place, update in enumerate(self.updates):
            arrays |= {f"update.{place}.{name}": array for name, array in update.state().items()}
        return arrays, data

    def load(self, arrays: Mapping[str, NDArray[Any]], data: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.parameters.vector[...] = arrays["parameters"]
        for place, update in enumerate(self.updates):
            front = f"update.{place}."
            update.load({n.removeprefix(front): array for n, array in arrays.items() if n.startswith(front)})
        self.epochs = data["epochs"]
        self._load_pace(data)
        self.streams.load(data["streams"])
        self._bound = None  # its dropout masks were another seed's

    def _bind(self, capacity: Extent) -> tuple[Abreast, list[Piece]]:
        """Plans and updates for batches up to this size, made anew where those at hand do not suit."""
        shared = sharing(self.n_threads, self.network, capacity["rows"], len(self.parameters))
        if self._bound is not None:
            abreast = self._bound[0]
            if abreast.plans[0].holds(capacity) and abreast.sharing == shared:
                return self._bound
        made, pieces = plans(self.network, self.parameters, capacity, "train", self.loss, shared), []
        for place, (plan, update) in enumerate(zip(made, self.updates, strict=True)):
            plan.seed_noise(self.streams.member(place).dropout, update.steps)
            assert plan.gradients is not None
            piece = update.piece(plan.parameters, plan.gradients, plan.parts)
            plan.behind = piece.steps
            pieces.append(piece)
        self._bound = Abreast(made, shared), pieces
        return self._bound


def initial(network: Network, drawn: Streams, n_members: int, dtype: Any = np.float32) -> Members:
    """Fresh parameters of every member; those of the first are what the network alone would begin with."""
    check_count("n_members", n_members, N_MEMBERS)
    return Members.of([network.init(drawn.member(place).init, dtype) for place in range(n_members)])


class EnsembleEvaluator:
    """The mean of the members' losses, with the face of an `Evaluator`.

    Where the loss is convex in the prediction, that of the ensemble's prediction is no higher (Jensen).
    """

    def __init__(self, network: Network, parameters: Members, loss: Loss) -> None:
        self.members = [Evaluator(network, member, loss) for member in parameters]

    def __call__(self, data: Data, n_threads: int | None = None) -> float:
        return float(np.mean([evaluate(data, n_threads) for evaluate in self.members]))
