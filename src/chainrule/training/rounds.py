"""Training in rounds: workers train copies of a network on rows of their own for some steps, then these are averaged.

This is DiLoCo (Douillard et al. 2023, arXiv 2311.08105). A round begins with one state. Each worker takes it and makes
some steps with the optimiser on its rows. What the parameters have moved by, on average, is the gradient of one step by
an outer optimiser, which is Nesterov's; the moments of the inner one are averaged, and so is a running mean of weights.
Workers have no state of their own: what one does in a round follows from the state, its rows and a seed, so what is
lost is done again, with the same bits, by whoever is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Coded, Expansion
from chainrule.errors import InputError
from chainrule.tasks import Tasks
from chainrule.training.batches import Data, Rows
from chainrule.training.divided import Divided, Division, Unit, even
from chainrule.training.making import Making
from chainrule.training.streamed import Piece, put
from chainrule.training.streams import streams
from chainrule.training.trainer import Pass, Trainer

Array = NDArray[Any]
T = TypeVar("T")

#: In front of the name of what the outer optimiser keeps, in the state of a trainer.
VELOCITY = "outer.velocity"
#: Bytes of the states of all workers together from which tasks average them pair by pair, not the one that waits.
MANY_BYTES = 1 << 28


class Turn(NamedTuple):
    """What a worker's task in a round is told beside the state.

    Attributes
    ----------
    data : of the trainer's state
    batch_size : rows
    seed : of what is drawn
    until : the time, as `time.time()` tells it, from when on it ends with the batches at hand; or None
    """

    data: Mapping[str, Any]
    batch_size: int
    seed: tuple[int, ...]
    until: float | None = None


class Share(NamedTuple):
    """What workers came to in a round.

    Attributes
    ----------
    weight : of their rows together
    arrays : the state of a trainer; of several workers the weighted mean, and the most steps
    passed : through their rows
    """

    weight: float
    arrays: Mapping[str, Array]
    passed: Pass


def locally(
    making: Making, expansion: Expansion, arrays: Mapping[str, Array], turn: Turn, threads: int, *pieces: Piece
) -> Share:
    """What one worker does in a round: once through these rows, from the state that all begin with."""
    drawn = streams(np.random.SeedSequence(turn.seed))
    with making.bench(arrays, turn.data, drawn, threads) as bench:
        rows = bench.data = _laid(pieces, expansion, bench.data)
        if not len(rows):  # none of them weighs anything
            nothing = np.zeros(len(bench.trainer.updates))
            return Share(0.0, arrays, Pass(nothing, nothing, bench.trainer.rate, 0))
        bench.trainer.until = None if turn.until is None else time.perf_counter() + turn.until - time.time()
        passed = bench.trainer.once_through(rows, even(len(rows), turn.batch_size))
        found, _ = bench.trainer.state()
        return Share(float(passed.weights[0]), {**found, "parameters": found["parameters"].copy()}, passed)


def _laid(pieces: Sequence[Piece], expansion: Expansion, before: Data | None) -> Rows:
    """Pieces one behind the other, but rows that weigh nothing; in the memory of before where that is large enough."""
    count, first = sum(len(piece.y) for piece in pieces), pieces[0]
    if isinstance(before, Rows) and len(before.y) >= count and (before.weight is None) == (first.weight is None):
        rows = before
    else:
        weight = None if first.weight is None else np.empty(count, first.weight.dtype)
        values = np.empty((count, first.values.shape[1]), first.values.dtype)
        rows = Rows(Coded(values, expansion), np.empty((count, *first.y.shape[1:]), first.y.dtype), weight)
    pool, done = Piece(rows.X.values, rows.y, rows.weight), 0
    for piece in pieces:
        put(pool, done, piece)
        done += len(piece.y)
    rows.subset = np.arange(count) if rows.weight is None else np.flatnonzero(rows.weight[:count])
    return rows


def joined(one: Share, other: Share) -> Share:
    """The weighted mean of two; what weighs nothing does not count."""
    if not (one.weight and other.weight):
        return one if one.weight else other
    part = other.weight / (one.weight + other.weight)
    arrays = {
        name: array + part * (other.arrays[name] - array)
        if array.dtype.kind == "f"
        else np.maximum(array, other.arrays[name])
        for name, array in one.arrays.items()
    }
    passed, more = one.passed, other.passed
    together = Pass(
        passed.sums + more.sums, passed.weights + more.weights, max(passed.rate, more.rate), passed.rows + more.rows
    )
    return Share(one.weight + other.weight, arrays, together)


def pairwise(shares: Sequence[T], join: Callable[[T, T], T]) -> T:
    """All of them joined, two by two: in an order that depends on how many there are and on nothing else."""
    while len(shares) > 1:
        pairs = [join(one, other) for one, other in zip(shares[::2], shares[1::2], strict=False)]
        shares = [*pairs, *shares[2 * len(pairs) :]]
    return shares[0]


class Rounds(Trainer):
    """A trainer whose epochs are rounds of tasks.

    Parameters
    ----------
    tasks : who does them
    division : of the rows
    others : as of `Trainer`
    """

    def __init__(self, tasks: Tasks, division: Division, *others: Any, **named: Any) -> None:
        super().__init__(*others, **named)
        self._tasks = tasks
        self._kept: tuple[Any, Any] | None = None
        self.division = division
        self._velocity = np.zeros_like(self.parameters.vector)
        self._passed: list[Pass] = []  # of each round of the epoch under way

    def once_through(self, data: Data, batch_size: int) -> Pass:
        if not isinstance(data, Divided):
            raise InputError("Rounds.epoch(data=)", "rows that are divided", type(data).__name__, "Use Trainer.")
        data.check(self.network, self.loss, self.parameters.vector.dtype)
        making, expansion = self._handles(data)
        turns = data.turns(batch_size, self.streams.dropout, self.epochs)
        for number, units in enumerate(turns):
            if number < len(self._passed):  # as a checkpoint has it
                continue
            self._round(making, expansion, units, batch_size)
            if self.after is not None and number + 1 < len(turns):
                self.after(number + 1)
            if self.until is not None and time.perf_counter() >= self.until:
                break
        passed, self._passed = self._passed, []
        sums, weights = (np.sum(of_rounds, axis=0) for of_rounds in zip(*(one[:2] for one in passed), strict=True))
        return Pass(sums, weights, passed[-1].rate, sum(one.rows for one in passed))

    def _handles(self, data: Data) -> tuple[Any, Any]:
        """Of the settings and of what expands rows, which are the same in all epochs."""
        if self._kept is None:
            self._kept = self._tasks.put(Making.of(self)), self._tasks.put(data.X.expansion)
        return self._kept

    def at_home(self) -> Trainer:
        """A trainer in this process that goes on from here, on weights of its own."""
        return Making.of(self).trainer(*super().state(), self.streams, self.n_threads)

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        arrays, data = super().state()
        passed = [[one.sums.tolist(), one.weights.tolist(), one.rate, one.rows] for one in self._passed]
        return arrays | {VELOCITY: self._velocity}, data | {"rounds": passed, "division": asdict(self.division)}

    def load(self, arrays: Mapping[str, Array], data: Mapping[str, Any]) -> None:
        mine, theirs = asdict(self.division), data.get("division")
        if theirs != mine:
            raise InputError(
                "fit(resume_from=)", f"rows that are divided as in the checkpoint, {theirs or 'not at all'}", mine,
                "Give cluster() the same workers, threads, steps, outer_rate and outer_momentum.",
            )  # fmt: skip
        super().load(arrays, {name: value for name, value in data.items() if name != "division"})
        self._velocity[...] = arrays[VELOCITY]
        self._passed = [Pass(np.array(s), np.array(w), rate, rows) for s, w, rate, rows in data["rounds"]]

    def _round(self, making: Any, expansion: Any, units: Sequence[Sequence[Unit]], batch_size: int) -> None:
        """One round of all workers that have rows in it."""
        arrays, about = super().state()
        handle, threads, seed = self._tasks.put(arrays), self.division.threads, self.streams.dropout
        place = self.epochs, len(self._passed)
        until = None if self.until is None else time.time() + self.until - time.perf_counter()
        shares = [
            self._tasks.submit(
                locally, making, expansion, handle, Turn(about, batch_size, (seed, *place, worker), until),
                threads, *(unit.piece for unit in mine), threads=threads,
            )
            for worker, mine in enumerate(units)
            if mine
        ]  # fmt: skip
        if len(shares) * sum(array.nbytes for array in arrays.values()) < MANY_BYTES:
            share = pairwise(self._tasks.get(shares), joined)
        else:
            (share,) = self._tasks.get([pairwise(shares, lambda one, other: self._tasks.submit(joined, one, other))])
        self._passed.append(share.passed)
        if share.weight:
            self._move(share.arrays, about)

    def _move(self, arrays: Mapping[str, Array], about: Mapping[str, Any]) -> None:
        """The outer step; all else is what workers have on average."""
        before, momentum = self.parameters.vector.copy(), self.division.outer_momentum
        super().load(arrays, about)
        moved = self.parameters.vector - before
        self._velocity *= momentum
        self._velocity += moved
        after = before + self.division.rate * (moved + momentum * self._velocity)
        for place, member in enumerate(self.parameters.members):
            trained = slice(member.layout.trained)  # running statistics are means
            member.vector[trained] = after.reshape(len(self.updates), -1)[place, trained]
