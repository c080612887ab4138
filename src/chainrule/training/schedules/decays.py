"""Schedules that fall from the first step on."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.training.schedules.base import Schedule, half_cosine


@dataclass(frozen=True)
class StepDecay(Schedule):
    """Times `decay` once every `every` steps.

    Parameters
    ----------
    every : steps (batches) from one decay to the next
    decay : number in (0, 1]

    Examples
    --------
    >>> from chainrule.schedules import StepDecay
    >>> [StepDecay(every=2, decay=0.5).factor(t) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    every: int
    decay: float = 0.1

    def factor(self, step: int, planned: int | None = None) -> float:
        return float(self.decay ** (step // self.every))


@dataclass(frozen=True)
class Exponential(Schedule):
    """`decay` to the power of step / every: a `StepDecay` that falls at each step.

    Parameters
    ----------
    every : steps (batches) over which the rate is multiplied by `decay`
    decay : number in (0, 1]

    Examples
    --------
    >>> from chainrule.schedules import Exponential
    >>> [Exponential(every=2, decay=0.25).factor(t) for t in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """

    every: int
    decay: float = 0.1

    def factor(self, step: int, planned: int | None = None) -> float:
        return float(self.decay ** (step / self.every))


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """(1 + step) to the power of -`power`.

    Parameters
    ----------
    power : number of 0 or more

    Examples
    --------
    >>> from chainrule.schedules import InverseScaling
    >>> [round(InverseScaling(0.5).factor(t), 3) for t in range(4)]
    [1.0, 0.707, 0.577, 0.5]
    """

    power: float = 0.5

    def factor(self, step: int, planned: int | None = None) -> float:
        return float((1.0 + step) ** -self.power)


@dataclass(frozen=True)
class Linear(Schedule):
    """A straight line from 1 to `end`, which it keeps.

    Parameters
    ----------
    end : number from 0 to 1, the last factor
    steps : how many it takes; None takes all steps of a fit

    Examples
    --------
    >>> from chainrule.schedules import Linear
    >>> [Linear(end=0.5, steps=2).factor(t) for t in range(4)]
    [1.0, 0.75, 0.5, 0.5]
    """

    end: float = 0.0
    steps: int | None = None

    def factor(self, step: int, planned: int | None = None) -> float:
        gone = min(1.0, step / self._length(self.steps, planned))
        return 1.0 + gone * (self.end - 1.0)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from 1 to `end`, which it keeps (Loshchilov and Hutter 2017).

    Parameters
    ----------
    end : number from 0 to 1, the last factor
    steps : how many it takes; None takes all steps of a fit

    Examples
    --------
    >>> from chainrule.schedules import Cosine
    >>> [round(Cosine().factor(t, planned=4), 3) for t in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    end: float = 0.0
    steps: int | None = None

    def factor(self, step: int, planned: int | None = None) -> float:
        return half_cosine(1.0, self.end, step / self._length(self.steps, planned))
