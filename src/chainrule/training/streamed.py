"""Rows that are not all in memory as training data: read piece by piece in every epoch, and mixed on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Coded, Expansion
from chainrule.engine.feeds import Table, bring
from chainrule.engine.fill import fill
from chainrule.engine.network import Network
from chainrule.engine.plan import Binds, Extent, R
from chainrule.errors import InputError
from chainrule.training.batches import Data, Rows
from chainrule.training.prefetch import ahead

Array = NDArray[Any]

#: Rows among which a batch's rows are drawn.
POOL = 1 << 18


class Piece(NamedTuple):
    """Rows that were read together: compact values, targets of the loss, weights or None."""

    values: Array
    y: Array
    weight: Array | None


class Source(Protocol):
    """Where pieces come from."""

    rows: int
    expansion: Expansion

    def pieces(self, generator: np.random.Generator | None) -> Iterator[Piece]:
        """All rows once, piece by piece; pieces in an order that the generator draws, where there is a choice."""


class Drawn(NamedTuple):
    """A batch: some rows of a pool."""

    pool: Piece
    rows: Any


class Streamed(Data):
    """Rows from a source, of which memory holds a pool.

    The source gives its pieces in another order in every epoch; a pool of `pool` rows, filled up from piece to piece,
    is permuted, and batches are taken from one half of it before it is filled again. A row's batch is thus drawn from
    about `pool` rows that the source gave before and after it, no more: a source that cannot choose an order, such as
    a CSV file sorted by its target, is mixed that far only. A thread reads pieces ahead.

    Parameters
    ----------
    source : where the rows come from
    sample : a few rows, to hold against network and loss
    pool : rows among which a batch is drawn
    expansion : from compact rows to a network's inputs, where it is not the source's
    """

    def __init__(self, source: Source, sample: Piece, pool: int = POOL, expansion: Expansion | None = None) -> None:
        X = Coded(sample.values, expansion or source.expansion)
        super().__init__(X, Table(X), sample.y, sample.weight, None)
        self.source = source
        self.sample = Rows(X, sample.y, sample.weight)
        self.pool = pool

    def read_by(self, expansion: Expansion) -> Streamed:
        return Streamed(self.source, Piece(self.X.values, self.y, self.weight), self.pool, expansion)

    def part(self, subset: NDArray[np.intp]) -> Self:
        raise InputError("Streamed", "rows held out by the source", "a choice of rows", "They are not in memory.")

    def check_shape(self, network: Network) -> None:
        if network.pools:
            raise InputError("Streamed", "a network without Pool", "one with", "Rows have no time axis.")

    @property
    def contents(self) -> tuple[Array | None, ...]:
        return (self.X.values, self.y, self.weight)

    def __len__(self) -> int:
        return self.source.rows

    @property
    def rows(self) -> int:
        return len(self)

    def batches(self, size: int, generator: np.random.Generator | None) -> Iterator[Drawn]:
        for pool, rows in self._pools(generator, size):
            for start in range(0, len(rows), size):
                yield Drawn(pool, rows[start : start + size])

    def _pools(self, generator: np.random.Generator | None, size: int) -> Iterator[Drawn]:
        """Rows to be taken, whole batches but for the last, and the pool they are in: the same memory all the time."""
        pool, filled = self._room(max(self.pool, 2 * size)), 0
        own = None if generator is None else np.random.default_rng(generator.integers(2**63))  # of the other thread
        with closing(ahead(lambda: self.source.pieces(own))) as pieces:
            for piece in pieces:
                start = 0
                while start < len(piece.y):
                    part = some(piece, slice(start, start + len(pool.y) - filled))
                    put(pool, filled, part)
                    filled, start = filled + len(part.y), start + len(part.y)
                    if filled == len(pool.y):
                        rows = _order(filled, generator)
                        taken = (filled if generator is None else filled - filled // 2) // size * size
                        yield Drawn(pool, rows[:taken])
                        put(pool, 0, some(pool, rows[taken:]))
                        filled -= taken
        if filled:
            yield Drawn(pool, _order(filled, generator))

    def _room(self, rows: int) -> Piece:
        """Memory for so many rows."""
        weight = None if self.weight is None else np.empty(rows, self.weight.dtype)
        values = np.empty((rows, self.X.values.shape[1]), self.X.values.dtype)
        return Piece(values, np.empty((rows, *self.y.shape[1:]), self.y.dtype), weight)

    def chunks(self, rows: int) -> Iterator[Drawn]:
        return self.batches(rows, None)

    def capacity(self, size: int) -> Extent:
        return {"rows": size}

    def chunk_capacity(self, rows: int) -> Extent:
        return {"rows": rows}

    def run(self, plan: Binds[R], chosen: Drawn) -> R:
        return plan.run(len(chosen.rows))

    def gather(self, chosen: Drawn, arrays: dict[str, Array]) -> float:
        pool, rows = chosen
        bring(arrays, Coded(pool.values, self.X.expansion), rows)
        fill(arrays["y"], pool.y, rows)
        if pool.weight is None:
            return float(len(rows))
        fill(arrays["w"], pool.weight, rows)
        return float(arrays["w"].sum())


def put(pool: Piece, first: int, piece: Piece) -> None:
    """Write a piece into a pool, from its row `first` on; both have weights or none has."""
    for room, rows in zip(pool, piece, strict=True):
        if room is not None and rows is not None:
            room[first : first + len(rows)] = rows


def some(piece: Piece, rows: Any) -> Piece:
    """Some rows of a piece."""
    return Piece(piece.values[rows], piece.y[rows], None if piece.weight is None else piece.weight[rows])


def _order(rows: int, generator: np.random.Generator | None) -> NDArray[np.intp]:
    return np.arange(rows) if generator is None else generator.permutation(rows)
