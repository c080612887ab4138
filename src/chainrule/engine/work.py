"""Work: bound kernel calls, followed by compiled code or, with the NumPy kernels, one by one; and the team for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
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


class Tables(Work):
    """Numba kernels as a table for every member, followed without the interpreter or its lock."""

    def __init__(self, dtype: np.dtype[Any], steps: Sequence[Step]) -> None:
        from chainrule.engine.kernels.numba_set import instruction, machine

        super().__init__(dtype, steps)
        self._members = len(steps[0][1]) if steps else 1
        meet = [machine.MEET, 0] if self._members > 1 else []
        self._tables = []
        for member in range(self._members):
            words: list[int] = []
            for kernel, given in steps:
                own = given[member]
                words += (instruction(kernel, dtype, own) if own else []) + meet
            self._tables.append(np.array([*words, machine.END, 0], np.int64))
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


def bind(which: SetName, dtype: np.dtype[Any], steps: Sequence[Step]) -> Work:
    """These instructions, ready to run."""
    return Tables(dtype, steps) if which == "numba" else Calls(dtype, steps)
