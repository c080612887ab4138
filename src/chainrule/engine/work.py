"""Work: bound kernel calls, followed by compiled code or, with the NumPy kernels, one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.engine import forks
from chainrule.engine.kernels import SetName, load
from chainrule.engine.kernels.access import MOST_PARTS
from chainrule.engine.meetings import Step, phases, verify
from chainrule.engine.team import Team

if TYPE_CHECKING:
    from chainrule.engine.kernels.numba_set.tasks import Room


class Work(ABC):
    """Instructions bound to arrays: done by a team where they are cut into parts, or alone, with the same bits."""

    @abstractmethod
    def __call__(self, team: Team | None = None, times: int = 1) -> None:
        """Do it all, so many times."""


class Calls(Work):
    """NumPy kernels, called one by one."""

    def __init__(self, dtype: np.dtype[Any], steps: Sequence[Step]) -> None:
        self._calls = [partial(load(kernel, dtype, "numpy"), *given[0]) for kernel, given in steps]

    def __call__(self, team: Team | None = None, times: int = 1) -> None:
        with forks.held_off():
            for _ in range(times):
                for call in self._calls:
                    call()


class Job(Work):
    """Tables for compiled code: for each phase, those of the parts that have something to do in it.

    `alive` is what they point to.

    Attributes
    ----------
    address : of the job, as the machine reads it
    opening : address of what the caller's thread does before each time
    rows : that it works on, by which its time can be held against that of others; 0 where it is no such job
    meetings : how often parts wait for each other, the end included
    """

    def __init__(
        self,
        tables: Sequence[Sequence[list[int]]],
        parts: int,
        rows: int = 0,
        opening: Sequence[int] = (),
        alive: object = None,
    ) -> None:
        from chainrule.engine.kernels.numba_set import machine

        self.parts, self.rows = parts, rows
        self._alive = alive
        done, words = 0, []
        self._tables = []
        for phase in tables:
            made = [np.array([*table, machine.END, 0], np.int64) for table in phase if table]
            if made:
                done += len(made)
                words += [len(made), done, *(table.ctypes.data for table in made)]
                self._tables.append(made)
        self.meetings = len(self._tables) if parts > 1 else 0
        self._job = np.array([len(self._tables), done, *words], np.int64)
        self._opening = np.array([*opening, machine.END, 0], np.int64)
        self.address, self.opening = int(self._job.ctypes.data), int(self._opening.ctypes.data)
        self._alone = machine.alone

    def __call__(self, team: Team | None = None, times: int = 1) -> None:
        with forks.held_off():
            if self.parts == 1 or team is None:
                self._alone(self.address, self.opening, times)
            else:
                team.follow(self, times)


@forks.holding_off
def compiled(
    dtype: np.dtype[Any],
    works: Sequence[Sequence[Step]],
    rows: int = 0,
    opening: Sequence[Step] = (),
    borrowing: Sequence[Step] = (),
) -> Job:
    """Numba kernels as a job, whose parts meet where one needs what another has made, after its opening.

    Steps that are `borrowing` come first; whoever gives them keeps the arrays of those alive. Works of one part each
    are then done side by side, each whole by one part, and last those that are cut into several, by all parts.
    """
    whole = [work for work in works if all(len(given) == 1 for _, given in work)]
    cut = [step for work in works if not all(len(given) == 1 for _, given in work) for step in work]
    if len(whole) > 1:
        found = [*phases(borrowing), _side_by_side(whole), *phases(cut)]
    else:
        found = phases([*borrowing, *(step for work in whole for step in work), *cut])
    verify(found)
    parts = max((len(given) for phase in found for _, given in phase), default=1)
    rooms = _rooms(parts)
    tables = [[_table(dtype, phase, part, room) for part, room in enumerate(rooms)] for phase in found]
    return Job(tables, parts, rows, _table(dtype, opening, 0, rooms[0]), alive=(works, opening, rooms))


def _side_by_side(works: Sequence[Sequence[Step]]) -> list[Step]:
    """Works of one part each as one phase: the first the first part's, the second the second's, and round again."""
    found: list[Step] = []
    for place, work in enumerate(works):
        found += [(kernel, [*([[]] * (place % MOST_PARTS)), *given]) for kernel, given in work]
    return found


def _rooms(parts: int) -> list[Room]:
    """Memory for what a part's instructions use in turn, for each part."""
    from chainrule.engine.kernels.numba_set.tasks import Room

    return [Room() for _ in range(parts)]


def _table(dtype: np.dtype[Any], steps: Sequence[Step], part: int, room: Room) -> list[int]:
    """What one part does of these instructions."""
    from chainrule.engine.kernels.numba_set import instruction

    shares = [(kernel, given[part]) for kernel, given in steps if part < len(given)]
    return [word for kernel, share in shares if share for word in instruction(kernel, dtype, share, room)]


def bind(
    which: SetName,
    dtype: np.dtype[Any],
    works: Sequence[Sequence[Step]],
    rows: int = 0,
    opening: Sequence[Step] = (),
    borrowing: Sequence[Step] = (),
) -> Work:
    """Works that know nothing of each other, as one that is ready to run; with the NumPy kernels, one by one.

    Parameters
    ----------
    which : kernel set
    dtype : of the parameters
    works : the instructions of each; none may write what another reads
    rows : of the batch, where the time of the work is that of a batch; else 0
    opening : what the caller's thread does first, each time
    borrowing : what comes before all works, cut into parts; whoever gives it keeps its arrays alive
    """
    if which == "numba":
        return compiled(dtype, works, rows, opening, borrowing)
    return Calls(dtype, [step for work in ([*opening, *borrowing], *works) for step in work])
