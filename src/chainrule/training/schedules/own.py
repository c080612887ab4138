"""A user's own schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.checks import NOT_NEGATIVE
from chainrule.errors import InputTypeError
from chainrule.training.schedules.base import Schedule


@dataclass(frozen=True)
class OfStep(Schedule):
    """A function of your own: step -> factor, 0 or more.

    Parameters
    ----------
    function : callable of the step, a whole number from 0

    Examples
    --------
    >>> from chainrule.schedules import OfStep
    >>> [OfStep(lambda t: 1 / (1 + t)).factor(t) for t in range(4)]
    [1.0, 0.5, 0.3333333333333333, 0.25]
    """

    function: Callable[[int], float]

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise InputTypeError(
                "OfStep(function=)", "a function of the step", repr(self.function), "lambda t: 0.99**t"
            )

    def factor(self, step: int, planned: int | None = None) -> float:
        found = self.function(step)
        NOT_NEGATIVE(f"OfStep(function=) at step {step}", found)
        return float(found)
