"""Batches brought into plans: by their own parts, each of which takes its rows, or by the interpreter beforehand.

Where the rows lie in memory, several short steps are given to compiled code at once: it takes the indices of the next
batch and the numbers of the next update from tables, a row a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.division import by_rows
from chainrule.engine.expansion import EXPAND, LOCATE, Coded
from chainrule.engine.kernels import Kernel
from chainrule.engine.meetings import Step
from chainrule.engine.plan import Tapped
from chainrule.engine.plans import Plans, Runs
from chainrule.engine.team import Team
from chainrule.engine.work import Work
from chainrule.training.batches import Data
from chainrule.training.optimisers.base import StepProgram

GATHER, TAKE_ROW, NEXT_ROW, DRAW_ANEW = map(Kernel, ("gather", "take_row", "next_row", "draw_anew"))

#: Steps that are given to compiled code at once, at most, and the multiplications that they may come to: some
#: milliseconds, so that Ctrl-C is heard.
MOST_STEPS, MOST_WORK = 64, 100_000_000


class Loader:
    """Takes batches of some data to plans, and lets them run.

    Parameters
    ----------
    data : where batches come from
    plans : where they go
    updates : whose numbers are renewed before each step
    in_parts : whether the plans may gather them themselves; not where somebody changes the batch before they run

    Attributes
    ----------
    together : steps that may be taken at once
    """

    def __init__(self, data: Data, plans: Plans, updates: Sequence[StepProgram] = (), in_parts: bool = True) -> None:
        self._data, self._plans = data, plans
        self._sources = data.sources() if in_parts and plans.compiled else {}
        self._numbers = [numbers for update in updates for numbers in update.numbers]
        work = max(1, 3 * plans.capacity["rows"] * sum(plan.parameters.vector.size for plan in plans.each))
        at_once = bool(self._sources) and data.weight is None
        self.together = int(np.clip(MOST_WORK // work, 1, MOST_STEPS)) if at_once else 1

    def groups(self, batches: Iterable[Any], alone: Callable[[int], bool]) -> Iterator[tuple[list[Any], bool]]:
        """Batches of one size that follow one another, and whether it is one that is to be alone, by its place."""
        group: list[Any] = []
        for place, chosen in enumerate(batches):
            single = alone(place)
            if group and (single or len(group) == self.together or _size(chosen) != _size(group[0])):
                yield group, False
                group = []
            if single:
                yield [chosen], True
            else:
                group.append(chosen)
        if group:
            yield group, False

    def __call__(self, group: Sequence[Any]) -> tuple[Runs, float]:
        """The runs that take these batches one after the other, and the weight that each has."""
        run = self._data.run(self._plans, group[0])
        if not self._sources:
            self._plans.draw_anew()
            return run, self._data.gather(group[0], run.arrays)
        for row, chosen in zip(self._table(run, "order", self._order(run)), group, strict=False):
            row[...] = np.arange(chosen.start, chosen.stop) if isinstance(chosen, slice) else chosen
        return run, self._data.weigh(group[0], run.arrays)

    def note(self, run: Runs, step: int) -> None:
        """Keep the updates' numbers as those of this step of a group."""
        if self._sources:
            for place, numbers in enumerate(self._numbers):
                self._table(run, f"numbers {place}", numbers)[step] = numbers

    def run(self, run: Runs, team: Team | None, steps: int = 1) -> None:
        """All that the run does, gathering included, step after step."""
        self._place(run)[0] = 0
        self.work(run)(team, steps)

    def work(self, run: Runs) -> Work:
        """What `run` does, compiled."""
        if not self._sources:
            return run.whole
        return run.led_by(self._data, lambda: (self._opening(run), self._gathering(run)))

    def watched(self, run: Runs, team: Team | None) -> Iterator[Tapped]:
        """Gather a single batch and run the first network on it, giving every tapped value when it is there."""
        self._place(run)[0] = 0
        return run.watched(team, [*self._opening(run), *self._gathering(run)] if self._sources else [])

    def _opening(self, run: Runs) -> list[Step]:
        """Before a step: the indices of its batch, the numbers of its update, what it draws."""
        order, place = self._order(run), self._place(run)
        rows: list[tuple[NDArray[Any], NDArray[Any]]] = [(order, self._table(run, "order", order))]
        rows += [(one, self._table(run, f"numbers {number}", one)) for number, one in enumerate(self._numbers)]
        taken = [(TAKE_ROW, [[out, table, place]]) for out, table in rows]
        return [*taken, (NEXT_ROW, [[place]]), *((DRAW_ANEW, [[plan.noise]]) for plan in self._plans.each)]

    def _gathering(self, run: Runs) -> list[Step]:
        """Rows of the sources copied into the runs' arrays, a part's own by each part."""
        order, parts, steps = self._order(run), self._plans.parts, []
        for name, source in self._sources.items():
            out = run.arrays[name]
            if isinstance(source, Coded):
                values = source.values
                compact = run.buffer("compact", (len(out), values.shape[1]), values.dtype)
                steps.append(by_rows(GATHER, (compact, order), parts, values))
                if self._plans.terms is None:
                    steps.append(by_rows(EXPAND, (out, compact), parts, *source.expansion.arguments))
                else:
                    places, shares, terms = run.arrays["places"], run.arrays["shares"], self._plans.terms
                    steps.append(by_rows(EXPAND, (shares, compact), parts, *terms.plain))
                    steps.append(by_rows(LOCATE, (places, shares, out, compact), parts, *terms.located))
            else:
                steps.append(by_rows(GATHER, (_matrix(out), order), parts, _matrix(source)))
        return steps

    def _order(self, run: Runs) -> NDArray[np.int64]:
        return run.buffer("order", (len(run.arrays["x"]),), np.dtype(np.int64))

    def _place(self, run: Runs) -> NDArray[np.int64]:
        """Which step of a group is up."""
        return run.buffer("place", (1,), np.dtype(np.int64))

    def _table(self, run: Runs, name: str, row: NDArray[Any]) -> NDArray[Any]:
        """A row like this one for each step of a group."""
        return run.buffer(f"{name} of steps", (self.together, *row.shape), row.dtype)


def _size(chosen: Any) -> int:
    """Rows of a batch that is given by a slice or by indices."""
    return chosen.stop - chosen.start if isinstance(chosen, slice) else len(chosen)


def _matrix(array: NDArray[Any]) -> NDArray[Any]:
    """A vector as a matrix of one column."""
    return array.reshape(len(array), -1)
