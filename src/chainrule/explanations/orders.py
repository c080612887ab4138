"""Shapley values by random orders of the columns, each with its reverse."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import numpy as np

from chainrule.explanations.game import Array, Bools, Game, Whole


def by_orders(game: Game, orders: int, rng: np.random.Generator, done: Callable[[int], object]) -> tuple[Array, Array]:
    """The values and their standard errors, (rows, columns, outputs) each.

    Of each row and each row of the background, columns are taken from the row one after the other, in a random order
    and in its reverse (antithetic sampling, Mitchell et al. 2022); what a prediction changes by is the column's. The
    steps of an order add up to the difference of the two predictions, so the sums are exact. Errors are those of
    drawing orders, from how several orders of the same pair differ; they are not those of drawing the background.
    A row's orders are drawn by its own codes: alone or among others, it has the same values.

    Parameters
    ----------
    game : Game
    orders : of each pair, 2 or more, each with its reverse
    rng : what draws them, together with the codes of a row
    done : is told of each block how many pairs it was
    """
    rows, others, columns = game.shape
    shape = rows, columns, game.of_rows.shape[1]
    total, squares = np.zeros(shape), np.zeros(shape)
    seed = int(rng.integers(1 << 62))
    for row, other in game.pairs(2 * orders * max(columns - 1, 1)):
        found = _of_pairs(game, row, other, _draws(game, row, other, orders, seed))
        np.add.at(total, row, found.mean(axis=1))
        np.add.at(squares, row, found.var(axis=1, ddof=1) / orders)
        done(len(row))
    return total / others, np.sqrt(squares) / others


def _draws(game: Game, row: Whole, other: Whole, orders: int, seed: int) -> Array:
    """Numbers from 0 to 1 that order the columns of each pair: (pairs, orders, columns)."""
    _, others, columns = game.shape
    found = []
    for one in range(row[0], row[-1] + 1):
        rng = np.random.default_rng([seed, crc32(game.rows[one].tobytes())])
        found.append(rng.random((others, orders, columns))[other[row == one]])
    return np.concatenate(found)


def _of_pairs(game: Game, row: Whole, other: Whole, draws: Array) -> Array:
    """What each column adds in each order, the mean of it and its reverse: (pairs, orders, columns, outputs).

    Parameters
    ----------
    row, other : numbers of the two of each pair
    draws : (pairs, orders, columns) from 0 to 1: columns are taken as these rise
    """
    differ = game.differ(row, other)
    drawn = np.where(differ[:, None], draws, 2.0)
    place = drawn.argsort(axis=2).argsort(axis=2)  # of each column in the order; those that do not count are last
    last = differ.sum(axis=1)[:, None, None] - 1
    reverse = np.where(differ[:, None], last - place, place)
    there, back = (_steps(game, row, other, one, last) for one in (place, reverse))
    return (there + back) / 2


def _steps(game: Game, row: Whole, other: Whole, place: Whole, last: Whole) -> Array:
    """What a prediction changes by as each column is taken, (pairs, orders, columns, outputs).

    Parameters
    ----------
    row, other : numbers of the two of each pair
    place : (pairs, orders, columns), of each column in the order
    last : (pairs, 1, 1), the place of the last column that counts
    """
    pairs, orders, columns = place.shape
    pair, order, step = np.nonzero(np.broadcast_to(np.arange(columns - 1) < last, (pairs, orders, columns - 1)))
    outputs = game.of_rows.shape[1]
    along = np.empty((pairs, orders, columns + 1, outputs))  # after no column, after one, ...; then all are the row's
    along[:, :, 0] = game.of_background[other][:, None]
    along[:, :, 1:] = game.of_rows[row][:, None, None]
    for start in range(0, len(pair), game.most):
        some = slice(start, start + game.most)
        p, o, s = pair[some], order[some], step[some]
        taken: Bools = place[p, o] <= s[:, None]
        along[p, o, s + 1] = game.play(row[p], other[p], taken)
    return np.take_along_axis(np.diff(along, axis=2), place[..., None], axis=2)
