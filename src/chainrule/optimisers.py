"""Optimisers: how a gradient becomes a step."""

from chainrule.training.optimisers import (
    LAMB,
    OPTIMISERS,
    SGD,
    AdaBelief,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Lion,
    Muon,
    Nadam,
    Optimiser,
    RAdam,
    RMSprop,
    get,
)

__all__ = [
    "LAMB",
    "OPTIMISERS",
    "SGD",
    "AdaBelief",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Lion",
    "Muon",
    "Nadam",
    "Optimiser",
    "RAdam",
    "RMSprop",
    "get",
]
