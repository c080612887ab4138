"""Teams: the caller's thread and workers beside it, which claim the parts of a job from one board.

A worker that waits watches the board for a moment, then sleeps in the kernel until it is woken. A team follows a job
alone, on the caller's thread, where that is measured to be as fast: the parts stay, and with them the bits.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock, Thread
from typing import Protocol

from chainrule.engine import forks, threads
from chainrule.engine.kernels import SetName
from chainrule.engine.payoff import Payoff
from chainrule.engine.processors import available

_log = logging.getLogger("chainrule")

#: Jobs that a team keeps alive for workers that may still read them.
KEPT_JOBS = 256


class Job(Protocol):
    """What a team follows; see `work.Job`."""

    address: int
    opening: int
    rows: int


class _Crowd:
    """How many threads all teams of this process have together: more than there are processors pay for none."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """No team yet."""
        self.lock = Lock()
        self.threads = 0

    def add(self, threads: int) -> None:
        with self.lock:
            self.threads += threads


_crowd = _Crowd()
forks.in_child(_crowd.begin)  # the teams of the parent have no threads in the child


class Team:
    """The threads that do a plan's work: the caller's, and workers that wait beside it for their parts."""

    def __init__(self, size: int, payoff: Payoff | None = None) -> None:
        from chainrule.engine.kernels.numba_set import machine, waiting

        self.size = size
        self._payoff = payoff or Payoff()
        self._machine = machine
        self._board = machine.board(size, waiting.addresses())
        self._process = os.getpid()
        self._room = available()
        self._kept: dict[int, Job | None] = {}
        self._last: Job | None = None
        self._workers: list[Thread] = []
        self._threads = 0  # of this team, among those of the process
        try:
            for worker in range(1, size):
                thread = Thread(target=machine.serve, args=(self._board, worker), name="chainrule worker", daemon=True)
                thread.start()
                self._workers.append(thread)
        except RuntimeError as error:  # no more threads to be had: fewer do
            _say_fewer(len(self._workers) + 1, size, str(error))
        except BaseException:  # Ctrl-C: those that are there would wait for ever
            self.dismiss()
            raise
        self._threads = 1 + len(self._workers)
        _crowd.add(self._threads)

    def follow(self, job: Job, times: int = 1) -> None:
        """Do all parts of a job so many times, with the workers or alone."""
        started = time.perf_counter()
        crowded = _crowd.threads > max(self._room, self._threads)
        if self._payoff.together and not crowded and os.getpid() == self._process:
            self._keep(job)
            self._machine.lead(self._board, job.address, job.opening, times)
        else:  # after a fork the workers are in the other process
            self._machine.alone(job.address, job.opening, times)
        if job.rows and not crowded:
            self._payoff.note((time.perf_counter() - started) / (job.rows * times))

    def dismiss(self) -> None:
        """End the workers."""
        if os.getpid() == self._process:
            _crowd.add(-self._threads)
            self._threads = 0
            self._machine.dismiss(self._board)
            for thread in self._workers:
                thread.join()

    def _keep(self, job: Job) -> None:
        """Hold on to a job for workers that come late to it, and let go of what none can be in."""
        if len(self._kept) >= KEPT_JOBS and id(job) not in self._kept:
            while self._machine.late(self._board):
                time.sleep(1e-4)
            self._kept = {id(self._last): self._last}
        self._kept[id(job)] = self._last = job


@cache
def _say_fewer(threads: int, size: int, reason: str) -> None:
    _log.warning(
        "chainrule goes on with %d of %d threads: %s. A smaller n_threads, or a higher limit, mends that.",
        threads, size, reason,
    )  # fmt: skip


@contextmanager
def team(which: SetName, size: int, payoff: Payoff | None = None) -> Iterator[Team | None]:
    """A team of this many threads inside the block; with the NumPy kernels it is the BLAS that takes the threads."""
    with threads.limited(1 if which == "numba" else size):
        if which == "numpy" or size == 1:
            yield None
            return
        made = Team(size, payoff)
        try:
            yield made
        finally:
            made.dismiss()
