"""The time that a fit of a table has: how much of it pilots may take, and how many networks there is time for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainrule.estimators.table.presets import Preset

#: Of the time, what may have gone before another pilot is begun.
OF_PILOTS = 0.25
#: Of a network's epochs, those that it needs: some are at their best in the last.
OF_EPOCHS = 1.0
#: How many times a preset's networks there may be, where there is time: more that are alike add next to nothing.
MANIFOLD = 2


@dataclass
class Clock:
    """The time of one fit.

    Attributes
    ----------
    began : when, as `time.perf_counter()` tells it
    limit : seconds, or None for all that the fit wants
    """

    began: float
    limit: float | None

    @property
    def gone(self) -> float:
        """Seconds since the fit began."""
        return time.perf_counter() - self.began

    @property
    def allows_pilots(self) -> bool:
        """Whether there is time for another pilot."""
        return self.limit is None or self.gone < OF_PILOTS * self.limit

    @property
    def end_of_a_pilot(self) -> float | None:
        """When it is broken off: it may go on for as long as others before it might have taken."""
        return None if self.limit is None else self.began + 2 * OF_PILOTS * self.limit

    def affordable(self, presets: Sequence[Preset], per_row: Sequence[float], rows: int) -> list[Preset]:
        """As many networks of each preset as there is time for, the first before the others: at least one of that.

        Parameters
        ----------
        presets : in the order in which they are trained
        per_row : by preset, seconds that an epoch takes a network for each row, as a pilot told; 0 where none did
        rows : of the fit

        Returns
        -------
        list of the first presets, as many as there is time for, with as many members; with time to spare, up to
        `MANIFOLD` times as many as theirs
        """
        if self.limit is None or not all(per_row):
            return [*presets]
        left = self.limit - self.gone
        each = [OF_EPOCHS * one.max_iter * rows * cost for one, cost in zip(presets, per_row, strict=True)]
        whole = sum(one.n_members * cost for one, cost in zip(presets, each, strict=True))
        times = int(np.clip(left / whole, 1, MANIFOLD))
        found: list[Preset] = []
        for one, cost in zip(presets, each, strict=True):
            members = min(int(left / cost), times * one.n_members)
            if members < 1:
                return found or [replace(one, n_members=1)]
            found.append(replace(one, n_members=members))
            left -= members * cost
        return found
