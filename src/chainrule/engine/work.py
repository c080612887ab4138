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
    steps: Sequence[Step],
    rows: int = 0,
    opening: Sequence[Step] = (),
    borrowing: Sequence[Step] = (),
) -> Job:
    """Numba kernels as a job, whose parts meet where one needs what another has made, behind its opening.

    Steps that are `borrowing` come first; whoever gives them keeps the arrays of those alive.
    """
    parts = max((len(given) for _, given in (*borrowing, *steps)), default=1)
    found = phases([*borrowing, *steps])
    verify(found)
    rooms = _rooms(parts)
    tables = [[_table(dtype, phase, part, room) for part, room in enumerate(rooms)] for phase in found]
    return Job(tables, parts, rows, _table(dtype, opening, 0, rooms[0]), alive=(steps, opening, rooms))


def _rooms(parts: int) -> list[Room]:
    """Memory for what a part's instructions use in turn, for each part."""
    from chainrule.engine.kernels.numba_set.tasks import Room

    return [Room() for _ in range(parts)]


def _table(dtype: np.dtype[Any], steps: Sequence[Step], part: int, room: Room) -> list[int]:
    """What one part does of these instructions."""
    from chainrule.engine.kernels.numba_set import instruction

    shares = [(kernel, given[part]) for kernel, given in steps if part < len(given)]
    return [word for kernel, share in shares if share for word in instruction(kernel, dtype, share, room)]


def bind(which: SetName, dtype: np.dtype[Any], steps: Sequence[Step], rows: int = 0) -> Work:
    """These instructions, ready to run; of so many rows, where its time is that of a batch."""
    return compiled(dtype, steps, rows) if which == "numba" else Calls(dtype, steps)


def bind_abreast(which: SetName, dtype: np.dtype[Any], works: Sequence[Sequence[Step]], rows: int) -> Work:
    """Works ready to run side by side: those of one part each are the parts of the first phase, whole.

    Works that are cut into several parts follow, done by all. None may write what another reads. With the NumPy
    kernels, one follows the other.
    """
    if which == "numpy":
        return Calls(dtype, [step for work in works for step in work])
    whole = [work for work in works if all(len(given) == 1 for _, given in work)]
    cut = [step for work in works if not all(len(given) == 1 for _, given in work) for step in work]
    shares = [[step for work in whole[part::MOST_PARTS] for step in work] for part in range(MOST_PARTS)]
    parts = max([1, min(len(whole), MOST_PARTS), *(len(given) for _, given in cut)])
    rooms = _rooms(parts)
    first = [_table(dtype, share, 0, room) for share, room in zip(shares, rooms, strict=False)]
    found = phases(cut)
    verify(found)
    rest = [[_table(dtype, phase, part, room) for part, room in enumerate(rooms)] for phase in found]
    return Job([first, *rest], parts, rows, alive=(works, rooms))
