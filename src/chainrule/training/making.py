"""What a trainer is made of, so that a task can make one like it elsewhere, and keep its buffers for the next task."""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.network import Network
from chainrule.engine.parameters import AnyParameters, Members, Parameters
from chainrule.network.losses import Loss
from chainrule.training.batches import Data
from chainrule.training.mixup import Mixup
from chainrule.training.optimisers import Optimiser
from chainrule.training.penalty import Penalty
from chainrule.training.schedules import Schedule
from chainrule.training.step_options import StepOptions
from chainrule.training.streams import Streams
from chainrule.training.trainer import UPDATE, Trainer

State = Mapping[str, NDArray[Any]]

#: Benches of a process at most, and seconds after which one that nobody uses goes, with its rows.
MOST, IDLE = 8, 60.0


@dataclass(eq=False)
class Bench:
    """A trainer of this process that tasks of one fit use one after the other: its buffers are made once.

    Whatever it trained before, a task loads the state that it is to go on from.

    Attributes
    ----------
    data : the rows that it has seen last
    used : when, as `time.monotonic()` tells it
    """

    trainer: Trainer
    data: Data | None = None
    used: float = 0.0


def clear() -> None:
    """Let all of this process go."""
    _BENCHES.clear()


_BENCHES: OrderedDict[tuple[str, int | None, int], Bench] = OrderedDict()


@dataclass(frozen=True, eq=False)
class Making:
    """The settings of a trainer.

    Attributes
    ----------
    mark : of this one and its copies
    """

    network: Network
    loss: Loss
    optimiser: Optimiser
    penalty: Penalty
    options: StepOptions
    schedule: Schedule | None
    shuffle: bool
    mixup: Mixup | None
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    @classmethod
    def of(cls, trainer: Trainer) -> Making:
        """Those of a trainer."""
        update = trainer.update
        return cls(
            trainer.network, trainer.loss, update.optimiser, update.penalty, update.options, trainer.schedule,
            trainer.shuffle, trainer.mixup,
        )  # fmt: skip

    def trainer(self, arrays: State, data: Mapping[str, Any], drawn: Streams, threads: int | None) -> Trainer:
        """A trainer in this process that goes on from a state, but for what is drawn.

        Parameters
        ----------
        arrays, data : of the state of a trainer of one network or several
        drawn : its streams
        threads : at most, or None for what is available
        """
        made = Trainer(
            self.network, self.loss, self.optimiser, self._room(arrays), self.penalty, drawn, self.shuffle, threads,
            self.schedule, self.options, self.mixup,
        )  # fmt: skip
        made.load(arrays, {**data, "streams": drawn.state()})
        return made

    @contextmanager
    def bench(self, arrays: State, data: Mapping[str, Any], drawn: Streams, threads: int) -> Iterator[Bench]:
        """The same for a task: with buffers of a task before it, where this process has done one."""
        key = self.mark, threads, len(arrays["parameters"])
        bench = _BENCHES.pop(key, None)
        if bench is None:
            bench = Bench(self.trainer(arrays, data, drawn, threads))
        else:
            bench.trainer.load(arrays, {**data, "streams": drawn.state()})
        yield bench
        bench.used = now = time.monotonic()
        _BENCHES[key] = bench
        for other in [one for one, kept in _BENCHES.items() if now - kept.used > IDLE]:
            del _BENCHES[other]  # of a fit that is over
        if len(_BENCHES) > MOST:
            _BENCHES.popitem(last=False)

    def _room(self, arrays: State) -> AnyParameters:
        layout, vector = self.network.layout, np.zeros_like(arrays["parameters"])
        return Parameters(layout, vector) if f"{UPDATE}steps" in arrays else Members(layout, vector)
