"""Schedules: the factor that multiplies the learning rate, step by step or epoch by epoch."""

from chainrule.training.schedules import (
    NAMED,
    SCHEDULES,
    Cosine,
    CosineRestarts,
    Exponential,
    InverseScaling,
    Linear,
    OfStep,
    OneCycle,
    ReduceOnPlateau,
    Repeat,
    Schedule,
    StepDecay,
    WarmUp,
    get,
)

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
]
