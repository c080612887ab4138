"""Schedules: what the learning rate is multiplied by at each step. Frozen configurations with pure functions.

Steps are batches, counted from 0 over all of training. `planned` is how many a fit will take at most; a schedule that
ends takes its length from there unless it has `steps` of its own.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from chainrule.checks import BETWEEN_0_AND_1, NOT_NEGATIVE, UP_TO_1, Checked, Number, at_least
from chainrule.errors import InputError


@dataclass(frozen=True)
class Schedule(Checked, ABC):
    """What multiplies the learning rate at each step: a factor, from 0 to 1 in all that are built in.

    Examples
    --------
    One of your own is a subclass with a `factor`:

    >>> from dataclasses import dataclass
    >>> from chainrule.schedules import Schedule, WarmUp
    >>> @dataclass(frozen=True)
    ... class Halved(Schedule):
    ...     every: int
    ...     def factor(self, step, planned=None):
    ...         return 0.5 ** (step // self.every)
    >>> [WarmUp(2, Halved(every=2)).factor(step) for step in range(6)]
    [0.5, 1.0, 1.0, 1.0, 0.5, 0.5]
    """

    bounds: ClassVar[Mapping[str, Number]] = {
        "decay": Number(0, 1, open_low=True),
        "power": NOT_NEGATIVE,
        "start": UP_TO_1,
        "end": UP_TO_1,
        "warm": BETWEEN_0_AND_1,
        "patience": at_least(1, "10 is the default."),
        "tol": NOT_NEGATIVE,
        "cooldown": at_least(0, "0 counts on at once."),
        "smallest": UP_TO_1,
        **dict.fromkeys(
            ("every", "first", "growth", "steps"), at_least(1, "Steps are batches: rows / batch_size an epoch.")
        ),
    }

    @abstractmethod
    def factor(self, step: int, planned: int | None = None) -> float:
        """What multiplies the learning rate at this step.

        Parameters
        ----------
        step : counted from 0 over all of training
        planned : steps that the fit will take at most, or None where it does not know

        Returns
        -------
        float of 0 or more

        Raises
        ------
        InputError
            Where it ends at a step that neither it nor the fit knows.
        """

    def multiplier(self, values: Sequence[float]) -> float:
        """What multiplies the learning rate too, all through the next epoch.

        Parameters
        ----------
        values : what was watched after each epoch so far: scores, or losses with their sign turned

        Returns
        -------
        float of 0 or more; 1 of schedules that watch nothing
        """
        return 1.0

    def _length(self, own: int | None, planned: int | None) -> int:
        """How many steps it takes: its own number, or what is planned."""
        if own is None and planned is None:
            raise InputError(
                f"{type(self).__name__}(steps=)", "a number of steps", "None",
                "Only fit knows its end: give steps= for partial_fit and for a loop of your own.",
            )  # fmt: skip
        return max(1, (own if own is not None else planned) or 1)


def half_cosine(start: float, end: float, gone: float) -> float:
    """From `start` to `end`, of which the share `gone` has gone; `end` is kept."""
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, gone)))
