"""Averages of the weights that training passes through, to predict with."""

from chainrule.training.averaging import (
    EMA,
    SWA,
    Averaging,
)

__all__ = [
    "EMA",
    "SWA",
    "Averaging",
]
