"""Networks of an ensemble apart: an epoch of each is a task, and ends with the bits that it has in one process."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.plans import sharing
from chainrule.tasks import Tasks
from chainrule.training.batches import Data
from chainrule.training.making import Making
from chainrule.training.observing import Observer
from chainrule.training.streams import Streams
from chainrule.training.trainer import UPDATE, Pass, Trainer

Array = NDArray[Any]


class Start(NamedTuple):
    """Where all networks are when an epoch begins, and what ends it.

    Attributes
    ----------
    data : of the trainer's state
    batch_size : rows
    until : the time, as `time.time()` tells it, from when on it ends with the batches at hand; or None
    """

    data: Mapping[str, Any]
    batch_size: int
    until: float | None


class Done(NamedTuple):
    """What an epoch of one network has come to: its state, and what its observer has seen."""

    arrays: Mapping[str, Array]
    data: Mapping[str, Any]
    passed: Pass
    observer: Observer | None


def epoch(
    making: Making,
    rows: Data,
    start: Start,
    arrays: Mapping[str, Array],
    drawn: Streams,
    threads: int,
    observer: Observer | None,
) -> Done:
    """An epoch of one network on so many threads, from the state of these arrays on."""
    with making.bench(arrays, start.data, drawn, threads) as bench:
        trainer, bench.data = bench.trainer, bench.data or rows  # which are the same in all of a fit
        trainer.observer = observer
        trainer.until = None if start.until is None else time.perf_counter() + start.until - time.time()
        passed = trainer.once_through(bench.data, start.batch_size)
        arrays, data = trainer.state()
        return Done({**arrays, "parameters": arrays["parameters"].copy()}, data, passed, observer)


class Apart(Trainer):
    """A trainer of one network or several, each of whose epochs is a task of its own.

    Parameters
    ----------
    tasks : who does them
    others : as of `Trainer`
    """

    def __init__(self, tasks: Tasks, *others: Any, **named: Any) -> None:
        super().__init__(*others, **named)
        self._tasks = tasks
        self._kept: tuple[Data, tuple[Any, Any]] | None = None

    def once_through(self, data: Data, batch_size: int) -> Pass:
        until = None if self.until is None else time.time() + self.until - time.perf_counter()
        making, rows = self._handles(data)
        start = Start(self.state()[1], batch_size, until)
        submitted = [
            self._tasks.submit(
                epoch, making, rows, start, self._arrays_of(place), self.streams.member(place), threads,
                None if place else self.observer, threads=threads,
            )
            for place, threads in enumerate(self._threads(data, batch_size))
        ]  # fmt: skip
        done: list[Done] = self._tasks.get(submitted)
        for place, one in enumerate(done):
            self._go_on(place, one)
        first = done[0]
        self.streams.load(first.data["streams"])
        if self.observer is not None and first.observer is not None:
            vars(self.observer).update(vars(first.observer))
        sums, weights = (np.concatenate(found) for found in zip(*(one.passed[:2] for one in done), strict=True))
        return first.passed._replace(sums=sums, weights=weights)

    def at_home(self) -> Trainer:
        """A trainer in this process that goes on from here, on weights of its own."""
        made = Making.of(self).trainer(*self.state(), self.streams, self.n_threads)
        made.observer = self.observer
        return made

    def _handles(self, data: Data) -> tuple[Any, Any]:
        """Of the settings and of the rows, which stay where they are from epoch to epoch."""
        if self._kept is None or self._kept[0] is not data:
            self._kept = data, (self._tasks.put(Making.of(self)), self._tasks.put(data))
        return self._kept[1]

    def _threads(self, data: Data, batch_size: int) -> tuple[int, ...]:
        """Of each network, as many as it has where all are trained in one process."""
        rows = data.capacity(batch_size)["rows"]
        terms = None if self.mixup else data.terms(self.network, rows)
        return sharing(self.n_threads, self.network, rows, len(self.updates), terms).each

    def _arrays_of(self, place: int) -> dict[str, Array]:
        """The arrays of a trainer of this network alone."""
        own = {f"{UPDATE}{name}": array for name, array in self.updates[place].state().items()}
        return {"parameters": self.parameters.members[place].vector, **own}

    def _go_on(self, place: int, done: Done) -> None:
        """Let a network be where its epoch has ended."""
        self.parameters.members[place].vector[...] = done.arrays["parameters"]
        own = {name.removeprefix(UPDATE): array for name, array in done.arrays.items() if name.startswith(UPDATE)}
        self.updates[place].load(own)
