"""The time that a fit of a table has: how much of it pilots may take, and how many networks there is time for."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from chainrule.estimators.table.presets import PRESETS, Preset

#: Of the time, what may have gone before another pilot is begun.
OF_PILOTS = 0.25
#: Of a network's epochs, those that it needs: most fits are at their best before the last.
OF_EPOCHS = 0.6


@dataclass
class Clock:
    """The time of one fit.

    Attributes
    ----------
    began : when, as `time.perf_counter()` tells it
    limit : seconds, or None for all that the fit wants
    per_row : seconds that an epoch takes a network for each row, as a pilot told; 0 where none did
    """

    began: float
    limit: float | None
    per_row: float = 0.0

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

    def members(self, preset: Preset, rows: int) -> Preset:
        """The preset with as many networks as there is time for: from one up to those of "best"."""
        if self.limit is None or not self.per_row:
            return preset
        each = OF_EPOCHS * preset.max_iter * rows * self.per_row
        most = PRESETS["best"](rows).n_members
        return replace(preset, n_members=max(1, min(int((self.limit - self.gone) / each), most)))
