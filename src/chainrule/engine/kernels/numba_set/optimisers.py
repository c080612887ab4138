"""The optimisers, each one fused pass over the flat parameter vector.

`starts` and `stops` are those of segments of the vector; `penalised` says per segment whether penalties touch it (1) or
not (0).
`rates` is float64 [learning rate, l1, l2, weight decay, then the optimiser's own]. `value(q, t)` is the proximal
step of L1: q moved towards 0 by t and stopped there, or q itself where there is no L1.

Loops run over slices of a segment: an index that starts at an unknown place could be negative to Numba, and the
check for that keeps LLVM from vectorising (7 times slower).
"""

from __future__ import annotations

from typing import Any

import numpy as np

value: Any = None  # placeholder

KERNELS = ("sgd", "adam")


def sgd(p: Any, g: Any, velocity: Any, starts: Any, stops: Any, penalised: Any, rates: Any) -> None:
    """Momentum, v = mu v - rate g; p += v, or p += mu v - rate g with Nesterov's look ahead.

    rates[4] is mu, rates[5] whether Nesterov's. A steady gradient moves p by rate g / (1 - mu) a step,
    so the threshold of L1 is rate l1 / (1 - mu).
    """
    kind = p.dtype.type
    rate, momentum = kind(rates[0]), kind(rates[4])
    ahead, straight = (momentum, rate) if rates[5] > 0 else (kind(1), kind(0))
    for s in range(penalised.shape[0]):
        l2 = kind(rates[2] * penalised[s])
        shrink = kind(1.0 - rates[0] * rates[3] * penalised[s])
        threshold = kind(rates[0] * rates[1] * penalised[s] / (1.0 - rates[4]) if rates[1] > 0 else 0.0)
        here = slice(starts[s], stops[s])
        p_, g_, velocity_ = p[here], g[here], velocity[here]
        for i in range(p_.size):
            gradient = g_[i] + l2 * p_[i]
            v = momentum * velocity_[i] - rate * gradient
            velocity_[i] = v
            p_[i] = value(p_[i] * shrink + ahead * v - straight * gradient, threshold)


def adam(p: Any, g: Any, m: Any, v: Any, starts: Any, stops: Any, penalised: Any, rates: Any) -> None:
    """Adam (Kingma and Ba 2015), AdamW with weight decay; epsilon is added after the bias correction.

    rates[4:9] = beta_1, beta_2, epsilon, 1 - beta_1^t, 1 - beta_2^t. The threshold of L1 is scaled like the
    gradient, l1 rate / denominator, so that the steps rest where the penalised objective does (Yun et al. 2021).
    """
    kind = p.dtype.type
    beta_1, beta_2, epsilon = kind(rates[4]), kind(rates[5]), kind(rates[6])
    fresh_1, fresh_2 = kind(1.0 - rates[4]), kind(1.0 - rates[5])
    rate_m, per_v = kind(rates[0] / rates[7]), kind(1.0 / rates[8])
    for s in range(penalised.shape[0]):
        l2 = kind(rates[2] * penalised[s])
        shrink = kind(1.0 - rates[0] * rates[3] * penalised[s])
        l1 = kind(rates[0] * rates[1] * penalised[s])
        here = slice(starts[s], stops[s])
        p_, g_, m_, v_ = p[here], g[here], m[here], v[here]
        for i in range(p_.size):
            gradient = g_[i] + l2 * p_[i]
            first = beta_1 * m_[i] + fresh_1 * gradient
            second = beta_2 * v_[i] + fresh_2 * gradient * gradient
            m_[i] = first
            v_[i] = second
            per_size = kind(1) / (np.sqrt(second * per_v) + epsilon)
            p_[i] = value(p_[i] * shrink - rate_m * first * per_size, l1 * per_size)
