"""Ensemble selection: which members of several ensembles predict together, and how much each counts.

Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble selection from libraries of models" (2004): members are added one
after the other, with repetition, each time the one that betters the score of held-out rows most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.network import Network
from chainrule.models.answers import Answer
from chainrule.network.layers import Activation
from chainrule.network.losses import Loss
from chainrule.training.batches import Data, Rows
from chainrule.training.validation import Evaluator

Array = NDArray[Any]

#: What a member has to better a score by, as a share of it, to be added: what is less is the chance of these rows.
WORTHWHILE = 1e-3
#: Members that are added at most.
MOST = 32


def selected(groups: Sequence[int], score: Callable[[Array], float], until: float | None = None) -> Array:
    """Shares of members in a prediction.

    It begins with the whole group that scores best: what it is alone it has at least.

    Parameters
    ----------
    groups : of how many members each group is, in their order
    score : of an ensemble, whose members that count are told by their shares; higher is better
    until : the time, as `time.perf_counter()` tells it, from when on no more is tried

    Returns
    -------
    array of shape (members,), whose sum is 1; 0 of a member that is not chosen

    Examples
    --------
    Two groups of one member each, which are wrong in opposite directions, and a third that is of no use:

    >>> import numpy as np
    >>> from chainrule.models.selection import selected
    >>> each = np.array([[1.0, 3.0], [-1.0, 1.0], [9.0, 9.0]])
    >>> selected([1, 1, 1], lambda shares: -float(((shares @ each - [0.0, 2.0]) ** 2).mean())).tolist()
    [0.5, 0.5, 0.0]
    """
    members, ends = sum(groups), np.cumsum(groups)
    alone = [_counts(members, range(end - count, end)) for count, end in zip(groups, ends, strict=True)]
    scores = [_score(one, score, until if place else None) for place, one in enumerate(alone)]
    best, counts = max(scores), alone[int(np.argmax(scores))]
    for _ in range(MOST):
        tried = []
        for member in range(members):
            more = counts.copy()
            more[member] += 1
            tried.append(_score(more, score, until))
        member = int(np.argmax(tried))
        if not tried[member] > best + WORTHWHILE * abs(best):
            break
        counts[member] += 1
        best = tried[member]
    found: Array = counts / counts.sum()
    return found


def _counts(members: int, chosen: range) -> Array:
    found = np.zeros(members, np.int64)
    found[chosen] = 1
    return found


def _score(counts: Array, score: Callable[[Array], float], until: float | None) -> float:
    if until is not None and time.perf_counter() >= until:
        return -np.inf
    found = score(counts / counts.sum())
    return found if np.isfinite(found) else -np.inf


def of_mixed(each: Array, loss: Loss, score: Callable[[Array], float]) -> Callable[[Array], float]:
    """The score of an ensemble by that of its prediction.

    Parameters
    ----------
    each : array of shape (members, rows, outputs), predictions through the link
    loss : which says how predictions are mixed
    score : of a prediction of these rows
    """

    def of_shares(shares: Array) -> float:
        there = shares > 0
        return score(loss.mixed(each[there], shares[there]))

    return of_shares


def by_loss(answer: Answer, rows: Data, n_threads: int | None) -> Callable[[Array], float]:
    """A function from predictions of these rows to their loss, its sign turned."""
    y, weight = rows.counted()
    unit = Network([Activation("identity")], answer.outputs)
    made: list[Evaluator] = []

    def score(prediction: Array) -> float:
        z = np.ascontiguousarray(unlinked(prediction, answer.loss))
        if not made:
            made.append(Evaluator(unit, unit.init(0, z.dtype), answer.loss))
        return -made[0](Rows(z, y, weight), n_threads)

    return score


def unlinked(prediction: Array, loss: Loss) -> Array:
    """z whose link gives these predictions, as far as their float type tells them from 0 and from 1."""
    if loss.link == "identity":
        return prediction
    tiny = np.finfo(prediction.dtype).tiny
    z: Array = np.log(np.maximum(prediction, tiny))
    if loss.link == "sigmoid":
        z -= np.log(np.maximum(1 - prediction, np.finfo(prediction.dtype).epsneg))
    return z
