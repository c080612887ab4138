"""What training is chosen by, to plain data and back: optimisers, schedules, averages, and the network's values."""

from __future__ import annotations

from typing import Any

from chainrule.network import serial
from chainrule.training.averaging import EMA, SWA
from chainrule.training.optimisers import (
    LAMB,
    SGD,
    AdaBelief,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Lion,
    Muon,
    Nadam,
    RAdam,
    RMSprop,
)
from chainrule.training.schedules import (
    Cosine,
    CosineRestarts,
    Exponential,
    InverseScaling,
    Linear,
    OneCycle,
    ReduceOnPlateau,
    Repeat,
    StepDecay,
    WarmUp,
)
from chainrule.values import Codec

KINDS: list[type[Any]] = [
    *(SGD, Adam, AdamW, Nadam, RAdam, AdaBelief, RMSprop, Adagrad, Adadelta, Lion, LAMB, Muon),
    *(
        StepDecay,
        Exponential,
        InverseScaling,
        Linear,
        Cosine,
        CosineRestarts,
        WarmUp,
        OneCycle,
        Repeat,
        ReduceOnPlateau,
    ),
    *(EMA, SWA),
]

#: Every frozen value that an estimator takes as a parameter.
CONFIGURATION = Codec([*serial.KINDS, *KINDS], serial.NAMES)
