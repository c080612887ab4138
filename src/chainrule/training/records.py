"""Records: what the loop yields, one per epoch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    """What one epoch gave.

    Attributes
    ----------
    epoch : counted from 1
    loss : objective, penalties included: the weighted mean over the epoch's rows as they were met
    rate : learning rate of the epoch, of its last step where a schedule moves it
    seconds : time it took, validation not counted
    score : validation score, higher is better, or None
    validation_loss : loss of the held-out rows, without penalties and dropout, or None
    training_score : the same score of the training rows, after the epoch, or None
    """

    epoch: int
    loss: float
    rate: float
    seconds: float
    score: float | None = None
    validation_loss: float | None = None
    training_score: float | None = None
