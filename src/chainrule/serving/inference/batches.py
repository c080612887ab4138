"""Predictions of what waits: requests are read together, and each is predicted as if alone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from chainrule.serving.inference.bodies.cells import Cells
from chainrule.serving.inference.served import Served, Taken
from chainrule.serving.inference.signature import Asked
from chainrule.tables.table import Table

#: Requests that are read together at most.
TOGETHER = 64


class Reading(NamedTuple):
    """A request that was read: its rows, what is asked, and how the answer is written.

    Attributes
    ----------
    rows : of the request
    asked : what of them
    write : from outputs by name and warnings to the answer
    """

    rows: Cells | Table
    asked: Asked
    write: Callable[[dict[str, Any], Sequence[str]], Any]


class Job:
    """A request on its way through the thread.

    Parameters
    ----------
    served : the model that answers
    read : reads the request's body
    short : whether that is small
    """

    def __init__(self, served: Served, read: Callable[[], Reading], short: bool) -> None:
        self.served, self.read, self.short = served, read, short
        self.loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[Any] = self.loop.create_future()
        self.given_up = False

    def tell(self, result: Any) -> None:
        """The answer, or the error, to who waits; in the thread of the loop."""
        if self.answer.done():
            return
        if isinstance(result, BaseException):
            self.answer.set_exception(result)
        else:
            self.answer.set_result(result)


class Predicting:
    """A thread that predicts, from `start` to `stop`."""

    def __init__(self, name: str) -> None:
        self._jobs: deque[Job] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """What waits is predicted before, but no longer than this is waited for it."""
        self._stopping = True
        self._wake.set()
        self._thread.join(seconds)

    def put(self, job: Job) -> None:
        self._jobs.append(job)
        self._wake.set()

    def _work(self) -> None:
        while not (self._stopping and not self._jobs):
            self._wake.wait()
            if not self._stopping:
                self._wake.clear()
            while self._jobs:
                _tell(answers(self._next()))

    def _next(self) -> list[Job]:
        """Those that are answered next: short ones together, a long one alone."""
        found = [self._jobs.popleft()]
        while found[0].short and self._jobs and self._jobs[0].short and len(found) < TOGETHER:
            found.append(self._jobs.popleft())
        return found


def answers(jobs: Sequence[Job]) -> list[tuple[Job, Any]]:
    """An answer for each, whatever happens; none for who has given up."""
    skipped: list[tuple[Job, Any]] = [(job, None) for job in jobs if job.given_up]
    waiting = [job for job in jobs if not job.given_up]
    try:
        return [*predicted(waiting), *skipped]
    except Exception as error:  # a defect, of which all hear: the thread goes on
        return [*((job, error) for job in waiting), *skipped]


def _tell(results: list[tuple[Job, Any]]) -> None:
    """All answers at once: to wake the loop takes as long as some predictions."""

    def tell() -> None:
        for job, result in results:
            job.tell(result)

    for loop in {id(job.loop): job.loop for job, _ in results}.values():
        try:
            loop.call_soon_threadsafe(tell)
        except RuntimeError:  # it has ended, and nobody waits
            return


def predicted(jobs: Sequence[Job]) -> list[tuple[Job, Any]]:
    """Each job with its answer or its error; those of one model are read together."""
    results: list[tuple[Job, Any]] = []
    ready: dict[int, list[tuple[Job, Reading]]] = {}
    for job in jobs:
        try:
            reading = job.read()
        except Exception as error:  # which is told to who sent it
            results.append((job, error))
        else:
            ready.setdefault(id(job.served), []).append((job, reading))
    for group in ready.values():
        served = group[0][0].served
        started = time.perf_counter()
        rows = served.read([reading.rows for _, reading in group])
        for (job, reading), taken in zip(group, rows, strict=True):
            results.append((job, _written(served, reading, taken)))
        if all(job.short for job, _ in group):
            served.took((time.perf_counter() - started) / len(group))
    return results


def _written(served: Served, reading: Reading, taken: Taken | Exception) -> Any:
    if isinstance(taken, Exception):
        return taken
    try:
        return reading.write(served.answer(taken, reading.asked), taken.warnings)
    except Exception as error:  # which is told to who sent it
        return error
