"""How a training went: what is drawn while it goes on, and after it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chainrule.diagnosis.probes import Probes
from chainrule.training.records import Record
from chainrule.training.units import Units


@dataclass(frozen=True)
class Course:
    """Records of the epochs, and what was probed.

    Attributes
    ----------
    history : one per epoch
    probes : None where nothing was measured
    units : from a loss of held-out rows to their error in units of the target, None where that does not follow
    score : what the score of a record is: "accuracy", "R2", or "score" of others
    """

    history: Sequence[Record]
    probes: Probes | None = None
    units: Units | None = None
    score: str = "score"

    def of(self, value: Callable[[Record], float | None]) -> list[float]:
        """A number of each epoch, NaN where it has none."""
        return [math.nan if (found := value(one)) is None else found for one in self.history]

    def rmse(self, record: Record) -> float | None:
        """Of the held-out rows, in units of the target."""
        loss = record.validation_loss
        return None if self.units is None or loss is None else self.units.rmse(loss)

    def r2(self, record: Record) -> float | None:
        """Of the held-out rows, as their loss tells it."""
        loss = record.validation_loss
        return None if self.units is None or loss is None else self.units.r2(loss)

    @property
    def scored(self) -> bool:
        """Whether there is a score that is not the validation loss by another sign."""
        return any(one.score is not None and one.score != -(one.validation_loss or 0) for one in self.history)

    @property
    def best(self) -> Record | None:
        """The epoch that did best on the rows held out, by score, else by loss."""
        known = [one for one in self.history if one.score is not None and math.isfinite(one.score)]
        if known:
            return max(known, key=lambda one: one.score or 0.0)
        known = [one for one in self.history if one.validation_loss is not None and math.isfinite(one.validation_loss)]
        return min(known, key=lambda one: one.validation_loss or 0.0, default=None)
