"""Muon's program: momentum made orthogonal by matrix products, matrix after matrix; the rest by another optimiser.

Newton-Schulz iterations push every singular value of X towards 1: X <- (a I + b A + c A^2) X with A = X X', or the
same from the right where X has more rows than columns, so that A is the smaller of the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.engine.division import by_rows, cut_product
from chainrule.engine.kernels import Kernel
from chainrule.engine.meetings import Step
from chainrule.training.site import Piece, Site, fused

if TYPE_CHECKING:
    from chainrule.training.optimisers import Muon

#: a, b, c of Jordan et al.: as steep at 0 as can be, which leaves singular values between 0.7 and 1.2
COEFFICIENTS = 3.4445, -4.7750, 2.0315
ITERATIONS = 5
EPSILON = 1e-7

DOT, MOMENTUM, SCALE = Kernel("dot"), Kernel("muon_momentum"), Kernel("muon_scale")
POLYNOMIAL, STEP = Kernel("muon_polynomial"), Kernel("muon_step")


def piece(optimiser: Muon, site: Site) -> Piece:
    """The rest in one kernel, then every hidden weight matrix."""
    hidden = site.layout.weights[1:-1]
    rest = fused(optimiser.rest, site, [name for name in site.layout.trained_names if name not in hidden])
    rates = np.zeros(4)
    # Matrices take turns, so they share one room for X, the next X, and two squares of the smaller side.
    largest = max((site.matrix(site.parameters, name).size for name in hidden), default=0)
    room = np.empty((4, largest), site.parameters.dtype)
    steps = [*rest.steps, *(step for name in hidden for step in _matrix(site, name, room, rates))]

    def renew(step: int, rate: float, weight: float) -> None:
        rest.renew(step, rate / optimiser.learning_rate * optimiser.rest.learning_rate, weight)
        rates[:] = rate, site.penalty.square_factor(weight), optimiser.weight_decay, optimiser.momentum

    return Piece(steps, renew, (*rest.numbers, rates))


def _matrix(site: Site, name: str, room: Any, rates: Any) -> list[Step]:
    """The steps of one weight matrix."""
    W, dW, M = (site.matrix(vector, name) for vector in (site.parameters, site.gradients, site.moments[0]))
    units, inputs = W.shape
    X, Y = (flat[: W.size].reshape(W.shape) for flat in room[:2])
    A, B = (flat[: min(W.shape) ** 2].reshape(min(W.shape), -1) for flat in room[2:])
    squares, parts = np.zeros(site.parts), site.parts
    steps = [
        by_rows(
            MOMENTUM, (W, dW, M, X), parts,
            lambda part, rows: squares[part : part + 1], site.clip, rates,
        ),
        by_rows(SCALE, (X,), parts, squares, EPSILON),
    ]  # fmt: skip
    for _ in range(ITERATIONS):
        steps += [
            (DOT, cut_product([X, X.T, A] if units <= inputs else [X.T, X, A], parts)),
            (DOT, cut_product([A, A, B], parts)),
            by_rows(POLYNOMIAL, (A, B), parts, *COEFFICIENTS, lambda part, rows: rows.start),
            (DOT, cut_product([B, X, Y] if units <= inputs else [X, B, Y], parts)),
        ]
        X, Y = Y, X
    size = max(1.0, units / inputs) ** 0.5
    return [*steps, by_rows(STEP, (W, X), parts, size, site.factors[name], rates)]
