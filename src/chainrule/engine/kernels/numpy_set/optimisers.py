"""Twins of `numba_set.optimisers`, which says what each does."""

from __future__ import annotations

from typing import Any

import numpy as np

value: Any = None  # placeholder

KERNELS = ("sgd", "adam")


def sgd(p: Any, g: Any, velocity: Any, starts: Any, stops: Any, penalised: Any, rates: Any) -> None:
    rate, l1, l2, decay, momentum, nesterov = rates[:6].tolist()
    for start, stop, here in zip(starts, stops, penalised.tolist(), strict=True):
        w, v = p[start:stop], velocity[start:stop]
        gradient = g[start:stop] + l2 * here * w
        v *= momentum
        v -= rate * gradient
        step = momentum * v - rate * gradient if nesterov else v
        threshold = rate * l1 * here / (1 - momentum) if l1 > 0 else 0.0
        w[...] = value(w * (1 - rate * decay * here) + step, threshold)


def adam(p: Any, g: Any, m: Any, v: Any, starts: Any, stops: Any, penalised: Any, rates: Any) -> None:
    rate, l1, l2, decay, beta_1, beta_2, epsilon, correction_1, correction_2 = rates[:9].tolist()
    for start, stop, here in zip(starts, stops, penalised.tolist(), strict=True):
        w, first, second = p[start:stop], m[start:stop], v[start:stop]
        gradient = g[start:stop] + l2 * here * w
        first *= beta_1
        first += (1 - beta_1) * gradient
        second *= beta_2
        second += (1 - beta_2) * gradient * gradient
        per_size = 1 / (np.sqrt(second / correction_2) + epsilon)
        step = rate / correction_1 * first * per_size
        w[...] = value(w * (1 - rate * decay * here) - step, rate * l1 * here * per_size)
