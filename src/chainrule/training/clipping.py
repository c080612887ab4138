"""What keeps steps small: the norm of the gradient clipped before the optimiser, weights bounded after it."""

from __future__ import annotations

import numpy as np

from chainrule.engine.division import by_rows
from chainrule.engine.kernels import Kernel
from chainrule.engine.kernels.rules import within
from chainrule.training.optimisers.base import StepProgram, Workspace

SQUARES = Kernel("gradient_squares")
FACTOR, BOUND = (Kernel(name, value=within, label="within") for name in ("gradient_factor", "bound_rows"))


def clipping(workspace: Workspace, limit: float) -> StepProgram:
    """The factor of all gradients that keeps their norm within the limit; the optimiser's kernel applies it."""
    squares = np.zeros(workspace.parts)
    sums = [
        [workspace.gradients, starts, stops, workspace.clip, squares[part : part + 1]]
        for part, (starts, stops, _) in enumerate(workspace.layout.segments(workspace.parts))
    ]
    factor = [[squares, workspace.clip, float(limit)], *([] for _ in range(workspace.parts - 1))]
    return StepProgram([(SQUARES, sums), (FACTOR, factor)])


def bounding(workspace: Workspace, limit: float) -> StepProgram:
    """Weights into a hidden unit kept within the limit, but for parameters that stay as they are."""
    steps = [
        by_rows(BOUND, (workspace.matrix(workspace.parameters, name),), workspace.parts, float(limit))
        for name in workspace.layout.weights[:-1]
        if workspace.factors[name] > 0
    ]
    return StepProgram(steps)
