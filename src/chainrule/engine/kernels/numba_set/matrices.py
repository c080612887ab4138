"""Optimisers that look at a whole parameter array at once: LAMB at its norm, Muon at its singular values.

`clip` and the segments are those of `optimisers`. LAMB's `rates` are float64 [rate, l2, weight decay, the rule's eight
numbers], Muon's [rate, l2, weight decay, momentum].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine.kernels.access import by_rows, by_segments

value: Any = None  # placeholders
rule: Any = None
capped: Any = None

KERNELS = {
    "lamb_direction": by_segments("m", "v", "u", "squares", segments=("p", "g", "m", "v", "u")),
    "lamb_step": by_segments("p", segments=("p", "u")),
    "muon_momentum": by_rows("M", "X", "squares"),
    "muon_scale": by_rows("X"),
    "muon_polynomial": by_rows("B"),
    "muon_step": by_rows("W"),
}


def lamb_direction(
    p: Any, g: Any, m: Any, v: Any, u: Any, starts: Any, stops: Any, penalised: Any, squares: Any, clip: Any, rates: Any
) -> None:
    """u = the rule's step + decay * p; squares = the sums of p^2 of all segments, then those of u^2."""
    kind = p.dtype.type
    c = (
        kind(rates[3]), kind(rates[4]), kind(rates[5]), kind(rates[6]),
        kind(rates[7]), kind(rates[8]), kind(rates[9]), kind(rates[10]),
    )  # fmt: skip
    top, scale = kind(clip[0]), kind(clip[1])
    segments = penalised.shape[0]
    for s in range(segments):
        l2, decay = kind(rates[1] * penalised[s]), kind(rates[2] * penalised[s])
        here = slice(starts[s], stops[s])
        p_, g_, m_, v_, u_ = p[here], g[here], m[here], v[here], u[here]
        weights = directions = 0.0
        for i in range(p_.size):
            m_[i], v_[i], step, _ = rule(scale * capped(g_[i], top) + l2 * p_[i], m_[i], v_[i], c)
            u_[i] = step + decay * p_[i]
            weight, direction = np.float64(p_[i]), np.float64(u_[i])
            weights += weight * weight
            directions += direction * direction
        squares[s], squares[segments + s] = weights, directions


def lamb_step(p: Any, u: Any, starts: Any, stops: Any, penalised: Any, factors: Any, squares: Any, rates: Any) -> None:
    """p -= rate * trust * u, the trust taken from the sums of all parts; 1 where nothing is penalised."""
    kind = p.dtype.type
    segments = penalised.shape[0]
    for s in range(segments):
        weights = directions = 0.0
        for k in range(squares.shape[0]):
            weights += squares[k, s]
            directions += squares[k, segments + s]
        trust = value(np.sqrt(weights), np.sqrt(directions)) if penalised[s] > 0 else 1.0
        rate = kind(rates[0] * factors[s] * trust)
        here = slice(starts[s], stops[s])
        p_, u_ = p[here], u[here]
        for i in range(p_.size):
            p_[i] -= rate * u_[i]


def muon_momentum(W: Any, dW: Any, M: Any, X: Any, squares: Any, clip: Any, rates: Any) -> None:
    """M = momentum * M + dW; X = dW + momentum * M, Nesterov's look ahead; squares[0] = sum of X^2."""
    kind = W.dtype.type
    top, scale, l2, momentum = kind(clip[0]), kind(clip[1]), kind(rates[1]), kind(rates[3])
    rows, inputs = W.shape
    total = 0.0
    for i in range(rows):
        for j in range(inputs):
            slope = scale * capped(dW[i, j], top) + l2 * W[i, j]
            M[i, j] = momentum * M[i, j] + slope
            X[i, j] = slope + momentum * M[i, j]
            entry = np.float64(X[i, j])
            total += entry * entry
    squares[0] = total


def muon_scale(X: Any, squares: Any, epsilon: Any) -> None:
    """X / (|X| + epsilon): no singular value is above 1."""
    total = 0.0
    for k in range(squares.shape[0]):
        total += squares[k]
    per_norm = X.dtype.type(1.0 / (np.sqrt(total) + epsilon))
    rows, inputs = X.shape
    for i in range(rows):
        for j in range(inputs):
            X[i, j] *= per_norm


def muon_polynomial(A: Any, B: Any, a: Any, b: Any, c: Any, start: Any) -> None:
    """B = a I + b A + c B of some rows, the first of which is number `start` of the whole."""
    kind = A.dtype.type
    diagonal, linear, square = kind(a), kind(b), kind(c)
    rows, units = A.shape
    for i in range(rows):
        for j in range(units):
            B[i, j] = linear * A[i, j] + square * B[i, j]
        B[i, start + i] += diagonal


def muon_step(W: Any, X: Any, size: Any, factor: Any, rates: Any) -> None:
    """W = (1 - rate * decay) W - rate * size * X, at a rate that is multiplied by `factor`."""
    kind = W.dtype.type
    rate = rates[0] * factor
    shrink, step = kind(1.0 - rate * rates[2]), kind(rate * size)
    rows, inputs = W.shape
    for i in range(rows):
        for j in range(inputs):
            W[i, j] = W[i, j] * shrink - step * X[i, j]
