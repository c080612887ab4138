"""The pace of a fit that has so much time: its schedule ends when the time does."""

from __future__ import annotations

import time

from chainrule.training.records import Record
from chainrule.training.trainer import Trainer


class Pace:
    """Plans as many steps as there is time for, at the speed of the last epoch and of what came behind it.

    Parameters
    ----------
    trainer : whose `planned` steps are those of a fit with all the time it wants
    until : the time, as `time.perf_counter()` tells it, by which the last epoch is to be over; None plans nothing anew
    """

    def __init__(self, trainer: Trainer, until: float | None) -> None:
        self._trainer, self._until, self._most = trainer, until, trainer.planned
        self._seen, self._done = time.perf_counter(), trainer.done
        trainer.until = until

    def keep(self, record: Record) -> None:
        """Plan the rest, after the epoch of this record and all that was done behind it."""
        trainer, now = self._trainer, time.perf_counter()
        if self._until is None or self._most is None:
            return
        steps, seconds = trainer.done - self._done, now - self._seen
        self._seen, self._done = now, trainer.done
        trainer.until = self._until - (seconds - record.seconds)
        left = max(0, int((self._until - now) / seconds * steps))
        trainer.planned = min(self._most, trainer.done + max(1, left))
