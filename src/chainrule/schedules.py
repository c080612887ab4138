"""Schedules: the factor that multiplies the learning rate, step by step or epoch by epoch."""

from chainrule.training.schedules import (
    Cosine,
    CosineRestarts,
    Exponential,
    InverseScaling,
    Linear,
    OneCycle,
    ReduceOnPlateau,
    Repeat,
    Schedule,
    StepDecay,
    WarmUp,
)

__all__ = [
    "Cosine",
    "CosineRestarts",
    "Exponential",
    "InverseScaling",
    "Linear",
    "OneCycle",
    "ReduceOnPlateau",
    "Repeat",
    "Schedule",
    "StepDecay",
    "WarmUp",
]
