"""Work: bound kernel calls, followed by compiled code or, with the NumPy kernels, one by one; and the team for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Thread
from typing import Any

import numpy as np

from chainrule.engine import threads
from chainrule.engine.kernels import Kernel, SetName, load
from chainrule.errors import PlanError

#: One instruction: a kernel, and the arguments of every member of the team, none where it has nothing to do.
Step = tuple[Kernel, Sequence[Sequence[Any]]]


class Team:
    """The threads that do a plan's work: the caller's and others that wait beside it, spinning, for their tables."""

    def __init__(self, members: int) -> None:
        from chainrule.engine.kernels.numba_set import machine

        self.members = members
        self._machine = machine
        self._board = np.zeros(machine.WORDS, np.int64)
        self._others: list[Thread] = []
        try:
            for member in range(1, members):
                thread = Thread(target=machine.serve, args=(self._board, member, members), daemon=True)
                thread.start()
                self._others.append(thread)
        except BaseException:  # no thread to be had, or Ctrl-C: those that are there would wait for ever
            self.dismiss()
            raise

    def follow(self, tables: int) -> None:
        self._machine.lead(self._board, tables, self.members)

    def dismiss(self) -> None:
        self._machine.dismiss(self._board)
        for thread in self._others:
            thread.join()


@contextmanager
def team(which: SetName, count: int) -> Iterator[Team | None]:
    """A team of this many threads inside the block; with the NumPy kernels it is the BLAS that takes the threads."""
    with threads.limited(1 if which == "numba" else count):
        if which == "numpy" or count == 1:
            yield None
            return
        made = Team(count)
        try:
            yield made
        finally:
            made.dismiss()


class Work(ABC):
    """Instructions bound to arrays. A team of the size that it was divided for must be given where that is not 1."""

    def __init__(self, dtype: np.dtype[Any], steps: Sequence[Step]) -> None:
        self._dtype = dtype
        self._steps = steps  # keeps the arrays alive

    @abstractmethod
    def __call__(self, team: Team | None = None) -> None:
        """Do it all."""

    @property
    def steps(self) -> list[Work]:
        """Every instruction as a work of its own."""
        return [type(self)(self._dtype, [step]) for step in self._steps]


class Calls(Work):
    """NumPy kernels, called one by one."""

    def __init__(self, dtype: np.dtype[Any], steps: Sequence[Step]) -> None:
        super().__init__(dtype, steps)
        self._calls = [partial(load(kernel, dtype, "numpy"), *given[0]) for kernel, given in steps]

    def __call__(self, team: Team | None = None) -> None:
        for call in self._calls:
            call()


class Following:
    """A table for every member of a team, followed without the interpreter. `alive` is what they point to."""

    def __init__(self, tables: Sequence[list[int]], alive: object) -> None:
        from chainrule.engine.kernels.numba_set import machine

        self._alive = alive
        self._members = len(tables)
        self._tables = [np.array([*words, machine.END, 0], np.int64) for words in tables]
        self._places = np.array([table.ctypes.data for table in self._tables], np.int64)
        self._first, self._all = int(self._places[0]), self._places.ctypes.data
        self._alone = machine.alone

    def __call__(self, team: Team | None = None) -> None:
        if self._members == 1:
            self._alone(self._first)
        elif team is not None and team.members == self._members:
            team.follow(self._all)
        else:
            raise PlanError(
                "Run(team)", f"a team of {self._members}", "none" if team is None else f"one of {team.members}",
                "Run it inside `with plan.team() as team`.",
            )  # fmt: skip


class Tables(Work):
    """Numba kernels as tables: members meet behind every instruction."""

    def __init__(self, dtype: np.dtype[Any], steps: Sequence[Step]) -> None:
        super().__init__(dtype, steps)
        members = len(steps[0][1]) if steps else 1
        meet, rooms = _meet(members), _rooms(members)
        tables = [[w for step in steps for w in (*_words(dtype, step, m, room), *meet)] for m, room in enumerate(rooms)]
        self._follow = Following(tables, (steps, rooms))

    def __call__(self, team: Team | None = None) -> None:
        self._follow(team)


def _meet(members: int) -> list[int]:
    """The words that make members wait for each other, where there are several."""
    from chainrule.engine.kernels.numba_set import machine

    return [machine.MEET, 0] if members > 1 else []


def _rooms(members: int) -> list[Any]:
    """A room for the table of every member."""
    from chainrule.engine.kernels.numba_set.tasks import Room

    return [Room() for _ in range(members)]


def _words(dtype: np.dtype[Any], step: Step, member: int, room: Any) -> list[int]:
    """What one member does of an instruction, as words of its table."""
    from chainrule.engine.kernels.numba_set import instruction

    kernel, given = step
    return instruction(kernel, dtype, given[member], room) if given[member] else []


def _undivided(work: Sequence[Step]) -> bool:
    return all(len(given) == 1 for _, given in work)


def bind(which: SetName, dtype: np.dtype[Any], steps: Sequence[Step]) -> Work:
    """These instructions, ready to run."""
    return Tables(dtype, steps) if which == "numba" else Calls(dtype, steps)


def bind_abreast(
    which: SetName, dtype: np.dtype[Any], works: Sequence[Sequence[Step]], members: int
) -> Callable[[Team | None], None]:
    """Works ready to run side by side: member m of a team does works m, m + members, ... of those of one thread.

    Works that were divided for the team follow behind, done by all. None may write what another reads. With the NumPy
    kernels, one follows the other.
    """
    if which == "numpy":
        return Calls(dtype, [step for work in works for step in work])
    alone = [work for work in works if _undivided(work)]
    together = [step for work in works if not _undivided(work) for step in work]
    meet, rooms = _meet(members), _rooms(members)
    tables = []
    for m, room in enumerate(rooms):
        words = [w for work in alone[m::members] for step in work for w in _words(dtype, step, 0, room)] + meet
        tables.append(words + [w for step in together for w in (*_words(dtype, step, m, room), *meet)])
    return Following(tables, (works, rooms))
