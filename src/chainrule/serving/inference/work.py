"""Requests under way: how many there may be, how long they may take, and where they are predicted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from chainrule.serving.inference.batches import Job, Predicting, Reading, answers
from chainrule.serving.inference.limits import Limits
from chainrule.serving.inference.metrics import Metrics
from chainrule.serving.inference.problems import Problem, busy
from chainrule.serving.inference.served import Served

#: Bytes of a request up to which it is short, and seconds up to which a model answers such a one quickly: to hand it to
#: a thread and back would take longer, as the interpreter is one for both.
SHORT, QUICK = 1 << 14, 0.005


class Work:
    """Answers requests: short ones between the events of the loop, those that wait together; others in a thread.

    Parameters
    ----------
    limits, metrics : of requests
    """

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self._limits, self._metrics = limits, metrics
        self._here: list[Job] = []
        self._beside = Predicting("long requests")
        self.under_way = 0

    def start(self) -> None:
        self._beside.start()

    def stop(self, seconds: float = 0.0) -> None:
        self._beside.stop(seconds)

    async def answer(self, served: Served, read: Callable[[], Reading], size: int) -> Any:
        """The answer to a request of so many bytes.

        A request that takes too long keeps its place until its work has ended: those who try again find out.

        Raises
        ------
        Problem
            503 where too many are under way, 504 where it takes too long; and whatever reading or predicting raises.
        """
        if self.under_way >= self._limits.requests:
            raise busy(f"{self.under_way} requests are under way, as many as may be.")
        short = size <= SHORT
        if short and served.shapley is not None:  # what is asked of its rows tells whether the answer is short
            found = read()
            short = not served.is_long(found.asked)
            read = partial(_same, found)
        self.under_way += 1
        self._metrics.under_way.inc()
        job = Job(served, read, short)
        job.answer.add_done_callback(self._ended)
        if job.short and served.seconds < QUICK:
            if not self._here:
                job.loop.call_soon(self._predict)
            self._here.append(job)
            return await job.answer
        self._beside.put(job)
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await asyncio.shield(job.answer)
        except TimeoutError:
            job.given_up = True
            raise Problem(504, f"no answer within {self._limits.seconds:g} seconds. Send fewer rows.") from None

    def _predict(self) -> None:
        waiting, self._here = self._here, []
        for job, result in answers(waiting):
            job.tell(result)

    def _ended(self, answer: asyncio.Future[Any]) -> None:
        self.under_way -= 1
        self._metrics.under_way.dec()
        if not answer.cancelled():
            answer.exception()  # seen: of a request that was given up nobody else asks


def _same(found: Reading) -> Reading:
    """What was read already."""
    return found
