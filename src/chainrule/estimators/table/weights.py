"""Weights of rows of a table count by their ratios: what all are multiplied by changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import F32
from chainrule.estimators.inputs import check_weight

Array = NDArray[Any]


def weights_of(name: str, weight: Any, rows: int, suffix: str = "") -> Array | None:
    """Weights as they are given to fit, of mean 1; see `check_weight`."""
    return of_mean_1(check_weight(name, weight, rows, np.float64, suffix))


def of_mean_1(weight: Array | None) -> Array | None:
    """The same weights in float32, on the scale on which those above 0 have mean 1."""
    if weight is None:
        return None
    shares = weight / max(weight.max(initial=0), np.finfo(np.float64).tiny)
    return np.asarray(shares / mean_of(shares), F32)


def mean_of(weight: Array) -> float:
    """The mean of weights above 0; 1 where there are none."""
    above = weight[weight > 0]
    heaviest = above.max(initial=0)  # a sum of the largest numbers would be infinite
    return float((above / heaviest).mean(dtype=np.float64) * heaviest) if len(above) else 1.0
