"""Where training is done: in this process, or, inside of `cluster()`, in part by tasks of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Literal

from chainrule.tasks import Tasks
from chainrule.training import making
from chainrule.training.apart import Apart
from chainrule.training.batches import Data
from chainrule.training.divided import Divided, Division
from chainrule.training.rounds import Rounds
from chainrule.training.streamed import Streamed
from chainrule.training.trainer import Trainer


@dataclass(frozen=True, eq=False)
class Cluster:
    """What a fit uses beyond its process.

    Attributes
    ----------
    tasks : who does them
    division : of rows that are divided
    divide : "always", or only "large" tables, which do not fit into memory; the networks of others are trained each by
        tasks of its own
    """

    tasks: Tasks
    division: Division
    divide: Literal["large", "always"] = "large"


_IN_USE: ContextVar[Cluster | None] = ContextVar("cluster", default=None)


def in_use() -> Cluster | None:
    """The cluster that fits of this thread take work to, if any."""
    return _IN_USE.get()


@contextmanager
def using(cluster: Cluster | None) -> Iterator[None]:
    """Fits inside of the block take work to this cluster, or stay in their process."""
    before = _IN_USE.set(cluster)
    try:
        yield
    finally:
        _IN_USE.reset(before)
        if cluster is not None:
            making.clear()


def trainer_of(data: Data) -> Callable[..., Trainer]:
    """What trains on this data here: `Trainer`, or one whose epochs are tasks."""
    cluster = in_use()
    if cluster is None or isinstance(data, Streamed):
        return Trainer
    if isinstance(data, Divided):
        return partial(Rounds, cluster.tasks, data.division)
    return partial(Apart, cluster.tasks)
