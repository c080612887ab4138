"""Schedules made of another schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.checks import POSITIVE
from chainrule.errors import InputTypeError
from chainrule.training.schedules.base import Schedule
from chainrule.training.schedules.cycles import OneCycle


@dataclass(frozen=True)
class WarmUp(Schedule):
    """A straight line up to 1 over `steps` steps, from 1 / steps; then another schedule, from its start.

    Parameters
    ----------
    steps : of the warm-up
    then : a schedule, or None for 1 throughout

    Examples
    --------
    >>> from chainrule.schedules import WarmUp
    >>> [WarmUp(4).factor(t) for t in range(6)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """

    steps: int
    then: Schedule | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.then is not None and not isinstance(self.then, Schedule):
            raise InputTypeError("WarmUp(then=)", "a schedule", repr(self.then), "For example WarmUp(100, Cosine()).")

    def factor(self, step: int, planned: int | None = None) -> float:
        if step < self.steps:
            return (step + 1) / self.steps
        left = None if planned is None else max(1, planned - self.steps)
        return 1.0 if self.then is None else self.then.factor(step - self.steps, left)

    def multiplier(self, values: Sequence[float]) -> float:
        return 1.0 if self.then is None else self.then.multiplier(values)


@dataclass(frozen=True)
class Repeat(Schedule):
    """A schedule several times over, each for its part of all steps: a short one first tells whether more is asked.

    With early stopping, the best weights may be those at the end of any of them.

    Parameters
    ----------
    parts : numbers above 0, how long each is in proportion to the others
    schedule : what is repeated, one that takes its length from what is planned
    steps : of all together; None takes what is planned

    Examples
    --------
    >>> from chainrule.schedules import Linear, Repeat
    >>> [round(Repeat((1, 3), Linear(), steps=8).factor(step), 2) for step in range(8)]
    [1.0, 0.5, 1.0, 0.83, 0.67, 0.5, 0.33, 0.17]
    """

    parts: Sequence[float]
    schedule: Schedule = OneCycle()  # noqa: RUF009  a frozen value
    steps: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.parts, Sequence) or isinstance(self.parts, str) or not self.parts:
            raise InputTypeError("Repeat(parts=)", "a list of numbers", repr(self.parts), "For example (1, 3).")
        object.__setattr__(self, "parts", tuple(self.parts))
        for part in self.parts:
            POSITIVE("Repeat(parts=)", part)
        if not isinstance(self.schedule, Schedule):
            raise InputTypeError("Repeat(schedule=)", "a schedule", repr(self.schedule), "For example OneCycle().")

    def factor(self, step: int, planned: int | None = None) -> float:
        length, gone = self._length(self.steps, planned), 0.0
        for part in self.parts:
            first, gone = round(length * gone / sum(self.parts)), gone + part
            last = round(length * gone / sum(self.parts))
            if step < last:
                break
        return self.schedule.factor(step - first, max(1, last - first))
