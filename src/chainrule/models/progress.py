"""How training went, call after call."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from chainrule.training.callbacks.base import Outlook
from chainrule.training.records import Record


@dataclass
class Progress:
    """The records of all epochs, and what the last call of fit came to.

    Attributes
    ----------
    records : one per epoch, or iteration of L-BFGS
    epochs : of the last call
    rows : that training has seen, each as often as it was
    loss : objective of the last epoch
    best_loss : the lowest objective; None where scores of held-out rows decide
    scores, best_score : of the held-out rows, and the highest; None where there are none
    stopped : whether the last partial_fit has exhausted the patience; None before any
    outlook : what the last call set out with; None of a model from a file of an earlier version
    mixed : loss of the held-out rows by the ensemble that was chosen of networks that differ; None of others
    given : what a fit was given, by parameter: a path, the name of a column, or None of what was in memory; nothing of
        training that went on over several calls
    left_out : parameters of the fit that the file of a loaded model does not have
    """

    records: list[Record] = field(default_factory=list)
    epochs: int = 0
    rows: int = 0
    loss: float = math.nan
    best_loss: float | None = math.inf
    scores: list[float] | None = None
    best_score: float | None = None
    stopped: bool | None = None
    outlook: Outlook | None = None
    mixed: float | None = None
    given: dict[str, str | None] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def copy(self) -> Progress:
        """One to go on with: this one stays."""
        scores = None if self.scores is None else [*self.scores]
        return replace(self, records=[*self.records], scores=scores)

    def begin(self, scored: bool) -> bool:
        """A call begins; whether what is best counts anew: scores decide now, and losses did before, or the reverse."""
        self.epochs = 0
        if scored == (self.best_loss is None):
            return False
        self.best_loss = None if scored else math.inf
        self.scores = [] if scored else None
        self.best_score = -math.inf if scored else None
        return True

    def add(self, record: Record, rows: int) -> None:
        """An epoch has gone through so many rows."""
        self.epochs += 1
        self.rows += rows
        self.loss = record.loss
        self.records.append(record)
        if self.best_loss is not None:
            self.best_loss = min(self.best_loss, record.loss)
        if record.score is not None and self.scores is not None and self.best_score is not None:
            self.scores.append(record.score)
            self.best_score = max(self.best_score, record.score)
