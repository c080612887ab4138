"""Schedules that answer the scores of the epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.training.schedules.base import Schedule


@dataclass(frozen=True)
class ReduceOnPlateau(Schedule):
    """Times `decay` whenever the watched value has not improved for more than `patience` epochs.

    It watches what early stopping watches, the validation score or else the training loss, and counts as that does:
    an epoch is better if it exceeds the best so far by `tol`; NaN is no better. Take less patience than for stopping.

    Parameters
    ----------
    decay : number in (0, 1]
    patience : epochs without improvement that are waited for; one more lowers the rate
    tol : smallest improvement that counts
    cooldown : epochs after each lowering that are not counted
    smallest : the learning rate never falls below this share of what it began with

    Examples
    --------
    >>> from chainrule.schedules import ReduceOnPlateau
    >>> plateau, scores = ReduceOnPlateau(0.5, patience=1), [0.6, 0.7, 0.7, 0.7, 0.7, 0.7]
    >>> [plateau.multiplier(scores[:epochs]) for epochs in range(7)]
    [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25]
    """

    decay: float = 0.1
    patience: int = 10
    tol: float = 1e-4
    cooldown: int = 0
    smallest: float = 0.0

    def factor(self, step: int, planned: int | None = None) -> float:
        return 1.0

    def multiplier(self, values: Sequence[float]) -> float:
        best, count, lowered = -math.inf, 0, 1.0
        for value in values:
            better = value >= best + self.tol
            count = 0 if better and count >= 0 else count + 1
            best = value if value > best else best
            if count > self.patience:
                lowered, count = max(self.smallest, lowered * self.decay), -self.cooldown
        return lowered
