"""LAMB's program: a direction with the norms of every array, then a step whose length those norms decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.engine.kernels import Kernel
from chainrule.engine.kernels.rules import trust
from chainrule.training.site import Piece, Site

if TYPE_CHECKING:
    from chainrule.training.optimisers import LAMB

STEP = Kernel("lamb_step", value=trust, label="trust")


def piece(optimiser: LAMB, site: Site) -> Piece:
    """Two kernels: no part knows the norm of an array before all have summed their rows of it."""
    names = site.layout.trained_names
    direction = Kernel("lamb_direction", rule=optimiser.rule, label=optimiser.rule.__name__)
    p, g, m, v = site.parameters, site.gradients, *site.moments
    u, rates = np.zeros_like(m), np.zeros(3 + 8)
    factors, segments = site.factors_of(names), site.layout.segments(site.parts)
    squares = np.zeros((site.parts, 2 * len(names)))
    directions = [
        [p, g, m, v, u, *segment, own, site.clip, rates] for segment, own in zip(segments, squares, strict=True)
    ]
    steps = [[p, u, *segment, factors, squares, rates] for segment in segments]

    def renew(step: int, rate: float, weight: float) -> None:
        rates[:3] = rate, site.penalty.square_factor(weight), optimiser.weight_decay
        rates[3:] = optimiser.numbers(step, 1.0)

    return Piece([(direction, directions), (STEP, steps)], renew, (rates,))
