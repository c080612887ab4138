"""Shapley values by random orders of the columns, each with its reverse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule.explanations.game import Array, Bools, Game, Whole


def by_orders(game: Game, orders: int, rng: np.random.Generator, done: Callable[[int], object]) -> tuple[Array, Array]:
    """The values and their standard errors, (rows, columns, outputs) each.

    Of each row and each row of the background, columns are taken from the row one after the other, in a random order
    and in its reverse (antithetic sampling, Mitchell et al. 2022); what a prediction changes by is the column's. The
    steps of an order add up to the difference of the two predictions, so the sums are exact. Errors are those of
    drawing orders, from how several orders of the same pair differ; they are not those of drawing the background.

    Parameters
    ----------
    game : Game
    orders : of each pair, 2 or more, each with its reverse
    rng : what draws them
    done : is told of each block how many pairs it was
    """
    rows, others, columns = game.shape
    shape = rows, columns, game.of_rows.shape[1]
    total, squares = np.zeros(shape), np.zeros(shape)
    for row, other in game.pairs(2 * orders * max(columns - 1, 1)):
        found = _of_pairs(game, row, other, orders, rng)
        np.add.at(total, row, found.mean(axis=1))
        np.add.at(squares, row, found.var(axis=1, ddof=1) / orders)
        done(len(row))
    return total / others, np.sqrt(squares) / others


def _of_pairs(game: Game, row: Whole, other: Whole, orders: int, rng: np.random.Generator) -> Array:
    """What each column adds in each order, the mean of it and its reverse: (pairs, orders, columns, outputs)."""
    differ = game.differ(row, other)
    drawn = np.where(differ[:, None], rng.random((len(row), orders, differ.shape[1])), 2.0)
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
    taken: Bools = place[pair, order] <= step[:, None]
    outputs = game.of_rows.shape[1]
    along = np.empty((pairs, orders, columns + 1, outputs))  # after no column, after one, ...; then all are the row's
    along[:, :, 0] = game.of_background[other][:, None]
    along[:, :, 1:] = game.of_rows[row][:, None, None]
    along[pair, order, step + 1] = game.play(row[pair], other[pair], taken)
    return np.take_along_axis(np.diff(along, axis=2), place[..., None], axis=2)
