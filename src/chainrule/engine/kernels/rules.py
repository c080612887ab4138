"""The optimisers' rules, an entry at a time: formulas that NumPy reads as arrays and Numba compiles as scalars.

A rule takes the gradient g, the state of the entry, and eight numbers c that stay the same for a whole step. It returns
the new state, the step to take off the parameter, and the factor of an L1 threshold: the proximal step is taken in
the optimiser's own metric, so that it rests where the penalised objective does (Yun et al. 2021).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import where


def soft_threshold(q: Any, t: Any) -> Any:
    """q moved towards 0 by t, and exactly 0 where |q| <= t: the proximal step of t |q|."""
    return where(q > t, q - t, where(q < -t, q + t, q * 0.0))


def no_threshold(q: Any, t: Any) -> Any:
    return q


def capped(g: Any, top: Any) -> Any:
    """g, but top where it is larger and -top where it is smaller; NaN stays."""
    return where(g > top, top, where(g < -top, -top, g))


def within(norm: Any, limit: Any) -> Any:
    """What brings a norm down to a limit: 1 where it keeps it, NaN where it is not finite, so that this shows."""
    return where(norm > limit, limit / norm, 1.0) + 0.0 * norm


def trust(weights: Any, direction: Any) -> Any:
    """|W| / |direction|, and 1 where either is 0: with the rate, the share of its length that W moves by."""
    return where(weights > 0.0, where(direction > 0.0, weights / direction, 1.0), 1.0) + 0.0 * direction


def sgd(g: Any, velocity: Any, c: Any) -> Any:
    """v = mu v - rate g; p += v, or p += mu v - rate g with Nesterov's look ahead."""
    rate, momentum, ahead, straight, l1_factor = c[:5]
    velocity = momentum * velocity - rate * g
    return velocity, straight * g - ahead * velocity, l1_factor


def adam(g: Any, m: Any, v: Any, c: Any) -> Any:
    """p -= (rate_m m + rate_g g) / (sqrt(per_v v) + epsilon): Adam, and Nadam and RAdam by their numbers."""
    beta_1, fresh_1, beta_2, fresh_2, epsilon, rate_m, rate_g, per_v = c
    m = beta_1 * m + fresh_1 * g
    v = beta_2 * v + fresh_2 * g * g
    per_size = 1.0 / (np.sqrt(v * per_v) + epsilon)
    return m, v, (rate_m * m + rate_g * g) * per_size, per_size


def adabelief(g: Any, m: Any, v: Any, c: Any) -> Any:
    """Adam whose v is of g - m, the surprise."""
    beta_1, fresh_1, beta_2, fresh_2, epsilon, rate_m, tiny, per_v = c
    m = beta_1 * m + fresh_1 * g
    v = beta_2 * v + fresh_2 * (g - m) * (g - m) + tiny
    per_size = 1.0 / (np.sqrt(v * per_v) + epsilon)
    return m, v, rate_m * m * per_size, per_size


def rmsprop(g: Any, velocity: Any, v: Any, c: Any) -> Any:
    """v = rho v + (1 - rho) g^2; p -= rate g / (sqrt(v) + epsilon), through a momentum."""
    rate, rho, fresh, epsilon, momentum, l1_factor = c[:6]
    v = rho * v + fresh * g * g
    per_size = 1.0 / (np.sqrt(v) + epsilon)
    velocity = momentum * velocity + rate * g * per_size
    return velocity, v, velocity, per_size * l1_factor


def adagrad(g: Any, v: Any, c: Any) -> Any:
    """v += g^2; p -= rate g / (sqrt(v) + epsilon)."""
    rate, epsilon = c[:2]
    v = v + g * g
    per_size = 1.0 / (np.sqrt(v) + epsilon)
    return v, rate * g * per_size, per_size


def adadelta(g: Any, u: Any, v: Any, c: Any) -> Any:
    """A step of g sqrt(u / v): u and v are means of squared steps and of squared gradients."""
    rate, rho, fresh, epsilon = c[:4]
    v = rho * v + fresh * g * g
    size = np.sqrt(u + epsilon) / np.sqrt(v + epsilon)
    step = size * g
    u = rho * u + fresh * step * step
    return u, v, rate * step, size


def lion(g: Any, m: Any, c: Any) -> Any:
    """p -= rate sign(beta_1 m + (1 - beta_1) g); m follows g by beta_2."""
    rate, beta_1, fresh_1, beta_2, fresh_2, one = c[:6]
    direction = beta_1 * m + fresh_1 * g
    step = where(direction > 0.0, rate, where(direction < 0.0, -rate, direction * 0.0))
    return beta_2 * m + fresh_2 * g, step, one
