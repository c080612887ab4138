"""Batches brought into a plan: by its own parts, each of which takes its rows, or by the interpreter beforehand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.division import by_rows
from chainrule.engine.expansion import EXPAND, Coded
from chainrule.engine.kernels import Kernel
from chainrule.engine.meetings import Step
from chainrule.engine.plan import Plan, Run
from chainrule.engine.work import Work
from chainrule.training.batches import Data

GATHER = Kernel("gather")


class Loader:
    """Takes batches of some data to a plan.

    Rows that lie in memory are gathered by the first instructions of a run; the interpreter says which they are.

    Parameters
    ----------
    data : where batches come from
    plan : where they go
    in_parts : whether the plan may gather them itself; not where somebody changes the batch before it runs
    """

    def __init__(self, data: Data, plan: Plan, in_parts: bool = True) -> None:
        self._data, self._plan = data, plan
        self._sources = data.sources() if in_parts and plan.compiled else {}

    def __call__(self, chosen: Any) -> tuple[Run, float]:
        """The run that takes this batch, ready for `work`, and the weight that the batch has."""
        run = self._data.run(self._plan, chosen)
        if not self._sources:
            return run, self._data.gather(chosen, run.arrays)
        order = self._order(run)
        order[...] = np.arange(chosen.start, chosen.stop) if isinstance(chosen, slice) else chosen
        return run, self._data.weigh(chosen, run.arrays)

    def work(self, run: Run) -> Work:
        """All that the run does, gathering included."""
        return run.led_by(self._data, lambda: self._gathering(run)) if self._sources else run.whole

    def before(self, run: Run) -> list[Step]:
        """What must be done before the run's own instructions."""
        return self._gathering(run) if self._sources else []

    def _order(self, run: Run) -> NDArray[np.int64]:
        rows = len(run.arrays["x"])
        return self._plan.room("order", rows, (), np.dtype(np.int64))

    def _gathering(self, run: Run) -> list[Step]:
        order, parts, steps = self._order(run), self._plan.parts, []
        for name, source in self._sources.items():
            out = run.arrays[name]
            if isinstance(source, Coded):
                values = source.values
                compact = self._plan.room("compact", len(out), values.shape[1:], values.dtype)
                steps.append(by_rows(GATHER, (compact, order), parts, values))
                steps.append(by_rows(EXPAND, (out, compact), parts, *source.expansion.arguments))
            else:
                steps.append(by_rows(GATHER, (_matrix(out), order), parts, _matrix(source)))
        return steps


def _matrix(array: NDArray[Any]) -> NDArray[Any]:
    """A vector as a matrix of one column."""
    return array.reshape(len(array), -1)
