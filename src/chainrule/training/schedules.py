"""Schedules: what the learning rate is multiplied by at each step. Frozen configurations with pure functions.

Steps are batches, counted from 0 over all of training. `planned` is how many a fit will take at most; a schedule that
ends takes its length from there unless it has `steps` of its own.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from chainrule.checks import BETWEEN_0_AND_1, NOT_NEGATIVE, POSITIVE, UP_TO_1, Checked, Number, at_least, entry
from chainrule.errors import InputError, InputTypeError


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
        """What multiplies the learning rate at this step."""

    def multiplier(self, values: Sequence[float]) -> float:
        """What multiplies it too, behind epochs with these watched values: scores, or losses with their sign turned."""
        return 1.0

    def _length(self, own: int | None, planned: int | None) -> int:
        if own is None and planned is None:
            raise InputError(
                f"{type(self).__name__}(steps=)", "a number of steps", "None",
                "Only fit knows its end: give steps= for partial_fit and for a loop of your own.",
            )  # fmt: skip
        return max(1, (own if own is not None else planned) or 1)


def _half_cosine(start: float, end: float, gone: float) -> float:
    """From `start` to `end`, of which the share `gone` is behind; `end` is kept."""
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, gone)))


@dataclass(frozen=True)
class StepDecay(Schedule):
    """Times `decay` once every `every` steps.

    Parameters
    ----------
    every : steps (batches) from one decay to the next
    decay : number in (0, 1]

    Examples
    --------
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
    >>> [round(Cosine().factor(t, planned=4), 3) for t in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    end: float = 0.0
    steps: int | None = None

    def factor(self, step: int, planned: int | None = None) -> float:
        return _half_cosine(1.0, self.end, step / self._length(self.steps, planned))


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
        return _half_cosine(1.0, self.end, step / length)


@dataclass(frozen=True)
class WarmUp(Schedule):
    """A straight line up to 1 over `steps` steps, from 1 / steps; then another schedule, from its start.

    Parameters
    ----------
    steps : of the warm-up
    then : a schedule, or None for 1 throughout

    Examples
    --------
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
        behind = None if planned is None else max(1, planned - self.steps)
        return 1.0 if self.then is None else self.then.factor(step - self.steps, behind)

    def multiplier(self, values: Sequence[float]) -> float:
        return 1.0 if self.then is None else self.then.multiplier(values)


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
            return _half_cosine(self.start, 1.0, step / max(1, math.ceil(top)))
        return _half_cosine(1.0, self.end, (step - top) / max(1.0, length - top))


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
    >>> [round(Repeat((1, 3), Linear(), steps=8).factor(step), 2) for step in range(8)]
    [1.0, 0.5, 1.0, 0.83, 0.67, 0.5, 0.33, 0.17]
    """

    parts: Sequence[float]
    schedule: Schedule = OneCycle()
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
        length, behind = self._length(self.steps, planned), 0.0
        for part in self.parts:
            first, behind = round(length * behind / sum(self.parts)), behind + part
            last = round(length * behind / sum(self.parts))
            if step < last:
                break
        return self.schedule.factor(step - first, max(1, last - first))


@dataclass(frozen=True)
class ReduceOnPlateau(Schedule):
    """Times `decay` whenever the watched value has not improved for more than `patience` epochs.

    It watches what early stopping watches, the validation score or else the training loss, and counts as that does:
    an epoch is better if it exceeds the best so far by `tol`; NaN is no better. Take less patience than for stopping.

    Parameters
    ----------
    decay : number in (0, 1]
    patience : epochs without improvement that are borne; one more lowers the rate
    tol : smallest improvement that counts
    cooldown : epochs behind each lowering that are not counted
    smallest : the learning rate never falls below this share of what it began with

    Examples
    --------
    >>> plateau, scores = ReduceOnPlateau(0.5, patience=1), [0.6, 0.7, 0.7, 0.7, 0.7, 0.7]
    >>> [plateau.multiplier(scores[:epochs]) for epochs in range(7)]
    [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25]
    """

    decay: float = 0.1
    patience: int = 10
    tol: float = 1e-4
    cooldown: int = 0
    smallest: float = 0.0

    def factor(self, step: int, planned: int | None = None) -> float:
        return 1.0

    def multiplier(self, values: Sequence[float]) -> float:
        best, count, lowered = -math.inf, 0, 1.0
        for value in values:
            better = value >= best + self.tol
            count = 0 if better and count >= 0 else count + 1
            best = value if value > best else best
            if count > self.patience:
                lowered, count = max(self.smallest, lowered * self.decay), -self.cooldown
        return lowered


@dataclass(frozen=True)
class OfStep(Schedule):
    """A function of your own: step -> factor, 0 or more.

    Parameters
    ----------
    function : callable of the step, a whole number from 0

    Examples
    --------
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


#: Every schedule.
SCHEDULES: tuple[type[Schedule], ...] = (
    *(StepDecay, Exponential, InverseScaling, Linear, Cosine, CosineRestarts, WarmUp, OneCycle, Repeat),
    ReduceOnPlateau,
)

#: Those that need no number, by their names, which stand for their defaults.
NAMED: dict[str, type[Schedule]] = {
    "inverse_scaling": InverseScaling,
    "linear": Linear,
    "cosine": Cosine,
    "one_cycle": OneCycle,
    "reduce_on_plateau": ReduceOnPlateau,
}


def get(schedule: str | Schedule, where: str = "schedule") -> Schedule:
    """The schedule of a name, with its defaults, or the schedule itself.

    Parameters
    ----------
    schedule : its name, or one that is made
    where : how an error calls it

    Returns
    -------
    Schedule

    Raises
    ------
    InputTypeError, InputError
        For what is neither, and for a name that is none.

    Examples
    --------
    >>> get("cosine")
    Cosine(end=0.0, steps=None)
    """
    if isinstance(schedule, Schedule):
        return schedule
    return entry(where, schedule, NAMED, "a Schedule")()


def is_one(value: object) -> bool:
    """Whether this is a schedule, or the name of one."""
    return isinstance(value, Schedule) or (isinstance(value, str) and value in NAMED)
