"""One epoch after another: gather, forward, backward, update; of one network, or of several at once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import COUNT, at_least
from chainrule.engine.network import Network
from chainrule.engine.parameters import AnyParameters, Members
from chainrule.engine.plan import Extent
from chainrule.engine.plans import Plans, plans, sharing
from chainrule.engine.terms import Terms
from chainrule.errors import InputError, InputTypeError
from chainrule.network import losses
from chainrule.network.losses import Loss
from chainrule.training import optimisers, schedules
from chainrule.training.batches import Data
from chainrule.training.loading import Loader
from chainrule.training.mixup import Mixup
from chainrule.training.observing import Observer
from chainrule.training.optimisers import Adam, Optimiser
from chainrule.training.optimisers.base import StepProgram
from chainrule.training.penalty import Penalty
from chainrule.training.records import Record
from chainrule.training.schedules import Schedule
from chainrule.training.step_options import PLAIN, StepOptions
from chainrule.training.streams import Streams, streams
from chainrule.training.update import Update

N_MEMBERS = at_least(1, "5 to 10 members are usual.")

#: In front of the names of an update's arrays in the state of a trainer.
UPDATE = "update."


class Pass(NamedTuple):
    """What once through the data has come to.

    Attributes
    ----------
    sums, weights : of each network, its losses, each times its weight, and the weights
    rate : learning rate of the last step
    rows : that were gone through
    """

    sums: NDArray[Any]
    weights: NDArray[Any]
    rate: float
    rows: int


def initial(network: Network, drawn: Streams, n_members: int = 1, dtype: Any = np.float32) -> AnyParameters:
    """Fresh parameters, of several networks Members; the first of those are what one network alone begins with."""
    N_MEMBERS("Trainer(n_members=)", n_members)
    if n_members == 1:
        return network.init(drawn.init, dtype)
    return Members.of([network.init(drawn.member(place).init, dtype) for place in range(n_members)])


class Trainer:
    """A network in training, or several at once. `epoch(data, batch_size)` goes once through the data.

    It keeps what a later epoch needs: moments, steps, streams. Buffers are made when first needed, for the
    largest batch so far, and a pickle leaves them out.

    Several networks, the members of an ensemble, differ in their first weights and in what their layers draw; they see
    the same batches. Each ends with the weights, to the bit, that a trainer of one network on as many threads gives it
    alone, with the streams `streams(seed).member(k)`. That is one thread; large members that do not divide evenly among
    the threads have all of them. A record's loss is the mean of the members' losses.

    Parameters
    ----------
    network : Network, of every member
    loss : name or Loss
    optimiser : name or Optimiser, Adam where None; `rate` starts as its learning rate
    parameters : Parameters or Members, trained in place; fresh ones where None
    penalty : Penalty
    seed : of initialisation, shuffling and dropout, or their Streams
    shuffle : bool
    n_threads : int, or None for what is available
    schedule : name or Schedule that multiplies `rate` at each step, or None
    options : StepOptions: clipping, bounds, factors of the rate, averages of the weights
    mixup : Mixup of the rows of each batch, or None
    n_members : int, how many networks, where no parameters are given

    Raises
    ------
    InputError, InputTypeError
        For a name that is none, and for a value of another kind.

    Attributes
    ----------
    rate : learning rate, which may be set between epochs
    planned : number of all steps, where the schedule takes its length from there
    watched : what was watched after each epoch, higher is better
    epochs : trained so far
    after : is told of each round but an epoch's last, by its number from 1, by a trainer that goes in rounds; or None
    until : the time, as `time.perf_counter()` tells it, from when on an epoch ends with the batches at hand; or None

    Set `observer` to an `Observer`, such as a `Recorder` of diagnosis, that is to see some of the steps of the first.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Dense, Network, Rows, Trainer
    >>> X = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
    >>> network = Network([Dense(16, "tanh"), Dense(1)], inputs=1)
    >>> trainer = Trainer(network, "squared_error", seed=0)
    >>> first, *_, last = (trainer.epoch(Rows(X, X**2), batch_size=16) for _ in range(50))
    >>> last.loss < first.loss
    True
    >>> several = Trainer(network, "squared_error", n_members=3, seed=0)
    >>> several.epoch(Rows(X, X**2), batch_size=16).epoch, several.model["0.W"].shape
    (1, (3, 16, 1))
    """

    def __init__(
        self,
        network: Network,
        loss: str | Loss,
        optimiser: str | Optimiser | None = None,
        parameters: AnyParameters | None = None,
        penalty: Penalty | None = None,
        seed: Streams | int | None = None,
        shuffle: bool = True,
        n_threads: int | None = None,
        schedule: str | Schedule | None = None,
        options: StepOptions | None = None,
        mixup: Mixup | None = None,
        n_members: int = 1,
    ) -> None:
        penalty, options = penalty or Penalty(), options or PLAIN
        for name, value, kind in (("penalty", penalty, Penalty), ("options", options, StepOptions)):
            if not isinstance(value, kind):
                raise InputTypeError(f"Trainer({name}=)", f"{kind.__name__}(...)", repr(value), "Or leave it out.")
        if not isinstance(mixup, Mixup | None):
            raise InputTypeError("Trainer(mixup=)", "Mixup(...) or None", repr(mixup), "Mixup(0.2) is a common choice.")
        self.network = network
        self.loss = losses.get(loss)
        self.streams = seed if isinstance(seed, Streams) else streams(seed)
        self.parameters = initial(network, self.streams, n_members) if parameters is None else parameters
        self.shuffle = shuffle
        self.n_threads = n_threads
        chosen = Adam() if optimiser is None else optimisers.get(optimiser, "Trainer(optimiser=)")
        self.updates = [Update(chosen, penalty, member, options) for member in self.parameters.members]
        self.average = None if options.averaging is None else self.parameters.copy()
        self.mixup = mixup
        self.observer: Observer | None = None
        self.rate = chosen.learning_rate
        self.schedule = None if schedule is None else schedules.get(schedule, "Trainer(schedule=)")
        self.planned: int | None = None
        self.until: float | None = None
        self.after: Callable[[int], None] | None = None
        self.watched: list[float] = []
        self._began = 0  # steps before rate and schedule started anew
        self.epochs = 0
        self._bound: tuple[Plans, list[StepProgram]] | None = None
        self._tie()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_bound": None, "after": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._tie()

    def _tie(self) -> None:
        """Let every member's average be a part of the one vector: a pickle tears them apart."""
        if self.average is not None:
            for update, mean in zip(self.updates, self.average.members, strict=True):
                update.average = mean

    @property
    def model(self) -> AnyParameters:
        """What to validate and to predict with: the averages of the weights, where they are kept."""
        return self.parameters if self.average is None else self.average

    @property
    def done(self) -> int:
        """Steps since rate and schedule began."""
        return self.update.steps - self._began

    @property
    def update(self) -> Update:
        """The first network's update, whose settings and steps are those of all."""
        return self.updates[0]

    def begin(self, rate: float, steps: int) -> None:
        """Let rate and schedule start anew; moments stay.

        Parameters
        ----------
        rate : learning rate, above 0
        steps : that were done before
        """
        self.rate, self.watched, self._began = rate, [], steps

    def react(self, value: float) -> None:
        """Tell the schedule what was watched after an epoch.

        Parameters
        ----------
        value : score, higher is better, or a loss with its sign turned
        """
        self.watched.append(value)

    def epoch(self, data: Data, batch_size: int) -> Record:
        """Go once through the data.

        Parameters
        ----------
        data : Rows or Sequences, in the float type of the parameters
        batch_size : rows, or sequences, of a batch; the last one may be smaller

        Returns
        -------
        Record of its number, the loss (with the penalty), the learning rate at its end and its seconds

        Raises
        ------
        InputError, InputTypeError
            Where shapes, types or values do not fit the network or the loss, or the batch size is no such number.
        """
        COUNT("Trainer.epoch(batch_size=)", batch_size)
        started = time.perf_counter()
        sums, weights, rate, seen = self.once_through(data, batch_size)
        with np.errstate(all="ignore"):
            loss = float((sums / weights).mean())
        self.epochs += 1
        per_batch = float(weights[0]) * min(1.0, batch_size / seen)
        loss += float(np.mean([self.update.penalty.value(one, per_batch) for one in self.parameters.members]))
        return Record(self.epochs, loss, rate, time.perf_counter() - started)

    def once_through(self, data: Data, batch_size: int) -> Pass:
        """All steps of an epoch.

        Parameters
        ----------
        data, batch_size : as of `epoch`
        """
        before = self.update.steps
        data.check(self.network, self.loss, self.parameters.vector.dtype)
        if self.mixup is not None:
            self.mixup.check(self.network)
        capacity = data.capacity(batch_size)
        bound, programs = self._bind(capacity, None if self.mixup else data.terms(self.network, capacity["rows"]))
        load = Loader(data, bound, programs, in_parts=self.mixup is None)
        first = bound.run(**capacity)
        load.work(first)  # kernels compile before workers wait for them
        if self.mixup is not None:
            self.mixup.apply(first.arrays, np.random.default_rng(0))
        data.start(first.arrays)
        totals = first.of_each("total")
        for total in totals:
            total[...] = 0
        rate, reaction = self.rate, 1.0 if self.schedule is None else self.schedule.multiplier(self.watched)
        observer, observed = self.observer, bound.each[0]
        if observer is not None:
            observer.begin(self.epochs + 1, math.ceil(len(data) / batch_size), capacity["rows"])
        due = _never if observer is None else observer.due
        batches = data.batches(batch_size, self.streams.shuffle if self.shuffle else None)
        # A divergence shows in the record, not in warnings of single products.
        with np.errstate(all="ignore"), bound.team() as team:
            for group, watched in load.groups(batches, due):
                run, weight = load(group)
                if self.mixup is not None:
                    self.mixup.apply(run.arrays, self.streams.mixup)
                done = self.update.steps
                for step in range(len(group)):
                    rate = self._rate_at(done + step, reaction)
                    for program in programs:
                        program.renew(done + step + 1, rate, weight)
                    load.note(run, step)
                if watched and observer is not None and observed.gradients is not None:
                    observer.see(
                        observed.parameters, observed.gradients, load.watched(run, team), partial(run.rest, team)
                    )
                else:
                    load.run(run, team, len(group))
                for update in self.updates:
                    update.steps = done + len(group)
                if self.until is not None and time.perf_counter() >= self.until:
                    break
            sums, weights = np.transpose(totals)
        return Pass(sums, weights, rate, min(len(data), (self.update.steps - before) * batch_size))

    def at_home(self) -> Trainer:
        """A trainer in this process that goes on from here: this one."""
        return self

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """All that training goes on from, bit for bit: arrays by name, and plain data."""
        data = {name: getattr(self, name) for name in ("epochs", "rate", "planned")}
        data |= {"watched": [*self.watched], "began": self._began, "streams": self.streams.state()}
        arrays = {"parameters": self.parameters.vector}
        for front, update in self._named_updates().items():
            arrays |= {front + name: array for name, array in update.state().items()}
        return arrays, data

    def load(self, arrays: Mapping[str, NDArray[Any]], data: Mapping[str, Any]) -> None:
        """Go on from what `state` gave, with the same bits.

        Parameters
        ----------
        arrays, data : of `state()`, of a trainer with the same network, optimiser and options
        """
        if "division" in data:
            raise InputError(
                "fit(resume_from=)", "a checkpoint of a fit that is not divided", f"one of rounds, {data['division']}",
                "Go on inside of cluster() with the same workers, threads and steps.",
            )  # fmt: skip
        self.parameters.vector[...] = arrays["parameters"]
        for front, update in self._named_updates().items():
            update.load({n.removeprefix(front): array for n, array in arrays.items() if n.startswith(front)})
        for name in ("epochs", "rate", "planned"):
            setattr(self, name, data[name])
        self.watched, self._began = [*data["watched"]], data["began"]
        self.streams.load(data["streams"])
        if self._bound is not None:
            self._seed_noise(self._bound[0])

    def _rate_at(self, steps: int, reaction: float) -> float:
        """The learning rate after this many steps, times what the schedule makes of what was watched."""
        if self.schedule is None:
            return self.rate
        return self.rate * reaction * self.schedule.factor(steps - self._began, self.planned)

    def _named_updates(self) -> dict[str, Update]:
        """The updates by what stands in front of the names of their arrays."""
        if isinstance(self.parameters, Members):
            return {f"{UPDATE}{place}.": update for place, update in enumerate(self.updates)}
        return {UPDATE: self.update}

    def _bind(self, capacity: Extent, terms: Terms | None) -> tuple[Plans, list[StepProgram]]:
        """Plans and updates for batches up to this size, made anew where those at hand do not suit."""
        shared = sharing(self.n_threads, self.network, capacity["rows"], len(self.updates), terms)
        if self._bound is not None and self._bound[0].suits(shared, terms, capacity):
            return self._bound
        bound, programs = plans(self.network, self.parameters, capacity, "train", self.loss, shared, terms=terms), []
        for plan, update in zip(bound.each, self.updates, strict=True):
            assert plan.gradients is not None
            program = update.program(plan.parameters, plan.gradients, plan.parts)
            plan.behind = program.steps
            programs.append(program)
        self._seed_noise(bound)
        self._bound = bound, programs
        return self._bound

    def _seed_noise(self, bound: Plans) -> None:
        """Let plans draw as of these streams and steps."""
        for place, (plan, update) in enumerate(zip(bound.each, self.updates, strict=True)):
            plan.seed_noise(self.streams.member(place).dropout, update.steps)


def _never(place: int) -> bool:
    return False
