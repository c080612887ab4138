"""Twins of `numba_set.matrices`, which says what each does."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine.kernels.rules import capped

value: Any = None  # placeholders
rule: Any = None

KERNELS = ("lamb_direction", "lamb_step", "muon_momentum", "muon_scale", "muon_polynomial", "muon_step")


def lamb_direction(
    p: Any, g: Any, m: Any, v: Any, u: Any, starts: Any, stops: Any, penalised: Any, squares: Any, clip: Any, rates: Any
) -> None:
    (_, l2, decay, *c), (top, scale) = rates.tolist(), clip.tolist()
    sums = squares.reshape(2, -1)
    for s, (start, stop, here) in enumerate(zip(starts, stops, penalised.tolist(), strict=True)):
        place = slice(start, stop)
        slope = scale * capped(g[place], top) + l2 * here * p[place]
        m[place], v[place], step, _ = rule(slope, m[place], v[place], tuple(c))
        u[place] = step + decay * here * p[place]
        sums[:, s] = [np.sum(x[place].astype(np.float64) ** 2) for x in (p, u)]


def lamb_step(p: Any, u: Any, starts: Any, stops: Any, penalised: Any, factors: Any, squares: Any, rates: Any) -> None:
    norms = np.sqrt(squares.sum(axis=0).reshape(2, -1))
    trust = np.where(penalised > 0, value(*norms), 1.0)
    for start, stop, rate in zip(starts, stops, (rates[0] * factors * trust).tolist(), strict=True):
        p[start:stop] -= rate * u[start:stop]


def muon_momentum(W: Any, dW: Any, M: Any, X: Any, squares: Any, clip: Any, rates: Any) -> None:
    (_, l2, _, momentum), (top, scale) = rates.tolist(), clip.tolist()
    slope = scale * capped(dW, top) + l2 * W
    M[...] = momentum * M + slope
    X[...] = slope + momentum * M
    squares[0] = np.sum(X.astype(np.float64) ** 2)


def muon_scale(X: Any, squares: Any, epsilon: Any) -> None:
    X *= X.dtype.type(1.0 / (np.sqrt(squares.sum()) + epsilon))


def muon_polynomial(A: Any, B: Any, a: Any, b: Any, c: Any, start: Any) -> None:
    B[...] = b * A + c * B
    B[:, start : start + len(B)] += a * np.eye(len(B), dtype=B.dtype)


def muon_step(W: Any, X: Any, size: Any, factor: Any, rates: Any) -> None:
    rate, _, decay, _ = rates.tolist()
    W[...] = W * (1 - rate * factor * decay) - rate * factor * size * X
