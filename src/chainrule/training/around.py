"""The programs around an optimiser's: the norm of the gradient before it, bounds and averages behind it."""

from __future__ import annotations

import numpy as np

from chainrule.engine.division import by_rows, cut
from chainrule.engine.kernels import Kernel
from chainrule.engine.kernels.rules import within
from chainrule.engine.parameters import Vector
from chainrule.training.averaging import Averaging
from chainrule.training.site import Piece, Site

SQUARES, AVERAGE = Kernel("gradient_squares"), Kernel("average")
FACTOR, BOUND = (Kernel(name, value=within, label="within") for name in ("gradient_factor", "bound_rows"))


def clipping(site: Site, limit: float) -> Piece:
    """The factor of all gradients that keeps their norm within the limit; the optimiser's kernel applies it."""
    squares = np.zeros(site.parts)
    sums = [
        [site.gradients, starts, stops, site.clip, squares[part : part + 1]]
        for part, (starts, stops, _) in enumerate(site.layout.segments(site.parts))
    ]
    factor = [[squares, site.clip, float(limit)], *([] for _ in range(site.parts - 1))]
    return Piece([(SQUARES, sums), (FACTOR, factor)])


def bounding(site: Site, limit: float) -> Piece:
    """Weights into a hidden unit kept within the limit, but for parameters that stay as they are."""
    steps = [
        by_rows(BOUND, (site.matrix(site.parameters, name),), site.parts, float(limit))
        for name in site.layout.weights[:-1]
        if site.factors[name] > 0
    ]
    return Piece(steps)


def averages(averaging: Averaging, vector: Vector, mean: Vector, parts: int) -> Piece:
    """The mean of a whole vector, running statistics included."""
    share = np.zeros(1)
    shares = [[vector[part], mean[part], share] if part.start < part.stop else [] for part in cut(len(vector), parts)]

    def renew(step: int, rate: float, weight: float) -> None:
        share[0] = averaging.share(step)

    return Piece([(AVERAGE, shares)], renew, (share,))
