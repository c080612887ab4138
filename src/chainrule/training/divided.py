"""Rows that are divided among workers: coded once, and kept in units wherever tasks are done."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Coded, Expansion
from chainrule.engine.feeds import Table
from chainrule.engine.network import Network
from chainrule.errors import InputError
from chainrule.training.batches import Data, Rows
from chainrule.training.streamed import Piece

Array = NDArray[Any]


@dataclass(frozen=True)
class Division:
    """How training is divided, whoever does it: with another division the weights are others.

    Parameters
    ----------
    workers : parts of the rows, each of which is trained on by itself within a round
    steps : of a round, about; at least a worker's rows are gone through once an epoch
    rate, momentum : of the outer step, which takes what workers moved by on average as its gradient; None is what
        suits so many workers
    threads : of each worker
    """

    workers: int
    steps: int = 32
    rate: float = 0.7
    momentum: float | None = None
    threads: int = 1

    @property
    def outer_momentum(self) -> float:
        """The momentum as a number."""
        suits = max(count for count in MOMENTUM if count <= self.workers)
        return MOMENTUM[suits] if self.momentum is None else self.momentum

    def batch(self, size: int) -> int:
        """Of a worker: its part of a batch of `size` rows, and not too few."""
        return max(size // self.workers, min(size, LEAST))


#: The momentum of the outer step that suits so many workers, or more: averages of more move less (docs/decisions).
MOMENTUM = {1: 0.8, 5: 0.9}

#: Rows of a worker's batch, at least, where the batch has as many.
LEAST = 32


class Unit(NamedTuple):
    """Coded rows that stay together.

    Attributes
    ----------
    piece : the handle of a `Piece`
    rows : how many
    """

    piece: Any
    rows: int


class Divided(Data):
    """Rows of workers, in units that are drawn anew in every epoch.

    Parameters
    ----------
    parts : of each worker its units; a worker may have none
    sample : a few rows, to hold against network and loss
    division : how they are divided
    expansion : from compact rows to a network's inputs
    """

    def __init__(
        self, parts: Sequence[Sequence[Unit]], sample: Piece, division: Division, expansion: Expansion
    ) -> None:
        X = Coded(sample.values, expansion)
        super().__init__(X, Table(X), sample.y, sample.weight, None)
        self.parts = [tuple(part) for part in parts]
        self.sample = Rows(X, sample.y, sample.weight)
        self.division = division

    def read_by(self, expansion: Expansion) -> Divided:
        return Divided(self.parts, Piece(self.X.values, self.y, self.weight), self.division, expansion)

    def part(self, subset: NDArray[np.intp]) -> Self:
        raise InputError("Divided", "rows held out before they are divided", "a choice of rows", "Hold them out there.")

    def check_shape(self, network: Network) -> None:
        self.sample.check_shape(network)

    @property
    def contents(self) -> tuple[Array | None, ...]:
        return (self.X.values, self.y, self.weight)

    def __len__(self) -> int:
        return sum(unit.rows for part in self.parts for unit in part)

    @property
    def rows(self) -> int:
        return len(self)

    def batches(self, size: int, generator: np.random.Generator | None) -> Iterator[Any]:
        raise InputError("Divided", "a trainer that goes in rounds", "another", "Train it inside of cluster().")

    def rounds(self, size: int) -> int:
        """Of an epoch in batches of `size`; somebody has rows in each."""
        most = max(map(rows_of, self.parts))
        return max(1, min(round(most / (size * self.division.steps)), max(map(len, self.parts))))

    def steps(self, size: int) -> int:
        """Of the longest worker, in an epoch; about, as units that are drawn differ by a row."""
        return sum(steps_of(max(map(rows_of, turn)), size) for turn in self.turns(size, 0, 0))

    def turns(self, size: int, seed: int, epoch: int) -> list[list[tuple[Unit, ...]]]:
        """Of each round of an epoch the units of each worker, which are drawn."""
        count, found = self.rounds(size), list[list[tuple[Unit, ...]]]()
        for place, part in enumerate(self.parts):
            order = np.random.default_rng([seed, epoch, place]).permutation(len(part))
            found.append([tuple(part[k] for k in some) for some in np.array_split(order, count)])
        return [list(turn) for turn in zip(*found, strict=True)]


def rows_of(units: Sequence[Unit]) -> int:
    """Rows of several units."""
    return sum(unit.rows for unit in units)


def even(rows: int, size: int) -> int:
    """Rows of a batch, about `size`, by which so many are cut into batches alike: a small one would be noise."""
    return math.ceil(rows / max(1, round(rows / size)))


def steps_of(rows: int, size: int) -> int:
    """In which so many rows are gone through, in such batches."""
    return math.ceil(rows / even(rows, size))
