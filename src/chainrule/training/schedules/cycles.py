"""Schedules that rise, too."""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.training.schedules.base import Schedule, half_cosine


@dataclass(frozen=True)
class CosineRestarts(Schedule):
    """Half cosines one after the other, each `growth` times as long as the last (SGDR, Loshchilov and Hutter 2017).

    Parameters
    ----------
    first : steps of the first one
    growth : whole number of 1 or more
    end : number from 0 to 1, to which each falls

    Examples
    --------
    >>> from chainrule.schedules import CosineRestarts
    >>> [round(CosineRestarts(first=2).factor(t), 3) for t in range(7)]
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """

    first: int
    growth: int = 2
    end: float = 0.0

    def factor(self, step: int, planned: int | None = None) -> float:
        length = self.first
        while step >= length:
            step -= length
            length *= self.growth
        return half_cosine(1.0, self.end, step / length)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Half a cosine up from `start` to 1 over the share `warm` of all steps, then half a one down to `end`.

    Smith and Topin 2019.

    Parameters
    ----------
    warm : share of the steps in (0, 1) that go up
    start, end : numbers from 0 to 1, the first factor and the last
    steps : how many it takes; None takes all steps of a fit

    Examples
    --------
    >>> from chainrule.schedules import OneCycle
    >>> [round(OneCycle(warm=0.5, steps=8).factor(t), 3) for t in range(0, 9, 2)]
    [0.04, 0.52, 1.0, 0.5, 0.0]
    """

    warm: float = 0.3
    start: float = 0.04
    end: float = 4e-6
    steps: int | None = None

    def factor(self, step: int, planned: int | None = None) -> float:
        length = self._length(self.steps, planned)
        top = self.warm * length
        if step < top:
            return half_cosine(self.start, 1.0, step / max(1, math.ceil(top)))
        return half_cosine(1.0, self.end, (step - top) / max(1.0, length - top))
