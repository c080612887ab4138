"""Shapley values by every subset of the columns: exact, for a dozen of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from chainrule.explanations.game import Array, Bools, Game, Whole

#: Columns whose subsets are few enough: 4,096.
MOST = 12


def by_subsets(game: Game, done: Callable[[int], object]) -> Array:
    """The values exactly, (rows, columns, outputs): Shapley (1953), by the sum over all subsets.

    Columns in which a row is as the other of its pair add nothing; subsets are of the rest.

    Parameters
    ----------
    game : Game of at most `MOST` columns
    done : is told of each block how many pairs it was
    """
    rows, others, columns = game.shape
    total = np.zeros((rows, columns, game.of_rows.shape[1]))
    for row, other in game.pairs(1 << columns):
        differ = game.differ(row, other)
        count = differ.sum(axis=1)
        for size in np.unique(count[count > 0]):
            some = count == size
            unlike = np.argsort(~differ[some], axis=1, kind="stable")[:, :size]
            np.add.at(total, (row[some, None], unlike), _of_alike(game, row[some], other[some], unlike))
        done(len(row))
    return total / others


def _of_alike(game: Game, row: Whole, other: Whole, unlike: Whole) -> Array:
    """The values of pairs that differ in so many columns each: (pairs, columns, outputs).

    Parameters
    ----------
    row, other : numbers of the two of each pair
    unlike : (pairs, columns), in which columns they differ
    """
    pairs, size = unlike.shape
    subsets, weights = _subsets(size)
    taken = np.zeros((pairs, len(subsets), game.shape[2]), bool)
    np.put_along_axis(taken, np.broadcast_to(unlike[:, None], (pairs, *subsets.shape)), subsets, axis=2)
    between = taken[:, 1:-1]  # of none and of all, the predictions are known
    plays = between.shape[1]
    played = game.play(np.repeat(row, plays), np.repeat(other, plays), between.reshape(-1, game.shape[2]))
    found = np.empty((pairs, len(subsets), played.shape[1]))
    found[:, 0], found[:, -1] = game.of_background[other], game.of_rows[row]
    found[:, 1:-1] = played.reshape(pairs, -1, played.shape[1])
    return np.einsum("sc,pso->pco", weights, found)


@cache
def _subsets(size: int) -> tuple[Bools, NDArray[np.float64]]:
    """All subsets of so many columns, (subsets, columns), none first and all last; and how each counts for a column."""
    subsets = (np.arange(1 << size)[:, None] >> np.arange(size) & 1).astype(bool)
    members = subsets.sum(axis=1)
    with_it = np.array([0.0, *(1 / (size * comb(size - 1, k - 1)) for k in range(1, size + 1))])
    without = np.array([*(1 / (size * comb(size - 1, k)) for k in range(size)), 0.0])
    return subsets, np.where(subsets, with_it[members, None], -without[members, None])
