"""Twins of `numba_set.optimisers`, which says what each does."""

from __future__ import annotations

from typing import Any

import numpy as np

value: Any = None  # placeholder

KERNELS = ("sgd", "adam")


def sgd(p: Any, g: Any, velocity: Any, starts: Any, penalised: Any, rates: Any) -> None:
    rate, l1, l2, decay, momentum, nesterov = rates[:6].tolist()
    per_weight = np.repeat(penalised, np.diff(starts)).astype(p.dtype)
    gradient = g + l2 * per_weight * p
    velocity *= momentum
    velocity -= rate * gradient
    step = momentum * velocity - rate * gradient if nesterov else velocity
    threshold = rate * l1 / (1 - momentum) if l1 > 0 else 0.0
    p[...] = value(p * (1 - rate * decay * per_weight) + step, threshold * per_weight)


def adam(p: Any, g: Any, m: Any, v: Any, starts: Any, penalised: Any, rates: Any) -> None:
    rate, l1, l2, decay, beta_1, beta_2, epsilon, correction_1, correction_2 = rates[:9].tolist()
    per_weight = np.repeat(penalised, np.diff(starts)).astype(p.dtype)
    gradient = g + l2 * per_weight * p
    m *= beta_1
    m += (1 - beta_1) * gradient
    v *= beta_2
    v += (1 - beta_2) * gradient * gradient
    per_size = 1 / (np.sqrt(v / correction_2) + epsilon)
    step = rate / correction_1 * m * per_size
    p[...] = value(p * (1 - rate * decay * per_weight) - step, rate * l1 * per_weight * per_size)
