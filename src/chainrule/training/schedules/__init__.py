"""Schedules: what the learning rate is multiplied by, step by step or epoch by epoch."""

from __future__ import annotations

from chainrule.checks import entry
from chainrule.training.schedules.base import Schedule
from chainrule.training.schedules.composed import Repeat, WarmUp
from chainrule.training.schedules.cycles import CosineRestarts, OneCycle
from chainrule.training.schedules.decays import Cosine, Exponential, InverseScaling, Linear, StepDecay
from chainrule.training.schedules.own import OfStep
from chainrule.training.schedules.watched import ReduceOnPlateau

__all__ = [
    "NAMED",
    "SCHEDULES",
    "Cosine",
    "CosineRestarts",
    "Exponential",
    "InverseScaling",
    "Linear",
    "OfStep",
    "OneCycle",
    "ReduceOnPlateau",
    "Repeat",
    "Schedule",
    "StepDecay",
    "WarmUp",
    "get",
    "is_one",
]

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
    >>> from chainrule.schedules import get
    >>> get("cosine")
    Cosine(end=0.0, steps=None)
    """
    if isinstance(schedule, Schedule):
        return schedule
    return entry(where, schedule, NAMED, Schedule)()


def is_one(value: object) -> bool:
    """Whether this is a schedule, or the name of one."""
    return isinstance(value, Schedule) or (isinstance(value, str) and value in NAMED)
